"""Clients that look at little, each as it is (clients 6): billing modules, back ends of applications, panels, shell scripts, seeders, assistants."""

import json

import pytest

PASSWORD = "Canary-plum-kettle-7-orbit"
ANOTHER = "Canary-brook-lantern-4-maple"
SPAM = b"From: a@far.test\r\nTo: kim@desk.test\r\nSubject: Cheap watches\r\n\r\nBuy now.\r\n"


async def put(client, method, target, body=None):
    """Status and answer to a body that is sent as JSON."""
    return await client.call(method, f"/api/{target}", None if body is None else json.dumps(body))


@pytest.fixture
async def desk(old):
    """An administrator of a server with a domain."""
    assert "data" in (await put(old, "POST", "principal", {"type": "domain", "name": "desk.test"}))[1]
    return old


async def test_a_billing_module_that_looks_at_the_status_only(desk):
    person = {"type": "individual", "name": "kim@desk.test", "secrets": [PASSWORD], "emails": ["kim@desk.test"], "quota": 2**30, "roles": ["user"]}
    steps = [
        ("POST", "principal", person),
        ("PATCH", "principal/kim@desk.test", [{"action": "set", "field": "quota", "value": 2**31}]),
        ("PATCH", "principal/kim@desk.test", [{"action": "set", "field": "secrets", "value": [ANOTHER]}]),
        ("GET", "principal/kim@desk.test", None),
    ]
    assert [(await put(desk, *step))[0] for step in steps] == [200] * len(steps)
    assert (await desk.as_(("kim@desk.test", ANOTHER)).call("GET", "/api/account/auth"))[0] == 200
    assert (await put(desk, "DELETE", "principal/kim@desk.test"))[0] == 200
    assert (await desk.as_(("kim@desk.test", "wrong")).call("GET", "/api/principal"))[0] == 401


async def test_a_back_end_that_takes_what_exists_for_success(desk):
    for body in ({"type": "domain", "name": "desk.test"}, {"type": "individual", "name": "kim@desk.test", "secrets": [PASSWORD], "roles": ["user"]}) * 2:
        status, answer = await put(desk, "POST", "principal", body)
        assert status == 200
        assert isinstance(answer.get("data"), int) or answer["error"] == "fieldAlreadyExists"


async def test_a_self_service_panel_that_sets_secrets(desk):
    await put(desk, "POST", "principal", {"type": "individual", "name": "kim@desk.test", "secrets": [PASSWORD], "roles": ["user"]})
    status, answer = await put(desk, "GET", "principal/nobody@desk.test")
    assert (status, answer) == (200, {"error": "notFound", "item": "nobody@desk.test"})
    assert await put(desk, "PATCH", "principal/kim@desk.test", [{"action": "set", "field": "secrets", "value": ANOTHER}]) == (200, {"data": None})
    statuses = [(await desk.as_(("kim@desk.test", secret)).call("GET", "/api/account/auth"))[0] for secret in (PASSWORD, ANOTHER)]
    assert statuses == [401, 200]


async def test_a_shell_script_that_makes_what_is_not_there(desk):
    wanted = ["kim@desk.test", "lee@desk.test"]
    for _ in range(2):
        names = {it["name"] for it in (await desk.get("/api/principal?types=individual&limit=0"))["items"]}
        for name in [name for name in wanted if name not in names]:
            answer = await put(desk, "POST", "principal", {"type": "individual", "name": name, "secrets": [PASSWORD], "roles": ["user"]})
            assert isinstance(answer[1]["data"], int)
    found = [it["name"] for it in (await desk.get("/api/principal?types=individual&limit=0&filter=desk.test"))["items"]]
    assert sorted(found) == wanted


@pytest.mark.parametrize("kind", ["spam", "ham"])
async def test_a_script_that_trains_the_filter_with_a_raw_message(desk, kind):
    await put(desk, "POST", "principal", {"type": "individual", "name": "kim@desk.test", "secrets": [PASSWORD], "roles": ["user"]})
    for target in (f"/api/spam-filter/upload/{kind}", f"/api/spam-filter/upload/{kind}/kim@desk.test"):
        status, answer = await desk.call("POST", target, SPAM)
        assert (status, list(answer)) == (200, ["data"]), (target, answer)


async def test_an_assistant_that_hands_on_what_it_gets(desk):
    targets = ["principal?types=individual", "principal/desk.test", "principal/nobody", "queue/messages", "queue/reports", "reports/dmarc", "settings/list?prefix=server", "logs"]
    for target in targets:
        status, headers, answer = await desk.response("GET", f"/api/{target}")
        assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8"), target
        assert len({"data", "error"} & answer.keys()) == 1, target
