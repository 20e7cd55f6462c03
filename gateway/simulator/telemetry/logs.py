"""The log file and the object type Log (jmap-management-api 3.27; recordings `logs`)."""

from collections import OrderedDict
from dataclasses import dataclass

from gateway.knowledge.ids import encode
from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.objects.events import conditions, unsupported
from gateway.simulator.telemetry.happenings import LEVELS, Happening
from gateway.simulator.telemetry.unwritable import Unwritable
from gateway.simulator.telemetry.words import label
from gateway.simulator.text_ids import canonical, number_of
from gateway.simulator.world import World

MOST_LINES = 20_000
MOST_IDS = 5000
MOST_IN_LIST = 500
DAY = 86_400
NO_TRACER = "No log tracers configured on the server"
ANCHORS_ONLY = "Pagination is only possible using anchors for logs"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the event, and the text as it stands in the file."""

    event: Happening
    raw: str


class LogFile:
    """The lines of the day by the position in the file at which they begin, written while a tracer in force wants them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.lines: OrderedDict[int, Line] = OrderedDict()
        self._end = 0
        self._day = 0
        self._level: int | None = None
        world.on("settings.reloaded", lambda _: self.reload())
        self.reload()

    @property
    def open(self) -> bool:
        """Whether there is a log at all."""
        return self._level is not None

    def reload(self) -> None:
        """Put the stored tracers in force."""
        levels = [LEVELS.index(it["level"]) for it in self._world.kept("Tracer").objects.values() if it["@type"] == "Log" and it["enable"]]
        self._level = max(levels, default=None)

    def write(self, event: Happening) -> None:
        """Add a line for an event; with a new day the file begins anew."""
        if self._level is None or LEVELS.index(event.level) > self._level:
            return
        if event.instant // DAY != self._day:
            self._day, self._end = event.instant // DAY, 0
            self.lines.clear()
        raw = f"{text_of(event.instant)} {event.level.upper()} {label(event.name)} ({event.name}) {event.line()}"
        self.lines[self._end] = Line(event, raw)
        self._end += len(raw.encode()) + 1
        if len(self.lines) > MOST_LINES:
            self.lines.popitem(last=False)


class Logs(Unwritable):
    """Lines of the log, newest first; their ids are positions."""

    name = "Log"
    enterprise = False
    properties = frozenset({"timestamp", "level", "event", "details"})

    def __init__(self, world: World, file: LogFile) -> None:
        super().__init__(world)
        self._file = file

    def get(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """Lines by id; those that are not there are left out, and only what is no id at all is told."""
        self._insist()
        given, wanted = arguments.get("ids"), self.wanted(arguments)
        ids = [encode(at) for at in self._newest()[:MOST_IN_LIST]] if given is None else given
        known = [number_of(id_) for id_ in ids if canonical(id_) is not None]
        shown = [_shown(self._file.lines[at], wanted) | {"id": encode(at)} for at in known if at in self._file.lines]
        return {"accountId": arguments["accountId"], "list": shown, "notFound": [id_ for id_ in ids if canonical(id_) is None]}

    def query(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """Ids of the lines that hold a text, from behind an anchor on."""
        self._insist()
        text = ""
        for name, _, wanted in conditions(arguments.get("filter"), {"text"}, self.properties):
            if not isinstance(wanted, str):
                raise unsupported(name)
            text = wanted
        if arguments.get("sort") and arguments["sort"][0]["property"] != "id":
            raise MethodError("unsupportedSort", "Only sorting by 'id' is supported for logs")
        position, counted = arguments.get("position"), bool(arguments.get("calculateTotal"))
        if (position or 0) < 0 or (position and counted):
            raise MethodError("invalidArguments", ANCHORS_ONLY)
        found = [at for at in self._behind(arguments.get("anchor")) if text in self._file.lines[at].raw]
        limit = min(arguments.get("limit") or MOST_IDS, MOST_IDS)
        answer: Object = {"accountId": arguments["accountId"], "queryState": "n", "canCalculateChanges": True, "position": 0}
        answer["ids"] = [encode(at) for at in found[:limit]]
        if counted:
            answer["total"] = MOST_IDS
        if limit < MOST_IDS and (counted or position == 0 or arguments.get("anchorOffset")):
            answer["limit"] = limit
        return answer

    def _insist(self) -> None:
        if not self._file.open:
            raise MethodError("invalidArguments", NO_TRACER)

    def _newest(self) -> list[int]:
        return list(reversed(self._file.lines))

    def _behind(self, anchor: str | None) -> list[int]:
        """Positions of the lines older than that of the anchor, newest first: of all for the very first line, of none for one that is not there."""
        places = self._newest()
        at = 0 if anchor is None or canonical(anchor) is None else number_of(anchor)
        if not at:
            return places
        return places[places.index(at) + 1 :] if at in self._file.lines else []


def _shown(line: Line, wanted: frozenset[str]) -> Object:
    event = line.event
    shown = {"timestamp": text_of(event.instant), "level": event.level, "event": event.name, "details": event.line()}
    return {name: content for name, content in shown.items() if name in wanted}
