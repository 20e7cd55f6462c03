"""Locks by name, for objects that are read and then written; implements `legacy.exchange.Locks`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable


class Locks:
    """A lock exists only while somebody holds it or waits for it. Within one process; other writers are the new server's business."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    def __len__(self) -> int:
        """Number of locks that are held or waited for."""
        return len(self._locks)

    @contextlib.asynccontextmanager
    async def __call__(self, *keys: Hashable) -> AsyncIterator[bool]:
        """Hold the locks of all keys. Everybody takes them in the same order, so that no two wait for each other.

        Gives true when somebody else held one of them: what was read before is old.
        """
        async with contextlib.AsyncExitStack() as stack:
            waited = False
            for key in sorted(set(keys), key=repr):
                waited |= key in self._locks
                await stack.enter_async_context(self._one(key))
            yield waited

    @contextlib.asynccontextmanager
    async def _one(self, key: Hashable) -> AsyncIterator[None]:
        lock, users = self._locks.get(key, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(key)
            if users > 1:
                self._locks[key] = (lock, users - 1)
