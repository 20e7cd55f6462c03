"""What `settings explain` says of a dump is what the new server holds."""

import json

from aiohttp import ClientSession

from gateway.legacy.settings.explaining import ABSENT, explain_all

USING = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]


async def singletons(old, types):
    """The objects of these types that there is one of, asked of the simulated server itself."""
    found = {}
    ordered = sorted(types)
    async with ClientSession() as http:
        for at in range(0, len(ordered), 16):
            calls = [[f"{name}/get", {"ids": ["singleton"]}, name] for name in ordered[at : at + 16]]
            headers = {"Authorization": old.authorization()}
            async with http.post(f"{old.both.simulator}/jmap/", json={"using": USING, "methodCalls": calls}, headers=headers) as answer:
                for _, reply, name in (await answer.json())["methodResponses"]:
                    found[name] = (reply.get("list") or [None])[0]
    return found


def held(it, pointer):
    for element in pointer.split("/")[1:]:
        it = it.get(element, ABSENT) if isinstance(it, dict) else ABSENT
    return it


async def test_every_value_of_a_fresh_server_is_the_one_that_is_explained(old):
    dump = (await old.get("/api/settings/list"))["items"]
    settings = [it for it in explain_all(dump.items()) if it.access == "rw"]
    assert [it.key for it in settings if it.problem] == []
    single = [it for it in settings if it.record is None and it.pointer and it.value is not ABSENT and "****" not in json.dumps(it.value)]
    objects = await singletons(old, {it.objects[0] for it in single})
    wrong = {}
    for it in single:
        value = held(objects[it.objects[0]], it.pointer)
        if it.pointer.endswith("/@type") and isinstance(it.value, dict):
            value = {name: objects[it.objects[0]][name] for name in it.value}
        if value != it.value:
            wrong[it.key] = (value, it.value)
    assert wrong == {"report.domain": (None, "lab.test")}, "a report domain that is not set reads as the default domain"
    assert len(single) > 300


async def test_a_dump_of_the_gateway_has_a_counterpart_for_every_key(old):
    dump = (await old.get("/api/settings/list"))["items"]
    found = list(explain_all(dump.items()))
    assert {it.key: it.access for it in found if it.access not in {"rw", "r"}} == {}
    assert sum(len(it.keys) for it in found) == len(dump)
