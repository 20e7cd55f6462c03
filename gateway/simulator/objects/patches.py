"""Patches: property names and JSON pointers with their new values (jmap-management-api 2.6)."""

import copy
import re
from typing import Any

from gateway.simulator.errors import Object
from gateway.simulator.objects.shapes import ListOf, MapOf, Property, Schema, SetOf, assign, index
from gateway.simulator.objects.values import Kind, Write, wrong

NOT_THERE = "Invalid JSON Pointer path"
NO_VALUE = "Invalid value for object property"

_ESCAPE = re.compile(r"\\(.)|~([01])", re.DOTALL)


def tokens(pointer: str) -> list[str]:
    r"""Elements of a pointer: `~0` and `~1` as in RFC 6901, a backslash takes the next character as it is."""
    parts: list[str] = [""]
    position = 1 if pointer.startswith("/") else 0
    while position < len(pointer):
        escape = _ESCAPE.match(pointer, position)
        if escape:
            parts[-1] += escape.group(1) or ("~" if escape.group(2) == "0" else "/")
            position = escape.end()
        elif pointer[position] == "/":
            parts.append("")
            position += 1
        else:
            parts[-1] += pointer[position]
            position += 1
    return parts


def apply(schema: Schema, stored: Object, patch: Object, write: Write) -> Object:
    """A copy of the stored object with every key of the patch applied in the order written; SetError at the first that fails.

    Another `@type` makes the object afresh, and what may only be set in a create may be set again.
    """
    changed = copy.deepcopy(stored)
    if not schema.plain and patch.get("@type", stored["@type"]) != stored["@type"]:
        changed = schema.parse({"@type": patch["@type"]}, "", write)
        write = Write(creating=True, created=write.created)
    for pointer, value in patch.items():
        name, *rest = tokens(pointer)
        if name == "@type" and not rest and not schema.plain:
            continue
        prop = schema.properties(changed).get(name)
        if prop is None:
            raise wrong(pointer, "Invalid property")
        changed[name] = _at(prop, changed.get(name), rest, value, pointer, write)
    return changed


def _at(prop: Property, stored: Any, rest: list[str], value: Any, pointer: str, write: Write) -> Any:
    if not rest:
        return assign(prop, value, pointer, write, stored)
    if prop.mutability == "server":
        raise wrong(pointer, "Cannot modify server set property")
    if prop.mutability == "once" and not write.creating:
        raise wrong(pointer, "Cannot modify read-only property")
    return _inside(prop.kind, stored, rest, value, pointer, write)


def _inside(kind: Kind, stored: Any, rest: list[str], value: Any, pointer: str, write: Write) -> Any:  # noqa: PLR0913
    """The stored value of the kind with the value at the rest of the pointer replaced."""
    if isinstance(kind, Schema):
        return _in_object(kind, stored, rest, value, pointer, write)
    if isinstance(kind, ListOf):
        return _in_members(kind.item, stored, _index(rest[0], pointer), rest[1:], value, pointer, write, strict=True)
    if isinstance(kind, MapOf):
        return _in_members(kind.item, stored, _name(kind.names, rest[0], pointer, write), rest[1:], value, pointer, write)
    if isinstance(kind, SetOf) and len(rest) == 1:
        name = _name(kind.item, rest[0], pointer, write)
        if value is True:
            stored[name] = True
        elif value is False or value is None:
            stored.pop(name, None)
        else:
            raise wrong(pointer, NO_VALUE)
        return stored
    raise wrong(pointer, NOT_THERE)


def _in_object(schema: Schema, stored: Any, rest: list[str], value: Any, pointer: str, write: Write) -> Any:
    if stored is None:
        if not schema.plain:
            raise wrong(pointer, NOT_THERE)
        stored = schema.fresh(None)
    if rest == ["@type"] and not schema.plain:
        return stored
    prop = schema.properties(stored).get(rest[0])
    if prop is None:
        raise wrong(pointer, NOT_THERE)
    stored[rest[0]] = _at(prop, stored.get(rest[0]), rest[1:], value, pointer, write)
    return stored


def _in_members(item: Kind, stored: Any, name: str, rest: list[str], value: Any, pointer: str, write: Write, *, strict: bool = False) -> Any:
    """Change, add or remove (null) one member; a `strict` container refuses to remove what is not there."""
    if rest:
        current = stored.get(name)
        if current is None and isinstance(item, Schema):
            current = _fresh(item, rest, pointer)
        stored[name] = _inside(item, current, rest, value, pointer, write)
    elif value is None:
        if strict and name not in stored:
            raise wrong(pointer, NO_VALUE)
        stored.pop(name, None)
    else:
        stored[name] = item.parse(value, pointer, write, stored.get(name))
    return stored


def _fresh(item: Schema, rest: list[str], pointer: str) -> Object:
    """A new member to write into: of the first variant that has the property."""
    for variant, properties in item.variants.items():
        if rest[0] in properties:
            return item.fresh(variant)
    raise wrong(pointer, NOT_THERE)


def _index(text: str, pointer: str) -> str:
    if not text.isascii() or not text.isdigit():
        raise wrong(pointer, NO_VALUE)
    return index(text, pointer)


def _name(kind: Kind, text: str, pointer: str, write: Write) -> str:
    try:
        return kind.key(text, write)
    except ValueError:
        raise wrong(pointer, NO_VALUE) from None
