"""Accounts under the names that clients gave them: shown, found, logged in with, through changes on both sides and without a state."""

import base64
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.app import running
from gateway.settings import Settings

PASSWORD = "Canary-plum-kettle-7-orbit"
OTHER = "Canary-moss-lantern-3-river"


@pytest.fixture
async def second(old, tmp_path):
    """Starts further gateways before the same server: `async with second(state="a") as client`."""

    @asynccontextmanager
    async def started(state: str, **settings: Any):
        chosen = {"upstream": old.both.simulator, "listen": "127.0.0.1:0", "legacy_version": "0.15"}
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(running(Settings(**chosen, state=f"sqlite+aiosqlite:///{tmp_path}/{state}.db", **settings)))
            yield replace(old, both=replace(old.both, gateway=app.url))

    return started


async def create(old, **principal):
    status, answer = await old.call("POST", "/api/principal", json.dumps(principal))
    assert (status, list(answer)) == (200, ["data"]), answer
    return answer["data"]


async def jane(old, name="jane", **more):
    return await create(old, type="individual", name=name, emails=["jane@acme.test"], secrets=[PASSWORD], roles=["admin"], **more)


async def change(old, name, field, value, action="set"):
    status, answer = await old.call("PATCH", f"/api/principal/{name}", json.dumps([{"action": action, "field": field, "value": value}]))
    assert (status, answer) == (200, {"data": None})


async def logs_in(old, login, secret=PASSWORD):
    """Status of the old API and of a path that is passed on."""
    client = old.as_((login, secret))
    return [(await client.call("GET", target))[0] for target in ("/api/queue/messages", "/jmap/session")]


async def directly(old, *calls):
    """Change the new server from outside."""
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": list(calls)}
    auth = "Basic " + base64.b64encode(":".join(old.login).encode()).decode()
    async with old.http.post(f"{old.both.simulator}/jmap/", json=body, headers={"Authorization": auth}) as answer:
        return [arguments for _, arguments, _ in (await answer.json())["methodResponses"]]


async def account_id(old, local):
    (found,) = await directly(old, ["x:Account/query", {"filter": {"name": local}}, "0"])
    (id_,) = found["ids"]
    return id_


@pytest.fixture
async def acme(old):
    await create(old, type="domain", name="acme.test")
    return old


async def test_a_login_by_the_old_name(acme):
    await jane(acme)
    assert await logs_in(acme, "jane") == [200, 200]
    assert await logs_in(acme, " JANE ") == [200, 200]
    assert await logs_in(acme, "jane@acme.test") == [200, 200]
    assert await logs_in(acme, "jane", OTHER) == [401, 401]
    assert await logs_in(acme, "joan") == [401, 401]


async def test_the_name_goes_with_its_account(acme):
    await jane(acme)
    await change(acme, "jane", "name", "joan")
    assert (await acme.get("/api/principal/joan"))["name"] == "joan"
    assert await logs_in(acme, "joan") == [200, 200]
    assert await logs_in(acme, "jane") == [401, 401]
    assert await acme.delete("/api/principal/joan") is None
    assert await logs_in(acme, "joan") == [401, 401]
    await create(acme, type="individual", name="joan", emails=["joan@acme.test", "j@acme.test"], secrets=[OTHER], roles=["admin"])
    assert await logs_in(acme, "joan", OTHER) == [200, 200]
    assert (await acme.get("/api/principal/joan"))["emails"] == ["joan@acme.test", "j@acme.test"]


async def test_an_address_that_nobody_listed_is_implied_until_it_is_named(acme):
    await jane(acme)
    await create(acme, type="individual", name="kim", emails=["office@acme.test"], secrets=[PASSWORD], roles=["user"])
    assert (await acme.get("/api/principal/kim"))["emails"] == ["office@acme.test"]
    await change(acme, "kim", "emails", "kim@acme.test", "addItem")
    assert "kim@acme.test" in (await acme.get("/api/principal/kim"))["emails"]


async def test_a_rename_from_outside_wins(acme):
    await jane(acme)
    id_ = await account_id(acme, "jane")
    (written,) = await directly(acme, ["x:Account/set", {"update": {id_: {"name": "janet"}}}, "0"])
    assert id_ in written["updated"]
    listed = await acme.get("/api/principal?types=individual")
    assert "janet@acme.test" in {it["name"] for it in listed["items"]}
    assert await acme.call("GET", "/api/principal/jane") == (200, {"error": "notFound", "item": "jane"})
    # Whoever is called so now is meant: what was remembered is gone, not only hidden.
    await directly(acme, ["x:Account/set", {"update": {id_: {"name": "jane"}}}, "0"])
    assert (await acme.get("/api/principal/jane@acme.test"))["name"] == "jane@acme.test"


async def test_a_name_that_an_account_got_from_outside_is_not_kept_from_it(acme):
    """What is remembered loses to what the server takes: an account that was made elsewhere, in the default domain."""
    await jane(acme)
    id_ = await account_id(acme, "jane")
    (domains,) = await directly(acme, ["x:Domain/get", {"ids": None, "properties": ["id", "name"]}, "0"])
    lab = next(it["id"] for it in domains["list"] if it["name"] == "lab.test")
    new = {"@type": "User", "name": "jane", "domainId": lab, "credentials": {"0": {"@type": "Password", "secret": OTHER}}, "roles": {"@type": "Admin"}}
    gone, made = await directly(acme, ["x:Account/set", {"destroy": [id_]}, "0"], ["x:Account/set", {"create": {"a": new}}, "1"])
    assert (gone["destroyed"], list(made["created"])) == ([id_], ["a"]), made
    assert await logs_in(acme, "jane", OTHER) == [200, 200]
    assert (await acme.get("/api/principal/jane"))["emails"] == ["jane@lab.test"]
    assert await logs_in(acme, "jane", OTHER) == [200, 200]


async def test_the_recovery_administrator_keeps_his_login(acme):
    """An account called like him takes nothing from him."""
    await create(acme, type="individual", name=acme.login[0], emails=["admin@acme.test"], secrets=[PASSWORD], roles=["user"])
    assert await logs_in(acme, *acme.login) == [200, 200]
    assert (await logs_in(acme, acme.login[0]))[1] == 200


@pytest.mark.usefixtures("acme")
async def test_gateways_on_one_state_know_the_same(second):
    async with second("shared") as one, second("shared") as other:
        await jane(one)
        assert await logs_in(other, "jane") == [200, 200]
        await change(other, "jane", "name", "joan")
        assert (await logs_in(one, "joan"), await logs_in(one, "jane")) == ([200, 200], [401, 401])
        assert (await one.get("/api/principal/joan"))["name"] == "joan"
        await other.delete("/api/principal/joan")
        assert await logs_in(one, "joan") == [401, 401]


@pytest.mark.usefixtures("acme")
async def test_without_the_state_everything_is_called_by_its_address(second):
    async with second("first") as one:
        await jane(one)
        await create(one, type="list", name="crew", emails=["crew@acme.test"], members=["jane"])
    async with second("first") as again:
        assert await logs_in(again, "jane") == [200, 200]
        assert (await again.get("/api/principal/crew"))["members"] == ["jane"]
    async with second("lost") as lost:
        assert await logs_in(lost, "jane") == [401, 401]
        assert await logs_in(lost, "jane@acme.test") == [200, 200]
        assert (await lost.get("/api/principal/jane"))["name"] == "jane"
        assert (await lost.get("/api/principal/jane@acme.test"))["name"] == "jane@acme.test"
        assert (await lost.get("/api/principal/crew"))["members"] == ["jane@acme.test"]
        await change(lost, "jane", "description", "Jane")


async def test_names_with_blanks_which_addresses_cannot_have(acme):
    await create(acme, type="individual", name="Front desk", emails=["desk@acme.test"], secrets=[PASSWORD], roles=["user"])
    found = await acme.get("/api/principal/front%20desk")
    assert (found["name"], found["emails"]) == ("front desk", ["desk@acme.test"])
    await change(acme, "front%20desk", "emails", "desk two@acme.test", "addItem")
    await change(acme, "front%20desk", "name", "back desk")
    found = await acme.get("/api/principal/back%20desk")
    assert (found["name"], found["emails"]) == ("back desk", ["desk@acme.test", "desktwo@acme.test"])
    assert (await logs_in(acme, "back desk"))[1] == 200
    await change(acme, "back%20desk", "emails", "desk two@acme.test", "removeItem")
    assert (await acme.get("/api/principal/back%20desk"))["emails"] == ["desk@acme.test"]
    await acme.delete("/api/principal/back%20desk")
