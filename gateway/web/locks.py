"""Locks by name, for objects that are read and then written; implements `legacy.exchange.Locks`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable

REMEMBERED_ENDS = 4096


class Locks:
    """A lock exists only while somebody holds it or waits for it. Within one process; other writers are the new server's business.

    Of the locks that were held last it is remembered when that ended, counted in ends. What is not remembered any more may have ended as late
    as the latest of those that were forgotten: whoever asks reads once too often rather than once too little.
    """

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}
        self._now = 0
        self._ends: dict[Hashable, int] = {}
        self._latest_forgotten = 0

    def __len__(self) -> int:
        """Number of locks that are held or waited for."""
        return len(self._locks)

    def moment(self) -> int:
        """The present, to be told when locks are taken for what is read from now on."""
        return self._now

    @contextlib.asynccontextmanager
    async def __call__(self, *keys: Hashable, since: int | None = None) -> AsyncIterator[bool]:
        """Hold the locks of all keys. Everybody takes them in the same order, so that no two wait for each other.

        Gives true when somebody else has held one of them since a `moment`, by default since now: what was read before is old.
        """
        since = self._now if since is None else since
        async with contextlib.AsyncExitStack() as stack:
            for key in sorted(set(keys), key=repr):
                await stack.enter_async_context(self._one(key))
            yield any(self._ends.get(key, self._latest_forgotten) > since for key in keys)

    @contextlib.asynccontextmanager
    async def _one(self, key: Hashable) -> AsyncIterator[None]:
        lock, users = self._locks.get(key, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                try:
                    yield
                finally:
                    self._note_end(key)
        finally:
            lock, users = self._locks.pop(key)
            if users > 1:
                self._locks[key] = (lock, users - 1)

    def _note_end(self, key: Hashable) -> None:
        self._now += 1
        self._ends.pop(key, None)
        self._ends[key] = self._now
        if len(self._ends) > REMEMBERED_ENDS:
            self._latest_forgotten = self._ends.pop(next(iter(self._ends)))
