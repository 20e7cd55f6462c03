"""JMAP method calls as data (RFC 8620 3.2, jmap-management-api 1.5 and 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]

CORE = ("urn:ietf:params:jmap:core", "urn:stalwart:jmap")
BY_ID: Object = {"property": "id", "isAscending": True}


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier call of the same batch: its position there and a path into it (RFC 8620 3.7)."""

    call: int
    path: str = "/ids"


@dataclass(frozen=True, slots=True)
class Query:
    """`x:<type>/query` with an exact total; `limit` is never 0 (mapping-operations 1.4). Without a sort the order is the server's."""

    type: str
    sort: Sequence[Object]
    limit: int
    position: int = 0
    filter: Mapping[str, Any] | None = None

    method = "query"
    writes = False

    def arguments(self, _batch: Sequence["Call"]) -> Object:
        """Wire form of the arguments."""
        parts: Object = {"filter": dict(self.filter)} if self.filter else {}
        if self.sort:
            parts["sort"] = list(self.sort)
        return parts | {"position": self.position, "limit": self.limit, "calculateTotal": True}


@dataclass(frozen=True, slots=True)
class Get:
    """`x:<type>/get` of ids, of what an earlier query found, or with None of all objects (at most 500); `properties` None asks for all."""

    type: str
    ids: Sequence[str] | Ref | None
    properties: Sequence[str] | None = None

    method = "get"
    writes = False

    def arguments(self, batch: Sequence["Call"]) -> Object:
        """Wire form of the arguments."""
        wanted = {"properties": list(self.properties)} if self.properties is not None else {}
        if isinstance(self.ids, Ref):
            source = batch[self.ids.call]
            reference = {"resultOf": f"c{self.ids.call}", "name": f"x:{source.type}/{source.method}", "path": self.ids.path}
            return {"#ids": reference} | wanted
        return {"ids": None if self.ids is None else list(self.ids)} | wanted


@dataclass(frozen=True, slots=True)
class Set:
    """`x:<type>/set`; destroy takes explicit ids only, never a result reference (mapping-operations 2.7 rule 8)."""

    type: str
    create: Mapping[str, Object] | None = None
    update: Mapping[str, Object] | None = None
    destroy: Sequence[str] | None = None

    method = "set"
    writes = True

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


Call: TypeAlias = Query | Get | Set


def request_body(calls: Sequence[Call], using: Sequence[str] = CORE) -> Object:
    """The JSON body of one JMAP request; call ids are `c0`, `c1`, … in order."""
    return {
        "using": list(using),
        "methodCalls": [
            [f"x:{call.type}/{call.method}", call.arguments(calls), f"c{position}"] for position, call in enumerate(calls)
        ],
    }
