"""Background jobs of the simulated server (jmap-management-api 3.15)."""

from gateway.simulator.declared import vocabulary
from gateway.simulator.tasks import work
from gateway.simulator.tasks.tasks import Tasks
from gateway.simulator.world import World


def install(world: World) -> None:
    """Register the type and what its tasks do."""
    tasks = Tasks(world, vocabulary())
    world.add(tasks)
    work.install(world, tasks)
