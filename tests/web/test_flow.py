"""Live streams: what the new server sends reaches the client at once and in the old form, and both ends hear when the other leaves."""

import asyncio
import contextlib
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.jmap.errors import HttpRefusal
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy import live
from gateway.legacy.exchange import Flow
from gateway.legacy.refusals import Unsupported
from gateway.legacy.table import Action
from gateway.web.flow import END_SECONDS
from gateway.web.observe import SECONDS

Play = Callable[[web.StreamResponse], Awaitable[None]]


class Stage:
    """The live stream of a new server: `play` writes it; who asked with what, and how many are open."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.tokens = {"good"}
        self.asked: list[tuple[str, str | None]] = []
        self.open = 0
        self.news = asyncio.Condition()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/account":
            return web.json_response({"permissions": sorted(right for rights in NEW_RIGHTS.values() for right in rights), "edition": "oss", "locale": "en_US"})
        self.asked.append((request.raw_path, request.headers.get("Authorization")))
        token = request.query.get("token")
        if (token not in self.tokens) if token else "Authorization" not in request.headers:
            return web.Response(status=401)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await self._count(1)
        playing = asyncio.create_task(self.play(response))
        try:
            while not playing.done():
                # What a server does that has nothing to send: it looks whether anybody is there.
                await asyncio.wait([playing], timeout=0.01)
                if request.transport is None:
                    playing.cancel()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await playing
        finally:
            await self._count(-1)
        return response

    async def _count(self, more: int) -> None:
        async with self.news:
            self.open += more
            self.news.notify_all()

    async def until(self, count: int) -> None:
        """Wait until so many streams are open."""
        async with asyncio.timeout(5), self.news:
            await self.news.wait_for(lambda: self.open == count)


async def endless(response: web.StreamResponse) -> None:
    await response.write(b'event: event\ndata: [{"n": 1}]\n\n')
    while True:
        await asyncio.sleep(0.02)
        await response.write(b": still there\n\n")


def shape(name: str, value: Any) -> Any:
    """Numbers grow by one; pings stay, drops go."""
    if name == "drop":
        return live.DROP
    return value if name == "ping" else [{"n": entry["n"] + 1} for entry in value]


async def streams(exchange: Any) -> Any:
    parameters = {name: value for name, value in exchange.query.items() if name in {"timeout", "filter"}}
    return live.events(exchange, "/api/live/delivery/" + exchange.path["target"], parameters, shape, refuse)


def refuse(refusal: HttpRefusal) -> Unsupported | None:
    return Unsupported("Enterprise feature") if refusal.status == 404 else None


ROW = {"troubleshootDelivery": Action(streams)}
PATH = "/api/troubleshoot/delivery/x.test"


@pytest.fixture(autouse=True)
def stage(server) -> Stage:
    stage = Stage(endless)
    server.other = stage.answer
    return stage


@contextlib.asynccontextmanager
async def watching(client: Any, target: str = PATH, **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
    sent = headers or {"Authorization": "Basic YTpi"}
    async with client.http.get(client.app.url + target, headers=sent) as answer:
        yield answer


async def test_events_come_in_the_old_form_as_they_are_sent(stage, start) -> None:
    sent_on = asyncio.Event()

    async def play(response: web.StreamResponse) -> None:
        await response.write(b'event: event\r\ndata: [{"n":1},\r\ndata: {"n":2}]\r\n\r\nevent: ping\r\ndata: {"interval": 30000}\r\n\r\nevent: drop\ndata: 1\n\n')
        await sent_on.wait()
        await response.write(b'event: event\ndata: [{"n":5}]\n\n')

    stage.play = play
    client = await start(ROW)
    async with watching(client) as answer:
        assert (answer.status, answer.content_type, answer.headers["Cache-Control"]) == (200, "text/event-stream", "no-store")
        assert answer.headers.getall("Content-Length", []) == []
        first = await answer.content.readuntil(b"30000}\n\n")
        assert first == b'event: event\ndata: [{"n":2},{"n":3}]\n\nevent: ping\ndata: {"interval": 30000}\n\n'
        sent_on.set()
        assert await answer.read() == b'event: event\ndata: [{"n":6}]\n\n'


async def test_the_client_waits_less_than_a_tenth_of_a_second_for_an_event(stage, start) -> None:
    async def play(response: web.StreamResponse) -> None:
        for _ in range(20):
            await response.write(b'event: event\ndata: [{"n":%d}]\n\n' % time.monotonic_ns())
            await asyncio.sleep(0.01)

    stage.play = play
    client = await start(ROW)
    waits = []
    async with watching(client) as answer:
        while event := await answer.content.readline():
            if event.startswith(b"data: "):
                waits.append((time.monotonic_ns() - json.loads(event[6:])[0]["n"]) / 1e9)
    assert len(waits) == 20
    assert sorted(waits)[10] < 0.1


async def test_two_hundred_streams_are_open_at_once_beside_ordinary_calls(stage, start) -> None:
    client = await start(ROW)
    async with contextlib.AsyncExitStack() as stack:
        answers = await asyncio.gather(*(stack.enter_async_context(watching(client)) for _ in range(200)))
        assert [await answer.content.readuntil(b"\n\n") for answer in answers] == [b'event: event\ndata: [{"n":2}]\n\n'] * 200
        assert stage.open == 200
        assert (await client("GET", "/api/queue/status")).status == 200
        metrics = (await client("GET", "/metrics", authorization=None)).body.decode()
        assert 'gateway_streams_open{operation="troubleshootDelivery"} 200.0' in metrics
    await stage.until(0)


async def test_more_streams_than_there_are_places_are_refused(stage, start) -> None:
    client = await start(ROW, limits={"streams": 2})
    async with watching(client), watching(client), watching(client) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert stage.open == 2
    await stage.until(0)
    async with watching(client) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("target", [PATH, "/jmap/eventsource/?ping=0"])
async def test_when_the_client_leaves_the_stream_of_the_new_server_ends_although_nothing_comes(stage, start, target) -> None:
    async def play(response: web.StreamResponse) -> None:
        await response.write(b'event: event\ndata: [{"n":1}]\n\n')
        await asyncio.sleep(60)

    stage.play = play
    client = await start(ROW)
    async with watching(client, target) as answer:
        await answer.content.readuntil(b"\n\n")
        answer.close()
    began = time.monotonic()
    await stage.until(0)
    assert time.monotonic() - began < 1
    assert 'gateway_streams_open{operation="troubleshootDelivery"} 0.0' in (await client("GET", "/metrics", authorization=None)).body.decode()


async def test_a_client_that_stops_reading_is_cut_and_the_new_server_let_go(stage, start) -> None:
    written = 0

    async def play(response: web.StreamResponse) -> None:
        nonlocal written
        while True:
            await response.write(b'event: event\ndata: [{"n":1}]\n\n' * 1000)
            written += 1000 * 32

    stage.play = play
    client = await start(ROW, timeouts={"idle": 0.5})
    host, _, port = client.app.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port))) as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.sendall(b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\n\r\n")
        await stage.until(1)
        await stage.until(0)
    # What was buffered on the way, most of it by the system.
    assert written < 32 * 2**20


@pytest.mark.parametrize("endless", [True, False])
async def test_a_client_that_reads_slowly_has_the_end_as_well(start, endless: bool) -> None:
    pieces = [b"a" * 65_600, b"b" * 60_000]

    @contextlib.asynccontextmanager
    async def source() -> AsyncIterator[Any]:
        async def give() -> Any:
            for piece in pieces:
                yield piece

        yield give()

    async def flow(exchange: Any) -> Any:
        await exchange.caller.account()
        return Flow(source(), "text/plain", {}, live=endless)

    client = await start({"troubleshootDelivery": Action(flow)})
    for listening in (it for site in client.app._runner.sites for it in site._server.sockets):  # noqa: SLF001 - the buffers of the system would take everything
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    host, _, port = client.app.url.removeprefix("http://").rpartition(":")

    def read() -> bytes:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((host, int(port)))
            slow.sendall(b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic YTpi\r\n\r\n")
            time.sleep(END_SECONDS + 0.5)
            return b"".join(iter(lambda: slow.recv(65_536), b""))

    text = await asyncio.to_thread(read)
    assert (text.count(b"a") >= 65_600, text.count(b"b") >= 60_000, text.endswith(b"0\r\n\r\n")) == (True, True, True)


@pytest.mark.parametrize("endless", [True, False])
async def test_who_leaves_before_the_answer_begins_is_no_error_of_the_gateway(start, logged, endless: bool) -> None:
    opening, left = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def source() -> AsyncIterator[Any]:
        async def give() -> Any:
            for _ in range(100):
                yield b"x" * 65_536

        opening.set()
        await asyncio.sleep(0.2)
        try:
            yield give()
        finally:
            left.set()

    async def flow(exchange: Any) -> Any:
        await exchange.caller.account()
        return Flow(source(), "text/plain", {}, live=endless)

    client = await start({"troubleshootDelivery": Action(flow)})
    asking = asyncio.create_task(client("GET", PATH))
    await opening.wait()
    asking.cancel()
    async with asyncio.timeout(5):
        await left.wait()
        await client.app.stop()  # which waits for what is under way
    assert "'operation': 'troubleshootDelivery'" in logged.getvalue()
    assert "'levelname': 'ERROR'" not in logged.getvalue()
    assert "'levelname': 'WARNING'" not in logged.getvalue()


async def test_a_stream_that_breaks_breaks_for_the_client_too(stage, start) -> None:
    async def play(response: web.StreamResponse) -> None:
        await response.write(b'event: event\ndata: [{"n":1}]\n\n')
        await asyncio.sleep(0.05)
        raise RuntimeError("the server falls over")

    stage.play = play
    client = await start(ROW)
    with pytest.raises(aiohttp.ClientError):
        async with watching(client) as answer:
            await answer.read()


@pytest.mark.parametrize("text", [b"event: event\ndata: no json\n\n", b"data: \xff\n\n"])
async def test_events_that_are_none_break_the_stream(stage, start, text) -> None:
    async def play(response: web.StreamResponse) -> None:
        await response.write(text)

    stage.play = play
    client = await start(ROW)
    with pytest.raises(aiohttp.ClientError):
        async with watching(client) as answer:
            await answer.read()


async def test_an_answer_that_is_no_stream_is_an_error_with_a_status(server, start) -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    server.other = page
    client = await start(ROW)
    assert (await client("GET", PATH)).status == 500


@pytest.mark.parametrize(("status", "expected"), [(401, 401), (403, 403), (429, 429), (500, 500), (503, 500)])
async def test_a_refusal_before_the_first_byte_has_its_old_form(server, start, status, expected) -> None:
    async def refuses(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="canary")

    server.other = refuses
    client = await start(ROW)
    answer = await client("GET", PATH)
    assert (answer.status, answer.headers["Content-Type"]) == (expected, "application/problem+json")
    assert b"canary" not in answer.body


async def test_a_row_may_put_an_old_refusal_in_the_place_of_a_new_one(server, start) -> None:
    server.gone.add("/api/live/delivery/x.test")
    client = await start(ROW)
    assert (await client("GET", PATH)).json == {"error": "unsupported", "details": "Enterprise feature"}


async def test_a_new_server_that_says_nothing_is_too_slow(server, start) -> None:
    async def silent(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    server.other = silent
    client = await start(ROW, timeouts={"read": 0.2})
    assert (await client("GET", PATH)).status == 503


async def test_the_time_for_a_request_does_not_run_while_a_stream_does(stage, start) -> None:
    before = SECONDS.labels("troubleshootDelivery")._sum.get()  # noqa: SLF001 - other tests have been there
    client = await start(ROW, timeouts={"request": 0.2, "total": 0.2, "read": 0.2, "connect": 0.1})
    async with watching(client) as answer:
        await asyncio.sleep(0.5)
        assert stage.open == 1
        assert not answer.content.at_eof()
    await stage.until(0)
    metrics = (await client("GET", "/metrics", authorization=None)).body.decode()
    (spent,) = re.findall(r'gateway_request_seconds_sum\{operation="troubleshootDelivery"\} (\S+)', metrics)
    assert float(spent) < before + 0.5


async def test_streams_end_at_once_and_properly_when_the_gateway_stops(stage, start) -> None:
    client = await start(ROW, timeouts={"drain": 10})
    async with watching(client) as answer:
        await answer.content.readuntil(b"\n\n")
        began = time.monotonic()
        await client.app.stop()
        assert time.monotonic() - began < 3
        assert await answer.read() == b""
    await stage.until(0)


async def test_a_stream_that_is_asked_for_while_the_gateway_stops_ends_at_once(stage, start) -> None:
    client = await start(ROW | {"getQueueStatus": Action(_slow)}, timeouts={"drain": 10})
    host, _, port = client.app.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    ask = b"GET %b HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\n\r\n"
    writer.write(ask % b"/healthz/live")
    await reader.readuntil(b"}")
    slow = asyncio.create_task(client("GET", "/api/queue/status"))
    await asyncio.sleep(0.1)
    stopping = asyncio.create_task(client.app.stop())
    await asyncio.sleep(0.1)
    writer.write(ask % PATH.encode())
    answer = await asyncio.wait_for(reader.read(), 3)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n0\r\n\r\n")
    assert (await slow).json == {"data": True}
    await asyncio.wait_for(stopping, 3)
    writer.close()
    await stage.until(0)


async def _slow(_exchange: Any) -> bool:
    await asyncio.sleep(0.5)
    return True


async def test_a_token_stands_for_a_credential(stage, start) -> None:
    client = await start(ROW)
    async with watching(client, f"{PATH}?token=good&timeout=5", Accept="text/event-stream") as answer:
        assert answer.status == 200
    assert stage.asked == [("/api/live/delivery/x.test?token=good&timeout=5", None)]


async def test_a_token_that_is_none_is_refused(start) -> None:
    client = await start(ROW)
    answer = await client("GET", f"{PATH}?token=bad", authorization=None)
    assert answer.status == 401
    assert len(answer.headers.getall("WWW-Authenticate")) == 2


async def test_a_good_login_may_come_with_a_token_that_is_none(stage, start) -> None:
    client = await start(ROW)
    async with watching(client, f"{PATH}?token=bad") as answer:
        assert answer.status == 200
    assert stage.asked == [("/api/live/delivery/x.test?token=bad", None), ("/api/live/delivery/x.test", "Basic YTpi")]


async def test_a_wrong_login_may_come_with_a_good_token(start) -> None:
    client = await start(ROW)
    async with watching(client, f"{PATH}?token=good", Authorization="Basic d3Jvbmc6d3Jvbmc=") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/troubleshoot/nothing", 404), ("POST", "/api/troubleshoot/dmarc", 400)])
async def test_whoever_has_a_good_token_only_hears_what_is_wrong_with_the_rest(stage, start, method, path, status) -> None:
    client = await start(ROW)
    assert (await client(method, f"{path}?token=good", authorization=None, data=b"{}")).status == status
    assert (await client(method, f"{path}?token=bad", authorization=None, data=b"{}")).status == 401
    await stage.until(0)


async def test_a_token_is_looked_at_for_streams_only(stage, start) -> None:
    client = await start(ROW)
    answer = await client("GET", "/api/queue/status?token=good", authorization=None)
    assert answer.status == 401
    assert stage.asked == []


async def test_tokens_are_written_nowhere(stage, start, capfd, caplog) -> None:
    caplog.set_level("DEBUG")
    client = await start(ROW, log_level="debug")
    for token in ("good", "Canary-token"):
        await stage.until(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3), watching(client, f"{PATH}?token={token}", Accept="*/*") as answer:
                await answer.read()
    written = caplog.text + "".join(str(vars(record)) for record in caplog.records) + "".join(capfd.readouterr())
    assert "troubleshootDelivery" in written
    assert "Canary-token" not in written
    assert "token=" not in written
