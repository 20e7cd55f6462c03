"""The route table: one row per operation of `openapi.yaml`, collected from the rooms and checked at start."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gateway.legacy.exchange import Answer, Exchange

Handler = Callable[[Exchange], Awaitable[Answer]]
Status = Literal["ready", "refused"]
Order = Literal["permission", "body", "row"]


@dataclass(frozen=True, slots=True)
class Action:
    """What answers an operation: the handler, the new calls it makes (for people), and whether it is served or refused.

    `order` says which refusal comes first (legacy-rest-api 2.0): 403 before 400 (`permission`), 400 before 403 (`body`), or whatever the
    row decides (`row`): then `Exchange.objection` holds the 400, and the row asks for permissions itself. `changes` marks a GET that changes
    something: that the new server let the caller look does not mean that he may do it. `private`: nobody on the way may keep the answer.
    """

    handle: Handler
    calls: tuple[str, ...] = ()
    status: Status = "ready"
    note: str = ""
    order: Order = "permission"
    changes: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One row: operationId and what answers it."""

    operation: str
    action: Action


class TableError(Exception):
    """The rows and the specification do not fit: a gap, a duplicate or a row that nothing reaches."""


def route(operation: str, action: Action) -> Route:
    """A row of a room's `ROUTES`."""
    return Route(operation, action)


def collect(rooms: Iterable[Iterable[Route]], operations: Iterable[str]) -> dict[str, Action]:
    """Rows by operationId; TableError unless rows and operations correspond one to one."""
    rows: dict[str, Action] = {}
    for row in (row for room in rooms for row in room):
        if row.operation in rows:
            raise TableError(f"two rows for {row.operation}")
        rows[row.operation] = row.action
    promised = set(operations)
    if missing := sorted(promised - rows.keys()):
        raise TableError(f"no row for {', '.join(missing)}")
    if stray := sorted(rows.keys() - promised):
        raise TableError(f"no operation for the rows {', '.join(stray)}")
    return rows
