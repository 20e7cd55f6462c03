"""Bounds on bodies, headers, paths, depth, requests at once and refused logins; whose address counts."""

import asyncio
import io
import json

import pytest
from aiohttp import web

from gateway.legacy.table import Action

MIB = 1_048_576


def echo(seen):
    async def handle(exchange):
        seen.append(exchange.body)

    return Action(handle)


async def test_a_body_of_exactly_the_limit_is_read_and_one_above_counts_as_none(start):
    seen = []
    client = await start(rows={"updateSettings": echo(seen)})
    operations = json.dumps([{"type": "clear", "prefix": "x"}])
    assert (await client("POST", "/api/settings", data=io.BytesIO(operations.ljust(MIB).encode()))).status == 200
    refused = await client("POST", "/api/settings", data=io.BytesIO(operations.ljust(MIB + 1).encode()))
    assert (refused.status, refused.json["detail"]) == (400, "JSON deserialization failed")
    assert seen == [[{"type": "clear", "prefix": "x"}]]


async def test_a_body_of_unknown_length_is_bounded_too(start):
    seen = []
    client = await start(rows={"updateSettings": echo(seen)})

    async def pieces():
        for _ in range(MIB // 65_536 + 1):
            yield b" " * 65_536

    assert (await client("POST", "/api/settings", data=pieces())).status == 400
    assert seen == []


async def test_compressed_bodies_are_not_unpacked(start):
    client = await start(rows={"updateSettings": echo([])})
    answer = await client("POST", "/api/settings", data=b"\x1f\x8b\x08\x00", Content_Encoding="gzip")
    assert answer.status == 400


async def test_deep_nesting_is_refused(start):
    client = await start(rows={"updateSettings": echo([])})
    assert (await client("POST", "/api/settings", data="[" * 50_000 + "]" * 50_000)).status == 400


async def test_a_body_that_does_not_come_is_not_waited_for(start, raw, server):
    client = await start(rows={"updateSettings": echo([])}, timeouts={"body": 0.1})
    (login,) = server.rights
    sent = f"POST /api/settings HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\nContent-Length: 10\r\nConnection: close\r\n\r\n[".encode()
    head, _, body = (await asyncio.wait_for(raw(client, sent), 20)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["status"] == 408


async def test_credentials_are_refused_before_the_body_is_read(start):
    client = await start()
    sent = b"POST /api/settings HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(client.app.url.rpartition(":")[2]))
    writer.write(sent)
    assert (await asyncio.wait_for(reader.readline(), 5)) == b"HTTP/1.1 401 Unauthorized\r\n"
    writer.close()


@pytest.mark.parametrize("sent", ["GET /api/zz HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {long}\r\n\r\n", "GET /api/{long} HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_long_headers_and_paths_are_refused_without_quoting_them(start, raw, sent):
    client = await start()
    answer = await raw(client, sent.format(long="Canary" * 10_000).encode())
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"Canary" not in answer
    assert b"application/problem+json" in answer
    assert b"Server:" not in answer


async def test_what_is_no_http_is_refused_without_quoting_it(start, raw):
    client = await start()
    answer = await raw(client, b"Canary\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"Canary" not in answer


async def test_one_address_has_only_so_many_requests_at_once(start):
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(_exchange):
        entered.set()
        await leave.wait()
        return True

    client = await start(rows={"getQueueStatus": Action(wait)}, limits={"client_requests": 1})
    first = asyncio.create_task(client("GET", "/api/queue/status"))
    await entered.wait()
    second = await client("GET", "/api/queue/status")
    assert (second.status, second.json["title"]) == (429, "Too Many Requests")
    assert "Retry-After" not in second.headers
    leave.set()
    assert (await first).status == 200
    assert (await client("GET", "/api/queue/status")).status == 200


async def test_one_address_does_not_take_all_streams(start, server):
    leave = asyncio.Event()

    async def stream(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": here\n\n")
        await leave.wait()
        return response

    server.other = stream
    client = await start(limits={"client_streams": 2, "connections": 3}, trusted_proxies=["127.0.0.1"])

    def ask(address):
        return client.http.get(f"{client.app.url}/jmap/eventsource", headers={"X-Forwarded-For": address})

    async with asyncio.timeout(10), ask("192.0.2.9") as first, ask("192.0.2.9") as second:
        assert (first.status, second.status) == (200, 200)
        async with ask("192.0.2.9") as refused:
            assert (refused.status, (await refused.json(content_type=None))["title"]) == (429, "Too Many Requests")
        async with ask("192.0.2.10") as other:
            assert other.status == 200
            leave.set()
        await first.read()
        await second.read()
        async with ask("192.0.2.9") as again:
            assert again.status == 200


async def test_refused_logins_are_counted_by_address(start, server):
    client = await start(limits={"logins": 3}, trusted_proxies=["127.0.0.0/8"], caller_cache_seconds=0)
    (login,) = server.rights
    for _ in range(3):
        assert (await client("GET", "/api/zz", authorization="Bearer wrong", X_Forwarded_For="192.0.2.9")).status == 401
    asked = server.calls("/api/account")
    shut = await client("GET", "/api/zz", authorization=login, X_Forwarded_For="192.0.2.9")
    assert (shut.status, shut.json["title"]) == (429, "Too Many Authentication Attempts")
    assert server.calls("/api/account") == asked
    assert (await client("GET", "/api/zz", X_Forwarded_For="192.0.2.10")).status == 404
    assert (await client("GET", "/api/zz")).status == 404


async def test_refused_logins_on_passed_through_paths_count_as_well(start):
    client = await start(limits={"logins": 2}, trusted_proxies=["127.0.0.1"])
    for _ in range(2):
        assert (await client("GET", "/jmap/session", authorization="Bearer wrong", X_Forwarded_For="192.0.2.9")).status == 401
    assert (await client("GET", "/jmap/session", X_Forwarded_For="192.0.2.9")).status == 429
    assert (await client("GET", "/jmap/session", authorization=None, X_Forwarded_For="192.0.2.9")).status == 200


async def test_loopback_is_never_shut_out(start):
    client = await start(limits={"logins": 1})
    for _ in range(3):
        assert (await client("GET", "/api/zz", authorization="Bearer wrong")).status == 401
    assert (await client("GET", "/api/zz")).status == 404


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ([], "192.0.2.9", "127.0.0.1"),
        (["10.0.0.0/8"], "192.0.2.9", "127.0.0.1"),
        (["127.0.0.1"], "192.0.2.9", "192.0.2.9"),
        (["127.0.0.1"], "6.6.6.6, 192.0.2.9", "192.0.2.9"),
        (["127.0.0.1", "10.0.0.0/8"], "6.6.6.6, 192.0.2.9, 10.1.2.3", "192.0.2.9"),
        (["127.0.0.1"], "::ffff:192.0.2.9", "192.0.2.9"),
        (["127.0.0.1"], "2001:db8::1", "2001:db8::1"),
        (["127.0.0.1"], "nonsense", "127.0.0.1"),
        (["127.0.0.1"], "", "127.0.0.1"),
    ],
)
async def test_whose_address_counts(start, server, trusted, forwarded, address):
    client = await start(trusted_proxies=trusted, forward_client_address=True)
    await client("GET", "/api/zz", X_Forwarded_For=forwarded)
    (headers,) = [headers for _, path, headers in server.seen if path == "/api/account"]
    assert headers["X-Forwarded-For"] == address


async def test_the_address_is_not_told_unless_the_server_believes_it(start, server):
    client = await start(trusted_proxies=["127.0.0.1"])
    await client("GET", "/api/zz", X_Forwarded_For="192.0.2.9")
    assert all("X-Forwarded-For" not in headers for _, _, headers in server.seen)


async def test_a_read_that_takes_too_long_is_given_up(start):
    async def wait(_exchange):
        await asyncio.sleep(60)

    client = await start(rows={"getQueueStatus": Action(wait), "patchQueueStatus": Action(wait)}, timeouts={"request": 0.2})
    read = await client("GET", "/api/queue/status")
    assert (read.status, "Retry-After" in read.headers) == (503, True)
    change = await client("PATCH", "/api/queue/status/start")
    assert (change.status, change.json["title"]) == (504, "Gateway Timeout")


async def test_refused_logins_of_websockets_count_as_well(start):
    client = await start(limits={"logins": 2}, trusted_proxies=["127.0.0.1"])
    asked = {"X_Forwarded_For": "9.9.9.9", "Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    statuses = [(await client("GET", "/jmap/ws", authorization="Bearer wrong", **asked)).status for _ in range(3)]
    assert statuses == [401, 401, 429]


@pytest.mark.parametrize("target", ["/api/settings", "/jmap/"])
async def test_a_client_that_waits_for_it_is_asked_for_its_body(start, server, target):
    seen = []

    async def there(request):
        seen.append(await request.json())
        return web.Response()

    client = await start(rows={"updateSettings": echo(seen)})
    server.other = None if target.startswith("/api") else there
    (login,) = server.rights
    reader, writer = await asyncio.open_connection("127.0.0.1", int(client.app.url.rpartition(":")[2]))
    body = b'[{"type":"clear","prefix":"x"}]'
    writer.write(f"POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert await asyncio.wait_for(reader.readline(), 5) == b"HTTP/1.1 200 OK\r\n"
    assert seen == [json.loads(body)]
    writer.close()


async def test_a_body_to_pass_on_that_does_not_come_gives_its_place_back(start, server, raw):
    async def there(request):
        return web.Response(body=await request.read())

    server.other = there
    client = await start(timeouts={"body": 0.1}, limits={"connections": 1})
    sent = b"POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n["
    assert (await asyncio.wait_for(raw(client, sent), 20)).startswith(b"HTTP/1.1 408 ")
    assert (await client("POST", "/auth/token", data=b"whole")).body == b"whole"


async def test_a_request_whose_client_leaves_before_the_end_of_its_body_is_not_carried_out(start, server, caplog):
    seen = []
    client = await start(rows={"deleteQueue": echo(seen)})
    (login,) = server.rights
    _, writer = await asyncio.open_connection("127.0.0.1", int(client.app.url.rpartition(":")[2]))
    writer.write(f"DELETE /api/queue/messages HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\nContent-Length: 10\r\n\r\n[".encode())
    await asyncio.sleep(0.1)
    writer.close()
    await asyncio.sleep(0.1)
    assert seen == []
    assert "answered 500" not in caplog.text
