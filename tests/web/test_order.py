"""Which refusal comes first, and that the gateway says nothing by itself before the new server has accepted the caller."""

import json

import pytest

from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.refusals import Forbidden, ItemNotFound, NotFound
from gateway.legacy.table import Action

PLAIN = frozenset({"authenticate"})
EVERYTHING = frozenset(right for rights in NEW_RIGHTS.values() for right in rights)
READER = PLAIN | {"sysQueuedMessageGet"}


async def status(client, method, target, **more):
    return (await client(method, target, **more)).status


async def test_wrong_credentials_come_before_an_unknown_route(start, server):
    client = await start()
    server.rights.clear()
    assert await status(client, "GET", "/api/zz") == 401


async def test_without_authenticate_nothing_else_counts(start, server):
    client = await start()
    (login,) = server.rights
    server.rights[login] = frozenset({"sysQueuedMessageGet"})
    assert await status(client, "GET", "/api/zz") == 403
    assert await status(client, "GET", "/api/queue/status") == 403


async def test_an_unknown_route_comes_before_permissions(start, server):
    client = await start()
    (login,) = server.rights
    server.rights[login] = PLAIN
    assert await status(client, "GET", "/api/zz") == 404
    assert await status(client, "POST", "/api/queue/messages") == 404


@pytest.mark.parametrize("target", ["/api/reload/zz/yy", "/api/troubleshoot/zz"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_some_permissions_come_before_the_route(start, server, giving, method, target):
    client = await start(rows={"reload": giving({})})
    (login,) = server.rights
    everything = server.rights[login]
    server.rights[login] = PLAIN
    assert await status(client, method, target) == 403
    server.rights[login] = everything
    fresh = await start(rows={"reload": giving({})})
    assert await status(fresh, method, target) == (200 if (method, target) == ("GET", "/api/reload/zz/yy") else 404)


async def test_permission_comes_before_the_body(start, server, giving):
    client = await start(rows={"updateSettings": giving(None)}, caller_cache_seconds=0)
    assert await status(client, "POST", "/api/settings", data="{") == 400
    (login,) = server.rights
    server.rights[login] = PLAIN
    assert await status(client, "POST", "/api/settings", data="{") == 403
    server.rights.clear()
    assert await status(client, "POST", "/api/settings", data="{") == 401


async def test_a_row_may_put_the_body_before_the_permission(start, server, giving):
    made = giving(None)
    client = await start(rows={"updateSettings": Action(made.handle, order="body")}, caller_cache_seconds=0)
    (login,) = server.rights
    server.rights[login] = PLAIN
    assert await status(client, "POST", "/api/settings", data="{") == 400
    assert await status(client, "POST", "/api/settings", data='[{"type":"clear","prefix":"x"}]') == 403
    server.rights.clear()
    assert await status(client, "POST", "/api/settings", data="{") == 401


async def test_a_row_may_decide_by_itself(start, server):
    steps = [ItemNotFound("x"), Forbidden(), None]

    async def handle(exchange):
        step = steps.pop(0)
        if step is not None:
            raise step
        assert exchange.objection is not None
        raise exchange.objection

    client = await start(rows={"updateSettings": Action(handle, order="row")}, caller_cache_seconds=0)
    (login,) = server.rights
    server.rights[login] = PLAIN
    answers = [await client("POST", "/api/settings", data="{") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 403, 400]
    assert answers[0].json == {"error": "notFound", "item": "x"}


@pytest.mark.parametrize("error", [NotFound(), ItemNotFound("x")])
async def test_a_refusal_without_a_call_asks_who_the_caller_is(start, server, raising, error):
    client = await start(rows={"getQueueStatus": raising(error)}, caller_cache_seconds=0)
    assert await status(client, "GET", "/api/queue/status") in {200, 404}
    (login,) = server.rights
    server.rights[login] = PLAIN
    assert await status(client, "GET", "/api/queue/status") == 403
    server.rights.clear()
    assert await status(client, "GET", "/api/queue/status") == 401


async def test_a_remembered_value_needs_the_right(start, server, giving):
    client = await start(rows={"getQueueStatus": giving(value=True)}, caller_cache_seconds=0)
    (login,) = server.rights
    server.rights[login] = READER
    assert await status(client, "GET", "/api/queue/status") == 200
    server.rights[login] = PLAIN
    assert await status(client, "GET", "/api/queue/status") == 403


async def test_who_was_heard_is_not_asked_again(start, server):
    server.jmap = lambda calls: [["x:QueuedMessage/get", {"accountId": "b", "state": "a", "list": [], "notFound": calls[0][1]["ids"]}, "c0"]]
    client = await start()
    assert await status(client, "GET", "/api/queue/messages/12") == 404
    assert server.calls("/api/account") == 0


async def test_callers_are_remembered_for_seconds_only(start, server):
    client = await start(caller_cache_seconds=60)
    for _ in range(3):
        assert await status(client, "GET", "/api/zz") == 404
    assert server.calls("/api/account") == 1
    forgetful = await start(caller_cache_seconds=0)
    for _ in range(2):
        assert await status(forgetful, "GET", "/api/zz") == 404
    assert server.calls("/api/account") == 3


async def test_an_operation_that_always_refuses_hears_the_caller_first(start, server):
    client = await start(caller_cache_seconds=0)
    answer = await client("GET", "/api/restart")
    assert (answer.status, answer.json["error"]) == (200, "unsupported")
    (login,) = server.rights
    server.rights[login] = PLAIN
    assert await status(client, "GET", "/api/restart") == 403


@pytest.mark.parametrize(("mode", "expected"), [("enforce", 400), ("report", 200), ("off", 200)])
async def test_validation_modes(start, giving, mode, expected):
    client = await start(rows={"updateSettings": giving(None)}, validation={"updateSettings": mode})
    assert await status(client, "POST", "/api/settings", data=json.dumps({"no": "list"})) == expected
    assert await status(client, "POST", "/api/settings", data="{") == 400, "what cannot be read cannot be let through"


async def test_reported_violations_are_logged_without_values(start, giving, logged):
    client = await start(rows={"updateSettings": giving(None)}, validation={"updateSettings": "report"})
    await client("POST", "/api/settings", data=json.dumps("Canary"))
    assert "a request breaks the contract of updateSettings: body" in logged.getvalue()


async def test_another_method_is_unknown_before_rights_over_what_the_path_names_count(start, server):
    steps = [ItemNotFound("kim"), Forbidden(), None]

    async def handle(exchange):
        await exchange.caller.account()
        step = steps.pop(0)
        if step is not None:
            raise step

    client = await start(rows={"getPrincipal": Action(handle)}, caller_cache_seconds=0)
    (login,) = server.rights
    server.rights[login] = PLAIN
    answers = [await client("PUT", "/api/principal/kim", data="{") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 404, 404]
    assert answers[0].json == {"error": "notFound", "item": "kim"}
    server.rights.clear()
    assert await status(client, "PUT", "/api/principal/kim") == 401


@pytest.mark.parametrize("target", ["/api/principal", "/api/principal?type=zz&confirm=true", "/api/principal?type=group"])
async def test_what_a_bulk_deletion_lacks_comes_before_rights(start, server, target):
    client = await start(caller_cache_seconds=0)
    (login,) = server.rights
    server.rights[login] = PLAIN
    assert await status(client, "DELETE", target) == 400
    assert await status(client, "DELETE", "/api/principal?type=resource&confirm=true") == 403
    server.rights.clear()
    assert await status(client, "DELETE", target) == 401


@pytest.mark.parametrize("target", ["/api/principal", "/api/principal/deploy"])
async def test_a_create_is_read_before_rights_count(start, server, target):
    client = await start(caller_cache_seconds=0)
    (login,) = server.rights
    server.rights[login] = PLAIN
    assert await status(client, "POST", target, data='{"type":"zz"}') == 400
    assert await status(client, "POST", target, data='{"type":"group"}') == 403
    server.rights[login] = EVERYTHING
    assert (await client("POST", target, data='{"type":"group"}')).json == {"error": "fieldMissing", "field": "name"}
    server.rights.clear()
    assert await status(client, "POST", target, data="{") == 401


def nothing_there(calls):
    """An empty queue, to whoever may look."""
    found = {"accountId": "b", "queryState": "a", "position": 0, "canCalculateChanges": False, "ids": [], "total": 0}
    read = {"accountId": "b", "state": "a", "list": []}
    return [
        [name, found if name.endswith("/query") else read | {"notFound": arguments.get("ids", [])}, id_]
        for name, arguments, id_ in calls
    ]


@pytest.mark.parametrize(
    ("request_line", "right", "answer"),
    [
        ("DELETE /api/queue/messages", "sysQueuedMessageDestroy", 200),
        ("PATCH /api/queue/messages", "sysQueuedMessageUpdate", 200),
        ("PATCH /api/queue/messages/12", "sysQueuedMessageUpdate", 404),
        ("DELETE /api/queue/reports", "sysDmarcInternalReportDestroy", 200),
    ],
)
async def test_a_change_that_changes_nothing_needs_the_right_all_the_same(start, server, request_line, right, answer):
    server.jmap = nothing_there
    client = await start(caller_cache_seconds=0)
    (login,) = server.rights
    assert right in EVERYTHING
    assert await status(client, *request_line.split(" ")) == answer
    server.rights[login] = EVERYTHING - {right}
    assert await status(client, *request_line.split(" ")) == 403
