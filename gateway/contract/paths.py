"""Which operation a request line means: the path rules of the old server (legacy-rest-api 1.8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal
from urllib.parse import unquote_to_bytes

from gateway.contract.operation import Guard, Operation, PathParameter, SpecError

LegacyVersion = Literal["union", "0.11", "0.15"]
Version = tuple[int, ...]

# The releases that a setting stands for, first and last: 0.11 means 0.11 and 0.12, 0.15 exactly v0.15.5 (decision 15).
_WINDOWS: Mapping[str, tuple[Version, Version]] = {
    "union": ((0, 11, 0), (0, 15, 5)),
    "0.11": ((0, 11, 0), (0, 12, 99)),
    "0.15": ((0, 15, 5), (0, 15, 5)),
}
_NEVER_ROUTED = frozenset({"HEAD", "OPTIONS"})
_OTHERS = "*"


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request line means and its decoded path elements by name.

    `probe` marks a method that the old server does not know for this path, although it looks up the element first: the refusals of
    `operation` are the answer, and where it would succeed the answer is 404 (legacy-rest-api 2.0).
    """

    operation: Operation
    elements: Mapping[str, str]
    probe: bool = False


@dataclass(frozen=True, slots=True)
class _Leaf:
    operation: Operation
    parameters: tuple[tuple[int, PathParameter], ...]
    probe: bool


@dataclass(slots=True)
class _Node:
    words: dict[str, "_Node"] = field(default_factory=dict)
    variable: "_Node | None" = None
    empty: str = "value"
    leaf: _Leaf | None = None


class PathTable:
    """All routes of the old API, as one tree per method."""

    def __init__(self, operations: Iterable[Operation], legacy_version: LegacyVersion = "union", guards: Iterable[Guard] = ()) -> None:
        window = _WINDOWS[legacy_version]
        self.operations: tuple[Operation, ...] = tuple(_as_of(item, window[1]) for item in operations if _covers(item, window))
        self._guards = tuple(guard for guard in guards if _covers(guard, (window[1], window[1])))
        self._trees = {method: _Node() for method in ("GET", "POST", "PUT", "PATCH", "DELETE", _OTHERS)}
        taken = {(operation.path, operation.method) for operation in self.operations}
        for operation in self.operations:
            for method, tree in self._trees.items():
                if method == operation.method or operation.any_method:
                    _insert(tree, operation, probe=False)
                elif operation.other_methods and (operation.path, method) not in taken:
                    _insert(tree, operation, probe=True)

    def find(self, method: str, raw_path: str) -> Match | None:
        """The operation of a request, None when the old server has no such route.

        `raw_path` is the path as it came, without the query: it is split before anything is decoded.
        """
        if method in _NEVER_ROUTED:
            return None
        elements = raw_path.split("/")[1:]
        leaf = _walk(self._trees.get(method) or self._trees[_OTHERS], elements, 0)
        if leaf is None:
            return None
        values = {parameter.name: _read(elements[place], parameter) for place, parameter in leaf.parameters}
        return Match(leaf.operation, MappingProxyType(values), leaf.probe)

    def guard(self, raw_path: str) -> Guard | None:
        """What comes before routing below this path, whatever the method (legacy-rest-api 2.0)."""
        elements = tuple(raw_path.split("/")[1:])
        return next((guard for guard in self._guards if elements[: len(guard.prefix)] == guard.prefix), None)


def _walk(node: _Node, elements: Sequence[str], place: int) -> _Leaf | None:
    if place == len(elements):
        return node.leaf
    element = elements[place]
    if element in node.words and (found := _walk(node.words[element], elements, place + 1)):
        return found
    if node.variable is not None and (element or node.empty == "value"):
        return _walk(node.variable, elements, place + 1)
    if node.variable is not None and node.empty == "refuse":
        return None
    return node.leaf if node.leaf is not None and node.leaf.operation.extra_elements else None


def _insert(root: _Node, operation: Operation, *, probe: bool) -> None:
    nodes = [root]
    places: list[tuple[int, PathParameter]] = []
    remaining = iter(operation.path_parameters)
    for place, element in enumerate(operation.template.split("/")[1:]):
        if not element.startswith("{"):
            nodes = [node.words.setdefault(element, _Node()) for node in nodes]
            continue
        parameter = next(remaining)
        places.append((place, parameter))
        nodes = [child for node in nodes for child in _children(node, parameter)]
    leaf = _Leaf(operation, tuple(places), probe)
    for node in nodes:
        if node.leaf is not None:
            raise SpecError(f"{operation.id} and {node.leaf.operation.id} answer the same path")
        node.leaf = leaf


def _children(node: _Node, parameter: PathParameter) -> list[_Node]:
    if parameter.words:
        return [node.words.setdefault(word, _Node()) for word in parameter.words]
    if node.variable is None:
        node.variable = _Node()
        node.empty = parameter.empty
    elif node.empty != parameter.empty:
        raise SpecError(f"two readings of an empty {parameter.name}")
    return [node.variable]


def _read(element: str, parameter: PathParameter) -> str:
    """The element as the old server read it: bytes that are not UTF-8 leave it undecoded."""
    if not parameter.decoded or parameter.words:
        return element
    try:
        return unquote_to_bytes(element.encode("utf-8", "surrogateescape")).decode()
    except UnicodeDecodeError:
        return element.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _covers(item: Operation | Guard, window: tuple[Version, Version]) -> bool:
    """Whether some release of the window had it; an `until` of two parts means the whole series."""
    first, last = window
    if item.since is not None and _version(item.since) > last:
        return False
    return item.until is None or _version(item.until) >= first[: item.until.count(".") + 1]


def _as_of(operation: Operation, newest: Version) -> Operation:
    if operation.earlier_permission and newest < _version(operation.earlier_permission[0]):
        return replace(operation, permission=operation.earlier_permission[1])
    return operation


def _version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))
