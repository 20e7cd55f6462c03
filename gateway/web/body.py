"""Request bodies, bounded in size and time (legacy-rest-api 1.7, design 12.4)."""

import asyncio

from aiohttp import web

from gateway.web.errors import BodyTooSlow


async def read_body(request: web.BaseRequest, limit: int, seconds: float) -> bytes | None:
    """The body, or None for one above the limit, which counts as no body. BodyTooSlow when it does not come in time."""
    if not request.can_read_body:
        return b""
    announced = request.content_length
    if announced is not None and announced > limit:
        return None
    try:
        async with asyncio.timeout(seconds):
            return await _bounded(request, limit)
    except TimeoutError:
        raise BodyTooSlow from None
    except web.RequestPayloadError:
        return None


async def _bounded(request: web.BaseRequest, limit: int) -> bytes | None:
    body = bytearray()
    while piece := await request.content.readany():
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)
