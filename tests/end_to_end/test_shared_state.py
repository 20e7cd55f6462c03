"""Two gateways whose state is one database on PostgreSQL, as behind a balancer: whatever one learns the other knows, and nothing is lost or double."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from gateway.app import running
from gateway.settings import Settings

SECRET = "Canary-of-kim-12"


@pytest.fixture
async def two(old, postgres_database):
    """Clients of two gateways before the server of `old`."""
    shared = {"upstream": old.both.simulator, "listen": "127.0.0.1:0", "legacy_version": "0.15", "state": postgres_database.url}
    async with AsyncExitStack() as stack:
        gateways = await asyncio.gather(*(stack.enter_async_context(running(Settings(**shared))) for _ in range(2)))
        yield [old.at(gateway.url) for gateway in gateways]


async def make(client, type_, name, **more):
    status, answer = await client.call("POST", "/api/principal", json.dumps({"type": type_, "name": name} | more))
    assert (status, list(answer)) == (200, ["data"]), answer


async def kim(client):
    await make(client, "domain", "acme.test")
    await make(client, "individual", "kim", secrets=[SECRET], emails=["kim@acme.test"], roles=["user"])


def insert(prefix, *pairs, assert_empty=False):
    return [{"type": "insert", "prefix": prefix, "values": [list(pair) for pair in pairs], "assert_empty": assert_empty}]


async def post(client, operations):
    return await client.call("POST", "/api/settings", json.dumps(operations))


async def items(client, prefix):
    return (await client.get(f"/api/settings/list?prefix={prefix}"))["items"]


async def test_names_are_known_to_both(two):
    one, other = two
    await kim(one)
    assert (await other.get("/api/principal/kim"))["name"] == "kim"
    change = json.dumps([{"action": "set", "field": "name", "value": "lee"}])
    assert await other.call("PATCH", "/api/principal/kim", change) == (200, {"data": None})
    assert (await one.get("/api/principal/lee"))["name"] == "lee"
    assert (await one.call("GET", "/api/principal/kim"))[1] == {"error": "notFound", "item": "kim"}
    assert (await one.call("DELETE", "/api/principal/lee"))[0] == 200
    assert (await other.call("GET", "/api/principal/lee"))[1] == {"error": "notFound", "item": "lee"}


async def test_a_login_by_a_bare_name_works_at_both(two):
    await kim(two[0])
    assert [(await client.as_(("kim", SECRET)).call("GET", "/api/account/auth"))[0] for client in two] == [200, 200]


async def test_a_queue_that_is_paused_at_one_is_paused_at_both(two):
    one, other = two
    for action, running_ in (("stop", False), ("start", True)):
        await one.patch(f"/api/queue/status/{action}")
        assert await other.get("/api/queue/status") is running_


async def test_own_settings_and_ids_of_records(two):
    one, other = two
    assert await post(one, insert("lab", ("x", "1"))) == (200, {"data": None})
    assert await items(other, "lab") == {"x": "1"}
    assert (await post(other, insert("webhook.mine", ("url", "https://hooks.example.org/a"), assert_empty=True)))[1] == {"data": None}
    assert await items(one, "webhook.mine") == await items(other, "webhook.mine") != {}


async def test_of_many_only_one_finds_a_place_empty(two):
    for number in range(5):
        posts = (post(two[place % 2], insert(f"lab.{number}", (str(place), ""), assert_empty=True)) for place in range(6))
        answers = [answer for _, answer in await asyncio.gather(*posts)]
        assert sorted(map(str, answers)) == ["{'data': None}", *["{'error': 'assertFailed'}"] * 5]
        assert len(await items(two[1], f"lab.{number}")) == 1


async def test_changes_of_own_settings_at_the_same_time_are_all_kept(two):
    await asyncio.gather(*(post(two[number % 2], insert("lab", (f"k{number}", "x"))) for number in range(20)))
    assert [len(await items(client, "lab")) for client in two] == [20, 20]


async def test_changes_of_an_account_at_the_same_time_all_take_effect(two):
    await kim(two[0])
    steps = [
        *({"action": "addItem", "field": "emails", "value": f"k{number}@acme.test"} for number in range(8)),
        *({"action": "addItem", "field": "enabledPermissions", "value": right} for right in ("domain-get", "group-get", "logs-view")),
        {"action": "set", "field": "quota", "value": 1000},
    ]
    answers = await asyncio.gather(*(two[at % 2].call("PATCH", "/api/principal/kim", json.dumps([step])) for at, step in enumerate(steps)))
    assert answers == [(200, {"data": None})] * len(steps)
    account = await two[1].get("/api/principal/kim")
    assert sorted(account["emails"]) == ["k0@acme.test", *(f"k{number}@acme.test" for number in range(1, 8)), "kim@acme.test"]
    assert {"domain-get", "group-get", "logs-view"} <= {*account["enabledPermissions"]}
    assert account["quota"] == 1000


async def test_of_many_who_make_the_same_account_one_does(two):
    await make(two[0], "domain", "acme.test")
    body = json.dumps({"type": "individual", "name": "kim", "secrets": [SECRET], "emails": ["kim@acme.test"], "roles": ["user"]})
    answers = await asyncio.gather(*(two[number % 2].call("POST", "/api/principal", body) for number in range(6)))
    assert sorted(next(iter(answer)) for _, answer in answers) == ["data", *["error"] * 5]
    found = await two[0].get("/api/principal?types=individual")
    assert [item["name"] for item in found["items"]].count("kim") == 1
