"""The history of metrics (legacy-rest-api 2.16, mapping-operations 8.5)."""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from gateway.jmap.calls import BY_ID, Call, Get, Object, Query, Ref
from gateway.knowledge.event_names import old_event
from gateway.knowledge.ids import EPOCH_MS, decode
from gateway.knowledge.instants import LATEST, seconds, text_of, unix_of
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.paging import find_more, pages
from gateway.legacy.refusals import Other
from gateway.legacy.telemetry.edition import insist_on_enterprise
from gateway.legacy.telemetry.stores import with_store

MOST_SAMPLES = 50_000
PAIRS_PER_REQUEST = 8

_EARLIEST = EPOCH_MS // 1000
_NODE = 0x1FF

_log = logging.getLogger(__name__)


async def get_metrics(exchange: Exchange) -> Any:
    """Samples from `after` until shortly before `before`, in order of time."""
    after, before = (unix_of(exchange.query.get(name, "")) for name in ("after", "before"))
    if before is not None and before <= max(after or 0, _EARLIEST):
        await insist_on_enterprise(exchange, "metrics-list")
        return []
    history = History(after or 0, LATEST + 1 if before is None else before, rising=exchange.settings.histogram_history == "difference")
    page = exchange.settings.get_page
    query = Query("Metric", [BY_ID], page, filter=_bounds(after, before))

    def calls(place: int) -> list[Call]:
        return [query, Get(query.type, Ref(place))]

    found, read = await with_store(exchange, "MetricsStore", _no_store, calls)
    first, total = history.samples(read["list"]), min(found["total"], MOST_SAMPLES)
    if found["total"] > total:
        _log.warning("only the first %d of %d samples are given", total, found["total"])
    later = pages(query, start=page, end=total, page=page)
    return Listing(None, _pages(exchange, history, first, later), {}) if later else first


async def _pages(exchange: Exchange, history: "History", first: list[Object], later: Sequence[Query]) -> AsyncIterator[list[Object]]:
    yield first
    async for found in find_more(exchange.caller, later, None, together=PAIRS_PER_REQUEST):
        yield history.samples(found.objects)


def _no_store() -> Other:
    return Other("No metrics store has been defined", "You need to configure a metrics store in order to use this feature.")


def _bounds(after: int | None, before: int | None) -> Object:
    """Conditions a second wider on both sides: the new server turns seconds into ids with an error below one."""
    bounds = {}
    if after is not None:
        bounds["timestampIsGreaterThanOrEqual"] = text_of(min(max(after - 1, _EARLIEST), LATEST))
    if before is not None:
        bounds["timestampIsLessThanOrEqual"] = text_of(min(before + 1, LATEST))
    return bounds


class History:
    """Turns samples into their old form, page by page in order of time.

    `start` and `end` (excluded) are unix seconds. `rising`: histograms come as totals since the start of their server and become what was
    added since the sample before; the first of a series only serves as that.
    """

    def __init__(self, start: int, end: int, *, rising: bool) -> None:
        self._start = start
        self._end = end
        self._rising = rising
        self._before: dict[tuple[str, int], tuple[int, int]] = {}

    def samples(self, objects: list[Object]) -> list[Object]:
        """Old form of those that lie in the period."""
        return [it for found in objects if (it := self._sample(found)) is not None and self._start <= seconds(found["timestamp"]) < self._end]

    def _sample(self, sample: Object) -> Object | None:
        known = {"id": old_event(sample["metric"]), "timestamp": sample["timestamp"]}
        if sample["@type"] != "Histogram":
            return {"type": sample["@type"].lower(), **known, "value": sample["count"]}
        count, total = sample["count"], sample["sum"]
        if self._rising:
            series = (sample["metric"], decode(sample["id"]) & _NODE)
            before = self._before.get(series)
            self._before[series] = (count, total)
            if before is None:
                return None
            if count >= before[0] and total >= before[1]:
                count, total = count - before[0], total - before[1]
        return {"type": "histogram", **known, "count": count, "sum": total}
