"""One operation of the old API as `openapi.yaml` describes it."""

from dataclasses import dataclass
from typing import Any, Literal

BodyKind = Literal["json", "form", "raw"]

class SpecError(Exception):
    """The specification contradicts itself or says something that the gateway does not understand."""


@dataclass(frozen=True, slots=True)
class PathParameter:
    """A variable path element: how it is read (legacy-rest-api 1.8).

    `words` are the only values that lead to the operation (compared as they stand in the request); `decoded` tells whether percent escapes
    are resolved; `empty` what an empty element is: a value, no element at all (`absent`), or no route (`refuse`).
    """

    name: str
    words: tuple[str, ...] = ()
    decoded: bool = True
    empty: Literal["value", "absent", "refuse"] = "value"


@dataclass(frozen=True, slots=True)
class Guard:
    """What comes before routing, for everything below a path: a right (legacy-rest-api 2.0), or the edition of the new server (decision 1)."""

    prefix: tuple[str, ...]
    permission: str | None
    since: str | None
    until: str | None
    enterprise: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation: what the rest of the gateway needs to know of it without reading the specification.

    `id` is the operationId, `template` the path as clients write it (`/api/queue/messages/{id}`), `path` its key in the specification,
    `entries` the numbers of the index in legacy-rest-api 2.0, `permission` the old name of the right it needs (None: `authenticate` is enough;
    `*-list` and its like stand for one name per type of principal), `since` and `until` the first and the last old version that had it,
    `replacement` the call of the new server that does the same, `body` how a request body is read, `source` its part of the document. The rest are the path rules that the head of `openapi.yaml` explains.
    """

    id: str
    method: str
    template: str
    path: str
    entries: tuple[int, ...]
    resource: str
    permission: str | None
    earlier_permission: tuple[str, str] | None
    since: str | None
    until: str | None
    replacement: str | None
    enterprise: bool
    body: BodyKind | None
    path_parameters: tuple[PathParameter, ...]
    query_parameters: tuple[str, ...]
    any_method: bool
    other_methods: bool
    extra_elements: bool
    source: dict[str, Any]

    @property
    def inside_api(self) -> bool:
        """Whether it lies under `/api`; the others are login and well-known documents, which the new server answers itself."""
        return self.template.startswith("/api/")
