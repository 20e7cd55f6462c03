"""What the laws of bulk calls have in common: instants, and how a row is played to its end."""

import asyncio
from datetime import UTC, datetime

from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import Refusal
from gateway.legacy.rooms import ROOMS
from gateway.settings import Settings
from gateway.state import Recollection
from gateway.web.locks import Locks

HANDLERS = {row.operation: row.action.handle for room in ROOMS for row in room}
NOW = 1772366400


def instant(unix):
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix(text):
    return int(datetime.fromisoformat(text).timestamp())


class Flags:
    """The queue runs."""

    async def queue_running(self):
        return True


def call(operation, server, query, *, path=None, **configuration):
    """Answer of the row, or None when it refuses; work behind the answer is waited for."""
    work = []
    exchange = Exchange(
        path=path or {},
        query=query,
        body=None,
        now=NOW,
        settings=Settings(**configuration),
        caller=server,
        flags=Flags(),
        memory=Recollection(),
        locks=Locks(),
        background=work.append,
    )

    async def play():
        try:
            return await HANDLERS[operation](exchange)
        except Refusal:
            return None
        finally:
            for it in work:
                await it

    return asyncio.run(play())
