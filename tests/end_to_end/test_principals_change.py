"""Changes of principals over real sockets: several writers at once, and an account that lives a while under a bare name."""

import asyncio
import json

from gateway.app import running
from gateway.settings import Settings

CRYPT = "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."


async def make(client, type_, name, **members):
    status, reply = await client.call("POST", "/api/principal", json.dumps({"type": type_, "name": name} | members))
    assert (status, list(reply)) == (200, ["data"]), reply


async def change(client, name, *steps):
    body = [{"action": action, "field": field, "value": value} for action, field, value in steps]
    status, reply = await client.call("PATCH", f"/api/principal/{name}", json.dumps(body))
    assert status == 200, reply
    return reply


async def kim(client, **members):
    await make(client, "domain", "acme.test")
    await make(client, "individual", "kim", emails=["kim@acme.test"], roles=["user"], **members)


async def test_concurrent_changes_of_one_account_all_take_effect(old):
    await kim(old)
    for number in range(8):
        assert await change(old, "kim", ("addItem", "emails", f"old{number}@acme.test")) == {"data": None}
    additions = [change(old, "kim", ("addItem", "emails", f"new{number}@acme.test")) for number in range(8)]
    removals = [change(old, "kim@acme.test", ("removeItem", "emails", f"old{number}@acme.test")) for number in range(8)]
    rest = [change(old, "kim", ("addItem", "enabledPermissions", "logs-view")), change(old, "kim", ("set", "quota", 1000))]
    replies = await asyncio.gather(*(it for pair in zip(additions, removals, strict=True) for it in pair), *rest)
    assert replies == [{"data": None}] * 18
    account = await old.get("/api/principal/kim")
    assert account["emails"] == ["kim@acme.test", *(f"new{number}@acme.test" for number in range(8))]
    assert (account["enabledPermissions"], account["quota"]) == (["logs-view"], 1000)


async def test_changes_through_two_gateways_on_one_state_all_take_effect(old, tmp_path):
    shared = {"upstream": old.both.simulator, "listen": "127.0.0.1:0", "legacy_version": "0.15", "state": f"sqlite+aiosqlite:///{tmp_path}/state.db"}
    async with running(Settings(**shared)) as one, running(Settings(**shared)) as other:
        clients = [old.at(one.url), old.at(other.url)]
        await kim(clients[0])
        roles = [f"role-{number}" for number in range(4)]
        for role in roles:
            await make(clients[0], "role", role)
        addresses = [f"k{number}@acme.test" for number in range(8)]
        rights = ["domain-get", "group-get", "logs-view", "role-get"]
        steps = [
            *(("addItem", "emails", address) for address in addresses),
            *(("addItem", "enabledPermissions", right) for right in rights),
            *(("addItem", "roles", role) for role in roles),
        ]
        replies = await asyncio.gather(*(change(clients[at % 2], "kim", step) for at, step in enumerate(steps)))
        assert replies == [{"data": None}] * len(steps)
        account = await clients[1].get("/api/principal/kim")
        assert (account["emails"], account["roles"]) == (["kim@acme.test", *addresses], ["user", *roles])
        assert {*rights} <= {*account["enabledPermissions"]}
        await asyncio.gather(*(change(clients[at % 2], "kim", ("removeItem", "emails", address)) for at, address in enumerate(addresses[1:])))
        assert (await clients[1].get("/api/principal/kim"))["emails"] == ["kim@acme.test", addresses[0]]


async def test_memberships_from_both_sides_at_once(old):
    await kim(old)
    groups = [f"g{number}" for number in range(5)]
    for group in groups:
        await make(old, "group", group, emails=[f"{group}@acme.test"])
    await asyncio.gather(
        *(change(old, "kim", ("addItem", "memberOf", group)) for group in groups[:3]),
        *(change(old, group, ("addItem", "members", "kim")) for group in groups[3:]),
    )
    assert (await old.get("/api/principal/kim"))["memberOf"] == groups
    await asyncio.gather(*(change(old, group, ("set", "members", [])) for group in groups))
    assert "memberOf" not in await old.get("/api/principal/kim")


async def test_an_account_under_a_bare_name(old):
    await kim(old, secrets=[CRYPT])
    await make(old, "list", "all", emails=["all@acme.test"], members=["kim"])
    await change(old, "kim", ("addItem", "emails", "k@acme.test"), ("addItem", "emails", "@acme.test"))
    await change(old, "kim", ("removeItem", "emails", "kim@acme.test"))
    account = await old.get("/api/principal/kim")
    assert (account["name"], account["emails"], account["lists"]) == ("kim", ["k@acme.test", "@acme.test"], ["all"])
    assert (await old.get("/api/principal/all"))["members"] == ["kim"]
    assert await change(old, "kim", ("set", "name", "lee")) == {"data": None}
    account = await old.get("/api/principal/lee")
    assert (account["name"], account["emails"], account["lists"]) == ("lee", ["@acme.test", "k@acme.test"], ["all"])
    assert await old.call("GET", "/api/principal/kim") == (200, {"error": "notFound", "item": "kim"})
    await change(old, "lee", ("set", "emails", []), ("set", "roles", []))
    account = await old.get("/api/principal/lee")
    assert account.keys() == {"id", "type", "name", "secrets", "lists"}
    # What was written back is what is there.
    before = await old.get("/api/principal/all")
    await change(old, "all", ("set", "members", before["members"]))
    assert await old.get("/api/principal/all") == before



async def test_hundreds_of_members_cost_few_round_trips(old):
    await make(old, "domain", "acme.test")
    jmap = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]}

    async def call(name, arguments):
        body = json.dumps(jmap | {"methodCalls": [[name, arguments, "0"]]})
        _, _, answer = await old.response("POST", "/jmap/", body, {"Content-Type": "application/json"})
        return answer["methodResponses"][0][1]

    async def trips(work):
        await old.http.get(f"{old.both.simulator}/healthz/live")
        await work
        async with old.http.get(f"{old.both.simulator}/.simulator/journal") as answer:
            paths = [it["path"] for it in await answer.json()]
        return len(paths) - max(at for at, path in enumerate(paths) if path == "/healthz/live") - 1

    (domain,) = [it["id"] for it in (await call("x:Domain/get", {"ids": None}))["list"] if it["name"] == "acme.test"]
    people = [f"p{number:03}@acme.test" for number in range(400)]
    await call("x:Account/set", {"create": {name: {"@type": "User", "name": name.partition("@")[0], "domainId": domain} for name in people}})
    for type_, name in (("group", "crew@acme.test"), ("list", "all@acme.test")):
        assert await trips(make(old, type_, name, members=people)) < 10
        assert (await old.get(f"/api/principal/{name}"))["members"] == people
        assert await trips(change(old, name, ("set", "members", people[5:]))) < 10
        assert (await old.get(f"/api/principal/{name}"))["members"] == people[5:]
        unknown = [*people[:100], "nobody@acme.test", *people[100:], "somebody@acme.test"]
        assert await change(old, name, ("set", "members", unknown)) == {"error": "notFound", "item": "nobody@acme.test"}
        assert (await old.get(f"/api/principal/{name}"))["members"] == people[5:]
