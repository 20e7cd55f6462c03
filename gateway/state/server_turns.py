"""Turns between gateways whose state is on a database server, wherever they run: what `turns.Turns` does for those that share a file.

A lock is an advisory one of PostgreSQL, held by one connection that every gateway keeps for that: it ends with the connection. A table
counts how often locks were taken, by places that several names share: a gateway that finds a higher count than its own last one was not alone.
"""

import asyncio
import time
from collections.abc import Coroutine, Hashable
from typing import Any

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.state.database import FAILURES, Database
from gateway.state.turns import LONGEST_PAUSE, PLACES, SHORTEST_PAUSE, number_of

_BIG = bindparam("number", type_=BigInteger)
_TAKE = text("SELECT pg_try_advisory_lock(:number)").bindparams(_BIG)
_LEAVE = text("SELECT pg_advisory_unlock(:number)").bindparams(_BIG)
_COUNT = text(
    "INSERT INTO turns (place, taken) VALUES (:place, 1) ON CONFLICT (place) DO UPDATE SET taken = turns.taken + 1 RETURNING taken"
)


class ServerTurns:
    """Locks by name among all gateways on a database, for one new server."""

    def __init__(self, database: Database, server: str) -> None:
        self._database = database
        self._server = server
        self._connection: AsyncConnection | None = None
        self._turn = asyncio.Lock()
        self._counts: dict[int, int] = {}
        self._heard: dict[int, int] = {}
        self._work: set[asyncio.Task[bool]] = set()

    async def close(self) -> None:
        """Give everything back."""
        await asyncio.gather(*self._work)
        await self._disconnect()

    async def take(self, name: Hashable) -> None:
        """Wait until nobody else has the lock, then take it."""
        number, pause = self._number(name), SHORTEST_PAUSE
        while True:
            # A statement that is cut off would cost the connection, and with it the locks of others here.
            trying = self._start(self._try(number))
            try:
                if await asyncio.shield(trying):
                    return
            except asyncio.CancelledError:
                self._start(self._give_back(trying, number))
                raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def leave(self, name: Hashable, _now: int) -> None:
        """Give the lock back."""
        self._start(self._unlock(self._number(name)))

    def ended(self, name: Hashable) -> int:
        """When it was noticed last that somebody else had the lock, 0 for never."""
        return self._heard.get(self._number(name) % PLACES, 0)

    async def _try(self, number: int) -> bool:
        """Whether the lock could be taken; also where the server cannot be asked, which is said once."""
        place = number % PLACES
        async with self._turn:
            for last in (False, True):
                try:
                    connection = await self._connected()
                    if not (await connection.execute(_TAKE, {"number": number})).scalar_one():
                        return False
                    count: int = (await connection.execute(_COUNT, {"place": place})).scalar_one()
                except FAILURES as error:
                    await self._disconnect()
                    if last:
                        self._database.complain("locked", error)
                else:
                    if self._counts.get(place, 0) != count - 1:
                        self._heard[place] = time.monotonic_ns()
                    self._counts[place] = count
                    return True
            return True

    async def _unlock(self, number: int) -> bool:
        async with self._turn:
            if self._connection is not None:
                try:
                    await self._connection.execute(_LEAVE, {"number": number})
                except FAILURES:
                    await self._disconnect()
        return True

    async def _give_back(self, trying: "asyncio.Task[bool]", number: int) -> bool:
        return await trying and await self._unlock(number)

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._database.session()
        return self._connection

    async def _disconnect(self) -> None:
        """Let go of the connection, which may be broken; the server gives back what was locked by it."""
        connection, self._connection = self._connection, None
        self._counts.clear()
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    def _number(self, name: Hashable) -> int:
        return number_of((self._server, name))

    def _start(self, work: Coroutine[Any, Any, bool]) -> "asyncio.Task[bool]":
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task
