"""Lists of any length: one page is written while the next one is fetched, so that memory stays bounded (design 11)."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from gateway.jmap import wire
from gateway.legacy.exchange import Listing
from gateway.web.reply import JSON, Reply, success

PIECE = 25
"""Items encoded in one go; other requests get their turn in between."""

Page = list[Any]


class CutShort(Exception):
    """A reply failed when its head was on its way: the connection was cut, because nothing else tells the client, or he has left, a ConnectionError."""

    def __init__(self, response: web.StreamResponse, cause: Exception) -> None:
        super().__init__("cut short")
        self.response = response
        self.cause = cause


@contextlib.contextmanager
def cutting_short(request: web.BaseRequest, response: web.StreamResponse) -> Iterator[None]:
    """Cut the connection when the rest of a reply cannot be written; CutShort unless the task was cancelled."""
    try:
        yield
    except BaseException as error:
        if request.transport is not None:
            request.transport.abort()
        if isinstance(error, Exception):
            raise CutShort(response, error) from None
        raise


async def write(response: web.StreamResponse, piece: bytes, seconds: float) -> None:
    """Write a piece of a reply; TimeoutError when the client has no room for it for so long."""
    async with asyncio.timeout(seconds):
        await response.write(piece)


async def end(response: web.StreamResponse, seconds: float) -> None:
    """Write the end of a reply, behind what the client has not taken yet; TimeoutError when it takes nothing for so long."""
    async with asyncio.timeout(seconds):
        await response.write_eof()


class Stream:
    """The answer to one `Listing`: `open` fetches what decides about its form, `send` writes it."""

    def __init__(self, listing: Listing, stall_seconds: float) -> None:
        self._listing = listing
        self._pages: AsyncIterator[Page] = aiter(listing.pages)
        self._stall_seconds = stall_seconds
        self._first: list[Page] = []

    async def open(self) -> Reply | None:
        """Fetch two pages. When there are no more than one, the whole body is known and given at once, else None."""
        for _ in range(2):
            page = await self._next()
            if page is None:
                items = self._first[0] if self._first else []
                return success(items if self._listing.total is None else {"items": items, "total": self._listing.total, **self._listing.extra})
            self._first.append(page)
        return None

    async def send(self, request: web.BaseRequest, headers: CIMultiDict[str]) -> web.StreamResponse:
        """Write everything in chunks. A page that fails, or a client that stops reading, cuts the connection: CutShort."""
        headers["Content-Type"] = JSON
        response = web.StreamResponse(headers=headers)
        with cutting_short(request, response):
            await response.prepare(request)
            await self._write(response)
            await end(response, self._stall_seconds)
        return response

    async def _write(self, response: web.StreamResponse) -> None:
        written = False
        bare = self._listing.total is None
        lead = b'{"data":[' if bare else b'{"data":{"items":['
        async with contextlib.aclosing(self._ahead()) as pages:
            async for page in pages:
                for piece in _pieces(page):
                    await write(response, (b"," if written else lead) + wire.dumps(piece)[1:-1], self._stall_seconds)
                    written = True
                    await asyncio.sleep(0)
        rest = b"]}" if bare else b"]," + wire.dumps({"total": self._listing.total, **self._listing.extra})[1:] + b"}"
        await write(response, (b"" if written else lead) + rest, self._stall_seconds)

    async def _ahead(self) -> AsyncGenerator[Page, None]:
        """The pages; the next one is under way while the caller deals with one."""
        ready, self._first = self._first, []
        coming = asyncio.create_task(self._next())
        try:
            while ready:
                yield ready.pop(0)
            while (page := await coming) is not None:
                coming = asyncio.create_task(self._next())
                yield page
        finally:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await coming

    async def _next(self) -> Page | None:
        return await anext(self._pages, None)


def _pieces(page: Page) -> Iterator[Iterable[Any]]:
    for start in range(0, len(page), PIECE):
        yield page[start : start + PIECE]
