"""Result references and creation references of one request (jmap-management-api 1.7, 1.8)."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from gateway.simulator.arguments import ResultReference
from gateway.simulator.errors import MethodError, Object

Answer: TypeAlias = tuple[str, Object, str]


def resolve(arguments: Object, answers: Iterable[Answer], created: Mapping[str, str], id_properties: Mapping[str, frozenset[str]]) -> Object:
    """Arguments with `#ids` and `#destroy` replaced by what they refer to, and `#name` in `ids` by the id of that creation.

    `answers` are the answers so far, `id_properties` the id-valued properties of the object type behind each method name.
    """
    resolved: Object = {}
    for name, content in arguments.items():
        if isinstance(content, ResultReference):
            resolved[name.removeprefix("#")] = _evaluate(name, content, answers, id_properties)
            resolved[name] = content
        else:
            resolved[name] = content
    if isinstance(resolved.get("ids"), list):
        resolved["ids"] = [_created(id_, created) for id_ in resolved["ids"]]
    if isinstance(resolved.get("destroy"), list):
        resolved["destroy"] = [id_ for id_ in resolved["destroy"] if not id_.startswith("#")]
    return resolved


def _created(id_: str, created: Mapping[str, str]) -> str:
    if not id_.startswith("#"):
        return id_
    found = created.get(id_[1:])
    if found is None:
        raise MethodError("invalidResultReference", f'Id reference "{id_[1:]}" does not exist or is invalid.')
    return found


def _evaluate(argument: str, reference: ResultReference, answers: Iterable[Answer], id_properties: Mapping[str, frozenset[str]]) -> list[str]:
    if argument == "#properties":
        path = reference.path.removeprefix("/")
        shown = f"{{ resultOf: {reference.result_of}, name: {reference.name}, path: {path} }}"
        raise MethodError("invalidResultReference", f"Failed to evaluate {shown} result reference: Invalid property.")
    missing = MethodError("invalidResultReference", f"Result reference to {reference.result_of}#{reference.name} not found.")
    for name, answer, call_id in answers:
        if call_id == reference.result_of and name == reference.name:
            found = _walk(name, answer, reference.path.removeprefix("/").split("/"), id_properties.get(name, frozenset({"id", "blobId"})))
            if found is None:
                break
            return found
    raise missing


def _walk(name: str, answer: Object, path: list[str], ids: frozenset[str]) -> list[str] | None:
    """Ids at the path, None when there is no such member; only `ids` of a query and `list` of a get can be walked."""
    member = {"query": "ids", "get": "list"}.get(name.rsplit("/", 1)[-1])
    if member is None or path[0] != member:
        return None
    elements: list[Any] = answer[member]
    if len(path) > 1:
        elements = _chosen(elements, path[1])
    if member == "ids":
        return elements
    if len(path) <= 2:  # noqa: PLR2004 - the path names whole objects
        return []
    prop = path[2]
    if elements and not any(prop in element for element in elements):
        return None
    return [element[prop] for element in elements if prop in ids and isinstance(element.get(prop), str)]


def _chosen(elements: list[Any], step: str) -> list[Any]:
    if step == "*":
        return elements
    return elements[int(step) : int(step) + 1] if step.isascii() and step.isdigit() else []
