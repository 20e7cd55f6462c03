"""Settings of a fresh server through the gateway."""

import pytest


async def test_the_whole_map_pages_and_sorts(old):
    everything = await old.get("/api/settings/list")
    names = list(everything["items"])
    assert everything["total"] == len(names) > 400
    assert names == sorted(names)
    second = await old.get("/api/settings/list?limit=200&page=2")
    assert (second["total"], list(second["items"])) == (len(names), names[200:400])
    assert await old.get("/api/settings/list/anything?page=2") == everything


async def test_each_group_is_a_part_of_the_whole(old):
    everything = (await old.get("/api/settings/list"))["items"]
    for name in sorted({key.partition(".")[0] for key in everything}):
        part = await old.get(f"/api/settings/list?prefix={name}")
        own = {key: text for key, text in everything.items() if key.startswith(f"{name}.")}
        shown = {f"{name}.{key}": text for key, text in part["items"].items()}
        assert own.items() <= shown.items(), name
    asked = [key for key in everything if "," not in key][::7]
    for at in range(0, len(asked), 40):
        some = asked[at : at + 40]
        assert await old.get(f"/api/settings/keys?keys={','.join(some)}") == {key: everything[key] for key in some}


async def test_records_of_a_fresh_server(old):
    routes = await old.get("/api/settings/group?prefix=queue.route&suffix=type&page=1&limit=10")
    assert [(item["_id"], item["type"]) for item in routes["items"]] == [("local", "local"), ("mx", "mx")]
    limits = await old.get("/api/settings/group?prefix=queue.limiter.inbound&suffix=enable&field=rate")
    assert limits == {"total": 2, "items": [{"_id": "ip", "rate": "5/1s"}, {"_id": "sender", "rate": "25/1h"}]}
    assert await old.get("/api/settings/group?prefix=no.such.thing&suffix=type") == {"total": 0, "items": []}
    assert await old.get("/api/settings/keys") == {}


@pytest.mark.parametrize("name", ["list?prefix=http", "group?prefix=http", "keys?keys=http.hsts"])
async def test_whoever_may_not_list_settings_is_refused(old, name):
    status, _ = await old.as_(None).call("GET", f"/api/settings/{name}")
    assert status == 401
