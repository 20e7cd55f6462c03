"""Live streams of events and metrics (legacy-rest-api 5.1, 5.2, mapping-operations 8.7, 8.8)."""

import contextlib
import re
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.event_names import TRACE_KEYS, new_event, old_event
from gateway.knowledge.query_string import number
from gateway.knowledge.value_forms import in_order
from gateway.legacy.exchange import Exchange
from gateway.legacy.live import DROP, events
from gateway.legacy.telemetry.edition import refusal_of
from gateway.legacy.telemetry.events import SPAN, Texts, full_event

MOST_SPANS = 10_000
MOST_CONNECTIONS = 1_000
SILENCE_SECONDS = 30.0
"""After so long without an event that is wanted, the client gets an empty list, so that nobody on the way takes the stream for dead."""

_BEGINS = (".connection-start", ".attempt-start")
_ENDS = (".connection-end", ".attempt-end")
_COMPARED = frozenset({"String", "UTCDateTime", "Boolean", "IpAddr"})
_KEYS = {re.sub(r"[A-Z]", lambda letter: "-" + letter[0].lower(), key): key for key in TRACE_KEYS}


async def stream_traces(exchange: Exchange) -> Any:
    """Events as they happen, those that the parameters select."""
    text = exchange.query.get("filter")
    selection = Selection({} if text else {_KEYS[name]: wanted for name, wanted in exchange.query.items() if name in _KEYS})
    flow = events(exchange, "/api/live/tracing", {"filter": text} if text else {}, selection.shape, refusal_of)

    @contextlib.asynccontextmanager
    async def with_texts() -> AsyncIterator[AsyncGenerator[bytes, None]]:
        async with flow.source as pieces:
            selection.texts = await exchange.caller.event_texts()
            yield pieces

    return replace(flow, source=with_texts())


async def stream_metrics(exchange: Exchange) -> Any:
    """Counters, gauges and histograms, again and again."""
    parameters: dict[str, str] = {}
    if "metrics" in exchange.query:
        parameters["metrics"] = ",".join(new_event(name.strip()) for name in exchange.query["metrics"].split(","))
    if interval := number(exchange.query, "interval"):
        parameters["interval"] = str(interval)
    return events(exchange, "/api/live/metrics", parameters, _metrics, refusal_of)


class Selection:
    """Which events of one stream the client wants, and their old form.

    `wanted` is the text that the value of a key must contain, by key; the new server would compare them in a way that lets most names match
    nothing. What follows in the span of an event that matched is wanted too. Every event gets the values that its connection or delivery began
    with, as it had them on the old server.
    """

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self.texts: Texts = {}
        self._wanted = wanted
        self._spans: OrderedDict[Any, None] = OrderedDict()
        self._begun: OrderedDict[Any, list[Object]] = OrderedDict()
        self._sent = time.monotonic()

    def shape(self, name: str, value: Any) -> Any:
        """Old form of an event of the stream."""
        if name != "trace":
            return value
        kept = [full_event(it, self.texts) for it in map(self._complete, value) if self._wants(it)]
        now = time.monotonic()
        if not kept and now - self._sent < SILENCE_SECONDS:
            return DROP
        self._sent = now
        return kept

    def _complete(self, event: Object) -> Object:
        """The event with what its span began with behind its own values."""
        pairs, name = in_order(event["keyValues"]), event["event"]
        span = _span(pairs)
        if span is None:
            return event
        begun = self._begun.get(span, ())
        if name.endswith(_BEGINS):
            self._begun[span] = pairs
            if len(self._begun) > MOST_CONNECTIONS:
                self._begun.popitem(last=False)
        elif name.endswith(_ENDS):
            self._begun.pop(span, None)
        return {**event, "keyValues": {str(place): pair for place, pair in enumerate([*pairs, *begun])}}

    def _wants(self, event: Object) -> bool:
        if not self._wanted:
            return True
        pairs = in_order(event["keyValues"])
        span = _span(pairs)
        if span is not None and span in self._spans:
            self._spans.move_to_end(span)
            return True
        held = [(it["key"], _compared(it["value"])) for it in pairs if it["value"]["@type"] in _COMPARED]
        if not all(any(key == name and text in value for name, value in held) for key, text in self._wanted.items()):
            return False
        if span is not None:
            self._spans[span] = None
            if len(self._spans) > MOST_SPANS:
                self._spans.popitem(last=False)
        return True


def _span(pairs: Iterable[Object]) -> Any | None:
    """What all events of one connection or delivery share."""
    return next((it["value"]["value"] for it in pairs if it["key"] == SPAN), None)


def _compared(value: Object) -> str:
    held = value["value"]
    return str(held).lower() if isinstance(held, bool) else str(held)


def _metrics(name: str, value: Any) -> Any:
    return [_metric(it) for it in value] if name == "metrics" else value


def _metric(sample: Object) -> Object:
    known = {"id": old_event(sample["metric"]), "type": sample["@type"].lower()}
    if sample["@type"] == "Histogram":
        return {**known, "count": sample["count"], "sum": sample["sum"]}
    return {**known, "value": sample["count"]}
