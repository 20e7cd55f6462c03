"""Counters, gauges and histograms, their hourly samples, and the object type Metric (jmap-management-api 3.26), of the Enterprise edition."""

import operator
from collections import Counter, deque

from gateway.knowledge.event_names import METRICS
from gateway.knowledge.ids import decode, encode, made_at
from gateway.knowledge.instants import text_of, unix_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import Object
from gateway.simulator.mail.queued_messages import room_of
from gateway.simulator.objects import lookup
from gateway.simulator.objects.events import conditions, unsupported
from gateway.simulator.telemetry.happenings import Happening
from gateway.simulator.telemetry.unwritable import Unwritable
from gateway.simulator.text_ids import canonical, number_of
from gateway.simulator.world import World

HOUR = 3600
MOST_SAMPLES = 20_000
MOST_IN_LIST = 500
MEMORY = 180_000_000
"""What the simulated server says it occupies."""

GAUGES = ("server.memory", "queue.count", "user.count", "domain.count")
STORED_GAUGES = GAUGES[:2]
HISTOGRAMS = {"message-ingest.ham": "message-ingest.time", "message-ingest.spam": "message-ingest.time", "delivery.attempt-end": "delivery.attempt-time"}
"""The histogram that the duration of an event goes into."""

_KNOWN = frozenset(METRICS)
_RANGES = {
    "IsGreaterThanOrEqual": operator.ge,
    "IsLessThanOrEqual": operator.le,
    "IsGreaterThan": operator.gt,
    "IsLessThan": operator.lt,
    "": operator.eq,
}


class Collector:
    """Counts since the start of the server, and takes a sample of everything at each full hour."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.counters: Counter[str] = Counter()
        self.histograms: dict[str, tuple[int, int]] = {}
        self.samples: deque[tuple[int, Object]] = deque(maxlen=MOST_SAMPLES)
        self._stored: Counter[str] = Counter()
        if world.enterprise:
            self._plan()

    def count(self, event: Happening) -> None:
        """Count an event, and the time it took."""
        if event.name in _KNOWN:
            self.counters[event.name] += 1
        if event.name in HISTOGRAMS:
            elapsed = next((value["value"] for key, value in event.pairs if key == "elapsed"), 0)
            count, total = self.histograms.get(HISTOGRAMS[event.name], (0, 0))
            self.histograms[HISTOGRAMS[event.name]] = (count + 1, total + elapsed)

    def now(self) -> list[Object]:
        """Everything as it stands: counters that ever counted, gauges, histograms that ever observed."""
        return [
            *({"@type": "Counter", "metric": name, "count": count} for name, count in sorted(self.counters.items())),
            *({"@type": "Gauge", "metric": name, "count": self._gauge(name)} for name in GAUGES),
            *self._histograms(),
        ]

    def _histograms(self) -> list[Object]:
        return [{"@type": "Histogram", "metric": name, "count": count, "sum": total} for name, (count, total) in sorted(self.histograms.items())]

    def _gauge(self, name: str) -> int:
        if name == "server.memory":
            return MEMORY
        if name == "queue.count":
            return len(room_of(self._world).queue.messages)
        return sum(it["@type"] == "User" for it in self._world.kept("Account").objects.values()) if name == "user.count" else len(self._world.kept("Domain").objects)

    def _plan(self) -> None:
        now = self._world.clock.seconds()
        self._world.clock.at(now - now % HOUR + HOUR, self._collect)

    def _collect(self) -> None:
        """Keep what was counted since the last time, what there is, and the totals of the histograms."""
        self._plan()
        if self._world.applied("MetricsStore")["@type"] == "Disabled":
            return
        rest = self.counters - self._stored
        self._stored = Counter(self.counters)
        counted = [{"@type": "Counter", "metric": name, "count": count} for name, count in sorted(rest.items())]
        gauges = [{"@type": "Gauge", "metric": name, "count": self._gauge(name)} for name in STORED_GAUGES]
        for sample in (*counted, *gauges, *self._histograms()):
            self.samples.append((decode(self._world.snowflake()), sample))


class Metrics(Unwritable):
    """Stored samples; their time is that of their id."""

    name = "Metric"
    properties = frozenset({"metric", "count", "sum", "timestamp"})

    def __init__(self, world: World, collector: Collector) -> None:
        super().__init__(world)
        self._collector = collector

    def get(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """Samples by id, without ids the oldest."""
        samples, given, wanted = dict(self._collector.samples), arguments.get("ids"), self.wanted(arguments) | {"@type"}
        ids = [encode(number) for number in sorted(samples)[:MOST_IN_LIST]] if given is None else given
        known = [id_ for id_ in ids if canonical(id_) is not None and number_of(id_) in samples]
        shown = [{name: content for name, content in _shown(number_of(id_), samples).items() if name in wanted} | {"id": canonical(id_)} for id_ in known]
        return {"accountId": arguments["accountId"], "list": shown, "notFound": [canonical(id_) or id_ for id_ in ids if id_ not in known]}

    def query(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """Ids of the samples that meet all conditions, by id; of a sort only the direction counts."""
        found = sorted(self._collector.samples, key=operator.itemgetter(0))
        for name, suffix, wanted in conditions(arguments.get("filter"), {"timestamp", "metric"}, self.properties):
            if name == "timestamp":
                instant = unix_of(wanted) if isinstance(wanted, str) else None
                if instant is None:
                    raise unsupported(name)
                found = [it for it in found if _RANGES[suffix](made_at(it[0]), instant)]
            else:
                names = _KNOWN.intersection(it for it in wanted if isinstance(it, str)) if isinstance(wanted, list) and not suffix else frozenset()
                if not names:
                    raise unsupported(name)
                found = [it for it in found if it[1]["metric"] in names]
        ascending = (arguments.get("sort") or [{"isAscending": False}])[0]["isAscending"]
        ids = [encode(number) for number, _ in found]
        return lookup.full(arguments, ids if ascending else ids[::-1])


def _shown(number: int, samples: dict[int, Object]) -> Object:
    return samples[number] | {"timestamp": text_of(made_at(number))}
