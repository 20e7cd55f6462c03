"""Connections to the new server that are kept for the next request, and the one clock that watches all of them."""

import asyncio
import contextlib
import socket
import ssl
import time

from aiohappyeyeballs import start_connection
from yarl import URL

from gateway.jmap.connection import Broken, Connection, Reply
from gateway.jmap.retry import NoConnection

KEPT_SECONDS = 15.0
"""An idle connection is closed after this time: before most servers do it, because a request that meets their closing is lost."""

HEAD_START_SECONDS = 0.25
"""Pause before the next address of a name is tried beside the one that does not answer (RFC 8305 5)."""

LATENESS_SECONDS = 0.001
"""The clock goes off so much later than the earliest deadline: event loops count in milliseconds."""


class Pool:
    """Connections to one server. Their number is bounded by whoever uses the pool: one per request under way, at most as many idle.

    `connect` seconds for a new connection, `read` between two signs of life of the server, `total` for an exchange.
    """

    def __init__(self, address: URL, tls: ssl.SSLContext | None, *, connect: float, read: float, total: float) -> None:
        self._host = address.raw_host or ""
        self._port = address.port
        self._tls = tls
        self._connect_seconds, self._read, self._total = connect, read, total
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")

    async def connection(self) -> Connection:
        """An idle connection or a new one; NoConnection when there is none to be had."""
        while self._idle:
            connection = self._idle.pop()
            if connection.quiet():
                return connection
            connection.abort()
        # The bytes of a server that speaks first would be taken for its answer; nothing was sent to it.
        fresh = await self._connected()
        if fresh is None or not fresh.usable:
            raise NoConnection
        return fresh

    async def ask(self, connection: Connection, request: bytes, began: float) -> Reply:
        """Send a request on a connection of this pool, which takes it back; `began` is when its time began to run.

        Raises Broken, Unreadable or TimeoutError after the request was sent. Whoever leaves before the answer leaves a closed connection.
        """
        self._busy.add(connection)
        answer = connection.ask(request, began)
        self._wake_by(min(connection.heard + self._read, began + self._total))
        try:
            return await answer
        except BaseException:
            connection.abort()
            raise
        finally:
            self._busy.discard(connection)
            if connection.usable:
                connection.since = time.monotonic()
                self._idle.append(connection)
                self._wake_by(connection.since + KEPT_SECONDS)

    async def close(self) -> None:
        """Close every connection; who still waits for an answer gets Broken."""
        if self._alarm is not None:
            self._alarm.cancel()
        for connection in self._busy:
            connection.give_up(Broken())
        for connection in self._idle:
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # the transports close their sockets in the next round of the loop

    async def _connected(self) -> Connection | None:
        """A new connection, None when the server does not take one in time."""
        loop = asyncio.get_running_loop()
        name = self._host.rstrip(".") if self._tls else None
        with contextlib.suppress(OSError, UnicodeError):  # a host that cannot be encoded cannot be found either
            async with asyncio.timeout(self._connect_seconds):
                addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                plain = await start_connection(addresses, happy_eyeballs_delay=HEAD_START_SECONDS, interleave=1, loop=loop)
                _, connection = await loop.create_connection(Connection, sock=plain, ssl=self._tls, server_hostname=name)
                return connection
        return None

    def _wake_by(self, instant: float) -> None:
        """Have the clock go off no later than that; it mostly does already, so that a request costs no timer."""
        if instant < self._alarm_at:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm_at = instant
            self._alarm = asyncio.get_running_loop().call_later(max(0.0, instant - time.monotonic()) + LATENESS_SECONDS, self._look)

    def _look(self) -> None:
        """End what has taken too long, close what has been idle too long, and set the clock for the next of them."""
        self._alarm, self._alarm_at = None, float("inf")
        now = time.monotonic()
        for connection in tuple(self._busy):
            heard = now if connection.sending else connection.heard
            ends = min(connection.began + self._total, heard + self._read)
            if ends <= now:
                connection.give_up(TimeoutError())
            else:
                self._wake_by(ends)
        self._idle = [connection for connection in self._idle if self._keeps(connection, now)]

    def _keeps(self, connection: Connection, now: float) -> bool:
        if not connection.usable or now - connection.since >= KEPT_SECONDS:
            connection.abort()
            return False
        self._wake_by(connection.since + KEPT_SECONDS)
        return True
