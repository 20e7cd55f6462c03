"""What callers without all rights may do: the new server decides, the refusal has the old form and comes in the old order."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

FORBIDDEN = {"type": "about:blank", "status": 403, "title": "Forbidden", "detail": "You do not have enough permissions to access this resource."}
NOT_FOUND = {"type": "about:blank", "status": 404, "title": "Not Found", "detail": "The requested resource does not exist on this server."}
QUEUE = ("sysQueuedMessageGet", "sysQueuedMessageQuery")

Caller = Callable[..., Awaitable[Any]]


@pytest.fixture
def caller(old) -> Caller:
    """Makes an account that holds the rights of an ordinary user and those given, through the gateway's own way to the new server."""

    async def make(*permissions: str, without: tuple[str, ...] = ()) -> Any:
        merged = {"@type": "Merge", "enabledPermissions": dict.fromkeys(permissions, True), "disabledPermissions": dict.fromkeys(without, True)}
        secret = "Canary-of-somebody-5"
        account = {"@type": "User", "name": "kim", "domainId": "b", "credentials": {"0": {"@type": "Password", "secret": secret}}, "permissions": merged}
        request = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": [["x:Account/set", {"create": {"a": account}}, "c0"]]}
        status, _, answer = await old.response("POST", "/jmap/", json.dumps(request), {"Content-Type": "application/json"})
        assert (status, list(answer["methodResponses"][0][1]["created"])) == (200, ["a"])
        return old.as_(("kim@lab.test", secret))

    return make


async def test_an_ordinary_user_is_refused_everything_that_is_there(caller) -> None:
    kim = await caller()
    for method, target in (
        ("GET", "/api/queue/messages"), ("PATCH", "/api/queue/messages?text=zz"), ("DELETE", "/api/queue/messages?text=zz"), ("GET", "/api/queue/messages/1"),
        ("PATCH", "/api/queue/messages/1"), ("DELETE", "/api/queue/messages/1"), ("GET", "/api/queue/status"), ("PATCH", "/api/queue/status/stop"),
        ("GET", "/api/queue/reports"), ("DELETE", "/api/queue/reports"), ("GET", "/api/queue/reports/d!zz.test!1!1!1"), ("DELETE", "/api/queue/reports/d!zz.test!1!1!1"),
        ("GET", "/api/settings/list"), ("GET", "/api/settings/group?prefix=zz&suffix=type"), ("GET", "/api/settings/keys"), ("GET", "/api/settings/keys?keys=http.hsts"),
        ("GET", "/api/reports/dmarc"), ("DELETE", "/api/reports/tls"), ("GET", "/api/reports/arf/1_1"), ("DELETE", "/api/reports/dmarc/1_1"),
    ):
        assert await kim.call(method, target) == (403, FORBIDDEN), (method, target)


async def test_what_is_not_there_is_not_there_for_anybody(caller) -> None:
    kim = await caller()
    for method, target in (("GET", "/api/zz"), ("PUT", "/api/queue/messages"), ("GET", "/api/reports/zz")):
        assert await kim.call(method, target) == (404, NOT_FOUND), (method, target)


async def test_somebody_who_may_not_even_log_in(caller) -> None:
    kim = await caller(without=("authenticate",))
    for target in ("/api/queue/messages", "/api/zz"):
        assert await kim.call("GET", target) == (403, FORBIDDEN), target


async def test_a_right_opens_what_it_is_for_and_nothing_else(old, caller) -> None:
    kim = await caller(*QUEUE)
    await old.send("lee@sender.test", "a@temp.test", "b@temp.test")
    listed = await kim.get("/api/queue/messages")
    assert (listed["total"], listed["status"]) == (1, True)
    (number,) = listed["items"]
    target = f"/api/queue/messages/{number}"
    before = await kim.get(target)
    for method, refused in (
        ("PATCH", target), ("DELETE", target), ("DELETE", f"{target}?filter=a@"), ("PATCH", "/api/queue/messages"), ("DELETE", "/api/queue/messages"),
        ("PATCH", "/api/queue/status/stop"), ("GET", "/api/reports/dmarc"),
    ):
        assert await kim.call(method, refused) == (403, FORBIDDEN), (method, refused)
    assert await kim.get(target) == before


async def test_who_may_only_remove_cannot_cancel_one_recipient(old, caller) -> None:
    kim = await caller(*QUEUE, "sysQueuedMessageDestroy")
    await old.send("lee@sender.test", "a@temp.test", "b@temp.test")
    (number,) = (await kim.get("/api/queue/messages"))["items"]
    assert await kim.call("DELETE", f"/api/queue/messages/{number}?filter=a@") == (403, FORBIDDEN)
    assert await kim.delete(f"/api/queue/messages/{number}") is True
    assert await old.get("/api/queue/messages") == {"items": [], "total": 0, "status": True}


async def test_half_of_the_outgoing_reports_is_not_shown_as_all(caller) -> None:
    kim = await caller("sysDmarcInternalReportGet", "sysDmarcInternalReportQuery")
    assert await kim.get("/api/queue/reports?type=dmarc") == {"items": [], "total": 0}
    assert await kim.call("GET", "/api/queue/reports") == (403, FORBIDDEN)
