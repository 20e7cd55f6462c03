"""Remove or reschedule many queued messages (mapping-operations 2.7).

Nothing is written before everything that decides about it was read and tested against the old conditions here; what is written names
every message by its id.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.jmap.calls import Get, Object, Query, Set
from gateway.knowledge.ids import decode, encode
from gateway.legacy.caution import PAGE_NUMBERS, RANGE_NUMBERS, doubtful, insist, search_text
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import Verb
from gateway.legacy.paging import CALLS_PER_REQUEST, Window, find, find_more, in_chunks, more_ids, pages
from gateway.legacy.queue.listing import EXAMINED, PAIRS_PER_REQUEST
from gateway.legacy.queue.recipients import pending, reschedule
from gateway.legacy.queue.selection import Selection, future, queue_name
from gateway.legacy.queue.single import due_time
from gateway.legacy.refusals import Unsupported
from gateway.legacy.writing import OBJECTS_PER_SET, carry_out

RECIPIENTS_PER_REQUEST = 5000

_NUMBERS = (*PAGE_NUMBERS, *RANGE_NUMBERS)
_TEXTS = frozenset({"text", "from", "to", "before", "after", "queue", "filter", "values"})

# What is kept of a chosen message until it is written: its patch, empty for one that will be removed.
Change = Object
_REMOVAL: Change = {}


@dataclass(frozen=True, slots=True)
class _Work:
    """What a bulk call does to each chosen message."""

    to: str
    verb: Verb
    parameters: frozenset[str]
    properties: Sequence[str]
    change: Callable[[Object], Change]
    requests: Callable[[Iterable[tuple[str, Change]]], AsyncIterator[Sequence[Set]]]


async def delete_queue(exchange: Exchange) -> Any:
    """Remove the messages that the parameters select; whether there were any."""
    return await _bulk(exchange, _Work("delete", "destroyed", _TEXTS, EXAMINED, lambda _: _REMOVAL, _removals))


async def patch_queue(exchange: Exchange) -> Any:
    """Make every pending recipient of the selected messages due `at` an instant, or now; whether there were any."""
    due, settings = due_time(exchange), exchange.settings

    def change(message: Object) -> Change:
        return reschedule(pending(message["recipients"]), due, settings)

    properties = ("id", "createdAt", "returnPath", "recipients")
    return await _bulk(exchange, _Work("reschedule", "updated", _TEXTS | {"at"}, properties, change, _patches))


async def _bulk(exchange: Exchange, work: _Work) -> bool:
    if "values" in exchange.query:
        return False  # the old server collected no ids then
    selection, window, settings = _selection(exchange, work), Window.of(exchange.query), exchange.settings
    if selection.impossible:
        return False
    page = settings.get_page
    query = selection.query(page, with_queue=not settings.exact_queue_filter)
    (first,) = await find(exchange.caller, [query], work.properties)
    if first.total > settings.max_scan_messages:
        if any(name in exchange.query for name in _NUMBERS):
            raise Unsupported(f"More than {settings.max_scan_messages} messages to count among; refusing to {work.to}")
        scan = _Scan(exchange, selection, work, query)
        return await carry_out(exchange, work.verb, scan.requests(first.total)) or scan.chose
    chosen = {decode(it["id"]): work.change(it) for it in first.objects if selection.matches(it)}
    later = pages(query, start=page, end=first.total, page=page)
    async for found in find_more(exchange.caller, later, work.properties, together=PAIRS_PER_REQUEST):
        chosen |= {decode(it["id"]): work.change(it) for it in found.objects if selection.matches(it)}
    numbers = window.cut(sorted(chosen))
    await carry_out(exchange, work.verb, work.requests((encode(number), chosen[number]) for number in numbers))
    return bool(numbers)


def _selection(exchange: Exchange, work: _Work) -> Selection:
    """Conditions of the parameters; refuses those that the old server would have ignored."""
    insist(exchange, work.to, texts=work.parameters, numbers=_NUMBERS)
    for name in ("before", "after"):
        if name in exchange.query and future(exchange.query[name], exchange.now) is None:
            raise doubtful(name, "must be an RFC 3339 time in the future", work.to)
    if "queue" in exchange.query and not queue_name(exchange.query["queue"]):
        raise doubtful("queue", "is not a valid queue name", work.to)
    selection, text = Selection.of(exchange.query, exchange.now), search_text(exchange)
    if selection.text or selection.sender or selection.recipient:
        return replace(selection, also=text)
    return replace(selection, text=text)


@dataclass(slots=True)
class _Scan:
    """More messages than are held at once; `chose` once any was chosen, even if there is nothing to write to it."""

    exchange: Exchange
    selection: Selection
    work: _Work
    query: Query
    chose: bool = False

    async def requests(self, total: int) -> AsyncIterator[Sequence[Set]]:
        """All ids are read first, as writing moves them; then messages are read, tested and written in turns."""
        caller, settings = self.exchange.caller, self.exchange.settings
        ids = await more_ids(caller, self.query, start=0, end=total, page=settings.query_page)
        for some in in_chunks(list(dict.fromkeys(ids)), settings.get_page):
            (answer,) = await caller.request(Get(self.query.type, some, self.work.properties))
            chosen = [(it["id"], self.work.change(it)) for it in answer["list"] if self.selection.matches(it)]
            self.chose = self.chose or bool(chosen)
            async for request in self.work.requests(chosen):
                yield request


async def _removals(chosen: Iterable[tuple[str, Change]]) -> AsyncIterator[Sequence[Set]]:
    ids = [message for message, _ in chosen]
    calls = [Set("QueuedMessage", destroy=some) for some in in_chunks(ids, OBJECTS_PER_SET)]
    for request in in_chunks(calls, CALLS_PER_REQUEST):
        yield request


async def _patches(chosen: Iterable[tuple[str, Change]]) -> AsyncIterator[Sequence[Set]]:
    """One call a request, and not too many recipients in it: patches are long, and requests have a size limit."""
    update: dict[str, Change] = {}
    recipients = 0
    for message, patch in chosen:
        if update and (len(update) == OBJECTS_PER_SET or recipients + len(patch) > RECIPIENTS_PER_REQUEST):
            yield [Set("QueuedMessage", update=update)]
            update, recipients = {}, 0
        if patch:
            update[message] = patch
            recipients += len(patch)
    if update:
        yield [Set("QueuedMessage", update=update)]
