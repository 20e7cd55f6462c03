"""The list of principals (legacy-rest-api 2.1, mapping-principals 3.2)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from gateway.jmap.calls import Call, Get, Object, Ref
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.paging import in_chunks, more_ids
from gateway.legacy.principal.around import BY_NAME, Reader, Row
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.context import Context, read, sound
from gateway.legacy.principal.facts import API_KEY, PROPERTIES
from gateway.legacy.principal.merging import Merger
from gateway.legacy.principal.rights import has_tenants, insist, insist_tenants
from gateway.legacy.principal.search import Sieve
from gateway.legacy.principal.shapes import shape
from gateway.legacy.principal.wanted import TENANT, Part, Wanted, plan
from gateway.legacy.principal.words import words
from gateway.state import OldName

FARTHEST = 2**31 - 1
SHAPED_AT_ONCE = 25
STREAMED_PAGE = 250
"""Principals per get of a list that is streamed: more would hold up everybody else, fewer cost the caller requests that the server counts."""


async def list_principals(exchange: Exchange) -> Any:
    """Principals of the wanted kinds: `{"items", "total"}`, more than a page of them one page at a time."""
    wanted = await _within_edition(exchange, Wanted.of(exchange.query))
    context = await _context(exchange, wanted)
    parts = plan(wanted, context)
    sieve = _sieve(wanted, parts)
    # What the new server is asked for it judges itself.
    for word in sorted(wanted.named - {it.kind.word for it in parts}):
        await insist(exchange, word, "list")
    words = {it.kind.word for it in parts}
    if API_KEY in words:
        await insist(exchange, API_KEY, "list")
    if not parts:
        return {"items": [], "total": 0}
    # Neither finds the new server keys, nor does it know which accounts stand for one.
    keys = await exchange.memory.keys.names() if words & {API_KEY, "individual"} else {}
    plain = API_KEY not in words and not keys
    if wanted.counted and sieve is None and plain:
        answers = await exchange.caller.request(*(it.query(1, ()) for it in parts))
        return {"items": [], "total": sum(answer["total"] for answer in answers)}
    if sieve is None and plain and len(parts) == 1 and parts[0].kind.object == ACCOUNT:
        return await _sorted_there(exchange, wanted, parts[0], context)
    return await _sorted_here(exchange, wanted, parts, context, sieve, keys=keys)


async def _within_edition(exchange: Exchange, wanted: Wanted) -> Wanted:
    """What is wanted; Unsupported when that is tenants and there are none (legacy-rest-api 2.1)."""
    asks = any(kind.word == TENANT for kind in wanted.kinds)
    if not (asks or wanted.tenant) or await has_tenants(exchange):
        return wanted
    if asks and wanted.named:
        await insist_tenants(exchange)
    return wanted.without_tenants()


def _sieve(wanted: Wanted, parts: Sequence[Part]) -> Sieve | None:
    """What tests the results: needed where a search finds too many, or where a word that one kind lacks is one that another has."""
    several = words(wanted.text)
    needed = any(it.search.tested for it in parts) or (len(parts) > 1 and len(several) > 1)
    return Sieve(several) if needed else None


async def _context(exchange: Exchange, wanted: Wanted) -> Context | None:
    """The context, when something of it decides what is asked for; else it goes along with the rest."""
    if not wanted.text and not wanted.tenant:
        return None
    context, cached, _ = await read(exchange)
    if cached and wanted.tenant and wanted.tenant not in context.tenant_names:
        context, _, _ = await read(exchange, fresh=True)
    return context


async def _together(exchange: Exchange, context: Context | None, calls: Sequence[Call]) -> tuple[Context, list[Object]]:
    """The context and the answers to the calls; the first error among them is raised."""
    if context is not None:
        return context, await exchange.caller.request(*calls)
    context, _, answers = await read(exchange, *calls)
    return context, [sound(answer) for answer in answers]


async def _sorted_there(exchange: Exchange, wanted: Wanted, part: Part, context: Context | None) -> Any:
    """Users or groups: the new server sorts them by local part and cuts the result into pages."""
    page, window = exchange.settings.get_page, wanted.window
    start = min(window.offset, FARTHEST)
    query = part.query(min(window.limit or page, page), (BY_NAME,), start)
    context, (found, first) = await _together(exchange, context, [query, Get(ACCOUNT, Ref(0), PROPERTIES[ACCOUNT])])
    total, reader = found["total"], Reader(exchange, context, wanted.fields)
    end = window.end(total)
    behind = max(end - start - page, 0)
    ids: list[str] = []
    if behind:
        most = min(behind, exchange.settings.query_page)
        ids = await more_ids(exchange.caller, part.query(most, (BY_NAME,)), start=start + page, end=end, page=most)
    size = min(page, STREAMED_PAGE) if behind else page

    async def items() -> AsyncIterator[list[Object]]:
        rows = [(part.kind, it) for it in first.pop("list")]
        shown = {it["id"] for _, it in rows}  # what was made meanwhile moves rows behind the first page
        for some in in_chunks(rows, size):
            yield await _shaped(reader, some, wanted.fields)
        rows.clear()  # one page is in memory at a time
        for few in in_chunks([id_ for id_ in dict.fromkeys(ids[:behind]) if id_ not in shown], size):
            (answer,) = await exchange.caller.request(Get(ACCOUNT, few, PROPERTIES[ACCOUNT]))
            there = {it["id"]: it for it in answer["list"]}
            yield await _shaped(reader, [(part.kind, there[id_]) for id_ in few if id_ in there], wanted.fields)

    return await _answer(total, bool(behind), items())


async def _sorted_here(
    exchange: Exchange,
    wanted: Wanted,
    parts: Sequence[Part],
    context: Context | None,
    sieve: Sieve | None,
    *,
    keys: Mapping[str, OldName],
) -> Any:
    """Several kinds, or results that have to be tested: all are found first, then sorted by name, then read page by page."""
    page = exchange.settings.get_page
    calls: list[Call] = []
    places: list[tuple[int, int]] = []
    for part in parts:
        query = part.query(page)
        if query not in calls:
            calls.append(query)
        places.append((calls.index(query), len(calls)))
        calls.append(Get(part.kind.object, Ref(places[-1][0]), part.properties))
    standing = [part for part in parts if part.kind.word == API_KEY] if keys else []
    if standing:
        calls.append(Get(ACCOUNT, sorted(keys), PROPERTIES[ACCOUNT]))
    context, answers = await _together(exchange, context, calls)
    merger = Merger(exchange, context, sieve, keys)
    accounts = answers.pop()["list"] if standing else []
    totals = [answers[found]["total"] for found, _ in places]
    known = sum(totals) + len(accounts) <= page
    for part in standing:
        await merger.take_keys(part, accounts, keep=known)
    for part, total, (_, objects) in zip(parts, totals, places, strict=True):
        await merger.take(part, answers[objects].pop("list"), keep=known)
        await merger.take_rest(part, total)
    lines = await merger.lines()
    if wanted.counted:
        return {"items": [], "total": len(lines)}
    chosen, reader = wanted.window.cut(lines), Reader(exchange, context, wanted.fields)
    long = len(chosen) > page

    async def items() -> AsyncIterator[list[Object]]:
        for some in in_chunks(chosen, min(page, STREAMED_PAGE) if long else page):
            yield await _shaped(reader, await merger.rows(some), wanted.fields)

    return await _answer(len(lines), long, items())


async def _answer(total: int, long: bool, pages: AsyncIterator[list[Object]]) -> Any:
    if long:
        return Listing(total, pages, {})
    return {"items": [item async for some in pages for item in some], "total": total}


async def _shaped(reader: Reader, rows: Sequence[Row], fields: frozenset[str] | None) -> list[Object]:
    """Old forms of one page."""
    around = await reader.around(rows)
    shaped: list[Object] = []
    for few in in_chunks(rows, SHAPED_AT_ONCE):
        shaped += (shape(kind, it, around, fields) for kind, it in few)
        await asyncio.sleep(0)  # other requests get their turn
    return shaped
