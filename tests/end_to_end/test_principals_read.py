"""Principals that exist on the new server, read over real sockets by an old client."""

import json

import pytest

from gateway.knowledge.ids import encode

PASSWORD = "Canary-horse-battery-9"


async def jmap(old, *calls):
    """Objects as somebody makes them on the new server itself, through the paths that the gateway passes on."""
    body = {
        "using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"],
        "methodCalls": [[name, arguments, str(at)] for at, (name, arguments) in enumerate(calls)],
    }
    _, _, answer = await old.response("POST", "/jmap/", json.dumps(body), {"Content-Type": "application/json"})
    return [arguments for _, arguments, _ in answer["methodResponses"]]


async def made(old, type_, **objects):
    """Ids of new objects by key."""
    (answer,) = await jmap(old, (f"x:{type_}/set", {"create": objects}))
    assert not answer.get("notCreated"), answer
    return {key: it["id"] for key, it in answer["created"].items()}


@pytest.fixture
async def house(old):
    """A domain with two people, a group and a list."""
    domain = (await made(old, "Domain", d={"name": "house.test", "description": "The house"}))["d"]
    group = (await made(old, "Account", g={"@type": "Group", "name": "crew", "domainId": domain}))["g"]
    role = (await made(old, "Role", r={"description": "desk | Help desk", "enabledPermissions": {"sysDomainGet": True}}))["r"]
    kim = {
        "@type": "User",
        "name": "kim",
        "domainId": domain,
        "description": "Kim of the house",
        "aliases": {"0": {"name": "k", "domainId": domain}},
        "memberGroupIds": {group: True},
        "roles": {"@type": "Custom", "roleIds": {role: True}},
        "quotas": {"maxDiskQuota": 4096},
        "credentials": {"0": {"@type": "Password", "secret": PASSWORD}},
    }
    credentials = {"0": {"@type": "Password", "secret": PASSWORD}}
    lee = {"@type": "User", "name": "lee", "domainId": domain, "roles": {"@type": "User"}, "locale": "de_DE", "credentials": credentials}
    await made(old, "Account", kim=kim, lee=lee)
    await made(old, "MailingList", l={"name": "all", "domainId": domain, "recipients": {"k@house.test": True, "x@far.test": True}})
    return old


def without_id(principal):
    return {name: value for name, value in principal.items() if name != "id"}


async def test_one_of_each(house):
    kim = await house.get("/api/principal/kim@house.test")
    assert without_id(kim) == {
        "type": "individual",
        "name": "kim@house.test",
        "description": "Kim of the house",
        "secrets": ["****"],
        "emails": ["kim@house.test", "k@house.test"],
        "memberOf": ["crew@house.test"],
        "lists": ["all@house.test"],
        "roles": ["desk"],
        "quota": 4096,
    }
    assert without_id(await house.get("/api/principal/crew")) == {
        "type": "group", "name": "crew", "emails": ["crew@house.test"], "members": ["kim@house.test"],
    }  # fmt: skip
    assert without_id(await house.get("/api/principal/all@house.test")) == {
        "type": "list", "name": "all@house.test", "emails": ["all@house.test"], "members": ["k@house.test"], "externalMembers": ["x@far.test"],
    }  # fmt: skip
    assert without_id(await house.get("/api/principal/house.test")) == {
        "type": "domain", "name": "house.test", "description": "The house", "members": 3,
    }  # fmt: skip
    assert without_id(await house.get("/api/principal/desk")) == {
        "type": "role", "name": "desk", "description": "Help desk", "members": ["kim@house.test"], "enabledPermissions": ["domain-get"],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["nobody", "nobody@house.test", "", "Kim@house.test", "57", "a%2Fb", "%00", "kim@house.test%20", "%C3%BC", '%22"%5C'])
async def test_what_is_not_there(house, name):
    status, body = await house.call("GET", f"/api/principal/{name}")
    assert (status, body["error"]) == (200, "notFound")


async def test_lists_in_the_ways_of_old_clients(house):
    people = await house.get("/api/principal?page=1&limit=10&types=individual&filter=house.test&fields=name,locale")
    assert [without_id(it) for it in people["items"]] == [
        {"type": "individual", "name": "kim@house.test"},
        {"type": "individual", "name": "lee@house.test", "locale": "de"},
    ]
    assert people["total"] == 2
    assert (await house.get("/api/principal?filter=house.test&fields=name&count=1&types=individual")) == {"items": [], "total": 2}
    for text, names in (
        ("HOUSE%20kim", ["kim@house.test"]),
        ("house", ["all@house.test", "crew@house.test", "kim@house.test", "lee@house.test"]),
        ("nothing+kim", ["kim@house.test"]),
        ("far", []),
        ("hous", []),
    ):
        found = await house.get(f"/api/principal?types=individual,group,list&fields=name&filter={text}")
        assert [it["name"] for it in found["items"]] == names, text
    everything = await house.get("/api/principal?fields=name&limit=3&page=2")
    assert len(everything["items"]) == 3
    names = [it["name"] for it in (await house.get("/api/principal?fields=name"))["items"]]
    assert names == sorted(names)
    assert len(names) == everything["total"]


async def test_a_caller_without_rights(house):
    lee = house.as_(("lee@house.test", PASSWORD))
    for target in ("/api/principal", "/api/principal?types=group", "/api/principal/crew", "/api/principal/nobody"):
        status, body = await lee.call("GET", target)
        assert (status, body["detail"]) == (403, "You do not have enough permissions to access this resource."), target


async def test_what_changes_on_the_new_server_is_seen(house):
    assert (await house.get("/api/principal/desk"))["description"] == "Help desk"
    role = (await made(house, "Role", r={"description": "audit"}))["r"]
    lee = (await house.get("/api/principal/lee@house.test"))["id"]
    (answer,) = await jmap(house, ("x:Account/set", {"update": {encode(lee): {"roles": {"@type": "Custom", "roleIds": {role: True}}}}}))
    assert answer["updated"]
    assert (await house.get("/api/principal/lee@house.test"))["roles"] == ["audit"]
    ids = await made(house, "Domain", d={"name": "later.test", "dkimManagement": {"@type": "Manual"}})
    assert (await house.get("/api/principal/later.test"))["members"] == 0
    (answer,) = await jmap(house, ("x:Domain/set", {"destroy": [ids["d"]]}))
    assert answer["destroyed"] == [ids["d"]]
    status, body = await house.call("GET", "/api/principal/later.test")
    assert (status, body) == (200, {"error": "notFound", "item": "later.test"})
