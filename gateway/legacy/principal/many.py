"""Finding accounts and lists by hundreds of names, as groups and lists have members (mapping-principals 1.5, 3.1).

Use: `found = await find_many(exchange, pool, searches, locals_)`; the pool then holds what the searches find, `found.forbidden` the types that the
caller may not look at, `found.unfinished` the searches that found more than a page.

Four names fit into a round trip, and a search by words brings a long list again for each of its recipients. So where there are few
objects all of them are read, and what has been read for a round trip is let go of before the next one.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple

from gateway.jmap.calls import BY_ID, Call, Get, Object, Query, Ref
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import CALLS_PER_REQUEST, in_chunks, more_ids
from gateway.legacy.principal.candidates import Pool
from gateway.legacy.principal.context import allowed
from gateway.legacy.principal.facts import PROPERTIES

OBJECTS_FOR_A_SEARCH = 20
"""So many objects are read as quickly as one search is answered."""


class Many(NamedTuple):
    """What many searches left: types that may not be looked at, and searches with the number of all their results."""

    forbidden: set[str]
    unfinished: list[tuple[Query, int]]


async def find_many(exchange: Exchange, pool: Pool, searches: Sequence[Query], locals_: Collection[str]) -> Many:
    """Add to the pool what the searches find that has one of these local parts. MethodError for anything but a missing right."""
    many = Many(set(), [])
    most = exchange.settings.query_page
    types = list(dict.fromkeys(it.type for it in searches))
    counted = await exchange.caller.attempt(*(Query(type_, (BY_ID,), most) for type_ in types))
    for type_, answer in zip(types, counted, strict=True):
        own, all_ = [it for it in searches if it.type == type_], allowed(answer)
        if all_ is None:
            many.forbidden.add(type_)
        elif all_["total"] <= OBJECTS_FOR_A_SEARCH * len(own):
            async for objects in _all(exchange, type_, all_):
                if objects is None:
                    many.forbidden.add(type_)
                else:
                    pool.add(type_, [it for it in objects if it["emailAddress"].rpartition("@")[0] in locals_])
        else:
            await _search(exchange, pool, own, many)
    return many


async def _all(exchange: Exchange, type_: str, first: Object) -> AsyncIterator[list[Object] | None]:
    """All objects of a type page by page, None where they are kept from the caller; `first` is the answer with the first ids and their number."""
    most = exchange.settings.query_page
    more = await more_ids(exchange.caller, Query(type_, (BY_ID,), most), start=most, end=first["total"], page=most)
    for some in in_chunks([*first["ids"], *more], exchange.settings.get_page):
        (answer,) = await exchange.caller.attempt(Get(type_, some, PROPERTIES[type_]))
        found = allowed(answer)
        yield None if found is None else found["list"]
        await asyncio.sleep(0)  # other requests get their turn


async def _search(exchange: Exchange, pool: Pool, searches: Sequence[Query], many: Many) -> None:
    for some in in_chunks(searches, CALLS_PER_REQUEST // 2):
        calls: list[Call] = []
        for search in some:
            calls += (search, Get(search.type, Ref(len(calls)), PROPERTIES[search.type]))
        answers = [allowed(it) for it in await exchange.caller.attempt(*calls)]
        for search, found, objects in zip(some, answers[::2], answers[1::2], strict=True):
            if found is None or objects is None:
                many.forbidden.add(search.type)
                return
            pool.add(search.type, objects["list"])
            many.unfinished.append((search, found["total"]))
        await asyncio.sleep(0)
