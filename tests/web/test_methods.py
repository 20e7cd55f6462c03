"""OPTIONS, HEAD, PUT, unknown methods, and CORS, as recorded (legacy-rest-api 1.6)."""

import pytest
from aiohttp import web

from gateway.knowledge.permissions import NEW_RIGHTS

NOT_FOUND = b'{"type":"about:blank","status":404,"title":"Not Found","detail":"The requested resource does not exist on this server."}'
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, X-Requested-With",
    "Access-Control-Allow-Methods": "POST, GET, PATCH, PUT, DELETE, HEAD, OPTIONS",
}


@pytest.mark.parametrize("target", ["/api", "/api/", "/api/principal", "/api/zz", "/api/queue/messages?page=1", "/api//x"])
@pytest.mark.parametrize("authorization", [None, "Basic wrong"])
async def test_options(start, server, raw, target, authorization):
    client = await start()
    credential = f"Authorization: {authorization}\r\n" if authorization else ""
    request = f"OPTIONS {target} HTTP/1.1\r\nHost: x\r\n{credential}Origin: https://panel.example\r\nConnection: close\r\n\r\n"
    head, _, body = (await raw(client, request.encode())).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    names = {line.partition(":")[0] for line in headers}
    assert status == "HTTP/1.1 204 No Content"
    assert body == b""
    assert "Content-Type: application/problem+json" in headers
    assert "Content-Length: 78" in headers
    assert names == {"Content-Type", "Content-Length", "Date", "Connection"}
    assert server.calls("/api/account") == 0


@pytest.mark.parametrize("target", ["/api/principal", "/api/principal/kim", "/api/queue/messages", "/api/logs", "/api/zz"])
async def test_head_is_not_routed(start, raw, server, target):
    client = await start()
    (login,) = server.rights
    request = f"HEAD {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\nConnection: close\r\n\r\n"
    head, _, body = (await raw(client, request.encode())).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"Content-Length: 120\r\n" in head
    assert b"Content-Type: application/problem+json" in head
    assert body == b""


async def test_head_wants_credentials(start):
    client = await start()
    answer = await client("HEAD", "/api/queue/messages", authorization=None)
    assert (answer.status, answer.headers["Content-Length"]) == (401, "101")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "PROPFIND", "BREW"])
@pytest.mark.parametrize("target", ["/api/queue/messages", "/api/zz"])
async def test_other_methods_are_unknown_routes(start, raw, server, method, target):
    client = await start()
    (login,) = server.rights
    request = f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\nConnection: close\r\n\r\n"
    head, _, body = (await raw(client, request.encode())).partition(b"\r\n\r\n")
    if method == "BREW":  # no method that the parser knows
        assert head.startswith(b"HTTP/1.0 400 ")
    else:
        assert head.startswith(b"HTTP/1.1 404 ")
        assert body == NOT_FOUND


async def test_without_the_setting_no_reply_has_cors_headers(start):
    client = await start()
    for method, target in (("OPTIONS", "/api/zz"), ("GET", "/api/zz"), ("GET", "/healthz/live")):
        answer = await client(method, target, Origin="https://panel.example")
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ("OPTIONS /api/principal", 204),
        ("GET /api/queue/status", 200),
        ("GET /api/zz", 404),
        ("POST /api/settings", 400),
        ("GET /healthz/live", 200),
        ("GET /elsewhere", 404),
        ("GET /jmap/session", 401),
    ],
)
async def test_with_the_setting_every_reply_has_them(start, server, giving, call, status):
    async def refuse(request):
        if request.path == "/api/account":
            return web.json_response({"permissions": ["authenticate", "sysQueuedMessageGet", *NEW_RIGHTS["settings-update"]]})
        return web.Response(status=401, headers={"Access-Control-Allow-Origin": "https://other.example"})

    server.other = refuse
    client = await start(permissive_cors=True, rows={"getQueueStatus": giving(value=True)})
    answer = await client(*call.split(), Origin="https://panel.example")
    assert answer.status == status
    assert {name: answer.headers.getall(name) for name in CORS} == {name: [value] for name, value in CORS.items()}


async def test_with_the_setting_refused_credentials_have_them(start):
    client = await start(permissive_cors=True)
    answer = await client("GET", "/api/zz", authorization=None)
    assert answer.status == 401
    assert {name: answer.headers[name] for name in CORS} == CORS
