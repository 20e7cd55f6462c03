"""Request bodies, bounded in size and time (legacy-rest-api 1.7, design 12.4)."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import HttpVersion11, web

from gateway.web.errors import BodyTooSlow


async def read_body(request: web.BaseRequest, limit: int, seconds: float) -> bytes | None:
    """The body, or None for one above the limit, which counts as no body. BodyTooSlow when it does not come, or not in time."""
    if not request.can_read_body:
        return b""
    announced = request.content_length
    if announced is not None and announced > limit:
        return None
    try:
        async with asyncio.timeout(seconds):
            await invite(request)
            return await _bounded(request, limit)
    except (TimeoutError, ConnectionError):
        raise BodyTooSlow from None
    except web.RequestPayloadError:
        return None


async def invite(request: web.BaseRequest) -> None:
    """Tell a client that waits for it that its body is wanted (RFC 9110 10.1.1)."""
    if request.version >= HttpVersion11 and request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the reply itself has not begun


class Pieces:
    """The body of a request as it comes in, for sending on: after `seconds` of silence, or when the client leaves, it is `late`.

    `announced` is its length, when the client gave it.
    """

    def __init__(self, request: web.BaseRequest, seconds: float) -> None:
        self._request = request
        self._seconds = seconds
        self.announced = request.content_length
        self.late = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces; BodyTooSlow when no further one comes."""
        try:
            await invite(self._request)
            while True:
                async with asyncio.timeout(self._seconds):
                    piece = await self._request.content.readany()
                if not piece:
                    return
                yield piece
        except (TimeoutError, ConnectionError):
            self.late = True
            raise BodyTooSlow from None


async def _bounded(request: web.BaseRequest, limit: int) -> bytes | None:
    body = bytearray()
    while piece := await request.content.readany():
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)
