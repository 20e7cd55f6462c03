"""Events of the server: a name, a moment, values by key, and the span (session or delivery) they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.knowledge.instants import text_of
from gateway.simulator.errors import Object
from gateway.simulator.world import World

LEVELS = ("error", "warn", "info", "debug", "trace")

Pairs = Sequence[tuple[str, Object]]


@dataclass(frozen=True, slots=True)
class Happening:
    """One event; `span` is the number of its trace, 0 outside of one; `instant` in unix seconds."""

    name: str
    level: str
    instant: int
    span: int
    pairs: Pairs

    def wire(self) -> Object:
        """As a trace holds it."""
        return {"event": self.name, "timestamp": text_of(self.instant), "keyValues": listed([{"key": key, "value": value} for key, value in self.pairs])}

    def line(self) -> str:
        """As the log shows it, behind its name."""
        return ", ".join(f"{key} = {_written(value)}" for key, value in self.pairs)

    def texts(self) -> list[str]:
        """Every text, address, time and truth value in it, as filters compare them."""
        return [text for _, value in self.pairs for text in texts_in(value)]


class Happenings:
    """Tells events to whoever listens to `Happenings.TOLD`."""

    TOLD: ClassVar[str] = "telemetry.event"

    def __init__(self, world: World) -> None:
        self._world = world

    def tell(self, name: str, pairs: Pairs = (), *, span: int = 0, level: str = "info") -> None:
        """An event of this moment."""
        self._world.tell(self.TOLD, Happening(name, level, self._world.clock.seconds(), span, tuple(pairs)))


def listed(items: Sequence[Any]) -> Object:
    """Wire form of a list."""
    return {str(position): item for position, item in enumerate(items)}


def text(value: str) -> Object:
    """A text as a value of an event."""
    return {"@type": "String", "value": value}


def texts(values: Sequence[str]) -> Object:
    """Texts as one value of an event."""
    return {"@type": "List", "value": listed([text(value) for value in values])}


def number(value: int) -> Object:
    """A count, a size or an id as a value of an event."""
    return {"@type": "UnsignedInt", "value": value}


def milliseconds(value: int) -> Object:
    """A duration as a value of an event."""
    return {"@type": "Duration", "value": value}


def address(value: str) -> Object:
    """An IP address as a value of an event."""
    return {"@type": "IpAddr", "value": value}


def texts_in(value: Mapping[str, Any]) -> list[str]:
    """What filters compare in one value."""
    match value["@type"]:
        case "String" | "IpAddr" | "UTCDateTime":
            return [value["value"]]
        case "Boolean":
            return [str(value["value"]).lower()]
        case "List":
            return [found for member in value["value"].values() for found in texts_in(member)]
        case _:
            return []


def _written(value: Mapping[str, Any]) -> str:
    match value["@type"]:
        case "String":
            return f'"{value["value"]}"'
        case "Duration":
            return f"{value['value']}ms"
        case "List":
            return f"[{', '.join(_written(member) for member in value['value'].values())}]"
        case _:
            return str(value["value"])
