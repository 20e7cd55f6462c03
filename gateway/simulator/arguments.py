"""The arguments of /get, /query and /set as the server reads them (jmap-management-api 1.5, 1.8, 2.3 to 2.5).

Each grammar gives a dict of the known arguments that were sent with a value other than null; unknown ones are skipped.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.simulator.errors import Object
from gateway.simulator.strict_json import (
    Parse,
    Reader,
    Wrong,
    boolean,
    borrowed,
    integer,
    mapping,
    optional,
    sequence,
    string,
    value,
)

_STATE = re.compile(r"[nrs][a-z0-9]*")
_USIZE = integer("usize", 0, 2**64 - 1)
_I32 = integer("i32", -(2**31), 2**31 - 1)


@dataclass(frozen=True, slots=True)
class ResultReference:
    """`{"resultOf", "name", "path"}` (RFC 8620 3.7)."""

    result_of: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class And:
    """A filter operator; anything but AND is refused by the method."""

    operator: str
    conditions: list[Any]


def _reference(reader: Reader) -> ResultReference:
    parts: dict[str, str] = {}

    def member(reader: Reader, name: str) -> None:
        if name in {"resultOf", "name", "path"}:
            parts[name] = borrowed(reader)
        else:
            value(reader)

    mapping(member, wanted="struct ResultReference")(reader)
    for name in ("resultOf", "name", "path"):
        if name not in parts:
            raise reader.place(Wrong(f"missing field `{name}`"))
    return ResultReference(parts["resultOf"], parts["name"], parts["path"])


def _filter(reader: Reader) -> Any:
    """A condition object as a dict, or an `And`."""
    conditions: Object = {}
    operator: str | None = None
    nested: list[Any] = []

    def member(reader: Reader, name: str) -> None:
        nonlocal operator
        if name == "operator":
            operator = borrowed(reader)
        elif name == "conditions":
            nested.extend(sequence(_filter)(reader))
        else:
            conditions[name] = value(reader)

    if reader.peek() == "[":
        reader.at += 1
        error = Wrong("invalid type: sequence, expected a filter object")
        reader.end("]")
        raise reader.place(error)
    mapping(member, wanted="a filter object", key=string)(reader)
    if operator is None:
        return conditions
    if conditions:
        raise reader.place(Wrong("a filter is either an operator or a set of conditions"))
    return And(operator, nested)


def _comparator(reader: Reader) -> Object:
    found: Object = {"property": "", "isAscending": True}

    def member(reader: Reader, name: str) -> None:
        if name == "property":
            found["property"] = string(reader)
        elif name == "isAscending":
            found["isAscending"] = boolean(reader)
        else:
            value(reader)

    mapping(member, wanted="a comparator")(reader)
    return found


def _state(reader: Reader) -> str:
    text = borrowed(reader)
    if not _STATE.fullmatch(text):
        raise Wrong("invalid JMAP State")
    return text


def _objects(key: Parse[str]) -> Parse[Object]:
    def parse(reader: Reader) -> Object:
        found: Object = {}

        def member(reader: Reader, name: str) -> None:
            found[name] = value(reader)

        mapping(member, wanted="a map", key=key)(reader)
        return found

    return parse


_IDS = optional(sequence(string))
_GRAMMARS: dict[str, dict[str, Parse[Any]]] = {
    "get": {"accountId": borrowed, "ids": _IDS, "properties": optional(sequence(borrowed)), "#ids": _reference, "#properties": _reference},
    "query": {
        "accountId": borrowed,
        "filter": optional(_filter),
        "sort": optional(sequence(_comparator)),
        "position": optional(_I32),
        "anchor": optional(string),
        "anchorOffset": optional(_I32),
        "limit": optional(_USIZE),
        "calculateTotal": optional(boolean),
    },
    "set": {
        "accountId": borrowed,
        "ifInState": optional(_state),
        "create": optional(_objects(string)),
        "update": optional(_objects(borrowed)),
        "destroy": _IDS,
        "#destroy": _reference,
    },
}


def arguments(verb: str) -> Parse[Object]:
    """Reader of the arguments of a verb; of `ids` and `#ids` the later one counts."""
    grammar = _GRAMMARS[verb]

    def parse(reader: Reader) -> Object:
        found: Object = {}

        def member(reader: Reader, name: str) -> None:
            known = grammar.get(name)
            content = known(reader) if known else value(reader)
            if known:
                plain = name.removeprefix("#")
                found.pop(plain, None)
                found.pop("#" + plain, None)
                if content is not None:
                    found[name] = content

        mapping(member, wanted="a JMAP request object")(reader)
        return found

    return parse
