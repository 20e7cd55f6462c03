import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web

from gateway.jmap.errors import Busy, HttpRefusal, OutcomeUnknown, TooSlow, Unreachable

TARGET = "/dav/a%2Fb/%C3%BC;x=1?q=a+b&r=%20"


@pytest.fixture(autouse=True)
def stage(liar):
    liar.stage = "/echo"


async def test_target_headers_and_body_go_as_they_are(liar, upstream):
    liar.stage = "/dav/a/b/ü;x=1"

    async def act(request):
        return web.Response(body=await request.read(), status=207, headers={"X-Own": "1", "Content-Encoding": "gzip"})

    async def body():
        yield b"\x1f\x8b"
        yield b"\x00"

    liar.then = act
    async with upstream.transport.forward("PROPFIND", TARGET, {"Depth": "1", "Content-Length": "3"}, body()) as response:
        assert (response.status, response.headers["X-Own"]) == (207, "1")
        assert await response.content.read() == b"\x1f\x8b\x00"
    (request,) = liar.seen
    assert (request.method, request.target, request.body) == ("PROPFIND", TARGET, b"\x1f\x8b\x00")
    assert sorted(request.headers) == ["Content-Length", "Depth", "Host"]


async def test_an_answer_is_given_while_it_comes_in(liar, upstream):
    second = asyncio.Event()

    async def act(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await second.wait()
        await response.write(b"second")
        return response

    liar.then = act
    async with upstream.transport.forward("GET", "/echo", {}) as response:
        assert await response.content.readany() == b"first"
        second.set()
        assert await response.content.read() == b"second"


async def test_a_body_of_unknown_length_is_streamed(liar, upstream):
    async def act(request):
        return web.Response(body=await request.read())

    async def body():
        for _ in range(20):
            yield b"x" * 1000

    liar.then = act
    async with upstream.transport.forward("POST", "/echo", {}, body()) as response:
        assert len(await response.read()) == 20_000
    assert liar.seen[0].headers["Transfer-Encoding"] == "chunked"


async def test_redirects_are_handed_on(liar, upstream):
    liar.then = liar.problem(307, h_Location=liar.url + "/elsewhere")
    async with upstream.transport.forward("GET", "/echo", {}) as response:
        assert response.status == 307
    assert [request.target for request in liar.seen] == ["/echo"]


@pytest.mark.parametrize("target", ["", "echo", "@evil.example/", "http://evil.example/"])
async def test_the_host_is_always_the_configured_one(liar, upstream, target):
    with pytest.raises(ValueError, match="slash"):
        async with upstream.transport.forward("GET", target, {}):
            pass
    assert liar.seen == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "MKCOL"])
@pytest.mark.parametrize("act", ["cut", "not_http", "silent"])
async def test_a_change_is_forwarded_once(liar, upstream, method, act):
    liar.then = getattr(liar, act)
    with pytest.raises(OutcomeUnknown):
        async with upstream.transport.forward(method, "/echo", {}):
            pass
    await asyncio.sleep(0.02)
    assert len(liar.seen) == 1


@pytest.mark.parametrize(("act", "error"), [("cut", Unreachable), ("silent", TooSlow)])
async def test_a_read_is_forwarded_once(liar, upstream, act, error):
    liar.then = getattr(liar, act)
    with pytest.raises(error):
        async with upstream.transport.forward("GET", "/echo", {}):
            pass
    assert len(liar.seen) == 1


async def test_a_cut_after_the_beginning_shows_in_the_body(liar, upstream):
    liar.then = liar.cut_in_chunks
    async with upstream.transport.forward("GET", "/echo", {}) as response:
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_live_streams_may_be_silent(liar, upstream):
    async def act(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(0.5)
        await response.write(b"event: ping\n\n")
        return response

    liar.then = act
    async with upstream.transport.forward("GET", "/echo", {}, live=True) as response:
        assert await response.content.read() == b"event: ping\n\n"
    async with upstream.transport.forward("GET", "/echo", {}) as response:
        with pytest.raises(TimeoutError):
            await response.content.read()


async def test_streams_beyond_the_cap_are_refused_and_leave_ordinary_requests_alone(liar, open_upstream):
    upstream = await open_upstream(liar.url, limits={"connections": 1})
    liar.then = liar.silent_in_body
    async with upstream.transport.forward("GET", "/echo", {}):
        with pytest.raises(Busy):
            async with upstream.transport.forward("GET", "/echo", {}):
                pass
        assert (await upstream.caller("Basic one").account()).edition == "oss"
    async with upstream.transport.forward("GET", "/echo", {}) as response:
        assert response.status == 200


async def test_a_client_that_leaves_ends_the_stream_upstream(liar, upstream):
    over = asyncio.Event()

    async def act(request):
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(500):
                await response.write(b"x")
                await asyncio.sleep(0.01)
        finally:
            over.set()
        return response

    async def watch():
        async with upstream.transport.forward("GET", "/echo", {}, live=True) as response:
            await response.content.read()

    liar.then = act
    watching = asyncio.create_task(watch())
    await liar.asked(1, "/echo")
    watching.cancel()
    await asyncio.wait([watching])
    async with asyncio.timeout(2):
        await over.wait()
    assert len(upstream.transport.streams) == 0


async def test_a_client_that_leaves_within_its_upload_ends_it(upstream):
    begun = asyncio.Event()

    async def body():
        yield b"x"
        begun.set()
        await asyncio.sleep(60)

    async def send():
        async with upstream.transport.forward("POST", "/echo", {"Content-Length": "1000"}, body()):
            pass

    sending = asyncio.create_task(send())
    await begun.wait()
    sending.cancel()
    await asyncio.wait([sending])
    assert sending.cancelled()
    assert len(upstream.transport.streams) == 0
    assert (await upstream.caller("Basic one").account()).edition == "oss"


async def test_nobody_listens(open_upstream):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        upstream = await open_upstream(f"http://127.0.0.1:{taken.getsockname()[1]}")
        for opening in (upstream.transport.forward("POST", "/echo", {}), upstream.transport.websocket("/jmap/ws", {})):
            with pytest.raises(Unreachable):
                async with opening:
                    pass


async def test_a_websocket_carries_both_ways(liar, upstream):
    async def act(request):
        socket_ = web.WebSocketResponse(protocols=("jmap",), autoping=False)
        await socket_.prepare(request)
        async for message in socket_:
            if message.type is aiohttp.WSMsgType.PING:
                await socket_.pong(message.data)
            elif message.type is aiohttp.WSMsgType.BINARY:
                await socket_.send_bytes(message.data)
            else:
                await socket_.send_str(message.data)
        return socket_

    liar.then = act
    async with upstream.transport.websocket("/echo?a=%20", {"Authorization": "Basic one"}, ("jmap",)) as channel:
        assert channel.protocol == "jmap"
        await channel.send_str("ü")
        assert await channel.receive_str() == "ü"
        await channel.send_bytes(b"\x00")
        assert await channel.receive_bytes() == b"\x00"
        await channel.ping(b"p")
        message = await channel.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"p")
    assert liar.seen[0].target == "/echo?a=%20"
    assert liar.seen[0].headers["Authorization"] == "Basic one"
    assert len(upstream.transport.streams) == 0


@pytest.mark.parametrize("status", [200, 401, 403, 404])
async def test_a_websocket_that_is_declined(liar, upstream, status):
    liar.then = liar.problem(status)
    with pytest.raises(HttpRefusal) as error:
        async with upstream.transport.websocket("/echo", {"Authorization": "Basic one"}):
            pass
    assert error.value.status == status
    assert error.value.__context__ is None
