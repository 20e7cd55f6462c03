"""The list of queued messages (mapping-operations 2.3)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.jmap.calls import Get, Object
from gateway.knowledge.ids import decode
from gateway.knowledge.instants import text_of
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.paging import Window, find, find_more, in_chunks, more_ids, pages
from gateway.legacy.queue.message import message_shape
from gateway.legacy.queue.selection import Selection

EXAMINED = ("id", "returnPath", "recipients")
PAIRS_PER_REQUEST = 7
IDS_AT_ONCE = 250
SHAPED_AT_ONCE = 50
STREAMED_PAGE = 100
"""Messages per get of a list that is streamed: reading more at once would hold up everybody else for milliseconds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    """Ids that match, messages by id when they came along, and how many more the new server counts than were looked at."""

    ids: list[str]
    messages: dict[str, Object] | None = None
    beyond: int = 0


async def list_queue(exchange: Exchange) -> Any:
    """Ids in ascending order, or with `values` the messages, of what the parameters select: `{"items", "total", "status"}`.

    The new server sorts by due time only: all ids are gathered, and range, order, `max-total` and page are made here. While the
    queue is small, the messages come with the ids in one round trip.
    """
    selection, window = Selection.of(exchange.query, exchange.now), Window.of(exchange.query)
    found = await _find(exchange, selection)
    ids = await _held(selection, found.ids)
    numbers = sorted(ids)
    page, total = window.cut(numbers), window.total(len(numbers) + found.beyond)
    status = {"status": await exchange.flags.queue_running()}
    if "values" not in exchange.query:
        return {"items": page, "total": total, **status}
    rows = _messages(exchange, [ids[number] for number in page], found.messages)
    if len(page) > exchange.settings.get_page:
        return Listing(total, rows, status)
    return {"items": [message async for some in rows for message in some], "total": total, **status}


async def _held(selection: Selection, texts: Sequence[str]) -> dict[int, str]:
    """Ids by their old numbers, for those in the range of the selection."""
    ids: dict[int, str] = {}
    for some in in_chunks(texts, IDS_AT_ONCE):
        ids.update((number, text) for text in some if selection.holds(number := decode(text)))
        await asyncio.sleep(0)  # other requests get their turn
    return ids


async def _find(exchange: Exchange, selection: Selection) -> _Found:
    if selection.impossible:
        return _Found([])
    if selection.queue and exchange.settings.exact_queue_filter:
        return await _examined(exchange, selection)
    settings = exchange.settings
    if "values" not in exchange.query:
        (answer,) = await exchange.caller.request(selection.query(settings.query_page))
        return await _all_ids(exchange, selection, answer["ids"], settings.query_page, answer["total"])
    (first,) = await find(exchange.caller, [selection.query(settings.optimistic_get)])
    if first.total > settings.optimistic_get:
        return await _all_ids(exchange, selection, first.ids, settings.optimistic_get, first.total)
    return _Found(first.ids, {it["id"]: it for it in first.objects})


async def _all_ids(exchange: Exchange, selection: Selection, first: list[str], asked: int, total: int) -> _Found:
    """All ids, after those found when the `first` ones were `asked` for."""
    page, end = exchange.settings.query_page, _bounded(exchange, total)
    ids = first + await more_ids(exchange.caller, selection.query(page), start=asked, end=end, page=page)
    return _Found(ids, beyond=total - end)


async def _examined(exchange: Exchange, selection: Selection) -> _Found:
    """Messages with a recipient of the queue in any state, which takes reading every message."""
    page = exchange.settings.get_page
    query = selection.query(page, with_queue=False)
    (first,) = await find(exchange.caller, [query], EXAMINED)
    messages, end = first.objects, _bounded(exchange, first.total)
    later = pages(query, start=page, end=end, page=page)
    async for found in find_more(exchange.caller, later, EXAMINED, together=PAIRS_PER_REQUEST):
        messages += found.objects
    return _Found([it["id"] for it in messages if selection.matches(it)])


def _bounded(exchange: Exchange, total: int) -> int:
    most = exchange.settings.max_scan_messages
    if total > most:
        _log.warning(
            "the queue holds %d messages of the kind asked for; only the %d due first are looked at", total, most
        )
    return min(total, most)


async def _messages(
    exchange: Exchange, ids: Sequence[str], known: dict[str, Object] | None
) -> AsyncIterator[list[Object]]:
    """Old messages page by page; those that left the queue meanwhile are left out."""
    shape = message_shape(exchange.settings.legacy_version, text_of(exchange.now))
    most = exchange.settings.get_page
    for some in in_chunks(ids, most if len(ids) <= most else min(most, STREAMED_PAGE)):
        messages = known
        if messages is None:
            (answer,) = await exchange.caller.request(Get("QueuedMessage", some))
            messages = {it["id"]: it for it in answer["list"]}
        page: list[Object] = []
        for few in in_chunks(some, SHAPED_AT_ONCE):
            page += [shape(messages[it]) for it in few if it in messages]
            await asyncio.sleep(0)  # other requests get their turn
        yield page
