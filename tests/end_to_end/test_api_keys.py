"""API keys whose secret the client chose: made, used, changed and removed as old clients do it, over sockets."""

import asyncio
import base64
import json
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from gateway.app import running
from gateway.knowledge.sha512_crypt import hashed
from gateway.settings import Settings

CANARY = "Canary-of-a-key:with$colon and ü"


def bearer(name, secret):
    return {"Authorization": "Bearer api_" + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def lets_in(client, name, secret, path="/api/principal?types=domain"):
    """Whether a key opens a path in both forms, which must agree."""
    basic = client.as_((name, secret))
    statuses = {(await basic.response("GET", path))[0], (await client.as_(None).response("GET", path, headers=bearer(name, secret)))[0]}
    assert len(statuses) == 1
    (status,) = statuses
    assert status in {200, 401, 403}
    return status == 200


async def make(client, name, **members):
    status, answer = await client.call("POST", "/api/principal", json.dumps({"type": "apiKey", "name": name} | members))
    assert (status, list(answer)) == (200, ["data"]), answer
    return answer["data"]


async def change(client, name, *steps):
    body = json.dumps([{"action": action, "field": field, "value": value} for action, field, value in steps])
    return await client.call("PATCH", f"/api/principal/{name}", body)


def file_of(client):
    return Path(make_url(client.both.state).database)


@asynccontextmanager
async def another_gateway(client, **settings):
    chosen = {"upstream": client.both.simulator, "listen": "127.0.0.1:0", "state": client.both.state, "log_level": "error"} | settings
    async with running(Settings(**chosen)) as app:
        yield client.at(app.url)


async def test_a_key_works_at_once_wherever_logins_do(union):
    number = await make(union, "Panel", secrets=[CANARY], roles=["admin"], description="The panel")
    assert 0x60000000 <= number < 0x70000000
    expected = {"id": number, "type": "apiKey", "name": "panel", "description": "The panel", "secrets": ["****"], "roles": ["admin"]}
    assert await union.get("/api/principal/panel") == expected
    assert await union.get("/api/principal?types=apiKey") == {"items": [expected], "total": 1}
    for path in ("/api/principal?types=domain", "/api/queue/messages", "/jmap/session"):
        assert await lets_in(union, "panel", CANARY, path)
        assert not await lets_in(union, "panel", CANARY + "x", path)
    panel = union.as_(("panel", CANARY))
    made = {"type": "individual", "name": "new@example.org", "secrets": ["Canary-of-new-1"], "roles": ["user"]}
    assert "data" in (await panel.call("POST", "/api/principal", json.dumps(made)))[1]
    assert (await union.as_(("new@example.org", "Canary-of-new-1")).call("GET", "/api/account/auth"))[0] == 200


async def test_a_key_is_no_mailbox_and_no_person(union):
    people = await union.get("/api/principal?types=individual&fields=name")
    before = await union.get("/api/principal/lab.test")
    await make(union, "robot", secrets=["s"], enabledPermissions=["authenticate"])
    assert await union.get("/api/principal?types=individual&fields=name") == people
    assert (await union.get("/api/principal?types=individual&count=1"))["total"] == people["total"]
    assert await union.get("/api/principal/lab.test") == before
    assert [it for it in (await union.get("/api/principal?fields=name"))["items"] if it["type"] == "apiKey"] == [
        {"id": (await union.get("/api/principal/robot"))["id"], "type": "apiKey", "name": "robot"}
    ]
    status, answer = await union.call("GET", "/api/principal/robot@lab.test")
    assert (status, answer) == (200, {"error": "notFound", "item": "robot@lab.test"})
    assert "disabledPermissions" not in await union.get("/api/principal/robot")
    for body in ({"type": "individual", "name": "robot"}, {"type": "role", "name": "robot"}, {"type": "apiKey", "name": "ROBOT"}):
        assert (await union.call("POST", "/api/principal", json.dumps(body)))[1] == {"error": "fieldAlreadyExists", "field": "name", "value": "robot"}
    assert (await union.call("DELETE", "/api/principal?type=individual&confirm=true"))[1] == {"data": True}
    assert await lets_in(union, "robot", "s", "/jmap/session")
    assert (await union.get("/api/principal/robot"))["name"] == "robot"


async def test_secrets_are_changed_and_removed(union):
    await make(union, "k", roles=["admin"])
    assert "secrets" not in await union.get("/api/principal/k")
    assert not await lets_in(union, "k", "")
    assert (await change(union, "k", ("addItem", "secrets", "one")))[1] == {"data": None}
    assert await lets_in(union, "k", "one")
    await change(union, "k", ("addItem", "secrets", hashed("two", "salt")), ("removeItem", "secrets", "****"))
    assert [await lets_in(union, "k", it) for it in ("one", "two")] == [False, True]
    await change(union, "k", ("set", "secrets", ["three", "$app$cron$four", "****"]))
    assert (await union.get("/api/principal/k"))["secrets"] == ["****", "****", "$app$cron$****"]
    assert [await lets_in(union, "k", it) for it in ("two", "three", "four")] == [True, True, True]
    await change(union, "k", ("removeItem", "secrets", "three"), ("removeItem", "secrets", "$app$cron"))
    assert [await lets_in(union, "k", it) for it in ("two", "three", "four")] == [True, False, False]
    await change(union, "k", ("set", "secrets", ["****"]), ("set", "description", "same secrets"))
    assert await lets_in(union, "k", "two")
    await change(union, "k", ("set", "secrets", []))
    assert not await lets_in(union, "k", "two")


@pytest.mark.parametrize(
    ("secret", "answer"),
    [
        ("$6$broken", {"error": "other", "details": "Invalid secret", "reason": "The password hash is not in a supported format"}),
        ("$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0", {"error": "other", "details": "Invalid secret", "reason": "The password hash is not in a supported format"}),
        ("otpauth://totp/x?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", {"error": "unsupported", "details": "API keys have no second factor"}),
    ],
)
async def test_secrets_that_nothing_could_be_checked_against_are_refused(union, secret, answer):
    assert (await union.call("POST", "/api/principal", json.dumps({"type": "apiKey", "name": "k", "secrets": [secret]})))[1] == answer
    assert (await union.get("/api/principal?types=apiKey"))["total"] == 0
    await make(union, "k", secrets=["fine"], roles=["admin"])
    assert (await change(union, "k", ("set", "description", "x"), ("addItem", "secrets", secret)))[1] == answer
    assert await lets_in(union, "k", "fine")
    assert "description" not in await union.get("/api/principal/k")


async def test_a_key_is_renamed_and_its_rights_change(union):
    number = await make(union, "first", secrets=["s"], enabledPermissions=["authenticate"])
    await make(union, "other")
    taken = {"error": "fieldAlreadyExists", "field": "name", "value": "other"}
    assert (await change(union, "first", ("set", "name", "Other")))[1] == taken
    assert (await change(union, "first", ("set", "name", "second"), ("addItem", "enabledPermissions", "logs-view"), ("set", "description", "d")))[1] == {"data": None}
    assert (await union.call("GET", "/api/principal/first"))[1] == {"error": "notFound", "item": "first"}
    renamed = await union.get("/api/principal/second")
    assert (renamed["id"], renamed["description"], "logs-view" in renamed["enabledPermissions"]) == (number, "d", True)
    assert (await change(union, "second", ("addItem", "enabledPermissions", "message-queue-get")))[1] == {"data": None}
    assert [await lets_in(union, name, "s", "/api/queue/status") for name in ("first", "second")] == [False, True]
    assert not await lets_in(union, "second", "s", "/api/settings/list?prefix=x")
    refused = {"error": "other", "details": "Invalid roles value", "reason": 'Principal "user" cannot be added as a member.'}
    assert (await change(union, "second", ("addItem", "roles", "user")))[1] == refused


async def test_a_key_that_learns_to_make_users_can_give_them_their_rights(union):
    await make(union, "maker", secrets=["s"], roles=["user"])
    every = ["individual-create", "individual-get", "individual-list", "domain-list", "role-list", "authenticate"]
    assert (await change(union, "maker", *(("addItem", "enabledPermissions", it) for it in every)))[1] == {"data": None}
    made = {"type": "individual", "name": "new@example.org", "secrets": ["Canary-of-new-1"], "roles": ["user"]}
    assert "data" in (await union.as_(("maker", "s")).call("POST", "/api/principal", json.dumps(made)))[1]


async def test_removed_keys_let_nobody_in(union):
    for name in ("a", "b", "red c"):
        await make(union, name, secrets=["s"], roles=["admin"])
    assert (await union.call("DELETE", "/api/principal/a"))[1] == {"data": None}
    assert (await union.call("DELETE", "/api/principal/a"))[1] == {"error": "notFound", "item": "a"}
    assert (await union.call("DELETE", "/api/principal?type=apiKey&filter=red&confirm=true"))[1] == {"data": True}
    assert (await union.call("DELETE", "/api/principal?type=apiKey&filter=red&confirm=true"))[1] == {"data": False}
    assert [await lets_in(union, name, "s") for name in ("a", "b", "red c")] == [False, True, False]
    await make(union, "a", secrets=["new"], roles=["admin"])
    assert [await lets_in(union, "a", it) for it in ("s", "new")] == [False, True]
    assert (await union.as_(("a", "new")).call("DELETE", "/api/principal?type=apiKey&confirm=true"))[1] == {"data": True}
    assert (await union.get("/api/principal?types=apiKey")) == {"items": [], "total": 0}
    assert (await union.get("/api/principal?types=individual&count=1"))["total"] == 2


async def test_the_rights_over_keys_are_needed(union):
    await make(union, "k", secrets=["s"], roles=["admin"])
    rights = ["authenticate", *(f"individual-{deed}" for deed in ("list", "get", "create", "update", "delete"))]
    await make(union, "clerk", secrets=["s"], enabledPermissions=rights)
    clerk = union.as_(("clerk", "s"))
    body = json.dumps({"type": "apiKey", "name": "mine", "secrets": ["s"]})
    patch = json.dumps([{"action": "addItem", "field": "secrets", "value": "mine"}])
    for method, target, data in (
        ("GET", "/api/principal?types=apiKey", None),
        ("GET", "/api/principal/k", None),
        ("POST", "/api/principal", body),
        ("PATCH", "/api/principal/k", patch),
        ("PATCH", "/api/principal/k", "[]"),
        ("DELETE", "/api/principal/k", None),
        ("DELETE", "/api/principal?type=apiKey&confirm=true", None),
        ("GET", "/api/principal/apikey:b:b", None),
    ):
        assert (await clerk.call(method, target, data))[0] == 403, (method, target)
    assert await lets_in(union, "k", "s")
    assert not await lets_in(union, "k", "mine")


async def test_who_may_only_look_at_accounts_gives_himself_no_key(union):
    """Everybody has the new rights over keys; the new server is not asked where only the state changes."""
    await make(union, "k", secrets=["s"], roles=["admin"])
    looking = ["individual-list", "individual-get", *(f"api-key-{deed}" for deed in ("list", "get", "create", "update", "delete"))]
    await make(union, "reader", secrets=["s"], roles=["user"], enabledPermissions=looking)
    reader = union.as_(("reader", "s"))
    assert (await reader.call("GET", "/api/principal/k"))[1]["data"]["name"] == "k"
    for step in (("addItem", "secrets", "mine"), ("set", "secrets", ["mine"]), ("removeItem", "secrets", "s"), ("set", "name", "mine")):
        assert (await change(reader, "k", step))[0] == 403
    assert [await lets_in(union, "k", it) for it in ("s", "mine")] == [True, False]


async def test_keys_that_were_made_elsewhere_are_shown_described_and_removed(union):
    calls = [["x:Account/query", {"filter": {"@type": "User"}, "limit": 10, "calculateTotal": True}, "0"]]
    using = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]
    headers = {"Content-Type": "application/json"}
    _, _, found = await union.response("POST", "/jmap/", json.dumps({"using": using, "methodCalls": calls}), headers)
    account = found["methodResponses"][0][1]["ids"][0]
    calls = [["x:ApiKey/set", {"accountId": account, "create": {"k": {"description": "Backup"}}}, "0"]]
    _, _, made = await union.response("POST", "/jmap/", json.dumps({"using": using, "methodCalls": calls}), headers)
    created = made["methodResponses"][0][1]["created"]["k"]
    name = f"apikey:{account}:{created['id']}"
    shown = await union.get(f"/api/principal/{name}")
    assert (shown["type"], shown["name"], shown["description"], shown["secrets"]) == ("apiKey", name, "Backup", ["****"])
    assert (await union.get("/api/principal?types=apiKey"))["items"] == [shown]
    assert shown in (await union.get("/api/principal"))["items"]
    assert (await change(union, name, ("set", "description", "Nightly")))[1] == {"data": None}
    assert (await union.get(f"/api/principal/{name}"))["description"] == "Nightly"
    refused = {"error": "unsupported", "details": 'Field "secrets" is not available for type "apiKey" in Stalwart 0.16'}
    assert (await change(union, name, ("addItem", "secrets", "x")))[1] == refused
    for login in ("whoever", "backup"):
        assert (await union.as_(None).response("GET", "/api/account/auth", headers=bearer(login, created["secret"])))[0] != 401
    assert (await union.call("DELETE", f"/api/principal/{name}"))[1] == {"data": None}
    for missing in (name, "apikey:zz:b", "apikey:", "apikey:b", "apikey::", 'apikey:b"c:d'):
        assert (await union.call("GET", f"/api/principal/{missing.replace(chr(34), '%22')}"))[1] == {"error": "notFound", "item": missing}


async def test_two_gateways_on_one_database(union):
    await make(union, "k", secrets=["s"], roles=["admin"])
    async with another_gateway(union) as other:
        assert await lets_in(other, "k", "s")
        body = json.dumps({"type": "apiKey", "name": "once", "secrets": ["s"], "roles": ["admin"]})
        answers = [answer for _, answer in await asyncio.gather(*(it.call("POST", "/api/principal", body) for it in (union, other) * 3))]
        assert sum("data" in it for it in answers) == 1
        assert all("data" in it or it == {"error": "fieldAlreadyExists", "field": "name", "value": "once"} for it in answers)
        assert [it["name"] for it in (await union.get("/api/principal?types=apiKey"))["items"]] == ["k", "once"]
        assert (await union.get("/api/principal?types=individual&count=1"))["total"] == 2
        await asyncio.gather(change(union, "k", ("set", "name", "renamed")), change(other, "k", ("addItem", "secrets", "new")))
        left = "renamed" if (await other.call("GET", "/api/principal/renamed"))[1].get("data") else "k"
        assert left == "renamed"
        assert [await lets_in(other, left, it) for it in ("s", "new")] in ([False, True], [True, False])
        await union.call("DELETE", f"/api/principal/{left}")
        assert not await lets_in(other, left, "new")


async def test_without_its_state_a_key_is_a_refusal_and_its_account_cannot_log_in(union, tmp_path):
    await make(union, "k", secrets=[CANARY], roles=["admin"])
    async with another_gateway(union, state=f"sqlite+aiosqlite:///{tmp_path}/empty.db") as other:
        assert not await lets_in(other, "k", CANARY)
        assert not await lets_in(other, "k@lab.test", CANARY)
        assert "k@lab.test" in [it["name"] for it in (await other.get("/api/principal?types=individual"))["items"]]
    assert await lets_in(union, "k", CANARY)


async def test_nothing_that_is_secret_lies_open(union, caplog):
    await make(union, "k", secrets=[CANARY, hashed("Canary-hashed", "salt")], roles=["admin"])
    assert await lets_in(union, "k", CANARY)
    shown = [await union.call("GET", "/api/principal/k"), await union.call("GET", "/api/principal?types=apiKey"), caplog.text]
    assert "Canary" not in json.dumps(shown)
    content = file_of(union).read_bytes()
    for hidden in (CANARY.encode(), b"Canary", b"API_", b"$scrypt$", b"$6$salt"):
        assert hidden not in content
    with sqlite3.connect(file_of(union)) as connection:
        assert connection.execute("SELECT name, address FROM api_keys").fetchall() == [("k", "k@lab.test")]
    connection.close()
