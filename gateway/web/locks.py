"""Locks by name, for objects that are read and then written; implements `legacy.exchange.Locks`."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Hashable

from gateway.state.server_turns import ServerTurns
from gateway.state.turns import Turns

REMEMBERED_ENDS = 4096


class Locks:
    """A lock exists only while somebody holds it or waits for it. Within one process, and with `turns` among those that share a state.

    Of the locks that were held last it is remembered when that ended, in nanoseconds of the host's clock. What is not remembered any more may
    have ended as late as the latest of those that were forgotten: whoever asks reads once too often rather than once too little.
    """

    def __init__(self, turns: Turns | ServerTurns | None = None) -> None:
        self._turns = turns
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}
        self._ends: dict[Hashable, int] = {}
        self._latest_forgotten = 0

    def __len__(self) -> int:
        """Number of locks that are held or waited for."""
        return len(self._locks)

    def moment(self) -> int:
        """The present, to be told when locks are taken for what is read from now on."""
        return time.monotonic_ns()

    @contextlib.asynccontextmanager
    async def __call__(self, *keys: Hashable, since: int | None = None) -> AsyncIterator[bool]:
        """Hold the locks of all keys. Everybody takes them in the same order, so that no two wait for each other.

        Gives true when somebody else has held one of them since a `moment`, by default since now: what was read before is old.
        """
        since = self.moment() if since is None else since
        async with contextlib.AsyncExitStack() as stack:
            for key in sorted(set(keys), key=repr):
                await stack.enter_async_context(self._one(key))
            yield any(self._ended(key) > since for key in keys)

    @contextlib.asynccontextmanager
    async def _one(self, key: Hashable) -> AsyncIterator[None]:
        lock, users = self._locks.get(key, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                if self._turns is not None:
                    await self._turns.take(key)
                try:
                    yield
                finally:
                    self._note_end(key)
        finally:
            lock, users = self._locks.pop(key)
            if users > 1:
                self._locks[key] = (lock, users - 1)

    def _ended(self, key: Hashable) -> int:
        """When the lock was given back last, as far as that is remembered."""
        here = self._ends.get(key, self._latest_forgotten)
        return here if self._turns is None else max(here, self._turns.ended(key))

    def _note_end(self, key: Hashable) -> None:
        now = self.moment()
        self._ends.pop(key, None)
        self._ends[key] = now
        if len(self._ends) > REMEMBERED_ENDS:
            self._latest_forgotten = self._ends.pop(next(iter(self._ends)))
        if self._turns is not None:
            self._turns.leave(key, now)
