"""What servers do to the bytes of an answer, and to connections that are kept."""

import asyncio
import json
import os
import socket
import time
from contextlib import suppress

import pytest

from gateway.jmap import connection as connection_module
from gateway.jmap import pool as pool_module
from gateway.jmap.calls import BY_ID, Query, Set
from gateway.jmap.connection import fields
from gateway.jmap.errors import Garbled, HttpRefusal, OutcomeUnknown, TooSlow, Unreachable

READ, WRITE = Query("Task", [BY_ID], 10), Set("Task", destroy=["b"])
FOUND = json.dumps({"methodResponses": [["x:Task/query", {"ids": ["ba"], "total": 1}, "c0"]]}).encode()
DONE = json.dumps({"methodResponses": [["x:Task/set", {"destroyed": ["b"]}, "c0"]]}).encode()
TEST_IDS = {"ids": lambda value: type(value).__name__ if not isinstance(value, bytes) else value[:30].decode("latin-1").strip()}


def plain(body, status="200 OK", extra=""):
    return f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Raw:
    """A server of bare sockets: `play(raw, reader, writer, number)` deals with each connection, `requests` are those read whole."""

    def __init__(self):
        self.connections = []
        self.requests = []
        self.play = Raw.answering
        self.url = ""
        self._news = asyncio.Event()

    async def asked(self, count):
        """Wait until so many requests have come in."""
        async with asyncio.timeout(5):
            while len(self.requests) < count:
                self._news.clear()
                await self._news.wait()

    async def serve(self, reader, writer):
        self.connections.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.play(self, reader, writer, len(self.connections))
        writer.close()

    async def request(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        body = await reader.readexactly(int(length or 0))
        self.requests.append((head, body))
        self._news.set()
        return body

    @staticmethod
    def fitting(body):
        return DONE if b"/set" in body else FOUND

    async def answering(self, reader, writer, _number):
        while True:
            writer.write(plain(self.fitting(await self.request(reader))))

    def says(self, *pieces, keep=True):
        """Every request is answered with these pieces of bytes, one by one; the connection is then kept or closed."""

        async def play(raw, reader, writer, _number):
            while True:
                await raw.request(reader)
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0.001)
                if not keep:
                    return

        self.play = play


@pytest.fixture
async def raw():
    server = Raw()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield server
    listening.close()
    for writer in server.connections:
        writer.transport.abort()
    await asyncio.sleep(0.02)


@pytest.fixture
async def caller(raw, open_upstream):
    """A caller whose requests are the only ones: what the client asks by itself has failed and is asked again in seconds."""
    raw.says(plain(b"{}", "503 No", extra="Connection: close\r\n"), keep=False)
    upstream = await open_upstream(raw.url)
    await raw.asked(1)
    raw.requests.clear()
    raw.connections.clear()
    raw.play = Raw.answering
    return upstream.caller("Basic one")


@pytest.mark.parametrize(
    "pieces",
    [
        [plain(FOUND)],
        [b"HTTP/1.1 100 Continue\r\n\r\n" + plain(FOUND)],
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", plain(FOUND)],
        [plain(FOUND)[at : at + 1] for at in range(len(plain(FOUND)))],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x;a=b\r\n" % len(FOUND), FOUND, b"\r\n0\r\nTrailer: 1\r\n\r\n"],
        [b"HTTP/1.1 200\r\ncontent-length:%d\r\nEmpty:\r\n\r\n" % len(FOUND) + FOUND],
    ],
)
async def test_answers_in_every_framing_keep_the_connection(raw, caller, pieces):
    raw.says(*pieces)
    for _ in range(3):
        assert (await caller.request(READ))[0]["ids"] == ["ba"]
    assert (len(raw.connections), len(raw.requests)) == (1, 3)


@pytest.mark.parametrize(
    "pieces",
    [
        [plain(FOUND, extra="Connection: close\r\n")],
        [b"HTTP/1.0 200 OK\r\n\r\n" + FOUND],
        [b"HTTP/1.1 200 OK\r\n\r\n", FOUND[:10], FOUND[10:]],
        [b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FOUND) + FOUND],
    ],
)
async def test_answers_that_end_the_connection(raw, caller, pieces):
    raw.says(*pieces, keep=False)
    for _ in range(3):
        assert (await caller.request(READ))[0]["ids"] == ["ba"]
    assert (len(raw.connections), len(raw.requests)) == (3, 3)


@pytest.mark.parametrize("more", [b"canary", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", plain(DONE), b"HTTP/1.1 200", b"\x00"])
@pytest.mark.parametrize("together", [True, False])
async def test_bytes_behind_an_answer_are_nobodys(raw, caller, more, together):
    raw.says(*([plain(FOUND) + more] if together else [plain(FOUND), more]))
    for count in (1, 2, 3):
        assert (await caller.request(READ))[0]["ids"] == ["ba"]
        await asyncio.sleep(0.01)
        assert len(raw.connections) == count


@pytest.mark.parametrize("call", [READ, WRITE])
@pytest.mark.parametrize(
    "answer",
    [
        b"canary canary\r\n\r\n",
        b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 20_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
    **TEST_IDS,
)
async def test_what_is_no_answer(raw, caller, answer, call):
    raw.says(*(answer[at : at + 30_000] for at in range(0, len(answer), 30_000)))
    with pytest.raises(Garbled if call is READ else OutcomeUnknown) as error:
        await caller.request(call)
    assert error.value.__context__ is None
    assert "canary" not in repr(error.value)
    assert len(raw.requests) == 1
    raw.play = Raw.answering
    assert await caller.request(call)


@pytest.mark.parametrize("call", [READ, WRITE])
@pytest.mark.parametrize("framing", ["Content-Length: 200000", "Transfer-Encoding: chunked"])
async def test_an_answer_without_end_is_not_kept(raw, caller, monkeypatch, call, framing):
    monkeypatch.setattr(connection_module, "LARGEST_ANSWER", 100_000)
    raw.says(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode(), *[b"4e20\r\n" + b"x" * 20_000 + b"\r\n"] * 9)
    with pytest.raises(Garbled if call is READ else OutcomeUnknown):
        await caller.request(call)


async def test_a_refusal_without_end_is_cut(raw, caller):
    raw.says(b"HTTP/1.1 403 No\r\nContent-Length: 9000000\r\n\r\n", *[b"x" * 50_000] * 3)
    with pytest.raises(HttpRefusal, match="403"):
        await caller.request(WRITE)


@pytest.mark.parametrize("end", [b"", b"canary"])
async def test_a_refusal_whose_body_fails_is_still_one(raw, caller, end):
    raw.says(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n" + end, keep=not end)
    with pytest.raises(HttpRefusal, match="401"):
        await caller.request(WRITE)
    assert len(raw.requests) == 1


@pytest.mark.parametrize("call", [READ, WRITE])
async def test_a_head_that_trickles_is_too_slow(raw, caller, call):
    raw.says(b"HTTP/1.1 200 OK\r\nX: ", *[b"x"] * 5000)
    begun = time.perf_counter()
    with pytest.raises(TooSlow if call is READ else OutcomeUnknown):
        await caller.request(call)
    assert 0.9 < time.perf_counter() - begun < 2
    assert len(raw.requests) == 1


async def test_each_request_has_its_own_time(raw, caller):
    """One clock watches all: who came later is neither given up with the first one nor waits for its successor."""
    raw.says()

    async def ended():
        begun = time.perf_counter()
        with pytest.raises(TooSlow):
            await caller.request(READ)
        return time.perf_counter() - begun

    first = asyncio.create_task(ended())
    await asyncio.sleep(0.15)
    second = asyncio.create_task(ended())
    assert 0.29 < await first < 0.4
    assert 0.29 < await second < 0.4


async def test_an_answer_before_the_request_was_read(raw, caller):
    async def play(_raw, reader, writer, _number):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(plain(b"{}", "413 Too Large"))
        await asyncio.Event().wait()

    raw.play = play
    for count in (1, 2):
        with pytest.raises(HttpRefusal, match="413"):
            await caller.request(Set("Account", update={"b": {"description": "x" * 9_000_000}}))
        assert len(raw.connections) == count  # half a request lies on the first one


async def test_a_slow_upload_is_no_silence(raw, open_upstream):
    size = 20_000_000

    async def play(_raw, reader, writer, _number):
        head = await reader.readuntil(b"\r\n\r\n")
        left = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        assert left in (0, size)
        for _ in range(30 if left else 0):
            left -= len(await reader.read(10_000))
            await asyncio.sleep(0.02)
        await reader.readexactly(left)
        writer.write(plain(b"{}"))
        await reader.read()

    raw.play = play
    transport = (await open_upstream(raw.url, timeouts={"read": 0.3, "total": 8})).transport
    reply = await transport.exchange("POST", "/jmap/", b"", b"x" * size, write=True)
    assert reply.status == 200


@pytest.mark.parametrize("call", [READ, WRITE])
async def test_half_closed_before_the_answer(raw, caller, call):
    async def play(raw, reader, writer, _number):
        await raw.request(reader)
        writer.write_eof()
        await reader.read()

    raw.play = play
    with pytest.raises(Unreachable if call is READ else OutcomeUnknown):
        await caller.request(call)
    assert len(raw.requests) == (3 if call is READ else 1)


async def test_half_closed_behind_the_answer(raw, caller):
    async def play(raw, reader, writer, _number):
        writer.write(plain(raw.fitting(await raw.request(reader))))
        writer.write_eof()
        await reader.read()

    raw.play = play
    for count in (1, 2):
        assert await caller.request(WRITE)
        assert len(raw.connections) == count


@pytest.mark.parametrize("call", [READ, WRITE])
async def test_a_kept_connection_that_ends_as_the_next_request_arrives(raw, caller, call):
    """The race nobody can win: a read is sent again, a change is not, for it may have been carried out."""

    async def play(raw, reader, writer, number):
        writer.write(plain(raw.fitting(await raw.request(reader))))
        if number == 1:
            await raw.request(reader)
        else:
            await reader.read()

    raw.play = play
    await caller.request(call)
    if call is READ:
        assert await caller.request(READ)
        assert [b"/query" in body for _, body in raw.requests] == [True] * 3
    else:
        with pytest.raises(OutcomeUnknown):
            await caller.request(WRITE)
        assert len(raw.requests) == 2


@pytest.mark.parametrize("call", [READ, WRITE])
async def test_an_end_that_has_arrived_is_seen_before_anything_is_sent(raw, caller, call):
    assert await caller.request(call)
    with socket.socket(fileno=os.dup(raw.connections[0].get_extra_info("socket").fileno())) as same:
        same.shutdown(socket.SHUT_WR)
    assert await caller.request(call)  # the event loop had no turn in between
    assert (len(raw.connections), len(raw.requests)) == (2, 2)


async def test_connections_are_few_and_used_again(raw, caller):
    for _ in range(5):
        await asyncio.gather(*(caller.request(READ) for _ in range(20)))
    assert len(raw.connections) <= 4
    assert len(raw.requests) == 100


async def test_idle_connections_are_closed_in_time(raw, caller, monkeypatch):
    monkeypatch.setattr(pool_module, "KEPT_SECONDS", 0.05)
    await asyncio.gather(*(caller.request(READ) for _ in range(3)))
    async with asyncio.timeout(2):
        for writer in raw.connections:
            await writer.wait_closed()
    assert await caller.request(READ)


@pytest.mark.parametrize("call", [READ, WRITE])
async def test_who_leaves_closes_his_connection(raw, caller, call):
    gone = asyncio.Event()

    async def play(raw, reader, _writer, _number):
        await raw.request(reader)
        with suppress(ConnectionError):
            await reader.read()
        gone.set()

    raw.play = play
    leaving = asyncio.create_task(caller.request(call))
    await raw.asked(1)
    async with asyncio.timeout(2):
        leaving.cancel()
        await gone.wait()
    assert leaving.cancelled()
    raw.play = Raw.answering
    assert await caller.request(call)
    assert len(raw.requests) == 2


async def test_who_waits_while_the_client_closes_hears_of_it(raw, open_upstream):
    raw.says()
    upstream = await open_upstream(raw.url, timeouts={"read": 30, "total": 60})
    waiting = [asyncio.create_task(upstream.caller("Basic one").request(call)) for call in (READ, WRITE)]
    await raw.asked(3)
    async with asyncio.timeout(2):
        await upstream.close()
        with pytest.raises(OutcomeUnknown):
            await waiting[1]
    waiting[0].cancel()
    await asyncio.wait(waiting)


@pytest.mark.parametrize("value", ["a\r\nX: canary", "a\nb", "a\0b", "a\x7fb"])
def test_a_header_stays_in_its_line(value):
    with pytest.raises(ValueError, match="control"):
        fields({"Authorization": value})


async def test_a_credential_that_would_leave_its_line_is_refused_here(raw, caller, open_upstream):
    upstream = await open_upstream(raw.url)
    with pytest.raises(HttpRefusal, match="401"):
        upstream.caller("Basic canary\r\nX-Forwarded-For: 192.0.2.1")
    assert caller


@pytest.mark.parametrize("path", ["", "jmap", "/a b", "/ü", "/a\r\nHost: evil.example", "http://evil.example/"])
async def test_a_target_stays_in_its_line(raw, open_upstream, path):
    with pytest.raises(ValueError, match="slash"):
        (await open_upstream(raw.url)).transport.target(path)


async def test_a_server_below_a_path(raw, open_upstream):
    upstream = await open_upstream(raw.url + "/mail/")
    await upstream.caller("Basic one").request(READ)
    assert [head.split()[1] for head, body in raw.requests if body] == [b"/mail/jmap/"]
