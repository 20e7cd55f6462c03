"""Settings: what is refused when they are written, and when a change is in force."""

import asyncio

import pytest

from gateway.knowledge.schema import settings_types
from gateway.simulator.declared import vocabulary
from gateway.simulator.objects.shapes import Schema
from gateway.simulator.settings.expressions import EXPRESSIONS, problems

RELOAD = ("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})
CURVED = """-----BEGIN EC PRIVATE KEY-----
not a key
-----END EC PRIVATE KEY-----
"""


def expression(otherwise, **conditions):
    return {"match": {str(place): {"if": wanted, "then": then} for place, (wanted, then) in enumerate(conditions.items())}, "else": otherwise}


async def put(server, name, patch):
    answer = await server.one(f"x:{name}/set", {"update": {"singleton": patch}})
    return answer.get("notUpdated", {}).get("singleton")


@pytest.mark.parametrize("name", settings_types())
def test_what_an_expression_says_by_itself_can_be_compiled(name):
    schema = vocabulary().objects[name].schema
    for variant in schema.variants:
        for prop, value in schema.fresh(variant).items():
            declared = schema.variants[variant].get(prop)
            if declared and isinstance(declared.kind, Schema) and declared.kind.name in EXPRESSIONS:
                assert list(problems(name, variant, prop, value)) == []


@pytest.mark.parametrize(
    ("place", "text", "unknown"),
    [
        (("MtaStageConnect", None, "hostname"), "rcpt_domain", "rcpt_domain"),
        (("MtaStageMail", None, "rewrite"), "helo_domain", "helo_domain"),
        (("MtaStageRcpt", None, "rewrite"), "helo_domain", None),
        (("Http", None, "allowedEndpoints"), "url_path", "url_path"),
        (("SpamRule", "Any", "condition"), "octets", "octets"),
        (("SpamRule", "Ip", "condition"), "octets + env_from.domain", None),
        (("SpamRule", "Any", "condition"), "from.shoe", "from.shoe"),
        (("MtaExtensions", None, "mtPriority"), "mixer", None),
        (("MtaExtensions", None, "dsn"), "mixer", "mixer"),
        (("Alert", None, "condition"), "metric('queue.count') > 10 || sender", "sender"),
    ],
)
def test_variables_are_known_where_they_have_a_value(place, text, unknown):
    expected = [f"Error parsing 'else' expression: Invalid variable or constant \"{unknown}\""] if unknown else []
    assert list(problems(*place, {"match": {}, "else": text})) == expected


async def test_a_rate_without_a_period_is_none(server):
    refused = await server.refused("MtaInboundThrottle", {"description": "x", "key": {"rcpt": True}})
    assert [(error["type"], error["property"]) for error in refused["validationErrors"]] == [
        ("MinValue", "count"),
        ("Invalid", "period"),
        ("MinValue", "period"),
    ]


async def test_names_of_spam_rules_are_upper_case_and_unique_so(server):
    rule = {"@type": "Any", "name": "my rule", "condition": expression("true")}
    made = await server.made("SpamRule", rule)
    assert (await server.one("x:SpamRule/get", {"ids": [made]}))["list"][0]["name"] == "MYRULE"
    assert (await server.refused("SpamRule", rule | {"name": "MYRULE"}))["type"] == "primaryKeyViolation"


async def test_lookups_of_all_kinds_share_their_names(server):
    made = await server.made("HttpLookup", {"namespace": "bad", "url": "https://x.test/"})
    refused = await server.refused("StoreLookup", {"namespace": "bad", "store": {"@type": "Sqlite", "path": "/x/y"}})
    assert refused["objectId"] == {"object": "HttpLookup", "id": made}


async def test_a_store_of_another_kind_begins_with_its_defaults(server):
    assert await put(server, "BlobStore", {"@type": "FileSystem", "path": "/blobs", "depth": 4}) is None
    assert await put(server, "BlobStore", {"@type": "Default"}) is None
    assert await put(server, "BlobStore", {"@type": "FileSystem", "path": "/blobs"}) is None
    assert (await server.one("x:BlobStore/get", {"ids": ["singleton"]}))["list"][0]["depth"] == 2


async def test_headers_and_limits_are_in_force_after_a_reload(server):
    await put(server, "Http", {"responseHeaders": {"X-Lab": "1"}})
    await put(server, "Jmap", {"maxMethodCalls": 2, "maxRequestSize": 500})
    before = await server.ask("GET", "/healthz/live")
    await server.batch(RELOAD)
    after = await server.ask("GET", "/healthz/live")
    core = (await server.ask("GET", "/jmap/session")).json["capabilities"]["urn:ietf:params:jmap:core"]
    calls = {"using": [], "methodCalls": [["Core/echo", {}, str(place)] for place in range(3)]}
    assert "X-Lab" not in before.headers
    assert after.headers["X-Lab"] == "1"
    assert (core["maxCallsInRequest"], core["maxSizeRequest"]) == (2, 500)
    assert (await server.ask("POST", "/jmap/", calls)).json["limit"] == "maxCallsInRequest"
    assert (await server.ask("POST", "/jmap/", b" " * 501)).json["limit"] == "maxSizeRequest"


async def test_blocked_addresses_are_turned_away_once_reloaded(server):
    await server.made("BlockedIp", {"address": "127.0.7.0/24", "reason": "manual"})
    assert await _answers(server, "127.0.7.9")
    await server.one("x:Action/set", {"create": {"a": {"@type": "ReloadBlockedIps"}}})
    assert not await _answers(server, "127.0.7.9")
    assert await _answers(server, "127.0.8.9")
    await server.made("AllowedIp", {"address": "127.0.7.9"})
    await server.batch(RELOAD)
    assert await _answers(server, "127.0.7.9")
    assert not await _answers(server, "127.0.7.8")


async def test_an_unusable_key_stops_the_whole_reload(server):
    await put(server, "OidcProvider", {"signatureKey": {"@type": "Text", "secret": CURVED}})
    await put(server, "Http", {"responseHeaders": {"X-Lab": "1"}})
    refused = (await server.one(*RELOAD))["notCreated"]["a"]
    assert refused["objectId"] == {"object": "OidcProvider", "id": "singleton"}
    assert "X-Lab" not in (await server.ask("GET", "/healthz/live")).headers


async def test_what_the_server_finds_out_about_itself_cannot_be_written(server):
    nodes = await server.one("x:ClusterNode/get", {"ids": None})
    assert [node["hostname"] for node in nodes["list"]] == ["mail.example.org"]
    answer = await server.one("x:ClusterNode/set", {"create": {"k": {}}, "update": {"a": {}}, "destroy": ["b"]})
    assert {answer["notCreated"]["k"]["type"], answer["notUpdated"]["a"]["type"], answer["notDestroyed"]["b"]["type"]} == {"forbidden"}


async def _answers(server, source):
    """Whether a connection from an address of this machine gets an answer."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(source, 0))
    writer.write(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.startswith(b"HTTP/1.1 200")
