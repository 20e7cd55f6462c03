"""Patches: property names and JSON pointers with their new values (jmap-management-api 2.6)."""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.shapes import ListOf, MapOf, Property, Schema, SetOf, assign, index
from gateway.simulator.objects.values import Kind, Write, wrong

NOT_THERE = "Invalid JSON Pointer path"
NO_VALUE = "Invalid value for object property"

_ESCAPE = re.compile(r"\\(.)|~([01]?)", re.DOTALL)
_TILDE = {"0": "~", "1": "/", "": ""}


def tokens(pointer: str) -> list[str]:
    r"""Elements of a pointer: `~0` and `~1` as in RFC 6901, any other `~` is dropped, a backslash takes the next character as it is."""
    parts: list[str] = [""]
    position = 1 if pointer.startswith("/") else 0
    while position < len(pointer):
        escape = _ESCAPE.match(pointer, position)
        if escape:
            parts[-1] += escape.group(1) or _TILDE[escape.group(2)]
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
        properties = schema.properties(changed)
        prop = properties.get(name)
        if prop is None:
            raise wrong(pointer, "Invalid property" if properties else NOT_THERE)
        changed[name] = _Change(pointer, value, write).at(prop, changed.get(name), rest)
    return changed


@dataclass(frozen=True, slots=True)
class _Change:
    """One key of a patch; its methods give the stored value with the value at the rest of the pointer replaced."""

    pointer: str
    value: Any
    write: Write

    def at(self, prop: Property, stored: Any, rest: list[str]) -> Any:
        if not rest:
            return assign(prop, self.value, self.pointer, self.write, stored)
        if prop.mutability == "server":
            raise wrong(self.pointer, "Cannot modify server set property")
        if prop.mutability == "once" and not self.write.creating:
            raise wrong(self.pointer, "Cannot modify read-only property")
        return self.inside(prop.kind, stored, rest)


    def inside(self, kind: Kind, stored: Any, rest: list[str]) -> Any:
        if isinstance(kind, Schema):
            return self.in_object(kind, stored, rest)
        if isinstance(kind, ListOf):
            return self.in_members(kind.item, stored, self.index(rest[0]), rest[1:], strict=True)
        if isinstance(kind, MapOf):
            return self.in_members(kind.item, stored, self.name(kind.names, rest[0]), rest[1:])
        if isinstance(kind, SetOf):
            if len(rest) > 1:
                raise wrong(self.pointer, NO_VALUE)
            return self.in_set(stored, self.name(kind.item, rest[0]))
        raise wrong(self.pointer, NOT_THERE)

    def in_set(self, stored: Any, name: str) -> Any:
        if self.value is True:
            stored[name] = True
        elif self.value is False or self.value is None:
            stored.pop(name, None)
        else:
            raise wrong(self.pointer, NO_VALUE)
        return stored

    def in_object(self, schema: Schema, stored: Any, rest: list[str]) -> Any:
        if stored is None:
            if not schema.plain:
                raise wrong(self.pointer, NOT_THERE)
            stored = schema.fresh(None)
        if rest == ["@type"] and not schema.plain:
            return stored
        prop = schema.properties(stored).get(rest[0])
        if prop is None:
            raise self.missing(schema.properties(stored))
        stored[rest[0]] = self.at(prop, stored.get(rest[0]), rest[1:])
        return stored

    def in_members(self, item: Kind, stored: Any, name: str, rest: list[str], *, strict: bool = False) -> Any:
        """Change, add or remove (null) one member; a `strict` container refuses to remove what is not there."""
        if rest:
            current = stored.get(name)
            if current is None and isinstance(item, Schema):
                current = self.fresh(item, rest[0])
            stored[name] = self.inside(item, current, rest)
        elif self.value is None:
            if strict and name not in stored:
                raise wrong(self.pointer, NO_VALUE)
            stored.pop(name, None)
        else:
            stored[name] = item.parse(self.value, self.pointer, self.write, stored.get(name))
        return stored

    def fresh(self, item: Schema, name: str) -> Object:
        """A new member to write into: of the first variant that has the property."""
        for variant, properties in item.variants.items():
            if name in properties:
                return item.fresh(variant)
        raise self.missing(item.variants)

    def missing(self, others: Mapping[Any, Any]) -> SetError:
        """The refusal of a property that is not there; it differs where there are no properties at all."""
        return wrong(self.pointer, "Invalid property" if others else NOT_THERE)

    def index(self, text: str) -> str:
        if not text.isascii() or not text.isdigit():
            raise wrong(self.pointer, NO_VALUE)
        return index(text, self.pointer)

    def name(self, kind: Kind, text: str) -> str:
        try:
            return kind.key(text, self.write)
        except ValueError:
            raise wrong(self.pointer, NO_VALUE) from None
