"""One queued message: read, reschedule, remove or cancel recipients (mapping-operations 2.4 to 2.6)."""

from typing import Any

from gateway.jmap.calls import Get, Object, Set
from gateway.knowledge.ids import encode, path_number
from gateway.knowledge.instants import text_of
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures, settle
from gateway.legacy.queue.message import queued_message
from gateway.legacy.queue.recipients import cancel, chosen, pending, reschedule
from gateway.legacy.queue.selection import future
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


async def patch_queue_message(exchange: Exchange) -> Any:
    """Make the pending recipients that `filter` means due `at` an instant, or now; false when there is none.

    A recipient that left between reading and writing makes the server refuse the whole patch: then the message is read once more.
    """
    target = queue_target(exchange)
    due = due_time(exchange)
    for last_try in (False, True):
        message = await _read(exchange, target, "id", "createdAt", "recipients")
        meant = chosen(pending(message["recipients"]), exchange.query.get("filter", ""), exchange.settings)
        if not meant:
            return False
        (answer,) = await exchange.caller.request(
            Set(target.type, update={target.id: reschedule(meant, due, exchange.settings)})
        )
        if last_try or not _recipient_left(answer, target.id):
            break
    settle(answer, "updated", target.id)
    return True


async def delete_queue_message(exchange: Exchange) -> Any:
    """Remove the message, or with `filter` cancel the recipients whose address holds that text; false when nobody's does."""
    target = queue_target(exchange)
    text = exchange.query.get("filter", "")
    if not text:
        (answer,) = await exchange.caller.request(Set(target.type, destroy=[target.id]))
        settle(answer, "destroyed", target.id)
        return True
    message = await _read(exchange, target, "id", "recipients")
    meant = [address for address in message["recipients"] if text in address]
    if not meant:
        return False
    (answer,) = await exchange.caller.request(Set(target.type, update={target.id: cancel(meant)}))
    settle(answer, "updated", target.id)
    return True


def due_time(exchange: Exchange) -> int:
    """The instant `at` in unix seconds; now when it is absent, past or malformed."""
    at = future(exchange.query.get("at", ""), exchange.now)
    return exchange.now if at is None else at


async def _read(exchange: Exchange, target: Target, *properties: str) -> Object:
    (answer,) = await exchange.caller.request(Get(target.type, [target.id], properties))
    found: list[Object] = answer["list"]
    if not found:
        raise NotFound
    return found[0]


def _recipient_left(answer: Object, message: str) -> bool:
    error = failures(answer, "updated").get(message, {})
    description: str = error.get("description", "")
    return error.get("type") == "invalidProperties" and description.endswith("does not exist")
