"""Live streams of events and the tokens that open them (jmap-management-api 4.4, 4.5; recordings `telemetry.token`, `telemetry.delivery`)."""

from gateway.simulator.live.delivery import delivery
from gateway.simulator.live.streams import LiveStream
from gateway.simulator.mail.queued_messages import room_of
from gateway.simulator.world import World


def install(world: World) -> None:
    """Offer the streams; the mail room must be open."""
    surroundings = room_of(world).queue.surroundings
    world.live["delivery"] = LiveStream("liveDeliveryTest", lambda rest, _query: delivery("/".join(rest), surroundings), takes_path=True)
