import asyncio
import time

import aiohttp
import pytest

from gateway.simulator.faults import Faults

ECHO = ("Core/echo", {"n": 1})
MAKE = ("x:Role/set", {"create": {"k": {"description": "made"}}})
COUNT = ("x:Role/query", {"calculateTotal": True})


@pytest.fixture
async def plan(server):
    async def put(*rules):
        answer = await server.ask("POST", "/.simulator/faults", list(rules), user=None)
        assert answer.status == 200, answer.raw

    return put


async def roles(server):
    return (await server.one(*COUNT))["total"]


async def test_a_status_is_answered_as_often_as_planned_and_nothing_is_done(server, plan):
    await plan({"do": "status", "status": 503, "retryAfter": 7, "count": 2, "call": "x:Role/set"})
    body = {"using": [], "methodCalls": [[*MAKE, "c0"]]}
    for _ in range(2):
        answer = await server.ask("POST", "/jmap/", body)
        assert (answer.status, answer.headers["Retry-After"], answer.json["title"]) == (503, "7", "Service Unavailable")
    assert await roles(server) == 4
    assert (await server.ask("POST", "/jmap/", body)).status == 200
    assert await roles(server) == 5


async def test_a_cut_line_before_and_after(server, plan):
    await plan({"do": "cut", "call": "x:Role/set"}, {"do": "lose", "call": "x:Role/set"})
    for expected in (4, 5):
        with pytest.raises(aiohttp.ClientError):
            await server.batch(MAKE)
        assert await roles(server) == expected


async def test_a_cut_in_the_middle(server, plan):
    await plan({"do": "truncate", "path": "/jmap/"})
    with pytest.raises(aiohttp.ClientPayloadError):
        await server.batch(MAKE)
    assert await roles(server) == 5


async def test_garbage(server, plan):
    await plan({"do": "garbage", "method": "GET", "body": "<p>gone"})
    answer = await server.ask("GET", "/api/account")
    assert (answer.status, answer.raw) == (200, b"<p>gone")


async def test_every_call_unavailable(server, plan):
    await plan({"do": "unavailable"})
    answers = await server.batch(MAKE, ECHO)
    assert [(name, found["type"]) for name, found in answers] == [("error", "serverUnavailable")] * 2
    assert await roles(server) == 4


async def test_a_delayed_request_holds_its_place(server, plan):
    await plan({"do": "delay", "seconds": 0.3, "count": 4})
    began = time.monotonic()
    slow = [asyncio.create_task(server.batch(ECHO)) for _ in range(4)]
    await asyncio.sleep(0.1)
    fifth = await server.ask("POST", "/jmap/", {"using": [], "methodCalls": []})
    assert (fifth.status, fifth.json["limit"]) == (400, "maxConcurrentRequests")
    assert fifth.json["detail"] == "The request exceeds the maximum number of concurrent requests."
    assert fifth.headers["RateLimit-Policy"] == '"concurrent-requests";q=4;qu="concurrent-requests"'
    other = await server.ask("POST", "/jmap/", {"using": [], "methodCalls": []}, user=("olga@lab.test", "canary of olga 1"))
    assert other.status == 200
    assert await asyncio.gather(*slow) == [[["Core/echo", {"n": 1}]]] * 4
    assert time.monotonic() - began >= 0.3
    assert (await server.ask("POST", "/jmap/", {"using": [], "methodCalls": []})).status == 200


async def test_the_fifth_request_on_demand(server, plan):
    await plan({"do": "concurrent", "after": 1})
    assert [(await server.ask("POST", "/jmap/", {"using": [], "methodCalls": []})).status for _ in range(3)] == [200, 400, 200]


async def test_a_plan_that_is_none(server):
    for body in ([{"do": "explode"}], [{"nope": 1}], {"do": "cut"}, b"{"):
        assert (await server.ask("POST", "/.simulator/faults", body, user=None)).status == 400
    assert (await server.ask("GET", "/.simulator/nothing", user=None)).status == 404
    assert (await server.ask("GET", "/.simulator/faults", user=None)).json == []


async def test_the_journal_names_the_calls(server):
    await server.batch(MAKE, COUNT)
    assert (await server.ask("GET", "/.simulator/journal", user=None)).json[-1] == {
        "method": "POST",
        "path": "/jmap/",
        "calls": ["x:Role/set", "x:Role/query"],
    }


async def test_time_is_moved_from_outside(server):
    before = server.world.clock.now()
    assert (await server.ask("POST", "/.simulator/advance", {"seconds": 90}, user=None)).json == {"now": before + 90}
    assert (await server.ask("POST", "/.simulator/advance", {"seconds": -1}, user=None)).status == 400


def test_rules_strike_in_order_and_are_used_up():
    faults = Faults([{"do": "cut", "path": "/api"}, {"do": "lose", "count": None, "after": 1}])
    struck = [faults.take("GET", path, ()) for path in ("/jmap", "/api/account", "/api/account", "/jmap")]
    assert [rule and rule.do for rule in struck] == [None, "cut", "lose", "lose"]
