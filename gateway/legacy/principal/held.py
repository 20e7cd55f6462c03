"""A principal that is going to be changed or destroyed: found, and kept from other changes of this gateway."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import Candidate
from gateway.legacy.principal.lookup import Lookup

Found = tuple[Lookup, Candidate]


@asynccontextmanager
async def held(exchange: Exchange, find: Callable[[], Awaitable[Found]]) -> AsyncIterator[Found]:
    """Hold the lock of what `find` finds; found once more when somebody changed it after the first look began.

    An object has several names, so that only the look itself tells which lock is to be held.
    """
    while True:
        since = exchange.locks.moment()
        found, target = await find()
        key = (target.kind.object, target.id)
        async with exchange.locks(key, since=since) as changed:
            if changed:
                found, target = await find()
            if (target.kind.object, target.id) == key:
                yield found, target
                return
