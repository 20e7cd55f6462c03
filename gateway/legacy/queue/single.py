"""One queued message: read, reschedule, remove or cancel recipients (mapping-operations 2.4 to 2.6)."""

from gateway.jmap.calls import Object
from gateway.knowledge.ids import encode, path_number
from gateway.knowledge.instants import text_of
from gateway.legacy.exchange import Exchange
from gateway.legacy.queue.message import queued_message
from gateway.legacy.refusals import NotFound
from gateway.legacy.vocabulary import Target


def queue_target(exchange: Exchange) -> Target:
    """The message that the path names; NotFound for anything that is no number of 64 bits."""
    number = path_number(exchange.path["id"])
    if number is None:
        raise NotFound
    return Target("QueuedMessage", encode(number))


def queue_message(message: Object, exchange: Exchange) -> Object:
    """Old form of the message that was read."""
    return queued_message(message, version=exchange.settings.legacy_version, now=text_of(exchange.now))
