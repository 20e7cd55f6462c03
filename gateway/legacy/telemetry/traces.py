"""Traces: the list, and the events of some (legacy-rest-api 2.16, mapping-operations 8.2, 8.3)."""

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from gateway.jmap.calls import Call, Get, Object, Query, Ref
from gateway.knowledge.event_names import EVENTS, new_event
from gateway.knowledge.ids import EPOCH_MS, decimal, decode, encode, path_number
from gateway.knowledge.instants import text_of, unix_of
from gateway.knowledge.value_forms import in_order
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.paging import Window, find_more, more_ids, pages
from gateway.legacy.refusals import Unsupported
from gateway.legacy.telemetry.edition import insist_on_enterprise
from gateway.legacy.telemetry.events import full_event, short_event
from gateway.legacy.telemetry.stores import with_store

MOST_IDS = 20_000
"""Traces that a list without a limit names at most."""

NEWEST_FIRST: Object = {"property": "id", "isAscending": False}

_LISTED = ("id", "timestamp", "events")
_BEGINNINGS = frozenset({"delivery.attempt-start", "queue.message-queued", "queue.authenticated-message-queued"})
_KNOWN = frozenset(EVENTS)
_LARGEST_POSITION = 2**31 - 1
_NO_TIME = EPOCH_MS // 1000

_log = logging.getLogger(__name__)


async def list_traces(exchange: Exchange) -> Any:
    """Numbers of the traces that the parameters select, newest first, or with `values` the event that each began with: `{"items", "total"}`."""
    window = Window.of(exchange.query)
    if window.offset > _LARGEST_POSITION:
        found = await _found(exchange, _query(exchange, position=0, limit=1))
        return {"items": [], "total": found["total"]}
    return await (_begun(exchange, window) if "values" in exchange.query else _numbers(exchange, window))


async def get_trace(exchange: Exchange) -> Any:
    """Events of the trace that the path names, or a list of those of several; none for what is no trace."""
    numbers = exchange.path["id"].split(",")
    lists = await _events(exchange, numbers)
    return lists[0] if len(numbers) == 1 else lists


async def get_traces(exchange: Exchange) -> Any:
    """Events of the traces that the parameter `id` names, one list for each."""
    return await _events(exchange, exchange.query.get("id", "").split(","))


async def _numbers(exchange: Exchange, window: Window) -> Any:
    page = exchange.settings.query_page
    first = min(window.limit or page, page)
    query = _query(exchange, position=window.offset, limit=first)
    found = await _found(exchange, query)
    ids, total = found["ids"], found["total"]
    end = min(window.end(total), window.offset + MOST_IDS)
    if end < window.end(total):
        _log.warning("only %d of %d traces are listed", MOST_IDS, total)
    if len(ids) == first:
        ids += await more_ids(exchange.caller, query, start=window.offset + first, end=end, page=page)
    return {"items": [decode(it) for it in ids[: max(0, end - window.offset)]], "total": total}


async def _begun(exchange: Exchange, window: Window) -> Any:
    page = exchange.settings.get_page
    asked = min(window.limit or page, page)
    query = _query(exchange, position=window.offset, limit=asked)
    found, read = await _asked(exchange, [query, Get(query.type, Ref(0), _LISTED)])
    total, items = found["total"], _beginnings(found["ids"], read["list"])
    if not window.limit and total > asked:
        _log.warning("only %d of %d traces are looked at", asked, total)
    end = window.end(total) if window.limit else 0
    later = pages(query, start=window.offset + asked, end=end, page=page)
    if not later:
        return {"items": items, "total": total}
    return Listing(total, _pages(exchange, items, later, end), {})


async def _pages(exchange: Exchange, first: list[Object], later: Sequence[Query], end: int) -> AsyncIterator[list[Object]]:
    yield first
    async for found in find_more(exchange.caller, later, _LISTED, together=1):
        yield _beginnings(found.ids[: end - found.query.position], found.objects)


async def _found(exchange: Exchange, query: Query) -> Object:
    (found,) = await _asked(exchange, [query])
    return found


async def _asked(exchange: Exchange, calls: list[Call]) -> list[Object]:
    def moved(by: int) -> list[Call]:
        return [Get(it.type, Ref(it.ids.call + by), it.properties) if isinstance(it, Get) and isinstance(it.ids, Ref) else it for it in calls]

    return await with_store(exchange, "TracingStore", lambda: Unsupported("No tracing store has been configured"), moved)


def _query(exchange: Exchange, *, position: int, limit: int) -> Query:
    """What the parameters select; those that the old server ignored are left out. Without a condition both servers take the last day."""
    conditions: Object = {}
    event = new_event(exchange.query.get("type", ""))
    if event in _KNOWN:
        conditions["event"] = event
    queue_id = decimal(exchange.query.get("queue_id", ""))
    if queue_id is not None:
        conditions["queueId"] = encode(queue_id)
    text = exchange.query.get("filter", "")
    if text.strip():
        conditions["text"] = text
    for name, condition in (("after", "timestampIsGreaterThan"), ("before", "timestampIsLessThan")):
        unix = unix_of(exchange.query.get(name, ""))
        if unix is not None and unix <= exchange.now:
            conditions[condition] = text_of(max(unix, _NO_TIME))
    return Query("Trace", [NEWEST_FIRST], limit, position=position, filter=conditions)


def _beginnings(ids: Iterable[str], traces: Iterable[Object]) -> list[Object]:
    """The event that each trace began with, in the order of the ids; traces without one are left out."""
    by_id = {it["id"]: it for it in traces}
    items = []
    for id_ in ids:
        events = in_order(by_id[id_]["events"]) if id_ in by_id else []
        first = next((it for it in events if it["event"] in _BEGINNINGS), None)
        if first is not None:
            items.append(short_event(first, decode(id_)))
    return items


async def _events(exchange: Exchange, numbers: Sequence[str]) -> list[list[Object]]:
    """Events of each trace in the order asked."""
    ids = [None if (number := path_number(it)) is None else encode(number) for it in numbers]
    wanted = list(dict.fromkeys(it for it in ids if it is not None))
    if not wanted:
        await insist_on_enterprise(exchange, "tracing-get")
        return [[] for _ in ids]
    (answer,) = await exchange.caller.request(Get("Trace", wanted, ("id", "events")))
    texts = await exchange.caller.event_texts() if answer["list"] else {}
    found = {it["id"]: [full_event(event, texts) for event in in_order(it["events"])] for it in answer["list"]}
    return [found.get(it, []) if it is not None else [] for it in ids]
