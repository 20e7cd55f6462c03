"""What is handed on as it is, in both directions, and what never is."""

import asyncio

import aiohttp
import pytest
from aiohttp import WSMsgType, web


async def test_an_exchange_is_handed_on_as_it_is(start, server):
    async def answer(request):
        body = await request.read()
        headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "text/x"), ("X-Other", "kept"), ("Connection", "X-Hop"), ("X-Hop", "dropped")]
        return web.Response(status=207, reason="Multi-Status", headers=headers, body=b"got " + body)

    server.other = answer
    client = await start()
    got = await client("PROPFIND", "/dav/card/%41%2Fb?x=%2F&y=a+b", data=b"body", Depth="1", Connection="X-Secret-Hop", X_Secret_Hop="1", X_Forwarded_For="6.6.6.6")
    assert (got.status, got.body) == (207, b"got body")
    assert got.headers.getall("Set-Cookie") == ["a=1", "b=2"]
    assert (got.headers["Content-Type"], got.headers["X-Other"]) == ("text/x", "kept")
    assert "X-Hop" not in got.headers
    assert "Server" not in got.headers
    (method, path, headers), *_ = [seen for seen in server.seen if seen[1].startswith("/dav")]
    assert (method, path) == ("PROPFIND", "/dav/card/%41%2Fb?x=%2F&y=a+b")
    assert headers["Depth"] == "1"
    assert headers["Authorization"].startswith("Basic ")
    assert headers["Host"] == server.url.removeprefix("http://")
    assert not {"X-Secret-Hop", "X-Forwarded-For"} & set(headers)


@pytest.mark.parametrize("target", ["/jmap", "/jmap/", "/jmap/session", "/auth/token", "/.well-known/jmap", "/login", "/dav/cal/a"])
async def test_allowed(start, server, target):
    async def answer(_request):
        return web.Response(text="from there")

    server.other = answer
    client = await start()
    assert (await client("GET", target)).body == b"from there"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/jmapx",
        "/JMAP/session",
        "/admin",
        "/account",
        "/favicon.ico",
        "/wp-login.php",
        "/jmap/../api/account",
        "/jmap/%2e%2e/api/account",
        "/jmap/..%2fapi/account",
        "/jmap/%2E%2E%5Capi",
        "/jmap/./session",
        "/jmap/x.php",
        "/jmap/%70hp",
        "/dav/cgi-bin/x",
        "/auth/xmlrpc",
        "/login/wp-admin",
    ],
)
async def test_never_handed_on(start, server, target):
    client = await start()
    answer = await client("GET", target)
    assert (answer.status, answer.json["title"]) == (404, "Not Found")
    assert {path for _, path, _ in server.seen} <= {"/jmap/session"}


async def test_the_allowlist_is_a_setting(start, server):
    async def answer(_request):
        return web.Response(text="from there")

    server.other = answer
    client = await start(passthrough="/only")
    assert (await client("GET", "/only/this")).body == b"from there"
    assert (await client("GET", "/jmap/session")).status == 404


async def test_the_old_api_is_never_handed_on(start, server):
    client = await start()
    assert (await client("GET", "/api/account")).status == 404
    assert (await client("GET", "/api/schema")).status == 404
    assert server.calls("/api/schema") == 0


async def test_answers_are_streamed(start, server):
    more = asyncio.Event()

    async def answer(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"event: ping\n\n")
        await more.wait()
        await response.write(b"event: state\n\n")
        return response

    server.other = answer
    client = await start()
    async with client.http.get(client.app.url + "/jmap/eventsource/?types=*", headers={"Accept": "text/event-stream"}) as got:
        assert await asyncio.wait_for(got.content.readany(), 5) == b"event: ping\n\n"
        more.set()
        assert await asyncio.wait_for(got.content.read(), 5) == b"event: state\n\n"


async def test_a_client_that_stops_reading_is_cut(start, server):
    left = asyncio.Event()

    async def answer(request):
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except ConnectionError:
            left.set()
        return response

    server.other = answer
    client = await start(timeouts={"idle": 0.3})
    async with client.http.get(client.app.url + "/jmap/download/b/blob/name"):
        await asyncio.wait_for(left.wait(), 10)


async def test_bodies_are_streamed(start, server):
    first = asyncio.Event()

    async def answer(request):
        assert await request.content.readany() == b"one"
        first.set()
        assert await request.content.read() == b"two"
        return web.Response(text="whole")

    server.other = answer
    client = await start()

    async def pieces():
        yield b"one"
        await first.wait()
        yield b"two"

    assert (await asyncio.wait_for(client("POST", "/jmap/upload/b/", data=pieces()), 5)).body == b"whole"


async def test_encoded_answers_stay_encoded(start, server):
    async def answer(_request):
        return web.Response(body=b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})

    server.other = answer
    client = await start()
    got = await client("GET", "/jmap/download/b/c/d")
    assert (got.body, got.headers["Content-Encoding"]) == (b"\x1f\x8b\x08", "gzip")


async def test_head_and_redirects(start, server):
    async def answer(request):
        if request.method == "HEAD":
            return web.Response(status=200, headers={"Content-Length": "5"})
        return web.Response(status=307, headers={"Location": "/jmap/session", "Cache-Control": "no-cache"})

    server.other = answer
    client = await start()
    assert (await client("HEAD", "/dav/x")).headers["Content-Length"] == "5"
    redirect = await client("GET", "/.well-known/jmap")
    assert (redirect.status, redirect.headers["Location"]) == (307, "/jmap/session")


async def test_an_answer_that_breaks_off_breaks_off_here_too(start, server):
    async def answer(request):
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        request.transport.abort()
        return response

    server.other = answer
    client = await start()
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
        await client("GET", "/jmap/download/b/c/d")


async def test_an_unreachable_server(start):
    client = await start(upstream="http://127.0.0.1:9")
    answer = await client("GET", "/jmap/session")
    assert (answer.status, answer.json["title"], "Retry-After" in answer.headers) == (503, "Service Unavailable", True)


async def test_a_change_whose_answer_is_lost(start, server):
    async def answer(request):
        await request.read()
        request.transport.abort()
        return web.Response()

    server.other = answer
    client = await start()
    got = await client("POST", "/jmap/", data=b"{}")
    assert (got.status, got.json["title"]) == (504, "Gateway Timeout")
    assert server.calls("/jmap/") == 1


async def test_websockets(start, server):
    closed = asyncio.get_running_loop().create_future()

    async def answer(request):
        socket = web.WebSocketResponse(protocols=["jmap"])
        await socket.prepare(request)
        async for frame in socket:
            await (socket.send_str if frame.type is WSMsgType.TEXT else socket.send_bytes)(frame.data)
        closed.set_result(socket.close_code)
        return socket

    server.other = answer
    client = await start()
    async with client.http.ws_connect(client.app.url + "/jmap/ws?x=1", protocols=["other", "jmap"], headers={"Authorization": "Bearer Canary"}) as socket:
        assert socket.protocol == "jmap"
        await socket.send_str("text")
        assert (await socket.receive(5)).data == "text"
        await socket.send_bytes(b"bytes")
        assert (await socket.receive(5)).data == b"bytes"
        await socket.close(code=4001, message=b"enough")
    assert await asyncio.wait_for(closed, 5) == 4001
    (_, path, headers), *_ = [seen for seen in server.seen if seen[1].startswith("/jmap/ws")]
    assert (path, headers["Authorization"]) == ("/jmap/ws?x=1", "Bearer Canary")


async def test_a_websocket_that_the_server_closes(start, server):
    async def answer(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close(code=4002, message=b"no more")
        return socket

    server.other = answer
    client = await start()
    async with client.http.ws_connect(client.app.url + "/jmap/ws") as socket:
        frame = await socket.receive(5)
        assert (frame.type, socket.close_code) == (WSMsgType.CLOSE, 4002)


async def test_a_websocket_that_the_server_declines(start, server):
    async def answer(_request):
        return web.Response(status=401)

    server.other = answer
    client = await start()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.http.ws_connect(client.app.url + "/jmap/ws")
    assert refusal.value.status == 401
    assert refusal.value.headers.getall("WWW-Authenticate") == ['Bearer realm="Stalwart Server"', 'Basic realm="Stalwart Server"']


async def test_a_credential_named_as_meant_for_one_hop_only_is_not_handed_on(start, server):
    async def answer(request):
        return web.Response(text=str("Authorization" in request.headers))

    server.other = answer
    client = await start()
    assert (await client("GET", "/jmap/x", Connection="Authorization")).body == b"False"


async def test_one_credential_is_handed_on(start, server, raw):
    async def answer(request):
        return web.Response(text=" ".join(request.headers.getall("Authorization")))

    server.other = answer
    client = await start()
    sent = b"GET /jmap/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nConnection: close\r\n\r\n"
    answered = await asyncio.wait_for(raw(client, sent), 20)
    assert b"Bearer a" in answered
    assert b"Bearer b" not in answered


async def test_nobody_is_connected_to_anything(start, server, raw):
    client = await start()
    sent = b"CONNECT /jmap/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /jmap/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    answered = await asyncio.wait_for(raw(client, sent), 20)
    assert answered.startswith(b"HTTP/1.1 404 ")
    assert b"The requested resource does not exist on this server" in answered
    assert {path for _, path, _ in server.seen} <= {"/jmap/session"}


@pytest.mark.parametrize(("there", "here"), [(200, 400), (307, 400), (404, 404), (426, 400), (429, 429), (500, 500)])
async def test_a_path_without_websocket(start, server, there, here):
    async def answer(_request):
        return web.Response(status=there)

    server.other = answer
    client = await start()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.http.ws_connect(client.app.url + "/jmap/ws")
    assert refusal.value.status == here
