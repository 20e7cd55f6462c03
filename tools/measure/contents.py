"""Large contents on their way through the gateway: a download of 60 MB, which no process should have to hold."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from measure.process import gateway
from measure.upstream import PERMISSIONS, session
from measure.wire import request, response

SIZE = 60_000_000
BLOB = "/api/store/blobs/" + "A" * 43
_PIECE = bytes(64 * 1024)
_PLAIN = {
    "/jmap/session": response(json.dumps(session()).encode()),
    "/api/account": response(json.dumps({"permissions": [*PERMISSIONS, "fetchAnyBlob"], "edition": "oss", "locale": "en"}).encode()),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a content took; memory is the peak over what the process held before."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


async def download(*, fast: bool) -> Taken:
    """Read a content of 60 MB after a small one; RuntimeError when it does not come whole."""
    async with _source() as url, gateway(url, fast=fast) as process:
        await _read(process.port, f"{BLOB}?limit=10240", 10_240)
        before, cpu, began = process.reset_peak_mb(), process.cpu_seconds(), time.monotonic()
        await _read(process.port, BLOB, SIZE)
        return Taken(time.monotonic() - began, process.cpu_seconds() - cpu, process.peak_mb() - before)


async def _read(port: int, target: str, size: int) -> None:
    """Read a whole reply and forget it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request("GET", target, "user0"))
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if f"content-length: {size}\r\n".encode() not in head:
        raise RuntimeError(f"an answer of another kind: {head.decode()}")
    left = size
    while left:
        piece = await reader.read(left)
        if not piece:
            raise RuntimeError(f"{left} of {size} bytes did not come")
        left -= len(piece)
    writer.close()


@asynccontextmanager
async def _source() -> AsyncIterator[str]:
    """A new server whose every blob has 60 MB, made as it goes out."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
            if path in _PLAIN:
                writer.write(_PLAIN[path])
                continue
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {SIZE}\r\n\r\n".encode())
            left = SIZE
            while left:
                writer.write(_PIECE[:left])
                left -= min(left, len(_PIECE))
                await writer.drain()
    writer.close()
