"""What is no exchange of one request and one whole answer: live events, and contents on their way to the new server and from it.

All of it goes over `Transport.forward`; nothing is ever repeated but the opening of a download.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp

from gateway.jmap import wire
from gateway.jmap.connection import LARGEST_REFUSAL, OK, Reply
from gateway.jmap.errors import Garbled, HttpRefusal, TooSlow, Unreachable
from gateway.jmap.events import Event, Parser
from gateway.jmap.refusals import refusal_of
from gateway.jmap.retry import Cut, Repeats
from gateway.jmap.transport import Transport

AGENT = {"User-Agent": "stalwart-legacy-gateway", "Accept-Encoding": "identity"}
EVENTS = "text/event-stream"

_PROBES = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""After a minute of silence one probe every quarter of a minute, four at most; not every system can be told so."""

_BROKEN = (aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Download:
    """A content that comes in: its length in bytes if the server told, and its pieces, which raise Cut when it breaks off."""

    length: int | None
    pieces: AsyncGenerator[bytes, None]


@contextlib.asynccontextmanager
async def events(transport: Transport, target: str, identity: Mapping[str, str], seconds: float) -> AsyncIterator[AsyncGenerator[list[Event], None]]:
    """Open a live stream and give its events, those that came together in one list; leaving closes it.

    `target` is the raw path and query; the head of the answer must come within `seconds`. HttpRefusal for another status than 200, TooSlow, and the
    errors of `Transport.forward`; while it runs Cut when it breaks, Garbled for what is no event.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(seconds):
                answer = await stack.enter_async_context(
                    transport.forward("GET", target, {**AGENT, "Accept": EVENTS, **identity}, live=True, places=transport.live)
                )
                if answer.status != OK:
                    raise await _refusal(answer)
        except TimeoutError:
            raise TooSlow from None
        if answer.content_type != EVENTS:
            raise Garbled("no stream of events")
        _watch_over(answer)
        yield _parsed(answer)


@contextlib.asynccontextmanager
async def download(transport: Transport, target: str, identity: Mapping[str, str], seconds: float) -> AsyncIterator[Download]:
    """Ask for a content and give it while it comes in; leaving gives up what has not come.

    A connection that breaks before the head of the answer is tried again like that of any read, for `seconds`. HttpRefusal for another
    status than 200, Garbled for an encoded content, and the errors of `Transport.forward`.
    """
    async with contextlib.AsyncExitStack() as stack:
        repeats = Repeats(seconds)
        while True:
            try:
                answer = await stack.enter_async_context(transport.forward("GET", target, {**AGENT, **identity}))
                break
            except Unreachable as failure:
                pause = repeats.after_failure(failure)
                if pause is None:
                    raise
            await asyncio.sleep(pause)
        if answer.status != OK:
            raise await _refusal(answer)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise Garbled("an encoded content")
        yield Download(answer.content_length, _pieces(answer))


async def upload(transport: Transport, target: str, headers: Mapping[str, str], pieces: AsyncIterator[bytes]) -> str:
    """Send a content as it comes in and give the `blobId` that it has from now on (jmap-management-api 1.1).

    What the pieces raise ends the request unfinished, so that nothing is stored; the error that follows is one of `jmap.errors`. HttpRefusal
    for another status than 200. A blob that nobody refers to goes away by itself: an answer that is lost changed nothing.
    """
    async with transport.forward("POST", target, {**AGENT, **headers}, pieces, write=False) as answer:
        if answer.status != OK:
            raise await _refusal(answer)
        stored = wire.value_of(await _whole(answer))
    blob = stored.get("blobId") if isinstance(stored, dict) else None
    if not isinstance(blob, str):
        raise Garbled("an upload without a blobId")
    return blob


def _watch_over(answer: aiohttp.ClientResponse) -> None:
    """Have the system find out when the other end of a connection that may be silent for long has gone without a word."""
    transport = answer.connection and answer.connection.transport
    connection = transport and transport.get_extra_info("socket")
    if connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, seconds in _PROBES.items():
            if hasattr(socket, option):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)


async def _parsed(answer: aiohttp.ClientResponse) -> AsyncGenerator[list[Event], None]:
    parser = Parser()
    try:
        async for piece in answer.content.iter_any():
            found = parser.feed(piece)
            if found:
                yield found
    except _BROKEN:
        raise Cut from None


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in answer.content.iter_any():
            yield piece
    except _BROKEN:
        raise Cut from None


async def _refusal(answer: aiohttp.ClientResponse) -> HttpRefusal:
    return refusal_of(Reply(answer.status, answer.headers, await _whole(answer)))


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """A small body, cut at what the problem document of a refusal can need."""
    body = b""
    try:
        async for piece in answer.content.iter_any():
            body += piece
            if len(body) > LARGEST_REFUSAL:
                break
    except _BROKEN:
        raise Cut from None
    return body
