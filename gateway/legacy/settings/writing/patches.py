"""Values by pointer as what is sent: a patch of what is stored, its inverse, or a new object (mapping-settings 5.3)."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from gateway.jmap.calls import Object
from gateway.knowledge.conversions import MASK
from gateway.knowledge.pointers import path

Patch: TypeAlias = Mapping[tuple[str, ...], Any]
"""Values by path."""

_ABSENT = object()
_TYPE = "@type"


class Reference(str):
    """The name of a create of the same batch (`#c0`) where the id of its object belongs (RFC 8620 5.3)."""

    __slots__ = ()


def elements(pointer: str) -> tuple[str, ...]:
    """Path of a pointer such as `/expiry/expire`."""
    return tuple(pointer.split("/")[1:])


def at(it: Any, names: Sequence[str]) -> Any:
    """What stands at a path, an object of its own when nothing does."""
    for name in names:
        if not isinstance(it, dict) or name not in it:
            return _ABSENT
        it = it[name]
    return it


def patch(stored: Object, pairs: Mapping[str, Any]) -> Patch:
    """What has to be changed so that the values stand in a stored object: only what differs, missing parts as a whole."""
    wanted: dict[tuple[str, ...], Any] = {}
    for pointer, value in pairs.items():
        names = elements(pointer)
        depth = 1
        while depth < len(names) and isinstance(at(stored, names[:depth]), dict):
            depth += 1
        if depth == len(names):
            if not same(at(stored, names), value):
                wanted[names] = value
        elif value is not None:
            _put(wanted.setdefault(names[:depth], {}), names[depth:], value)
    return wanted


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal on the wire, where `true` is not 1."""
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def made(pairs: Mapping[str, Any]) -> Object:
    """A new object with these values; what is null needs no mention."""
    it: Object = {}
    for pointer, value in pairs.items():
        if value is not None:
            _put(it, elements(pointer), value)
    return type_first(it)


def wire(changes: Patch) -> Object:
    """A patch as it is sent."""
    return type_first({path(*names): value for names, value in changes.items()})


def inverse(stored: Object, changes: Patch) -> Patch:
    """The patch that takes a patch back."""
    before = {names: at(stored, names) for names in changes}
    return {names: None if value is _ABSENT else copy.deepcopy(value) for names, value in before.items()}


def patched(stored: Object, changes: Patch) -> Object:
    """A copy of a stored object as it is after a patch."""
    it = copy.deepcopy(stored)
    for names, value in changes.items():
        _put(it, names, value)
    return it


def masked(value: Any) -> bool:
    """Whether a value holds a secret that nobody can read."""
    if isinstance(value, dict):
        return any(map(masked, value.values()))
    if isinstance(value, list):
        return any(map(masked, value))
    return bool(value == MASK)


def type_first(it: Object) -> Object:
    """The same with `@type` before all else, in every part.

    A patch is applied in the order in which it is written (jmap-management-api 2.6), and what is fixed, like a name, may be written with a new variant only.
    """
    members = {name: type_first(part) if isinstance(part, dict) else part for name, part in it.items()}
    return {_TYPE: members.pop(_TYPE), **members} if _TYPE in members else members


def _put(it: Object, names: Sequence[str], value: Any) -> None:
    for name in names[:-1]:
        it = it.setdefault(name, {})
    it[names[-1]] = value
