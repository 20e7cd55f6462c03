"""One old request as a row sees it, and what a row may answer."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.jmap.calls import Call, Object
from gateway.legacy.refusals import Refusal
from gateway.settings import Settings


class Caller(Protocol):
    """The new server as seen with the credentials of one caller; implemented by `jmap.client`."""

    async def request(self, *calls: Call) -> list[Object]:
        """Send one batch and give the arguments of each answer in order; the first method error is raised (`jmap.errors`)."""


class Flags(Protocol):
    """Remembered switches; implemented by `state`."""

    async def queue_running(self) -> bool:
        """Whether the queue was last seen running; True when nothing is remembered."""

    async def set_queue_running(self, *, running: bool) -> None:
        """Remember the state of the queue."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An old request after routing and validation.

    `path` holds decoded path elements by the name in `openapi.yaml`; `query` what is left after the old rules (legacy-rest-api 1.9);
    `body` the JSON value or None; `now` unix seconds. `background` takes over work that goes on after the answer; whoever owns it keeps
    the task, logs its failure and waits for it when the gateway stops. `objection` is what the contract has against the request, for rows
    that decide themselves when to say so (`table.Action.order`), else None.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    now: int
    settings: Settings
    caller: Caller
    flags: Flags
    background: Callable[[Coroutine[Any, Any, None]], None]
    objection: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A long list, written page by page as `{"data": {"items": [...], "total": n, **extra}}`.

    The first page is asked for before the head of the reply is sent, so that its failure still has a status of its own.
    """

    total: int
    pages: AsyncIterator[list[Any]]
    extra: Mapping[str, Any]


Answer = Any | Listing
