"""Lines of the log, newest first (legacy-rest-api 2.10, mapping-operations 9).

The new server gives the lines behind a given one, the old server skipped a number of lines from the newest: who went from page to page while
the log grew saw lines twice. Here the end of each page is remembered for its reader for a while, and the next page begins there.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.jmap.calls import Call, Get, LogQuery, Object, Ref
from gateway.jmap.errors import MethodError
from gateway.jmap.event_texts import EventText
from gateway.knowledge.event_names import old_event
from gateway.knowledge.ids import encode
from gateway.knowledge.query_string import number
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.paging import in_chunks
from gateway.legacy.refusals import Other, Refusal, Unsupported
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does

LINES = 100
"""Lines of a page whose size nobody named."""

ALL = 5000
MOST_LINES = 50_000
MOST_MARKS = 100
REMEMBERED_SECONDS = 900.0

FIRST_LINE = encode(0)
"""The line at the very beginning: nothing is behind it, and as an anchor the new server takes it for none."""

_ROUND = 2**64
_NO_TRACER = "No log tracers configured"
_UNREADABLE = frozenset({"serverUnavailable", "serverFail", "serverPartialFail"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """The last line of a page: how many lines end with it, its id and its time.

    When the log has been rotated, its id is that of another line or of none, which the time tells.
    """

    lines: int
    id: str
    timestamp: str


@dataclass(frozen=True, slots=True)
class _Page:
    """Ids of the lines of a page, how many lines stand before it, whether there are more behind it, and the lines, if they came along."""

    ids: Sequence[str]
    before: int
    more: bool
    lines: Sequence[Object] | None


async def get_logs(exchange: Exchange) -> Any:
    """Lines that hold the text `filter`: `{"items", "total"}`; the total counts as far as was looked, and a page more when there is more."""
    limit = number(exchange.query, "limit", LINES)
    if limit:
        offset = max(number(exchange.query, "page") - 1, 0) * limit % _ROUND
    else:
        _log.info("the whole log was asked for: the newest %d lines are given", ALL)
        offset, limit = 0, ALL
    if offset >= MOST_LINES:
        return {"items": [], "total": MOST_LINES}
    try:
        return await _answer(exchange, offset, min(limit, MOST_LINES - offset))
    except MethodError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from None


async def _answer(exchange: Exchange, offset: int, limit: int) -> Any:
    marks = _marks(exchange) if offset else ()
    mark = max((it for it in marks if it.lines <= offset), key=lambda it: it.lines, default=None)
    page = await _from(exchange, mark, offset, limit) if mark else None
    if page is None:
        marks = ()
        page = await _from(exchange, Mark(0, "", ""), offset, limit)
    assert page is not None  # noqa: S101 - for the type checker: only a mark can be wrong
    total = page.before + len(page.ids) + (limit if page.more else 0)
    texts = await exchange.caller.event_texts() if page.ids else {}
    if len(page.ids) > exchange.settings.get_page:
        return Listing(total, _items(exchange, marks, page, texts), {})
    lines = page.lines if page.lines is not None else await _read(exchange, page.ids)
    _remember(exchange, marks, page, lines)
    return {"items": [_item(it, texts) for it in _in_order(page.ids, lines)], "total": total}


async def _from(exchange: Exchange, mark: Mark, offset: int, limit: int) -> _Page | None:
    """The page at an offset, found from a mark (without id: from the newest line) on; None when the mark is not what it was."""
    skipped = offset - mark.lines
    if mark.id == FIRST_LINE:
        return _Page((), mark.lines, more=False, lines=())
    wanted = skipped + limit + 1
    asked = min(wanted, exchange.settings.query_page)
    along = not skipped and asked == wanted <= exchange.settings.get_page
    calls: list[Call] = [_query(exchange, asked, mark.id)]
    calls += [Get("Log", Ref(0))] if along else []
    calls += [Get("Log", [mark.id], ["timestamp"])] if mark.id else []
    found, *read = await exchange.caller.request(*calls)
    if mark.id and [it["timestamp"] for it in read[-1]["list"]] != [mark.timestamp]:
        return None
    ids = found["ids"]
    while len(ids) == asked and asked < wanted and ids[-1] != FIRST_LINE:
        step = min(wanted - asked, exchange.settings.query_page)
        (found,) = await exchange.caller.request(_query(exchange, step, ids[-1]))
        ids += found["ids"]
        asked += step
    return _Page(
        ids=ids[skipped : skipped + limit],
        before=mark.lines + min(skipped, len(ids)),
        more=len(ids) > skipped + limit,
        lines=read[0]["list"] if along else None,
    )


def _query(exchange: Exchange, limit: int, behind: str) -> LogQuery:
    text = exchange.query.get("filter")
    return LogQuery(limit, {"text": text} if text else None, behind or None)


async def _items(exchange: Exchange, marks: Sequence[Mark], page: _Page, texts: Mapping[str, EventText]) -> AsyncIterator[list[Object]]:
    """A page that is larger than a get, in pieces."""
    lines: list[Object] = []
    for some in in_chunks(page.ids, exchange.settings.get_page):
        lines = await _read(exchange, some)
        yield [_item(it, texts) for it in _in_order(some, lines)]
    _remember(exchange, marks, page, lines)


async def _read(exchange: Exchange, ids: Sequence[str]) -> list[Object]:
    if not ids:
        return []
    (answer,) = await exchange.caller.request(Get("Log", ids))
    lines: list[Object] = answer["list"]
    return lines


def _in_order(ids: Sequence[str], lines: Sequence[Object]) -> list[Object]:
    """The lines in the order of the ids; those that the new server cannot parse are missing."""
    by_id = {it["id"]: it for it in lines}
    return [by_id[it] for it in ids if it in by_id]


def _item(line: Object, texts: Mapping[str, EventText]) -> Object:
    name = line["event"]
    return {
        "timestamp": line["timestamp"],
        "level": line["level"].upper(),
        "event": texts[name].label if name in texts else name,
        "event_id": old_event(name),
        "details": line["details"],
    }


def _kind(exchange: Exchange) -> str:
    return f"logs {exchange.query.get('filter', '')}"


def _marks(exchange: Exchange) -> Sequence[Mark]:
    """Ends of the pages that the caller has seen."""
    return exchange.caller.recall(_kind(exchange)) or ()


def _remember(exchange: Exchange, marks: Sequence[Mark], page: _Page, lines: Sequence[Object]) -> None:
    """Add the end of a page to the marks by which it was found; it replaces those of an earlier look at the newest lines."""
    last = next((it for it in lines if page.ids and it["id"] == page.ids[-1]), None)
    if last is not None:
        mark = Mark(page.before + len(page.ids), last["id"], last["timestamp"])
        kept = [it for it in marks if it.lines != mark.lines][-MOST_MARKS + 1 :]
        kind = _kind(exchange)
        exchange.caller.keep(kind, (*kept, mark), exchange.caller.edition(kind), REMEMBERED_SECONDS)


def _refusal(error: MethodError) -> Refusal | None:
    if error.type == "invalidArguments" and error.description.startswith(_NO_TRACER):
        return Unsupported("Tracer log path not configured")
    if error.type in _UNREADABLE:
        return Other("Failed to read log files", error.description or None)
    return None


ROUTES = (route("getLogs", does(get_logs, "x:Log/query", "x:Log/get")),)
