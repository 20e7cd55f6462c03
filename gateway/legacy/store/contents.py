"""The bytes of a blob (mapping-operations 5.1, legacy-rest-api 2.12)."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from http import HTTPStatus

from gateway.jmap.errors import HttpRefusal
from gateway.jmap.retry import Cut
from gateway.jmap.streams import Download
from gateway.knowledge.blobs import HASH_BYTES, digest_of, unrestricted_id
from gateway.knowledge.permissions import holds
from gateway.knowledge.query_string import number
from gateway.legacy.exchange import Exchange, Flow
from gateway.legacy.refusals import BadRequest, Forbidden, ItemNotFound

EVERYTHING = 2**64 - 1

_ROUND = 2**64


async def get_blob(exchange: Exchange) -> Flow:
    """The bytes that the parameters ask for, while they come in from the new server.

    A hash of another length than any blob has names none. Nor does one that the new server does not give: it does not tell a missing blob
    from a missing right, which the old server asked for.
    """
    try:
        digest = digest_of(exchange.path["hash"])
    except ValueError:
        raise BadRequest("Base64 decoding failed") from None
    if len(digest) != HASH_BYTES:
        raise ItemNotFound
    async with contextlib.AsyncExitStack() as stack:
        try:
            download = await stack.enter_async_context(exchange.caller.download(unrestricted_id(digest)))
        except HttpRefusal as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            if not holds("blob-fetch", (await exchange.caller.account()).permissions):
                raise Forbidden from None
            raise ItemNotFound from None
        part = window(exchange.query, download.length)
        length = None if download.length is None else len(part)
        return Flow(_opened(stack.pop_all(), download, part), "application/octet-stream", {}, length=length)


def window(query: Mapping[str, str], size: int | None) -> range:
    """The bytes that `offset` and `limit` mean of a blob of that size, None when it is not known yet.

    The end was computed with 64 bits: from an offset on without a limit, it comes before the beginning, and there is nothing to give.
    """
    start = number(query, "offset")
    end = (start + number(query, "limit", EVERYTHING)) % _ROUND
    if size is not None:
        end = min(end, size)
    return range(start, max(start, end))


@contextlib.asynccontextmanager
async def _opened(stack: contextlib.AsyncExitStack, download: Download, part: range) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    """A download that was opened before its part was known."""
    async with stack:
        yield cut(download, part)


async def cut(download: Download, part: range) -> AsyncGenerator[bytes, None]:
    """The part of a content; what comes behind it is not waited for. Cut when the content ends before the part that it should have."""
    if not part:
        return
    at = 0
    async for piece in download.pieces:
        wanted = piece[max(part.start - at, 0) : max(part.stop - at, 0)]
        if wanted:
            yield wanted
        at += len(piece)
        if at >= part.stop:
            return
    if download.length is not None:
        raise Cut
