"""The lists of received reports and their removal in bulk (mapping-operations 4.1, 4.6)."""

import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

from gateway.jmap.calls import Object, Query
from gateway.knowledge.ids import encode
from gateway.knowledge.report_ids import IncomingId
from gateway.legacy.caution import PAGE_NUMBERS, RANGE_NUMBERS, doubtful, insist, search_text
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.paging import Found, Window, find, find_more, more_ids, pages
from gateway.legacy.refusals import Other
from gateway.legacy.reports.kinds import SEEN, Kind, kind_of, old_id
from gateway.legacy.writing import destroy

NEWEST_FIRST: Object = {"property": "expiresAt", "isAscending": False}
PAIRS_PER_REQUEST = 8

_LARGEST_POSITION = 2**31 - 1
_TEXTS = frozenset({"text", "filter"})

_log = logging.getLogger(__name__)


async def list_reports(exchange: Exchange) -> Any:
    """Ids by expiry and number, both descending: `{"items", "total"}`. `text` is tested here: the new server searches whole words."""
    kind, window, text = kind_of(exchange), Window.of(exchange.query), exchange.query.get("text")
    if text is None:
        return await _page(exchange, kind, window)
    found = await _search(exchange, kind, [text], enough=window.most)
    return {"items": [it.text for it in window.cut(found)], "total": window.total(len(found))}


async def delete_reports(exchange: Exchange) -> Any:
    """Remove the reports that hold the text, or all; whether there were any."""
    kind, window = kind_of(exchange), Window.of(exchange.query)
    insist(exchange, "delete", texts={*_TEXTS, *RANGE_NUMBERS}, numbers=PAGE_NUMBERS)
    for name in RANGE_NUMBERS:
        if name in exchange.query:
            raise doubtful(name, "has no effect on received reports", "delete")
    texts = [text for text in (exchange.query.get("text"), search_text(exchange)) if text]
    if texts or window != Window(0, 0, 0):
        found = window.cut(await _search(exchange, kind, texts, or_refuse=True))
        ids = [encode(it.number) for it in found]
    else:
        ids = await _all_ids(exchange, kind)
    return await destroy(exchange, {kind.type: ids})


async def _page(exchange: Exchange, kind: Kind, window: Window) -> Any:
    """The page as the new server cuts it; the order of equal expiries is made inside it."""
    bound = exchange.settings.get_page
    if (window.most and window.offset >= window.most) or window.offset > _LARGEST_POSITION:
        (answer,) = await exchange.caller.request(Query(kind.type, [NEWEST_FIRST], 1))
        return {"items": [], "total": window.total(answer["total"])}
    asked = min(window.end(2 * _LARGEST_POSITION) - window.offset, bound)
    query = Query(kind.type, [NEWEST_FIRST], asked, position=window.offset)
    (first,) = await find(exchange.caller, [query], SEEN)
    total, end = window.total(first.total), window.end(first.total)
    if end - window.offset <= asked:
        return {"items": _items(first.objects), "total": total}
    later = pages(query, start=window.offset + asked, end=end, page=bound)
    return Listing(total, _pages(exchange, first, later, end), {})


async def _pages(exchange: Exchange, first: Found, later: list[Query], end: int) -> AsyncIterator[list[str]]:
    yield _items(first.objects)
    async for found in find_more(exchange.caller, later, SEEN, together=PAIRS_PER_REQUEST):
        inside = frozenset(found.ids[: end - found.query.position])
        yield _items(it for it in found.objects if it["id"] in inside)


async def _search(
    exchange: Exchange, kind: Kind, texts: list[str], *, enough: int = 0, or_refuse: bool = False
) -> list[IncomingId]:
    """Reports that hold all the texts, newest first; at most `enough` are needed when that is not 0.

    Reports are read page by page up to a bound. More than that are left out, or with `or_refuse` nothing is given at all.
    """
    settings = exchange.settings
    most = settings.max_scan_reports
    page, properties = (settings.report_scan_page, None) if texts else (settings.get_page, SEEN)
    hits: set[IncomingId] = set()
    position, end = 0, most
    while position < end and not (enough and len(hits) >= enough):
        query = Query(kind.type, [NEWEST_FIRST], min(page, end - position), position=position)
        (found,) = await find(exchange.caller, [query], properties)
        if found.total > most:
            if or_refuse:
                raise Other("Too many reports to search; nothing was deleted", f"{found.total} reports, limit {most}")
            if position == 0:
                _log.warning("only the newest %d of %d received reports are searched", most, found.total)
        hits |= {old_id(it) for it in found.objects if all(kind.mentions(it, text) for text in texts)}
        position, end = position + page, min(found.total, most)
    return sorted(hits, key=_newest_first)


async def _all_ids(exchange: Exchange, kind: Kind) -> list[str]:
    page = exchange.settings.query_page
    query = Query(kind.type, [NEWEST_FIRST], page)
    (answer,) = await exchange.caller.request(query)
    return [*answer["ids"], *await more_ids(exchange.caller, query, start=page, end=answer["total"], page=page)]


def _items(received: Iterable[Object]) -> list[str]:
    return [it.text for it in sorted(map(old_id, received), key=_newest_first)]


def _newest_first(report: IncomingId) -> tuple[int, int]:
    return -report.expires, -report.number
