"""Live streams of events and metrics (jmap-management-api 4.5), of the Enterprise edition."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from gateway.knowledge.event_names import TRACE_KEYS
from gateway.simulator.telemetry.happenings import Happening, number, texts_in
from gateway.simulator.telemetry.metrics import Collector

PING_SECONDS = 30.0
FRAME_SECONDS = 1.0
INTERVAL = 30
MOST_WAITING = 1000
PING = '{"interval": 30000}'

_NAMES = {re.sub(r"[A-Z]", lambda letter: f"-{letter[0].lower()}", key) for key in TRACE_KEYS}

Stages = AsyncIterator[tuple[str, Any]]


class LiveEvents:
    """Hands events on to whoever watches; a watcher who is too slow loses some."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Queue[Happening]] = set()

    def hear(self, event: Happening) -> None:
        """An event happened."""
        for queue in self._waiting:
            if not queue.full():
                queue.put_nowait(event)

    async def watch(self, _rest: Sequence[str], query: Mapping[str, str]) -> Stages:
        """Events that match, at most one frame a second, and a sign of life at the start and when nothing happens."""
        queue: asyncio.Queue[Happening] = asyncio.Queue(MOST_WAITING)
        self._waiting.add(queue)
        try:
            wanted = _Wanted(query)
            yield "ping", PING
            while True:
                frame = await self._frame(queue, wanted)
                yield ("trace", frame) if frame else ("ping", PING)
                if frame:
                    await asyncio.sleep(FRAME_SECONDS)
        finally:
            self._waiting.discard(queue)

    @staticmethod
    async def _frame(queue: "asyncio.Queue[Happening]", wanted: "_Wanted") -> list[Any]:
        """The next events that match, none after a while of silence."""
        ends = time.monotonic() + PING_SECONDS
        frame: list[Any] = []
        while not frame:
            try:
                async with asyncio.timeout(ends - time.monotonic()):
                    found = [await queue.get()]
            except TimeoutError:
                break
            while not queue.empty():
                found.append(queue.get_nowait())
            frame = [_wire(event) for event in found if wanted(event)]
        return frame


class LiveMetrics:
    """Tells how everything stands, again and again."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def watch(self, _rest: Sequence[str], query: Mapping[str, str]) -> Stages:
        """All samples at once, then every `interval` seconds; names in `metrics` narrow their own kind only."""
        text = query.get("interval", "")
        seconds = int(text) if text.isdecimal() and int(text) else INTERVAL
        names = {name.strip() for name in query.get("metrics", "").split(",")}
        while True:
            samples = self._collector.now()
            yield "metrics", [*_narrowed(samples, names, counters=True), *_narrowed(samples, names, counters=False)]
            await asyncio.sleep(seconds)


class _Wanted:
    """The filter of one stream: a text anywhere, or the values of keys, whose names are looked up as they stand in the query.

    So names of two words (`remote-ip`) are those of no key. What belongs to the span of an event that matched, matches.
    """

    def __init__(self, query: Mapping[str, str]) -> None:
        self._text = query.get("filter", "")
        self._keys = {name.lower(): text for name, text in query.items() if name.lower() in _NAMES}
        self._spans: set[int] = set()

    def __call__(self, event: Happening) -> bool:
        if event.span in self._spans:
            return True
        held = [(key, text) for key, value in event.pairs for text in texts_in(value)]
        met = any(self._text in text for _, text in held) or not self._text
        met = met and all(any(key == name and text in value for key, value in held) for name, text in self._keys.items())
        if met and event.span:
            self._spans.add(event.span)
        return met


def _wire(event: Happening) -> Any:
    """As a trace shows it, with the span it belongs to."""
    wire = event.wire()
    if event.span:
        wire["keyValues"][str(len(event.pairs))] = {"key": "spanId", "value": number(event.span)}
    return wire


def _narrowed(samples: Iterable[Any], names: set[str], *, counters: bool) -> list[Any]:
    kind = [it for it in samples if (it["@type"] == "Counter") == counters]
    known = {it["metric"] for it in kind} & names
    return [it for it in kind if not known or it["metric"] in known]
