"""Strings that clients wrote as secrets: shown again where that is wanted, readable nowhere else; passwords are written down nowhere at all."""

import base64
import io
import json
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.app import running
from gateway.knowledge.sha512_crypt import hashed, matches
from gateway.settings import Settings
from gateway.state import StateError

PASSWORD = "Canary-plum-kettle-7-orbit"
WEAK = "canary"
HASH = hashed(PASSWORD, "canarysalt")
APP_HASH = hashed(PASSWORD, "canaryapp")
OTP = "otpauth://totp/acme:jane@acme.test?secret=CANARYCANARYCANARYCANARYCANARYCA&issuer=acme"


@pytest.fixture
async def gateway(old, tmp_path):
    """Starts gateways that share a state: `async with gateway(secrets_memory="hashes") as client`."""

    @asynccontextmanager
    async def started(**settings: Any):
        chosen = {"upstream": old.both.simulator, "listen": "127.0.0.1:0", "legacy_version": "0.15", "state": f"sqlite+aiosqlite:///{tmp_path}/state.db"}
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(running(Settings(**(chosen | settings))))
            yield replace(old, both=replace(old.both, gateway=app.url))

    return started


async def create(old, **principal):
    status, answer = await old.call("POST", "/api/principal", json.dumps(principal))
    assert (status, list(answer)) == (200, ["data"]), answer


async def jane(old, *secrets):
    await create(old, type="domain", name="acme.test")
    await create(old, type="individual", name="jane", emails=["jane@acme.test"], secrets=list(secrets), roles=["user"])


async def change(old, *steps):
    status, answer = await old.call("PATCH", "/api/principal/jane", json.dumps([dict(zip(("action", "field", "value"), step, strict=True)) for step in steps]))
    assert (status, answer) == (200, {"data": None})


async def secrets(old, name="jane"):
    return (await old.get(f"/api/principal/{name}"))["secrets"]


async def outside(old, *calls):
    """Change the new server from outside."""
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": list(calls)}
    auth = "Basic " + base64.b64encode(":".join(old.login).encode()).decode()
    async with old.http.post(f"{old.both.simulator}/jmap/", json=body, headers={"Authorization": auth}) as answer:
        return [arguments for _, arguments, _ in (await answer.json())["methodResponses"]]


async def test_a_hash_is_shown_as_it_was_written_and_of_a_password_only_a_hash(gateway):
    async with gateway(secrets_memory="hashes") as client:
        await jane(client, HASH)
        assert await secrets(client) == [HASH]
        assert (await client.get("/api/principal?types=individual&filter=jane"))["items"][0]["secrets"] == [HASH]
        await change(client, ("set", "secrets", [PASSWORD]))
        (shown,) = await secrets(client)
        assert matches(PASSWORD, shown)
        assert shown != HASH
        await change(client, ("addItem", "secrets", OTP))
        assert await secrets(client) == [OTP, shown]
        await change(client, ("removeItem", "secrets", OTP))
        await change(client, ("removeItem", "secrets", shown), ("addItem", "secrets", HASH))
        assert await secrets(client) == [HASH]


async def test_what_is_remembered_outlives_the_gateway_and_is_shared(gateway):
    async with gateway(secrets_memory="hashes") as one, gateway(secrets_memory="hashes") as other:
        await jane(one, HASH)
        assert await secrets(other) == [HASH]
    async with gateway(secrets_memory="hashes") as again:
        assert await secrets(again) == [HASH]


async def test_nothing_is_shown_unless_it_is_wanted_and_what_was_remembered_is_erased(gateway):
    async with gateway(secrets_memory="hashes") as client:
        await jane(client, HASH)
    async with gateway() as client:
        assert await secrets(client) == ["****"]
    async with gateway(secrets_memory="hashes") as client:
        assert await secrets(client) == ["****"]


async def test_a_change_from_outside_forgets(gateway):
    async with gateway(secrets_memory="hashes") as client:
        await jane(client, HASH, OTP)
        assert await secrets(client) == [OTP, HASH]
        ((id_,),) = [it["ids"] for it in await outside(client, ["x:Account/query", {"filter": {"name": "jane"}}, "0"])]
        (written,) = await outside(client, ["x:Account/set", {"update": {id_: {"credentials/0/otpAuth": None}}}, "0"])
        assert id_ in written["updated"]
        assert await secrets(client) == ["****"]
        await outside(client, ["x:Account/set", {"update": {id_: {"credentials/0/otpAuth": OTP}}}, "0"])
        assert await secrets(client) == ["otpauth://****", "****"]
    async with gateway(secrets_memory="hashes") as again:
        assert await secrets(again) == ["otpauth://****", "****"]


async def test_a_login_with_another_password_forgets(gateway):
    async with gateway(secrets_memory="hashes") as client:
        await jane(client, PASSWORD)
        await change(client, ("set", "roles", ["admin"]))
        (shown,) = await secrets(client)
        for login in (("jane", PASSWORD), ("jane@acme.test", PASSWORD)):
            assert await client.as_(login).get("/api/queue/messages")
        new = PASSWORD + "-2"
        assert await secrets(client) == [shown]
        await change(client.as_(("jane", PASSWORD)), ("set", "secrets", [new]))
        (shown,) = await secrets(client)
        assert matches(new, shown)
        assert await client.as_(("jane", new)).get("/api/queue/messages")
        assert await secrets(client) == [shown]
        ((id_,),) = [it["ids"] for it in await outside(client, ["x:Account/query", {"filter": {"name": "jane"}}, "0"])]
        (written,) = await outside(client, ["x:Account/set", {"update": {id_: {"credentials/0/secret": PASSWORD + "-3"}}}, "0"])
        assert id_ in written["updated"]
        assert await client.as_(("jane", PASSWORD + "-3")).get("/api/queue/messages")
        assert await secrets(client) == ["****"]


async def test_the_name_of_an_app_password_goes_with_the_password(gateway):
    async with gateway() as client:
        await jane(client, f"$app$phone${APP_HASH}")
        assert await secrets(client) == ["$app$phone$****"]
        ((id_,),) = [it["ids"] for it in await outside(client, ["x:Account/query", {"filter": {"name": "jane"}}, "0"])]
        await outside(client, ["x:Account/set", {"update": {id_: {"credentials/0": None}}}, "0"])
        assert "secrets" not in await client.get("/api/principal/jane") or not await secrets(client)
        await outside(client, ["x:Account/set", {"update": {id_: {"credentials/5": {"@type": "Password", "secret": PASSWORD}}}}, "0"])
        assert await secrets(client) == ["****"]


async def test_a_copy_of_the_database_alone_opens_nothing(gateway, tmp_path):
    async with gateway(secrets_memory="hashes") as client:
        await jane(client, HASH, OTP)
    key, database = tmp_path / "state.db.key", tmp_path / "state.db"
    assert key.stat().st_mode & 0o777 == 0o600
    raw = database.read_bytes()
    for text in (PASSWORD, HASH, "canarysalt", OTP, "CANARYCANARY", key.read_text().strip()):
        assert text.encode() not in raw
    right = key.read_bytes()
    key.unlink()
    with pytest.raises(StateError, match=r"key in .*state\.db\.key is missing.*secrets_memory=off"):
        async with gateway(secrets_memory="hashes"):
            pass
    assert not key.exists()
    with pytest.raises(StateError, match=r"setting `state_key` is not the one.*secrets_memory=off"):
        async with gateway(secrets_memory="hashes", state_key="another key that has nothing to do with it"):
            pass
    key.write_bytes(right)
    async with gateway(secrets_memory="hashes") as client:
        assert await secrets(client) == [OTP, HASH]
    async with gateway() as client:
        assert await secrets(client) == ["otpauth://****", "****"]
    async with gateway(secrets_memory="hashes", state_key="another key that has nothing to do with it") as client:
        assert await secrets(client) == ["otpauth://****", "****"]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


BROKEN = ["$6$canary$broken", f"$app$canary-app${WEAK}$x", WEAK, "otpauth://totp/x?secret=CANARY", f"{{PLAIN}}{PASSWORD}", HASH, PASSWORD, f"$app$x${APP_HASH}"]


@pytest.mark.parametrize("memory", ["off", "hashes"])
async def test_secrets_in_changes_of_principals_are_written_down_nowhere(gateway, logged: io.StringIO, tmp_path: Path, memory: str):
    """Every way of writing a secret, well and badly: it is in no log, no metric, no refusal and not readable in any file of the state."""
    async with gateway(secrets_memory=memory) as client:
        await jane(client, HASH)
        for number, secret in enumerate(BROKEN):
            bodies = [
                ("POST", "/api/principal", {"type": "individual", "name": f"p{number}", "emails": [f"p{number}@acme.test"], "secrets": [secret]}),
                ("POST", "/api/principal", {"type": "individual", "name": f"q{number}", "emails": ["q@no.test"], "secrets": [secret, HASH]}),
                ("POST", "/api/principal", {"type": "group", "name": f"g{number}", "emails": [f"g{number}@acme.test"], "secrets": [secret]}),
                ("POST", "/api/principal", {"type": "individual", "name": 7, "secrets": secret}),
                ("POST", "/api/principal/deploy", {"type": "individual", "name": f"d{number}", "secrets": [secret], "emails": ["d@acme.test"]}),
                *[
                    ("PATCH", "/api/principal/jane", [{"action": action, "field": "secrets", "value": value}])
                    for action, value in (("addItem", secret), ("removeItem", secret), ("set", [secret]), ("set", [secret, PASSWORD + "2"]), ("set", {"x": secret}))
                ],
                ("PATCH", "/api/principal/nobody", [{"action": "addItem", "field": "secrets", "value": secret}]),
            ]
            for method, target, body in bodies:
                text = json.dumps(body)
                for sent in (text, text[:-1]):
                    status, headers, answer = await client.response(method, target, body=sent)
                    assert status in {200, 400}, (method, target, answer)
                    assert secret not in f"{headers}{answer}", (method, target, answer)
                    assert "canary" not in f"{headers}{answer}".lower(), (method, target, answer)
        async with aiohttp.ClientSession() as http, http.get(client.both.gateway + "/metrics") as page:
            assert "canary" not in (await page.text()).lower()
    assert "/api/principal" in logged.getvalue()
    files = contents(tmp_path)
    assert files.keys() == {"state.db", "state.db.locks"} | ({"state.db.key"} if memory == "hashes" else set())
    assert not [name for name, content in files.items() if b"canary" in content.lower()]
    connection = sqlite3.connect(tmp_path / "state.db")
    texts = [value for (value,) in connection.execute("SELECT value FROM memories WHERE subject = 'secrets'")]
    connection.close()
    assert bool([text for text in texts if text]) is (memory == "hashes")
