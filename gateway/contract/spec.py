"""Loads `openapi.yaml` and reads its operations."""

from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, cast

import yaml

from gateway.contract.operation import BodyKind, Guard, Operation, PathParameter, SpecError

METHODS = ("get", "post", "put", "patch", "delete")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BODY_KINDS: Mapping[str, BodyKind] = {"application/json": "json", "application/x-www-form-urlencoded": "form"}


class Spec:
    """The specification: `document` as read, `operations` in its order, `guards` as they stand at its top."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations: tuple[Operation, ...] = tuple(_operations(document))
        self.guards: tuple[Guard, ...] = tuple(
            Guard(("api", *guard["path"].split("/")[1:]), guard.get("permission"), guard.get("x-since"), guard.get("x-until"), guard.get("x-enterprise", False))
            for guard in document["x-guards"]
        )
        self._by_id = {operation.id: operation for operation in self.operations}
        if len(self._by_id) != len(self.operations):
            raise SpecError("two operations share an operationId")

    @classmethod
    def load(cls) -> "Spec":
        """The specification shipped with the package, or that of the source tree when the package is not installed."""
        packaged = resources.files("gateway") / "openapi.yaml"
        source = packaged if packaged.is_file() else Path(__file__).resolve().parents[2] / "openapi.yaml"
        return cls(yaml.load(source.read_bytes(), Loader=_Loader))  # noqa: S506 - both loaders are the safe ones

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id; KeyError when there is none."""
        return self._by_id[operation_id]


def resolve(document: Mapping[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node itself, or what its local `$ref` names; other references are not used in the document."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def parameters(document: Mapping[str, Any], path: str, source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The parameters of an operation: its own, then those of its path, references resolved."""
    for node in (*source.get("parameters", ()), *document["paths"][path].get("parameters", ())):
        yield resolve(document, node)


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        base = _base(item.get("servers", document["servers"]))
        for method in METHODS:
            if method in item:
                yield _operation(document, base, path, method, item[method])


def _base(servers: list[dict[str, Any]]) -> str:
    return cast("str", servers[0]["url"]).rstrip("/")


def _operation(document: Mapping[str, Any], base: str, path: str, method: str, source: dict[str, Any]) -> Operation:
    declared = list(parameters(document, path, source))
    entry = source["x-entry"]
    earlier = source.get("x-permission-before")
    return Operation(
        id=source["operationId"],
        method=method.upper(),
        template=base + path,
        path=path,
        entries=tuple(entry) if isinstance(entry, list) else (entry,),
        resource=source["tags"][0],
        permission=source.get("x-permission"),
        earlier_permission=(earlier["version"], earlier["permission"]) if earlier else None,
        since=source.get("x-since"),
        until=source.get("x-until"),
        replacement=source.get("x-replacement"),
        enterprise=source.get("x-enterprise", False),
        body=_body_kind(document, source),
        path_parameters=tuple(_path_parameters(path, declared)),
        query_parameters=tuple(parameter["name"] for parameter in declared if parameter["in"] == "query"),
        any_method=source.get("x-any-method", False),
        other_methods=source.get("x-other-methods", False),
        extra_elements=source.get("x-extra", "ignore") != "refuse",
        source=source,
    )


def _path_parameters(path: str, declared: list[dict[str, Any]]) -> Iterator[PathParameter]:
    by_name = {parameter["name"]: parameter for parameter in declared if parameter["in"] == "path"}
    for element in path.split("/"):
        if element.startswith("{"):
            name = element.strip("{}")
            if name not in by_name:
                raise SpecError(f"{path} does not declare {name}")
            parameter = by_name[name]
            yield PathParameter(
                name,
                words=tuple(parameter["schema"].get("enum", ())),
                decoded=not parameter.get("x-undecoded", False),
                empty=parameter.get("x-empty", "value"),
            )


def _body_kind(document: Mapping[str, Any], source: Mapping[str, Any]) -> BodyKind | None:
    if "requestBody" not in source:
        return None
    media_type = next(iter(resolve(document, source["requestBody"])["content"]))
    return _BODY_KINDS.get(media_type, "raw")
