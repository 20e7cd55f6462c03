"""Settings that live in the gateway alone, and ids of records that it remembers: who may, what becomes of them when something fails."""

import asyncio
import json
import sqlite3

import aiohttp
import pytest

from gateway.app import running
from gateway.settings import Settings

KIM = ("kim@a.test", "Canary-of-kim-12")


def insert(prefix, *pairs, assert_empty=False):
    return {"type": "insert", "prefix": prefix, "values": [list(pair) for pair in pairs], "assert_empty": assert_empty}


async def post(old, *operations):
    return await old.call("POST", "/api/settings", json.dumps(operations))


async def own(old, prefix="lab"):
    return (await old.get(f"/api/settings/list?prefix={prefix}"))["items"]


async def upstream(old, method, arguments):
    """One call to the simulated server itself."""
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": [[method, arguments, "c0"]]}
    async with old.http.post(f"{old.both.simulator}/jmap/", json=body, headers={"Authorization": aiohttp.encode_basic_auth(*old.login)}) as answer:
        return (await answer.json())["methodResponses"][0][1]


@pytest.fixture
def state(old):
    """File of the gateway's state."""
    return old.both.state.removeprefix("sqlite+aiosqlite:///")


@pytest.fixture
async def kim(old):
    """Somebody who may see and change a few objects, but no settings."""
    rights = ["authenticate", "settings-list", "settings-update", "settings-delete"]
    for principal in (
        {"type": "domain", "name": "a.test"},
        {"type": "individual", "name": KIM[0], "secrets": [KIM[1]], "emails": [KIM[0]], "roles": ["user"], "enabledPermissions": rights},
    ):
        assert (await old.call("POST", "/api/principal", json.dumps(principal)))[1].keys() == {"data"}
    found = await upstream(old, "x:Account/query", {"filter": {"text": "kim"}})
    granted = {"@type": "Merge", "enabledPermissions": {"sysImapGet": True, "sysImapUpdate": True}, "disabledPermissions": {}}
    await upstream(old, "x:Account/set", {"update": {found["ids"][0]: {"permissions": granted}}})
    return old.as_(KIM)


async def test_a_life_of_own_settings(old):
    assert await post(old, insert("lab", ("x", "1"), ("y", ""), assert_empty=True)) == (200, {"data": None})
    assert await post(old, insert("lab", ("z", "1"), assert_empty=True)) == (200, {"error": "assertFailed"})
    assert await own(old) == {"x": "1", "y": ""}
    assert await old.delete("/api/settings/lab.x") is None
    assert await old.delete("/api/settings/lab.absent") is None
    assert await post(old, insert(None, ("lab.x", "2")), {"type": "clear", "prefix": "la", "filter": "2"}) == (200, {"data": None})
    assert await own(old) == {"y": ""}


async def test_a_dump_has_them_among_all_others(old):
    await post(old, insert(None, ("lab.x", "1"), ("", "nameless"), ("zz.x", "1")))
    everything = await old.get("/api/settings/list")
    names = list(everything["items"])
    assert names == sorted(names)
    assert (everything["total"], names[0], names[-1]) == (len(names), "", "zz.x")
    assert "lab.x" in names


async def test_own_settings_are_for_those_who_may_change_settings(old, kim):
    await post(old, insert("lab", ("x", "1")))
    assert (await kim.get("/api/settings/keys?keys=imap.request.max-size")).keys() == {"imap.request.max-size"}
    for call in (
        ("GET", "/api/settings/list?prefix=lab"),
        ("GET", "/api/settings/keys?keys=imap.request.max-size,lab.x"),
        ("POST", "/api/settings", json.dumps([insert("lab", ("x", "2"))])),
        ("POST", "/api/settings", json.dumps([insert(None, ("lab.x", "2"), ("imap.request.max-size", "4096"))])),
        ("POST", "/api/settings", json.dumps([{"type": "clear", "prefix": "lab."}])),
        ("DELETE", "/api/settings/lab.x"),
    ):
        assert (await kim.call(*call))[0] == 403
        assert (await old.as_(None).call(*call))[0] == 401
    assert await own(old) == {"x": "1"}
    assert await old.get("/api/settings/keys?keys=imap.request.max-size") != {"imap.request.max-size": "4096"}


async def test_what_the_new_server_refuses_takes_own_settings_back(old):
    await post(old, insert("lab", ("x", "1"), ("gone", "1")))
    status, answer = await post(
        old, insert("lab", ("x", "2"), ("new", "1")), {"type": "delete", "keys": ["lab.gone"]}, insert(None, ("session.ehlo.require", "no_such_variable"))
    )
    assert (status, answer["error"]) == (200, "other")
    assert await own(old) == {"x": "1", "gone": "1"}


async def test_what_does_not_fit_in_is_refused_whole(old):
    status, answer = await post(old, insert(None, ("lab." + "x" * 2000, "1"), ("imap.request.max-size", "4096")))
    assert (status, answer) == (200, {"error": "other", "details": "Settings of your own cannot be kept", "reason": "a key is longer than 1024 bytes"})
    assert await old.get("/api/settings/keys?keys=imap.request.max-size") != {"imap.request.max-size": "4096"}


async def test_a_state_that_does_not_work_is_never_a_success(old, state):
    await post(old, insert("lab", ("x", "1")))
    with sqlite3.connect(state) as connection:
        connection.execute("ALTER TABLE own_settings RENAME TO gone")
        connection.execute("UPDATE revisions SET value = value + 1")
    connection.close()
    for call in (
        ("GET", "/api/settings/list?prefix=lab"),
        ("POST", "/api/settings", json.dumps([insert("lab", ("x", "2"))])),
        ("POST", "/api/settings", json.dumps([insert(None, ("lab.x", "2"), ("imap.request.max-size", "4096"))])),
        ("DELETE", "/api/settings/lab.x"),
    ):
        status, answer = await old.call(*call)
        assert (status, answer["title"]) == (500, "Internal Server Error")
        assert (await old.as_(None).call(*call))[0] == 401
    kept = await old.get("/api/settings/keys?keys=imap.request.max-size")
    assert kept != {"imap.request.max-size": "4096"}
    with sqlite3.connect(state) as connection:
        connection.execute("ALTER TABLE gone RENAME TO own_settings")
    connection.close()
    assert await own(old) == {"x": "1"}


async def test_two_gateways_see_each_others_settings_and_ids(old, state):
    settings = Settings(upstream=old.both.simulator, listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{state}", legacy_version="0.15")
    async with running(settings) as second:
        other = old.at(second.url)
        for number in range(3):
            await post(old, insert("lab", ("x", str(number))))
            assert await own(other) == {"x": str(number)}
        await post(other, insert("webhook.mine", ("url", "https://hooks.example.org/a"), assert_empty=True))
        assert await own(old, "webhook.mine") == await own(other, "webhook.mine") != {}
        await post(old, {"type": "clear", "prefix": "webhook.mine."})
        assert await own(other, "webhook") == {}


async def test_the_id_of_a_record_goes_with_its_object(old, state):
    await post(old, insert("webhook.mine", ("url", "https://hooks.example.org/a"), assert_empty=True))
    await post(old, insert("webhook.other", ("url", "https://hooks.example.org/b"), assert_empty=True))
    (first, second) = (await upstream(old, "x:WebHook/get", {"ids": None}))["list"]
    await upstream(old, "x:WebHook/set", {"update": {first["id"]: {"url": "https://elsewhere.example.org/"}}})
    found = await old.get("/api/settings/group?prefix=webhook&suffix=url&field=url")
    assert found["items"] == [{"_id": "mine", "url": "https://elsewhere.example.org/"}, {"_id": "other", "url": "https://hooks.example.org/b"}]
    await upstream(old, "x:WebHook/set", {"destroy": [second["id"]]})
    assert [item["_id"] for item in (await old.get("/api/settings/group?prefix=webhook&suffix=url"))["items"]] == ["mine"]
    with sqlite3.connect(state) as connection:
        rows = connection.execute("SELECT value FROM memories WHERE subject = 'record WebHook' AND value IS NOT NULL").fetchall()
    connection.close()
    assert rows == [("mine",)]


@pytest.mark.parametrize("name", ["x" * 256, "ü" * 128, "a\0b"])
async def test_ids_that_are_remembered_are_not_boundless(old, name):
    status, answer = await post(old, insert(f"webhook.{name}", ("url", "https://hooks.example.org/a"), assert_empty=True))
    assert (status, answer["error"], answer["reason"]) == (200, "other", "the id of a record has at most 255 bytes")
    assert await own(old, "webhook") == {}


async def test_of_two_gateways_only_one_finds_a_place_empty(old, state):
    settings = Settings(upstream=old.both.simulator, listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{state}", legacy_version="0.15")
    async with running(settings) as second:
        clients = [old, old.at(second.url)] * 3
        for number in range(5):
            answers = await asyncio.gather(*(post(client, insert(f"lab.{number}", (str(place), ""), assert_empty=True)) for place, client in enumerate(clients)))
            assert sorted(str(answer) for _, answer in answers) == ["{'data': None}", *["{'error': 'assertFailed'}"] * 5]
            assert len(await own(old, f"lab.{number}")) == 1
