"""Mail of the simulated server: how it is accepted, queued, tried, bounced, and how the queue is seen and changed."""

from gateway.simulator.declared import vocabulary
from gateway.simulator.mail.acceptance import read
from gateway.simulator.mail.queued_messages import QueuedMessages
from gateway.simulator.mail.room import open_room
from gateway.simulator.mail.training import TrainingSamples
from gateway.simulator.world import World


def install(world: World) -> None:
    """Open the mail room: the queue as object type, and messages by `world.inject`."""
    room = open_room(world)
    words = vocabulary()
    world.add(QueuedMessages(world, room, words))
    world.add(TrainingSamples(world, words.objects["SpamTrainingSample"], words))
    world.inject = lambda body: room.front.take(read(body))
