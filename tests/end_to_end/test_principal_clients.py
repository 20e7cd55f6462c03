"""Old clients at work on principals, each with the parameters it sends and as strictly as it reads (clients 2.1 to 2.6, 3.4, 4.4, 5, 6)."""

import json
from itertools import count
from urllib.parse import quote

import pytest

from gateway.app import running
from gateway.knowledge.sha512_crypt import hashed, matches
from gateway.settings import Settings

PASSWORD = "Canary-plum-kettle-7-orbit"
ANOTHER = "Canary-brook-lantern-4-maple"
TYPES = ["individual", "group", "resource", "location", "list", "other", "domain", "tenant", "role", "apiKey", "oauthClient"]
TEXTS = {"name", "description", "tenant", "picture", "locale"}
ARRAYS = {
    "secrets", "emails", "urls", "memberOf", "roles", "lists", "members", "enabledPermissions", "disabledPermissions", "externalMembers",
}  # fmt: skip
LARGEST_ID = 2**31 - 1
MANY = 210


class Client:
    """Reads as the strictest client does: status 200 always, no null, closed sets of types and members."""

    def __init__(self, old):
        self.old = old

    async def ask(self, method, target, body=None):
        status, answer = await self.old.call(method, f"/api/principal{target}", None if body is None else json.dumps(body))
        assert status == 200, (method, target, answer)
        assert list(answer) == ["data"] or isinstance(answer["error"], str)
        if answer.get("error") == "other":
            assert isinstance(answer["details"], str)
        return answer

    async def data(self, method, target, body=None):
        answer = await self.ask(method, target, body)
        assert list(answer) == ["data"], (method, target, answer)
        return answer["data"]

    async def make(self, type_, name, **members):
        id_ = await self.data("POST", "", {"type": type_, "name": name} | members)
        assert 0 < id_ <= LARGEST_ID
        return id_

    async def read(self, name):
        return strict(await self.data("GET", "/" + quote(name, safe="")))

    async def items(self, query):
        found = await self.data("GET", f"?{query}")
        assert found.keys() == {"items", "total"}
        return [strict(it) for it in found["items"]], found["total"]

    async def change(self, name, *steps):
        return await self.ask("PATCH", "/" + quote(name, safe=""), [{"action": action, "field": field, "value": value} for action, field, value in steps])


def strict(principal):
    """The principal, if every member is of the kind that all readers take."""
    assert principal["type"] in TYPES
    for name, value in principal.items():
        if name in TEXTS:
            assert isinstance(value, str), name
            assert value, name
        elif name == "members" and principal["type"] in ("domain", "tenant"):
            assert isinstance(value, int)
        elif name in ARRAYS:
            assert isinstance(value, list), name
            assert all(isinstance(it, str) for it in value), name
        elif name == "quota" and isinstance(value, list):
            assert all(isinstance(it, int) and it >= 0 for it in value)
        elif name != "type":
            assert isinstance(value, int), name
            assert value >= 0, name
    return principal


@pytest.fixture
def client(union):
    return Client(union)


@pytest.fixture
async def acme(client):
    """A client that has made a domain."""
    await client.make("domain", "acme.test")
    return client


DONE = {"data": None}


async def test_terraform_finds_no_difference_after_it_applied(acme):
    group = {"type": "group", "name": "crew@acme.test", "emails": ["crew@acme.test"]}
    person = {
        "type": "individual", "name": "kim", "description": "Kim", "quota": 5_000_000_000, "roles": ["user"],
        "memberOf": ["crew@acme.test"], "emails": ["kim@acme.test", "a@acme.test", "b@acme.test"],
    }  # fmt: skip
    await acme.data("POST", "", group)
    id_ = await acme.data("POST", "", person | {"secrets": [PASSWORD]})
    for _ in range(2):
        read = await acme.read("kim")
        assert read.pop("secrets")
        assert read == person | {"id": id_}
    assert await acme.change("kim", ("set", "description", "Kim L."), ("set", "quota", 0), ("set", "secrets", [ANOTHER])) == DONE
    assert await acme.change("kim", ("removeItem", "memberOf", "crew@acme.test"), ("addItem", "roles", "user")) == DONE
    read = await acme.read("kim")
    assert (read["description"], read.get("quota", 0), read.get("memberOf", []), read["roles"]) == ("Kim L.", 0, [], ["user"])
    moved = ["b@acme.test", "kim@acme.test", "a@acme.test"]
    steps = [*(("removeItem", "emails", it) for it in person["emails"]), *(("addItem", "emails", it) for it in moved)]
    assert await acme.change("kim", *steps) == {"error": "fieldAlreadyExists", "field": "emails", "value": "b@acme.test"}
    assert (await acme.read("kim"))["emails"] == person["emails"]

    seen = []
    for page in count(1):
        items, total = await acme.items(f"types=individual,list,group&page={page}&limit=2")
        seen += items
        if len(items) < 2 or len(seen) >= total:
            break
    assert len(seen) == total == len({it["id"] for it in seen})
    using = [it["name"] for it in seen if any(address.endswith("@acme.test") for address in it.get("emails", []))]
    assert using == ["crew@acme.test", "kim"]
    for name in (*using, "acme.test"):
        assert await acme.data("DELETE", f"/{name}") is None
        assert await acme.ask("GET", f"/{name}") == {"error": "notFound", "item": name}


async def test_terraform_by_numbers_finds_nothing_and_harms_nothing(acme):
    id_ = await acme.make("individual", "kim@acme.test")
    for method, body in (("GET", None), ("PATCH", [{"action": "set", "field": "description", "value": "x"}]), ("DELETE", None)):
        assert await acme.ask(method, f"/{id_}", body) == {"error": "notFound", "item": str(id_)}
    assert await acme.read("kim@acme.test") == {"id": id_, "type": "individual", "name": "kim@acme.test"}
    # An address may be one text in place of a list.
    assert await acme.make("individual", "lee@acme.test", emails="lee@acme.test") != id_


async def test_terraform_adopts_what_it_finds_by_searching(acme):
    id_ = await acme.make("individual", "kim@acme.test", description="Before")
    taken = await acme.ask("POST", "", {"type": "individual", "name": "kim@acme.test", "emails": ["kim@acme.test"]})
    assert taken["error"] == "fieldAlreadyExists"
    items, _ = await acme.items("types=individual&filter=kim%40acme.test")
    assert [it["id"] for it in items if it["name"] == "kim@acme.test"] == [id_]
    assert await acme.change(items[0]["name"], ("set", "description", "After")) == DONE
    assert (await acme.read("kim@acme.test"))["description"] == "After"


async def test_an_account_portal(client):
    nothing = {name: [] for name in ARRAYS - {"secrets", "emails", "roles", "urls"}}

    async def deploy(type_, name, **more):
        return await client.data("POST", "/deploy", {"type": type_, "name": name, "description": None, "quota": 0} | nothing | more)

    await deploy("domain", "acme.test", secrets=[], emails=[], roles=[])
    id_ = await deploy("individual", "kim@acme.test", secrets=[PASSWORD], emails=["kim@acme.test"], roles=["user"])
    assert (await client.read("kim@acme.test")) == {
        "id": id_, "type": "individual", "name": "kim@acme.test", "secrets": ["****"], "emails": ["kim@acme.test"], "roles": ["user"],
    }  # fmt: skip
    assert await client.change("kim@acme.test", ("addItem", "emails", "sales@acme.test")) == DONE
    assert await client.change("kim@acme.test", ("removeItem", "emails", "sales@acme.test"), ("addItem", "emails", "shop@acme.test")) == DONE
    assert (await client.read("kim@acme.test"))["emails"] == ["kim@acme.test", "shop@acme.test"]
    refused = await client.change("kim@acme.test", ("addItem", "secrets", f"$app$phone${ANOTHER}"))
    assert (refused["error"], "****" in json.dumps(refused), ANOTHER in json.dumps(refused)) == ("unsupported", False, False)
    assert await client.change("kim@acme.test", ("set", "quota", 1_000_000), ("set", "name", "boss@acme.test")) == DONE
    boss = await client.read("boss@acme.test")
    assert (boss["id"], boss["quota"], boss["emails"]) == (id_, 1_000_000, ["kim@acme.test", "shop@acme.test"])
    assert await client.data("DELETE", "/boss@acme.test") is None
    for method in ("GET", "DELETE"):
        assert await client.ask(method, "/boss@acme.test") == {"error": "notFound", "item": "boss@acme.test"}


async def test_a_business_suite_sends_only_differences(acme):
    await acme.make("group", "crew", emails=["crew@acme.test"])
    wanted = {
        "type": "individual", "name": "kim", "description": "Kim", "quota": 0, "locale": None, "secrets": [hashed(PASSWORD, "canarysalt")],
        "emails": ["kim@acme.test"], "memberOf": [], "roles": ["user"], "lists": [], "members": [], "enabledPermissions": [],
        "disabledPermissions": [], "externalMembers": [], "urls": [],
    }  # fmt: skip
    await acme.data("POST", "", wanted)
    before = await acme.read("kim")
    assert await acme.change("kim") == DONE
    assert await acme.read("kim") == before
    steps = [
        ("addItem", "memberOf", "crew"), ("removeItem", "roles", "user"), ("set", "locale", "de"), ("addItem", "roles", "admin"),
        ("set", "description", "Chief"), ("addItem", "emails", "chief@acme.test"), ("addItem", "memberOf", "crew"),
    ]  # fmt: skip
    assert await acme.change("kim", *steps) == DONE
    after = await acme.read("kim")
    assert after == before | {
        "memberOf": ["crew"], "roles": ["admin"], "locale": "de", "description": "Chief", "emails": ["kim@acme.test", "chief@acme.test"],
    }  # fmt: skip
    assert after["secrets"] == before["secrets"]


async def test_a_mail_panel(acme):
    domains, total = await acme.items("types=domain&page=1&limit=1")
    assert len(domains) == 1 <= total
    person = {"type": "individual", "name": "kim", "emails": ["kim@acme.test"], "roles": ["user"], "secrets": [hashed(PASSWORD, "canarysalt")]}
    await acme.data("POST", "", person | {name: [] for name in ("lists", "memberOf", "members")})
    # What is there already is adopted.
    assert (await acme.ask("POST", "", person))["error"] == "fieldAlreadyExists"
    assert await acme.change("kim", ("set", "description", "Kim"), ("set", "quota", 1000)) == DONE
    await acme.make("list", "all", emails=["all@acme.test"], members=["kim"], externalMembers=["x@far.test"])
    missing = await acme.change("all", ("set", "members", ["kim", "nobody"]))
    assert missing == {"error": "notFound", "item": "nobody"}
    assert (await acme.read("all"))["members"] == ["kim"]
    assert await acme.change("nothing", ("set", "members", ["kim"])) == {"error": "notFound", "item": "nothing"}
    assert await acme.change("kim", ("set", "roles", [])) == DONE
    assert "roles" not in await acme.read("kim")
    assert await acme.change("kim", ("set", "roles", ["user"])) == DONE
    usage, total = await acme.items("types=individual&page=1&limit=0&fields=name,usedQuota")
    assert total == len(usage)
    assert all(it.keys() <= {"id", "type", "name", "usedQuota"} for it in usage)
    assert "kim" in [it["name"] for it in usage]


async def test_a_managed_service_uses_the_new_account_at_the_same_address(acme):
    again = await acme.ask("POST", "", {"type": "domain", "name": "acme.test", "description": "Acme"})
    assert "AlreadyExists" in again["error"]
    await acme.make("individual", "kim", secrets=[PASSWORD], emails=["kim@acme.test"], roles=["user"])
    for login in ("kim@acme.test", "kim"):
        own = acme.old.as_((login, PASSWORD))
        status, session = await own.call("GET", "/jmap/session")
        assert (status, session["username"]) == (200, "kim@acme.test")
        body = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"hello": True}, "0"]]}
        status, _, answer = await own.response("POST", "/jmap/", json.dumps(body), {"Content-Type": "application/json"})
        assert (status, answer["methodResponses"]) == (200, [["Core/echo", {"hello": True}, "0"]])


async def test_a_change_of_password_by_plugins_and_forms(acme):
    """The new hash is added, then what was read is removed; or everything is set."""
    await acme.make("individual", "kim", secrets=[hashed(PASSWORD, "canarysalt")], emails=["kim@acme.test"], roles=["user"])
    for password, others in ((ANOTHER, []), (PASSWORD, [("set", "description", "Kim")])):
        former = [it for it in (await acme.read("kim"))["secrets"] if not it.startswith("$app$")]
        steps = [("addItem", "secrets", hashed(password, "canarysalt")), *(("removeItem", "secrets", it) for it in former)]
        assert await acme.change("kim", *others, *steps) == DONE
        assert (await acme.old.as_(("kim@acme.test", password)).call("GET", "/jmap/session"))[0] == 200
    assert await acme.change("kim", ("set", "secrets", [ANOTHER])) == DONE
    logins = [(await acme.old.as_(("kim", it)).call("GET", "/jmap/session"))[0] for it in (PASSWORD, ANOTHER)]
    assert logins == [401, 200]


async def test_an_app_password_plugin_on_accounts_without_a_password(acme):
    await acme.make("individual", "kim", emails=["kim@acme.test"], roles=["user"])
    mine = f"$app$phone${PASSWORD}"
    assert await acme.change("kim", ("addItem", "secrets", mine)) == DONE
    assert [it.split("$")[2] for it in (await acme.read("kim"))["secrets"] if it.startswith("$app$")] == ["phone"]
    assert (await acme.old.as_(("kim@acme.test", PASSWORD)).call("GET", "/jmap/session"))[0] == 200
    assert await acme.change("kim", ("removeItem", "secrets", mine)) == DONE
    assert "secrets" not in await acme.read("kim")
    assert (await acme.old.as_(("kim@acme.test", PASSWORD)).call("GET", "/jmap/session"))[0] == 401


async def test_the_command_line_of_early_versions(acme):
    id_ = await acme.make("superuser", "kim@acme.test", secrets=[hashed(PASSWORD, "canarysalt")], description="Kim")
    assert (await acme.read("kim@acme.test"))["type"] == "individual"
    await acme.make("group", "crew@acme.test")
    await acme.make("list", "all@acme.test", description="All")
    assert await acme.change("all@acme.test", ("set", "members", ["kim@acme.test"])) == DONE
    assert await acme.change("kim@acme.test", ("set", "emails", ["kim@acme.test", "k@acme.test"]), ("set", "memberOf", ["crew@acme.test"])) == DONE
    assert await acme.change("kim@acme.test", ("removeItem", "emails", "k@acme.test"), ("set", "quota", 4096)) == DONE
    assert await acme.change("crew@acme.test", ("removeItem", "members", "kim@acme.test")) == DONE
    shown = await acme.read("kim@acme.test")
    assert (shown["id"], shown["emails"], shown["quota"], "memberOf" in shown) == (id_, ["kim@acme.test"], 4096, False)
    items, total = await acme.items("&type=individual&filter=acme.test&limit=10&page=1")
    assert ([it["name"] for it in items], total) == (["kim@acme.test"], 1)


async def test_the_forms_of_the_old_web_administration(acme):
    form = {name: [] for name in ARRAYS} | {"quota": 0}
    await acme.make("role", "desk", **form)
    await acme.make("group", "crew", **(form | {"emails": ["crew@acme.test"], "enabledPermissions": ["email-receive", "email-send"]}))
    await acme.make("individual", "kim", **(form | {"emails": ["kim@acme.test", "k@acme.test"], "roles": ["user"], "secrets": [hashed(PASSWORD, "canarysalt")]}))
    await acme.make("list", "all", **(form | {"emails": ["all@acme.test"], "members": ["kim"]}))
    for types, names in (
        ("role,group,list", {"all", "crew", "desk"}),
        ("individual,group,list", {"all", "crew", "kim"}),
        ("individual,group", {"crew", "kim"}),
        ("role", {"desk"}),
    ):
        offered, total = await acme.items(f"types={types}&fields=name,description")
        assert total == len(offered)
        assert names <= {it["name"] for it in offered}
        assert {it["type"] for it in offered} <= {*types.split(",")}
    # Nothing but the description was changed in the form, which compares with what it read.
    before = await acme.read("kim")
    assert await acme.change("kim", ("set", "description", "Kim")) == DONE
    assert await acme.read("kim") == before | {"description": "Kim"}
    assert await acme.change("kim", ("set", "description", "")) == DONE
    assert await acme.read("kim") == before
    count, _ = await acme.items("filter=acme.test&fields=name&count=1&types=individual")
    assert count == []
    items, total = await acme.items("page=1&limit=10&types=individual&filter=kim")
    assert ([it["name"] for it in items], total) == (["kim"], 1)
    assert await acme.data("DELETE", "?type=list&filter=all&confirm=true") is True
    assert await acme.ask("GET", "/all") == {"error": "notFound", "item": "all"}


async def test_a_dump_for_a_migration(acme):
    await acme.make("role", "help desk")
    await acme.make("tenant", "acme")
    await acme.make("apiKey", "robot", secrets=[PASSWORD], roles=["admin"])
    for number in range(MANY):
        await acme.make("oauthClient", f"client/{number}")
    dumped = {}
    for type_ in TYPES:
        seen, total = {}, 1
        for page in count(1):
            items, total = await acme.items(f"page={page}&limit=200&types={type_}")
            assert seen.keys().isdisjoint(it["id"] for it in items)
            seen |= {it["id"]: it["name"] for it in items}
            if len(seen) >= total:
                break
            assert items, "a page that brings nothing"
        dumped |= seen
    assert len(dumped) > MANY
    for id_, name in [*dumped.items()][::10]:
        assert (await acme.read(name))["id"] == id_


async def test_passwords_are_compared_with_what_is_remembered(union, tmp_path):
    """A panel that checks a login itself needs the hash, which the gateway gives where it is told to."""
    chosen = {"upstream": union.both.simulator, "listen": "127.0.0.1:0", "state": f"sqlite+aiosqlite:///{tmp_path}/state.db", "secrets_memory": "hashes"}
    async with running(Settings(**chosen)) as app:
        panel = Client(union.at(app.url))
        await panel.make("domain", "acme.test")
        await panel.make("individual", "kim", secrets=[PASSWORD], emails=["kim@acme.test"])
        (shown,) = (await panel.read("kim"))["secrets"]
        assert matches(PASSWORD, shown)
        assert await panel.change("kim", ("addItem", "secrets", hashed(ANOTHER, "canarysalt")), ("removeItem", "secrets", shown)) == DONE
        assert (await panel.read("kim"))["secrets"] == [hashed(ANOTHER, "canarysalt")]
