"""Requests for the new server's own protocols, passed on as they are: JMAP, OAuth, well-known documents, DAV, event sources, websockets.

Everything outside the allowlist is answered here: the new server bans addresses that ask for what scanners ask for (jmap-management-api 1.3).
"""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp import WSMsgType, hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.jmap.client import Upstream
from gateway.jmap.errors import HttpRefusal, UpstreamError
from gateway.jmap.transport import LARGEST_FRAME
from gateway.settings import Settings
from gateway.web.body import Pieces
from gateway.web.errors import BodyTooSlow
from gateway.web.flow import LiveStreams
from gateway.web.reply import short_problem
from gateway.web.stream import cutting_short, end, write

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
NOT_SENT_ON = HOP_BY_HOP | {"host", "expect", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}
NOT_SENT_BACK = HOP_BY_HOP | {"server"}
SCANNED_FOR = (".php", ".cgi", ".asp", "/wp-", "/php", "/cgi-bin", "xmlrpc", "../", "/..", "joomla", "wordpress", "drupal")
"""What the new server takes for a scan by default (`x:Security` `scanBanPaths`)."""

FORMS = "/auth/"
"""Below it forms are wanted, which the old server read whatever they were called; the old WebAdmin calls them text (legacy-rest-api 2.17)."""

_TOLD = frozenset({401, 402, 403, 429})


class Passthrough:
    """The way to the new server for allowed paths."""

    def __init__(self, settings: Settings, upstream: Upstream, streams: LiveStreams) -> None:
        self._transport = upstream.transport
        self._paths = tuple(settings.passthrough)
        self._below = tuple(path + "/" for path in self._paths)
        self._tell_address = settings.forward_client_address
        self._body_seconds = settings.timeouts.body
        self._stall_seconds = settings.timeouts.idle
        self._streams = streams

    def covers(self, path: str) -> bool:
        """Whether a raw path lies where the new server's own protocols are, so that nothing else may answer it."""
        return path in self._paths or path.startswith(self._below)

    def allows(self, method: str, path: str) -> bool:
        """Whether a raw path is in the allowlist, and nothing in it looks like a way out or a scan.

        Nobody is connected to anything: what follows a CONNECT is no body, and the new server would read it as further requests.
        """
        if method == hdrs.METH_CONNECT or not self.covers(path):
            return False
        for text in (path.lower(), unquote(path).lower()):
            if any(scan in text for scan in SCANNED_FOR) or "\\" in text or "\0" in text or text.endswith("/.") or "/./" in text:
                return False
        return True

    async def forward(
        self, request: web.BaseRequest, target: str, address: str, authorization: str | None, extra: CIMultiDict[str]
    ) -> web.StreamResponse:
        """The new server's answer, written while it comes in; `extra` headers replace its own. Errors of `jmap.errors` before the first byte.

        `authorization` is the client's, under the name that the new server knows, None when there is none.
        """
        headers = self._headers(request.headers, address)
        if authorization is not None and "Authorization" in headers:
            # Instead of all, should there be several.
            headers["Authorization"] = authorization
        if request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket":
            try:
                with self._streams.until_stopped():
                    return await self._websocket(request, target, headers, extra)
                return _ended(extra)
            except HttpRefusal as refusal:
                if refusal.status in _TOLD or refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                # An answer of any other kind: there is no websocket at this path.
                return short_problem(HTTPStatus.NOT_FOUND if refusal.status == HTTPStatus.NOT_FOUND else HTTPStatus.BAD_REQUEST).response(extra)
        if target.startswith(FORMS) and headers.get("Content-Type", "").startswith("text/plain"):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        live = "text/event-stream" in request.headers.get("Accept", "") or target.startswith("/jmap/eventsource")
        body = Pieces(request, self._body_seconds) if request.body_exists else None
        response: web.StreamResponse | None = None
        with self._streams.until_left(request) if live else contextlib.nullcontext(), _blaming(body):
            async with self._transport.forward(request.method, target, headers, aiter(body) if body else None, live=live) as answer:
                kept = _without(answer.headers, NOT_SENT_BACK)
                kept.update(extra)
                response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=kept)
                with cutting_short(request, response):
                    await response.prepare(request)
                    async for chunk in answer.content.iter_any():
                        await write(response, chunk, self._stall_seconds)
                    await end(response, self._stall_seconds)
        return response or _ended(extra)

    def _headers(self, given: CIMultiDictProxy[str], address: str) -> CIMultiDict[str]:
        headers = _without(given, NOT_SENT_ON)
        if self._tell_address:
            headers["X-Forwarded-For"] = address
        return headers

    async def _websocket(
        self, request: web.BaseRequest, target: str, headers: CIMultiDict[str], extra: CIMultiDict[str]
    ) -> web.StreamResponse:
        offered = [name.strip() for name in headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
        for name in [name for name in headers if name.lower().startswith("sec-websocket-")]:
            headers.popall(name, None)
        async with self._transport.websocket(target, headers, offered) as server:
            chosen = [server.protocol] if server.protocol else []
            client = web.WebSocketResponse(protocols=chosen, autoping=False, compress=False, max_msg_size=LARGEST_FRAME)
            client.headers.update(extra)
            await client.prepare(request)
            pumps = [asyncio.create_task(_pump(client, server)), asyncio.create_task(_pump(server, client))]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                await client.close()
            return client


def _ended(extra: CIMultiDict[str]) -> web.Response:
    """What stands for a live stream that was ended before it began: nobody reads it."""
    return short_problem(HTTPStatus.SERVICE_UNAVAILABLE).response(extra)


@contextlib.contextmanager
def _blaming(body: Pieces | None) -> Iterator[None]:
    """BodyTooSlow in place of the new server's failure to answer, when it was the client's body that did not come."""
    try:
        yield
    except UpstreamError:
        if body is not None and body.late:
            raise BodyTooSlow from None
        raise


async def _pump(source: Any, sink: Any) -> None:
    """Hand frames over until one side closes."""
    while True:
        frame = await source.receive()
        match frame.type:
            case WSMsgType.TEXT:
                await sink.send_str(frame.data)
            case WSMsgType.BINARY:
                await sink.send_bytes(frame.data)
            case WSMsgType.PING:
                await sink.ping(frame.data)
            case WSMsgType.PONG:
                await sink.pong(frame.data)
            case WSMsgType.CLOSE:
                await sink.close(code=frame.data or aiohttp.WSCloseCode.OK, message=(frame.extra or "").encode())
                return
            case _:
                await sink.close(code=aiohttp.WSCloseCode.GOING_AWAY)
                return


def _without(headers: CIMultiDictProxy[str], names: Iterable[str]) -> CIMultiDict[str]:
    """The headers without these and without those that `Connection` names."""
    named = {name.strip().lower() for value in headers.getall("Connection", ()) for name in value.split(",")}
    left_out = named.union(names)
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in left_out)
