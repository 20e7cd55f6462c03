"""Large contents on their way through the gateway: a download and an upload of 60 MB, which no process should have to hold."""

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
SAMPLE = "/api/spam-filter/upload/spam"
SMALL_SAMPLE = 200_000
_PIECE = bytes(64 * 1024)
_PLAIN = {
    "/jmap/session": response(json.dumps(session()).encode()),
    "/api/account": response(json.dumps({"permissions": [*PERMISSIONS, "fetchAnyBlob", "sysSpamTrainingSampleCreate"], "edition": "oss", "locale": "en"}).encode()),
}
_STORED = response(json.dumps({"accountId": "b", "blobId": "eblob", "type": "message/rfc822", "size": SIZE}).encode())
_MADE = response(json.dumps({"methodResponses": [["x:SpamTrainingSample/set", {"accountId": "b", "created": {"s": {"id": "c"}}}, "c0"]], "sessionState": "a"}).encode())


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


async def upload(*, fast: bool) -> Taken:
    """Send a content of 60 MB after a smaller one that is handed on as well; RuntimeError when it is not taken."""
    async with _source() as url, gateway(url, fast=fast, LIMITS__UPLOAD_BYTES=str(SIZE)) as process:
        await _send(process.port, SMALL_SAMPLE)
        before, cpu, began = process.reset_peak_mb(), process.cpu_seconds(), time.monotonic()
        await _send(process.port, SIZE)
        return Taken(time.monotonic() - began, process.cpu_seconds() - cpu, process.peak_mb() - before)


async def _send(port: int, size: int) -> None:
    """Send a message of so many bytes, made as it goes out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = request("POST", SAMPLE, "user0").removesuffix(b"\r\n\r\n")
    writer.write(head + f"\r\nContent-Length: {size}\r\n\r\n".encode())
    left = size
    while left:
        writer.write(_PIECE[:left])
        left -= min(left, len(_PIECE))
        await writer.drain()
    answer = await reader.readuntil(b"}")
    if not answer.endswith(b'{"data":null}'):
        raise RuntimeError(f"an answer of another kind: {answer.decode()}")
    writer.close()


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
    """A new server whose every blob has 60 MB, made as it goes out, and that forgets what it is sent."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            if path in _PLAIN:
                writer.write(_PLAIN[path])
                continue
            if head.startswith(b"POST"):
                await _forget(reader, int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
                writer.write(_STORED if path.startswith("/jmap/upload") else _MADE)
                continue
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {SIZE}\r\n\r\n".encode())
            left = SIZE
            while left:
                writer.write(_PIECE[:left])
                left -= min(left, len(_PIECE))
                await writer.drain()
    writer.close()


async def _forget(reader: asyncio.StreamReader, size: int) -> None:
    while size:
        size -= len(await reader.read(min(size, len(_PIECE))))
