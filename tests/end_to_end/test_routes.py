"""What is not there, and what every reply carries."""

import re

NOT_FOUND = {"type": "about:blank", "status": 404, "title": "Not Found", "detail": "The requested resource does not exist on this server."}
UNAUTHORIZED = {"type": "about:blank", "status": 401, "title": "Unauthorized", "detail": "You have to authenticate first."}

WRONG = {
    "/api/queue/messages": ("POST", "PUT"),
    "/api/queue/messages/1": ("POST", "PUT"),
    "/api/queue/status": ("POST", "PUT", "DELETE"),
    "/api/queue/reports": ("POST", "PUT", "PATCH"),
    "/api/queue/reports/d!zz.test!1!1!1": ("POST", "PUT", "PATCH"),
    "/api/reports/dmarc": ("POST", "PUT", "PATCH"),
    "/api/reports/dmarc/1_1": ("POST", "PUT", "PATCH"),
    "/api/zz": ("GET", "POST", "PUT", "PATCH", "DELETE"),
}


async def test_a_wrong_method_is_an_unknown_route(old) -> None:
    for target, methods in WRONG.items():
        for method in methods:
            status, headers, body = await old.response(method, target)
            assert (status, body) == (404, NOT_FOUND), (method, target)
            assert headers["Content-Type"] == "application/problem+json"
            assert "Allow" not in headers


async def test_unknown_routes(old) -> None:
    for target in ("/api", "/api/", "/API/queue/status", "/api//queue/status", "/api/queue", "/api/queue/zz", "/api/queue/messages&from=a@b", "/api/queue/status/stop"):
        assert await old.call("GET", target) == (404, NOT_FOUND), target


async def test_credentials_come_before_the_route(old) -> None:
    for login in (None, ("admin", "wrong"), ("nobody@lab.test", "x")):
        for target in ("/api/queue/status", "/api/zz", "/api/principal"):
            status, headers, body = await old.as_(login).response("GET", target)
            assert (status, body) == (401, UNAUTHORIZED), (login, target)
            assert "WWW-Authenticate" not in headers


async def test_options_and_head(old) -> None:
    status, headers, body = await old.as_(None).response("OPTIONS", "/api/queue/messages")
    assert (status, body) == (204, None)
    assert "Allow" not in headers
    status, _, _ = await old.response("HEAD", "/api/queue/messages")
    assert status == 404


async def test_an_old_call_is_marked_as_such(old) -> None:
    _, headers, _ = await old.response("GET", "/api/queue/messages")
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert re.fullmatch(r"@\d+", headers["Deprecation"])
    assert headers["Link"] == '</jmap/>; rel="successor-version"; title="x:QueuedMessage/query"'


async def test_what_is_never_served_says_so_to_those_who_may_know(old) -> None:
    status, body = await old.call("GET", "/api/restart")
    assert (status, body["error"]) == (200, "unsupported")
    assert (await old.as_(("admin", "wrong")).call("GET", "/api/restart"))[0] == 401


async def test_the_new_server_is_reached_through_the_gateway(old) -> None:
    status, body = await old.call("GET", "/jmap/session")
    assert status == 200
    assert body["username"] == "admin"
