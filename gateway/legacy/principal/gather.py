"""Reading many objects in few round trips, where the caller may look at some of them only.

Use: `(groups, lists), (members,) = await gather(exchange, [Get("Account", ids, NAMED), Sought(query, RECIPIENTS)], [count])`; what is kept
from the caller is empty, or 0.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.jmap.calls import Call, Get, Object, Query, Ref
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import CALLS_PER_REQUEST, find_more, pages
from gateway.legacy.principal.context import allowed


class Sought(NamedTuple):
    """Objects that a query finds, all of them, with these properties; `limit` of the query is the page."""

    query: Query
    properties: Sequence[str]


async def gather(
    exchange: Exchange, wanted: Sequence[Get | Sought], counts: Sequence[Query] = ()
) -> tuple[list[list[Object]], list[int]]:
    """Objects of each get and each search, and the total of each count.

    One round trip for 16 calls; more where a search finds more than a page.
    """
    calls: list[Call] = []
    for one in wanted:
        calls += [one] if isinstance(one, Get) else [one.query, Get(one.query.type, Ref(len(calls)), one.properties)]
    calls += counts
    answers = iter(await exchange.caller.attempt(*calls) if calls else ())
    gathered: list[list[Object]] = []
    for one in wanted:
        found = allowed(next(answers))
        objects = found if isinstance(one, Get) else allowed(next(answers))
        if found is None or objects is None:
            gathered.append([])
        elif isinstance(one, Get):
            gathered.append(objects["list"])
        else:
            gathered.append(objects["list"] + await rest(exchange, one, found["total"]))
    totals = [found["total"] if found else 0 for found in map(allowed, answers)]
    return gathered, totals


async def rest(exchange: Exchange, sought: Sought, total: int) -> list[Object]:
    """The objects of a search behind its first page."""
    query, properties = sought
    later = pages(query, start=query.limit, end=total, page=query.limit)
    more = find_more(exchange.caller, later, properties, together=CALLS_PER_REQUEST // 2)
    return [it async for found in more for it in found.objects]
