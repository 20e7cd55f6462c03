"""JMAP method calls as data (RFC 8620 3.2, jmap-management-api 1.5 and 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]

CORE = "urn:ietf:params:jmap:core"
OWN = "urn:stalwart:jmap"
BLOB = "urn:ietf:params:jmap:blob"
MAIL = "urn:ietf:params:jmap:mail"
BY_ID: Object = {"property": "id", "isAscending": True}


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier call of the same batch: its position there and a path into it (RFC 8620 3.7)."""

    call: int
    path: str = "/ids"


@dataclass(frozen=True, slots=True)
class Query:
    """`x:<type>/query` with an exact total; `limit` is never 0 (mapping-operations 1.4). Without a sort the order is the server's.

    Not `counted`, it gives the first ids only and no total, for what is expected to find one or two.
    """

    type: str
    sort: Sequence[Object]
    limit: int
    position: int = 0
    filter: Mapping[str, Any] | None = None
    counted: bool = True

    writes = False
    capability = ""

    @property
    def name(self) -> str:
        """The method's name."""
        return f"x:{self.type}/query"

    def arguments(self, _batch: Sequence["Call"]) -> Object:
        """Wire form of the arguments."""
        parts: Object = {"filter": dict(self.filter)} if self.filter else {}
        if self.sort:
            parts["sort"] = list(self.sort)
        if not self.counted:
            return parts | {"limit": self.limit}
        return parts | {"position": self.position, "limit": self.limit, "calculateTotal": True}


@dataclass(frozen=True, slots=True)
class Get:
    """`x:<type>/get` of ids, of what an earlier query found, or with None of all objects (at most 500); `properties` None asks for all."""

    type: str
    ids: Sequence[str] | Ref | None
    properties: Sequence[str] | None = None

    writes = False
    capability = ""

    @property
    def name(self) -> str:
        """The method's name."""
        return f"x:{self.type}/get"

    def arguments(self, batch: Sequence["Call"]) -> Object:
        """Wire form of the arguments."""
        wanted = {"properties": list(self.properties)} if self.properties is not None else {}
        if isinstance(self.ids, Ref):
            reference = {"resultOf": f"c{self.ids.call}", "name": batch[self.ids.call].name, "path": self.ids.path}
            return {"#ids": reference} | wanted
        return {"ids": None if self.ids is None else list(self.ids)} | wanted


@dataclass(frozen=True, slots=True)
class LogQuery:
    """`x:Log/query`: newest lines first, counting nothing, from behind the line `anchor` (mapping-operations 9)."""

    limit: int
    filter: Mapping[str, Any] | None = None
    anchor: str | None = None

    name = "x:Log/query"
    writes = False
    capability = ""

    def arguments(self, _batch: Sequence["Call"]) -> Object:
        """Wire form of the arguments."""
        parts: Object = {"filter": dict(self.filter)} if self.filter else {}
        if self.anchor is not None:
            parts["anchor"] = self.anchor
        return parts | {"limit": self.limit}


@dataclass(frozen=True, slots=True)
class Set:
    """`x:<type>/set`; destroy takes explicit ids only, never a result reference (mapping-operations 2.7 rule 8)."""

    type: str
    create: Mapping[str, Object] | None = None
    update: Mapping[str, Object] | None = None
    destroy: Sequence[str] | None = None

    writes = True
    capability = ""

    @property
    def name(self) -> str:
        """The method's name."""
        return f"x:{self.type}/set"

    @property
    def objects(self) -> int:
        """Number of objects that the call changes."""
        return len(self.create or ()) + len(self.update or ()) + len(self.destroy or ())

    def arguments(self, _batch: Sequence["Call"]) -> Object:
        """Wire form of the arguments; absent parts are left out."""
        parts: Object = {}
        if self.create:
            parts["create"] = dict(self.create)
        if self.update:
            parts["update"] = dict(self.update)
        if self.destroy:
            parts["destroy"] = list(self.destroy)
        return parts


@dataclass(frozen=True, slots=True)
class Other:
    """A method of another capability, `Blob/upload` for example, with its arguments as they go over the wire."""

    name: str
    capability: str
    given: Mapping[str, Any]
    writes: bool = False

    def arguments(self, _batch: Sequence["Call"]) -> Object:
        """Wire form of the arguments."""
        return dict(self.given)


Call: TypeAlias = Query | LogQuery | Get | Set | Other


def request_body(calls: Sequence[Call]) -> Object:
    """The JSON body of one JMAP request; call ids are `c0`, `c1`, … in order."""
    further = dict.fromkeys(call.capability for call in calls if call.capability)
    return {
        "using": [CORE, *further, OWN],
        "methodCalls": [[call.name, call.arguments(calls), f"c{position}"] for position, call in enumerate(calls)],
    }
