"""Settings of outgoing mail that a world may begin with."""

from gateway.simulator.mail.surroundings import Surroundings
from gateway.simulator.world import World


def send_through(world: World, queue: str) -> None:
    """Have mail to other hosts wait in the virtual queue of this name, which is made when it is missing."""
    queues, schedules = world.kept("MtaVirtualQueue"), world.kept("MtaDeliverySchedule")
    id_ = next((id_ for id_, stored in queues.objects.items() if stored["name"] == queue), None)
    if id_ is None:
        id_ = world.snowflake()
        queues.save(id_, queues.schema.fresh(None) | {"name": queue})
    for schedule_id, stored in schedules.objects.items():
        if stored["name"] == "remote":
            schedules.save(schedule_id, stored | {"queueId": id_})
    world.tell("settings.reloaded", None)


def only_below_fails() -> Surroundings:
    """Surroundings where names below `servfail.test` fail and the name itself does not exist."""
    return Surroundings(failing=("*.servfail.test",))
