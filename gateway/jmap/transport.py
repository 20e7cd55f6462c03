"""HTTP to the new server: an exchange turned into a reply or a typed error, and streams both ways.

Exchanges have connections of their own (`jmap.pool`): the client session, made for everything, costs a small request more CPU than the rest
of the gateway together. It carries what is passed through.
"""

import contextlib
import logging
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiohttp
from yarl import URL

from gateway.jmap.breaker import Breaker
from gateway.jmap.connection import Broken, Reply, Unreadable
from gateway.jmap.errors import Garbled, HttpRefusal, OutcomeUnknown, TooSlow, UpstreamError
from gateway.jmap.pool import Pool
from gateway.jmap.retry import Cut, NoConnection
from gateway.jmap.session import base_url
from gateway.jmap.slots import Slots
from gateway.settings import Settings

LARGEST_FRAME = 16 * 2**20

_log = logging.getLogger(__name__)


class _Lost(Exception):
    """A connection broke; unlike the library's own errors it does not make the library send the request again."""


_NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_FAILURES = (aiohttp.ClientError, OSError, TimeoutError, _Lost)
_LOST = (Broken, Unreadable, TimeoutError)
_TARGET = re.compile(r"/[!-~]*", re.ASCII)
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH", "TRACE"})


class Transport:
    """The connections to one server. Ordinary exchanges, forwarded streams and live streams of the old API each have a cap of their own."""

    def __init__(self, settings: Settings) -> None:
        address = base_url(settings.upstream)
        self._base = str(address).rstrip("/")
        self._host = address.host_port_subcomponent
        self._folder = address.raw_path.rstrip("/")
        limits, timeouts = settings.limits, settings.timeouts
        # Connecting always ends before the whole time is up, so that a timeout tells whether anything was sent.
        connect = min(timeouts.connect, timeouts.total / 2)
        self._timeout = aiohttp.ClientTimeout(timeouts.total, connect, timeouts.read, connect)
        self._endless = aiohttp.ClientTimeout(None, connect, timeouts.read, connect)
        self._live = aiohttp.ClientTimeout(None, connect, None, connect)
        self.places = Slots(limits.connections, limits.connections * 16, limits.queue_seconds)
        self.streams = Slots(limits.connections, 0, limits.queue_seconds)
        self.live = Slots(limits.streams, 0, limits.queue_seconds)
        self._tls = _tls_context() if address.scheme == "https" else None
        self._pool = Pool(address, self._tls, connect=connect, read=timeouts.read, total=timeouts.total)
        self._session: aiohttp.ClientSession | None = None
        self.breaker = Breaker()

    async def start(self) -> None:
        """Open the client session; it connects when it is first used."""
        self._session = aiohttp.ClientSession(
            # The caps above tell waiting for a place from failing to connect.
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
        if self._session is not None:
            await self._session.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        """The one client session; RuntimeError before `start`."""
        if self._session is None:
            raise RuntimeError("the client was not started")
        return self._session

    def url(self, target: str) -> URL:
        """Address of a raw path and query on the server; ValueError when it does not begin with a slash."""
        if not target.startswith("/"):
            raise ValueError("a target begins with a slash")
        return URL(self._base + target, encoded=True)

    def target(self, path: str) -> str:
        """Where a raw path and query lie on the server, for `exchange`; ValueError for what is none."""
        if not _TARGET.fullmatch(path):
            raise ValueError("a target begins with a slash and is written in visible ASCII")
        return self._folder + path

    async def exchange(self, method: str, target: str, headers: bytes, body: bytes | None = None, *, write: bool = False) -> Reply:
        """Send one request and read the whole answer; `target` as `target` gives it, `headers` as `connection.fields` writes them.

        Raises NoConnection (or Unreachable by the breaker) and Busy when nothing was sent, TooSlow and Cut for a read,
        OutcomeUnknown for a write, Garbled for a read whose answer is endless or no HTTP.
        """
        framing = "" if body is None else f"Content-Length: {len(body)}\r\n"
        head = f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\n{framing}".encode()
        await self.places.acquire(None)
        try:
            self.breaker.admit()
            began = time.monotonic()
            try:
                connection = await self._pool.connection()
                reply = await self._pool.ask(connection, b"%b%b\r\n%b" % (head, headers, body or b""), began)
            except NoConnection:
                self.breaker.bad()
                raise
            except _LOST as error:
                failure = _lost(error, write=write)
            except BaseException:
                self.breaker.abandon()
                raise
            else:
                self.breaker.good()
                return reply
            self.breaker.good()
        finally:
            self.places.release(None)
        raise failure

    @contextlib.asynccontextmanager
    async def forward(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
        *,
        live: bool = False,
        write: bool | None = None,
        places: Slots | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Pass a request on and give the answer while it comes in, its body as encoded on the wire.

        `target` is the raw path and query, `headers` are sent as they are and no others besides Host, framing and Connection;
        `live` allows silence of any length (event streams); `write` tells whether it may change something, None: by its method; `places` is
        the cap it counts in. Errors as `exchange`, but nothing is ever repeated; what breaks later is raised by the response itself.
        """
        places = self.streams if places is None else places
        write = method.upper() not in _SAFE if write is None else write
        response = await self._opened(
            self.http.request(
                method,
                self.url(target),
                data=body,
                headers=headers,
                skip_auto_headers=_AUTOMATIC,
                allow_redirects=False,
                timeout=self._live if live else self._endless,
                middlewares=(_send_once,),
            ),
            write=write,
            places=places,
        )
        try:
            async with response:
                yield response
        finally:
            places.release(None)

    @contextlib.asynccontextmanager
    async def websocket(
        self, target: str, headers: Mapping[str, str], protocols: Iterable[str] = ()
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a websocket and give it; pings, pongs and closing are left to the caller. HttpRefusal when the server declines."""
        socket = await self._opened(
            self.http.ws_connect(
                self.url(target),
                headers=headers,
                protocols=tuple(protocols),
                autoping=False,
                max_msg_size=LARGEST_FRAME,
            ),
            write=False,
            places=self.streams,
        )
        try:
            async with socket:
                yield socket
        finally:
            self.streams.release(None)

    async def _opened(self, opening: Any, *, write: bool, places: Slots) -> Any:
        """What a request of the library gives, with a place taken for it; typed errors instead of the library's."""
        try:
            await places.acquire(None)
        except BaseException:
            opening.close()
            raise
        kept = False
        try:
            self.breaker.admit()
            try:
                opened = await opening
            except _FAILURES as error:
                failure = self._failure(error, write=write)
            except BaseException:
                self.breaker.abandon()
                raise
            else:
                self.breaker.good()
                kept = True
                return opened
        finally:
            if not kept:
                opening.close()
                places.release(None)
        raise failure

    def _failure(self, error: Exception, *, write: bool) -> UpstreamError:
        """The typed error for one of the library's; the breaker learns of it."""
        if isinstance(error, _NO_CONNECTION):
            self.breaker.bad()
            return NoConnection()
        self.breaker.good()
        if isinstance(error, aiohttp.WSServerHandshakeError):
            return HttpRefusal(error.status)
        return _lost(error, write=write)


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from repeating idempotent methods by itself: the body has been streamed, and a change is sent once."""
    try:
        return await handler(request)
    except _NO_CONNECTION:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        pass
    raise _Lost


def _lost(error: Exception, *, write: bool) -> UpstreamError:
    """The typed error for an answer that did not come, or not whole."""
    if write:
        _log.warning("the answer to a change was lost: %s", type(error).__name__)
        return OutcomeUnknown()
    if isinstance(error, TimeoutError):
        return TooSlow()
    if isinstance(error, (Unreadable, aiohttp.ClientResponseError)):
        return Garbled("endless or no HTTP")
    return Cut()


def _tls_context() -> ssl.SSLContext:
    """What connections to the new server speak TLS with: certificate and name are checked."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
