"""Ends requests that take too long; looked at now and then, because a timer for each would cost every request more than it gives."""

import asyncio
import time
from types import TracebackType
from typing import Self

LOOKS = 20
"""Looks within the allowed time: a request may take a twentieth longer."""


class Late(Exception):
    """A request took longer than it may."""


class Deadlines:
    """Watches tasks that may take `seconds`; `run` must be under way meanwhile."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()

    def watch(self) -> "Watch":
        """Context in which the current task is watched; it ends with Late when the time is up."""
        return Watch(self._since, self._late)

    async def run(self) -> None:
        """Look after the tasks until cancelled."""
        while True:
            await asyncio.sleep(self._seconds / LOOKS)
            ends = time.monotonic() - self._seconds
            for task, since in tuple(self._since.items()):
                if since > ends:
                    break
                del self._since[task]
                self._late.add(task)
                task.cancel()


class Watch:
    """One task under watch."""

    __slots__ = ("_late", "_since", "_task")

    def __init__(self, since: dict[asyncio.Task[object], float], late: set[asyncio.Task[object]]) -> None:
        self._since = since
        self._late = late
        self._task: asyncio.Task[object] | None = None

    def __enter__(self) -> Self:
        task = self._task = asyncio.current_task()
        if task is not None:
            self._since[task] = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        task = self._task
        if task is None or self._since.pop(task, None) is not None or task not in self._late:
            return
        self._late.discard(task)
        task.uncancel()
        if kind is asyncio.CancelledError:
            raise Late from None
