"""Live streams through the gateway: how long an event of the new server is on its way to a client, with many streams open."""

import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from measure.process import gateway
from measure.upstream import PERMISSIONS, session
from measure.wire import request, response

STREAMS = 200
EVENTS_A_SECOND = 2
TARGET = "/api/troubleshoot/delivery/far.test"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
_PLAIN = {
    "/jmap/session": response(json.dumps(session()).encode()),
    "/api/account": response(json.dumps({"permissions": PERMISSIONS, "edition": "oss", "locale": "en"}).encode()),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the streams took: seconds on the way, memory a stream, CPU an event."""

    events: int
    median: float
    p99: float
    worst: float
    memory_kb: float
    cpu_seconds: float


async def live(*, fast: bool, seconds: float) -> Taken:
    """Open `STREAMS` streams, and read all of them for so long."""
    async with _source() as url, gateway(url, fast=fast) as process:
        _leave(await _open(process.port))
        before = process.memory_mb()
        opened = await asyncio.gather(*(_open(process.port) for _ in range(STREAMS)))
        more, cpu = process.memory_mb() - before, process.cpu_seconds()
        ways = sorted(way for ways in await asyncio.gather(*(_watch(reader, seconds) for reader, _ in opened)) for way in ways)
        spent = process.cpu_seconds() - cpu
        for stream in opened:
            _leave(stream)
        return Taken(len(ways), statistics.median(ways), statistics.quantiles(ways, n=100)[98], ways[-1], more * 1024 / STREAMS, spent / len(ways))


async def _open(port: int) -> Stream:
    """A stream that has given its first event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request("GET", TARGET, "user0"))
    await reader.readuntil(b"data: ")
    return reader, writer


def _leave(stream: Stream) -> None:
    stream[1].close()


async def _watch(reader: asyncio.StreamReader, seconds: float) -> list[float]:
    """Seconds on the way of every event of one stream that is sent from now on."""
    ways, began = [], time.monotonic_ns()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while line := await reader.readline():
                if line.startswith(b"data: ") and (sent := json.loads(line[6:])[0]["elapsed"]) >= began:
                    ways.append((time.monotonic_ns() - sent) / 1e9)
    if not ways:
        raise RuntimeError("a stream without events")
    return ways


@asynccontextmanager
async def _source() -> AsyncIterator[str]:
    """A new server that sends every client an event now and then, with the moment when it does."""
    under_way: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker
        under_way.add(task)
        await _serve(reader, writer)
        under_way.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    if under_way:
        await asyncio.wait(under_way)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
            if path in _PLAIN:
                writer.write(_PLAIN[path])
                continue
            writer.write(_HEAD)
            while not writer.is_closing():
                event = b'event: event\ndata: [{"type":"quitCompleted","elapsed":%d}]\n\n' % time.monotonic_ns()
                writer.write(b"%x\r\n%b\r\n" % (len(event), event))
                await writer.drain()
                await asyncio.sleep(1 / EVENTS_A_SECOND)
    writer.close()
