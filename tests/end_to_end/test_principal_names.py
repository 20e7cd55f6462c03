"""Principals whose names need care in a path, from making to removing, over real sockets."""

import json
from urllib.parse import quote

import pytest

ODD = ["red+blue", "fifty%", "home~kim", "red/blue", "ünïcode", "red blue", "red&blue", "what?red", "red#blue", "red=blue", "%2f", "it's", 'the "red"', "red\\blue", ".", "..", "\U0001f600"]
IN_ADDRESSES = ["red+blue", "fifty%", "home~kim", "red/blue", "ünïcode", "red&blue", "what?red", "red#blue", "red=blue", "%2f", "it's"]
FREE = ["role", "tenant", "oauthClient"]
MAIL = ["individual", "group", "list"]


@pytest.mark.parametrize(
    ("type_", "name"), [*((type_, name) for type_ in FREE for name in ODD), *((type_, f"{name}@odd.test") for type_ in MAIL for name in IN_ADDRESSES)]
)
async def test_a_name_is_found_however_a_path_writes_it(old, type_, name):
    async def call(method, target, body=None):
        status, answer = await old.call(method, f"/api/principal{target}", None if body is None else json.dumps(body))
        assert status == 200, answer
        return answer

    await call("POST", "", {"type": "domain", "name": "odd.test"})
    id_ = (await call("POST", "", {"type": type_, "name": name}))["data"]
    encoded = "/" + quote(name, safe="")
    everything = "/" + "".join(f"%{byte:02X}" for byte in name.encode())
    assert await call("PATCH", encoded, [{"action": "set", "field": "description", "value": name}]) == {"data": None}
    for target in (encoded, everything):
        found = (await call("GET", target))["data"]
        assert (found["id"], found["type"], found["name"], found["description"]) == (id_, type_, name, name)
    listed = (await call("GET", f"?types={type_}&fields=name"))["data"]
    assert {"id": id_, "type": type_, "name": name} in listed["items"]
    assert await call("DELETE", encoded) == {"data": None}
    assert await call("GET", everything) == {"error": "notFound", "item": name}


@pytest.mark.parametrize("path", ["/red+blue@odd.test", "/red%2Bblue@odd.test", "/red%2bblue%40odd.test"])
async def test_a_plus_in_a_path_is_a_plus_and_in_a_query_a_blank(old, path):
    for body in ({"type": "domain", "name": "odd.test"}, {"type": "individual", "name": "red+blue@odd.test"}, {"type": "individual", "name": "redblue@odd.test"}):
        await old.call("POST", "/api/principal", json.dumps(body))
    assert (await old.get(f"/api/principal{path}"))["name"] == "red+blue@odd.test"
    for text in ("red+blue", "red%20blue", "red%2Bblue"):
        found = await old.get(f"/api/principal?types=individual&fields=name&filter={text}")
        assert [it["name"] for it in found["items"]] == ["red+blue@odd.test"], text
    assert await old.delete(f"/api/principal{path}") is None
    left = await old.get("/api/principal?types=individual&fields=name&filter=odd.test")
    assert [it["name"] for it in left["items"]] == ["redblue@odd.test"]


async def test_what_stands_behind_a_slash_is_no_part_of_the_name(old):
    ids = [(await old.call("POST", "/api/principal", json.dumps({"type": "role", "name": name})))[1]["data"] for name in ("red", "red/blue")]
    assert [(await old.get(f"/api/principal/{path}"))["id"] for path in ("red/blue", "red%2Fblue")] == ids
    assert await old.delete("/api/principal/red/blue") is None
    assert await old.call("GET", "/api/principal/red") == (200, {"error": "notFound", "item": "red"})
    assert (await old.get("/api/principal/red%2Fblue"))["id"] == ids[1]
