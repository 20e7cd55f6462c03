"""What an administrator of a tenant sees, changes and is refused, before a server of the Enterprise edition."""

import json

import pytest

PASSWORD = "Canary-plum-kettle-7-orbit"
FORBIDDEN = "You do not have enough permissions to access this resource."
EVERYBODY = ["boss@acme.test", "kim@acme.test"]


async def call(client, method, target, body=None):
    return await client.call(method, f"/api/principal{target}", None if body is None else json.dumps(body))


async def make(client, type_, name, **members):
    status, answer = await call(client, "POST", "", {"type": type_, "name": name} | members)
    assert (status, list(answer)) == (200, ["data"]), answer
    return answer["data"]


async def names(client, query):
    status, answer = await call(client, "GET", f"?fields=name&{query}")
    assert status == 200, answer
    assert answer["data"]["total"] == len(answer["data"]["items"])
    return [it["name"] for it in answer["data"]["items"]]


@pytest.fixture
async def boss(enterprise):
    """The administrator of a tenant that may have three accounts and one group, beside another customer's domain and account."""
    await make(enterprise, "tenant", "acme", description="Acme", quota=[0, 3, 1, *[0] * 9])
    await make(enterprise, "domain", "acme.test", tenant="acme")
    await make(enterprise, "domain", "other.test")
    await make(enterprise, "individual", "boss@acme.test", emails=["boss@acme.test"], secrets=[PASSWORD], roles=["tenant-admin"], tenant="acme")
    await make(enterprise, "individual", "x@other.test", emails=["x@other.test"], roles=["user"])
    await make(enterprise, "individual", "kim@acme.test", emails=["kim@acme.test"], roles=["user"], tenant="acme")
    return enterprise.as_(("boss@acme.test", PASSWORD))


async def test_only_what_is_the_tenants_is_seen(boss, enterprise):
    assert await names(boss, "types=individual") == EVERYBODY
    assert await names(boss, "types=domain") == ["acme.test"]
    assert await names(boss, "types=individual,group,list,domain,role&filter=test") == ["acme.test", *EVERYBODY]
    assert await names(boss, "types=individual&tenant=acme") == EVERYBODY
    assert await names(enterprise, "types=individual&tenant=acme") == EVERYBODY
    for name in ("x@other.test", "other.test", "acme", "x"):
        assert await call(boss, "GET", f"/{name}") == (200, {"error": "notFound", "item": name})
    for target in ("", "?types=tenant"):
        status, problem = await call(boss, "GET", target)
        assert (status, problem["detail"]) == (403, FORBIDDEN)
    _, answer = await call(boss, "GET", "/kim@acme.test")
    assert "tenant" not in answer["data"]
    assert (await enterprise.get("/api/principal/kim@acme.test"))["tenant"] == "acme"


@pytest.mark.parametrize(("method", "body"), [("PATCH", [{"action": "set", "field": "description", "value": "mine"}]), ("DELETE", None)])
@pytest.mark.parametrize("name", ["x@other.test", "other.test", "acme"])
async def test_nothing_of_others_is_changed(boss, enterprise, method, body, name):
    before = await enterprise.get(f"/api/principal/{name}")
    assert await call(boss, method, f"/{name}", body) == (200, {"error": "notFound", "item": name})
    assert await enterprise.get(f"/api/principal/{name}") == before


async def test_what_is_made_belongs_to_the_tenant_within_its_limits(boss, enterprise):
    await make(boss, "individual", "lee@acme.test", emails=["lee@acme.test"], roles=["user"])
    assert (await enterprise.get("/api/principal/lee@acme.test"))["tenant"] == "acme"
    for type_, name, others in (("individual", "max@acme.test", 0), ("group", "ops@acme.test", 1)):
        for number in range(others):
            await make(boss, type_, f"g{number}@acme.test")
        status, problem = await call(boss, "POST", "", {"type": type_, "name": name})
        assert (status, problem["title"], problem["detail"]) == (403, "Tenant quota exceeded", "Your organization has exceeded its quota.")
        assert await call(boss, "GET", f"/{name}") == (200, {"error": "notFound", "item": name})
    assert await call(boss, "POST", "", {"type": "list", "name": "all@other.test"}) == (200, {"error": "notFound", "item": "other.test"})
    status, problem = await call(boss, "POST", "", {"type": "tenant", "name": "mine"})
    assert (status, problem["detail"]) == (403, FORBIDDEN)
    assert await call(boss, "DELETE", "/kim@acme.test") == (200, {"data": None})
    await make(boss, "individual", "max@acme.test", emails=["max@acme.test"])


async def test_everything_of_a_kind_is_everything_of_the_tenant(boss, enterprise):
    assert await call(boss, "DELETE", "?type=individual&confirm=true&filter=x") == (200, {"data": False})
    assert await call(boss, "DELETE", "?type=individual&confirm=true&filter=kim") == (200, {"data": True})
    assert await names(boss, "types=individual") == EVERYBODY[:1]
    refused = {"error": "other", "details": "Tenant has members", "reason": "Tenant must have no members to be deleted: Found: boss@acme.test, acme.test"}
    assert await call(enterprise, "DELETE", "/acme") == (200, refused)
    assert await call(boss, "DELETE", "?type=individual&confirm=true") == (200, {"data": True})
    assert await names(enterprise, "types=individual&tenant=acme") == []
    assert (await enterprise.get("/api/principal/x@other.test"))["name"] == "x@other.test"
