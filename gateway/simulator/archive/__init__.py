"""What was deleted and is kept for a while (jmap-management-api 3.17): messages come here from mailboxes, other items by `ArchivedItems.keep`."""

from gateway.simulator.archive.items import ArchivedItems
from gateway.simulator.declared import vocabulary
from gateway.simulator.tasks.tasks import tasks_of
from gateway.simulator.world import World


def install(world: World) -> None:
    """Register the type, listen to the mailboxes, and give the tasks what restores an item; mailboxes and tasks must be there."""
    items = ArchivedItems(world, vocabulary().objects["ArchivedItem"], vocabulary())
    world.add(items)
    world.on("message.destroyed", items.take)
    tasks_of(world).worker.runners["RestoreArchivedItem"] = items.restore
