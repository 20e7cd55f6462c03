"""The history of sessions and deliveries and the object type Trace (jmap-management-api 3.25), of the Enterprise edition."""

import re
from collections.abc import Iterator

from gateway.knowledge.event_names import EVENTS
from gateway.knowledge.ids import encode, made_at
from gateway.knowledge.instants import text_of, unix_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.objects import lookup
from gateway.simulator.objects.events import conditions, unsupported
from gateway.simulator.telemetry.happenings import Happening, listed
from gateway.simulator.telemetry.unwritable import Unwritable
from gateway.simulator.text_ids import canonical, number_of
from gateway.simulator.world import World

MOST_TRACES = 5000
MOST_IN_LIST = 500
DAY = 86_400

_KEYWORD = re.compile(r'"([^"]*)"?|([^\s"]+)')
_RANGES = {"IsGreaterThanOrEqual": int.__ge__, "IsLessThanOrEqual": int.__le__, "IsGreaterThan": int.__gt__, "IsLessThan": int.__lt__, "": int.__eq__}


class TraceStore:
    """Events by the number of their trace, while the settings want any."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.traces: dict[int, list[Happening]] = {}

    def keep(self, event: Happening) -> None:
        """Add an event to its trace; the oldest trace goes when there are too many."""
        if not event.span or not self._world.enterprise or self._world.applied("TracingStore")["@type"] == "Disabled":
            return
        self.traces.setdefault(event.span, []).append(event)
        if len(self.traces) > MOST_TRACES:
            del self.traces[next(iter(self.traces))]


class Traces(Unwritable):
    """Traces by the number of their span; without a condition only those of the last day."""

    name = "Trace"
    properties = frozenset({"events", "timestamp", "from", "to", "size"})

    def __init__(self, world: World, store: TraceStore) -> None:
        super().__init__(world)
        self._store = store

    def get(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """Traces by id, without ids the newest of the last day."""
        given, wanted = arguments.get("ids"), self.wanted(arguments)
        ids = [encode(span) for span in reversed(self._of_last_day())][:MOST_IN_LIST] if given is None else given
        known = [id_ for id_ in ids if canonical(id_) is not None and number_of(id_) in self._store.traces]
        shown = [{name: content for name, content in self._shown(number_of(id_)).items() if name in wanted} | {"id": canonical(id_)} for id_ in known]
        return {"accountId": arguments["accountId"], "list": shown, "notFound": [canonical(id_) or id_ for id_ in ids if id_ not in known]}

    def query(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """Ids of the traces that meet all conditions."""
        spans, given = sorted(self._store.traces), conditions(arguments.get("filter"), {"timestamp", "event", "queueId", "text"}, self.properties)
        if not {"timestamp", "queueId", "text"} & {name for name, _, _ in given}:
            spans = self._of_last_day()
        for name, suffix, wanted in given:
            spans = [span for span in spans if self._meets(span, name, suffix, wanted)]
        sort = (arguments.get("sort") or [{"property": "id", "isAscending": False}])[0]
        if sort["property"] not in {"id", "timestamp"}:
            raise MethodError("unsupportedSort", f"Property {sort['property']} is not supported for sorting")
        ids = [encode(span) for span in spans]
        return lookup.full(arguments, ids if sort["isAscending"] else ids[::-1])

    def _of_last_day(self) -> list[int]:
        since = self.world.clock.seconds() - DAY
        return [span for span in sorted(self._store.traces) if made_at(span) >= since]

    def _meets(self, span: int, name: str, suffix: str, wanted: object) -> bool:
        """Whether a trace meets one condition; a time to come is none that can be met."""
        events = self._store.traces[span]
        if name == "timestamp":
            instant = unix_of(wanted) if isinstance(wanted, str) else None
            if instant is None or instant > self.world.clock.seconds():
                raise unsupported(name)
            return bool(_RANGES[suffix](made_at(span), instant))
        if not isinstance(wanted, str) or suffix or (name == "event" and wanted not in EVENTS) or (name == "queueId" and canonical(wanted) is None):
            raise unsupported(name)
        if name == "event":
            return any(event.name == wanted for event in events)
        if name == "queueId":
            return any(key == "queueId" and value["value"] == number_of(wanted) for event in events for key, value in event.pairs)
        held = [text.lower() for event in events for text in event.texts()]
        return all(any(word in text for text in held) for word in _keywords(wanted))

    def _shown(self, span: int) -> Object:
        events = self._store.traces[span]
        shown: Object = {"events": listed([event.wire() for event in events]), "timestamp": text_of(events[0].instant)}
        for name in ("from", "size", "to"):
            value = next((value for event in events for key, value in event.pairs if key == name), None)
            if value is not None:
                shown[name] = "; ".join(it["value"] for it in value["value"].values()) if value["@type"] == "List" else value["value"]
        return shown


def _keywords(text: str) -> Iterator[str]:
    """Words between blanks, and what stands in quotes, in lower case."""
    for quoted, plain in _KEYWORD.findall(text.lower()):
        if quoted or plain:
            yield quoted or plain
