"""Reloads and updates through the gateway: what takes effect, what is wrong, who may."""

import json
from datetime import UTC, datetime

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOTHING = {"warnings": {}, "errors": {}}


async def upstream(old, method, arguments):
    """One call to the simulated server itself."""
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": [[method, arguments, "c0"]]}
    async with old.http.post(f"{old.both.simulator}/jmap/", json=body, headers={"Authorization": aiohttp.encode_basic_auth(*old.login)}) as answer:
        return (await answer.json())["methodResponses"][0][1]


@pytest.mark.parametrize("name", ["", "/", "/lookup", "/certificate", "/server.blocked-ip", "/server.allowed-ip", "/zz", "/lookup/x"])
async def test_nothing_is_wrong_on_a_fresh_server(old, name):
    assert await old.get(f"/api/reload{name}") == NOTHING


async def test_a_key_that_cannot_be_used_is_named_and_stops_every_reload(old):
    await upstream(old, "x:Jmap/set", {"update": {"singleton": {"webPushKey": {"@type": "Text", "secret": "no key"}}}})
    found = await old.get("/api/reload")
    assert list(found["errors"]) == ["jmap.singleton"]
    assert found["errors"]["jmap.singleton"]["type"] == "build"
    assert "no key" not in str(found)
    assert await old.get("/api/reload?dry-run=true") == NOTHING
    await upstream(old, "x:Jmap/set", {"update": {"singleton": {"webPushKey": {"@type": "None"}}}})
    assert await old.get("/api/reload") == NOTHING


async def test_settings_are_in_force_after_a_reload_only(old):
    async def shown():
        _, headers, _ = await old.response("GET", "/.well-known/jmap")
        return headers.get("X-Lab")

    await upstream(old, "x:Http/set", {"update": {"singleton": {"responseHeaders": {"X-Lab": "1"}}}})
    assert await shown() is None
    assert await old.get("/api/reload") == NOTHING
    assert await shown() == "1"


async def test_updates_end_at_once(old):
    assert await old.get("/api/update/webadmin") is None
    assert await old.get("/api/update/spam-filter?force=1") is None


@pytest.mark.parametrize("name", ["reload", "reload?dry-run=1", "reload/lookup", "reload/zz", "update/webadmin", "update/spam-filter", "restart"])
async def test_they_are_for_administrators(old, name):
    assert (await old.call("POST", "/api/principal", json.dumps({"type": "domain", "name": "a.test"})))[0] == 200
    user = {"type": "individual", "name": "kim@a.test", "secrets": ["Canary-of-kim-12"], "emails": ["kim@a.test"], "roles": ["user"]}
    assert (await old.call("POST", "/api/principal", json.dumps(user)))[1].keys() == {"data"}
    status, _ = await old.as_(("kim@a.test", "Canary-of-kim-12")).call("GET", f"/api/{name}")
    assert status == 403
    assert (await old.as_(None).call("GET", f"/api/{name}"))[0] == 401


async def test_pages_of_other_origins_may_read_replies_when_the_new_server_says_so(old):
    async def shared(method, target):
        _, headers, _ = await old.response(method, target, headers={"Origin": "https://panel.example"})
        return headers.getall("Access-Control-Allow-Origin", [])

    async def everywhere():
        return [await shared(*call.split()) for call in ("OPTIONS /api/principal", "GET /api/queue/status", "GET /api/zz", "GET /jmap/session")]

    assert await everywhere() == [[]] * 4
    await upstream(old, "x:Http/set", {"update": {"singleton": {"usePermissiveCors": True}}})
    assert await everywhere() == [[]] * 4
    await old.get("/api/reload")
    assert await everywhere() == [["*"]] * 4
    await upstream(old, "x:Http/set", {"update": {"singleton": {"usePermissiveCors": False}}})
    await old.get("/api/reload")
    assert await everywhere() == [[]] * 4


async def test_a_certificate_without_a_key_is_called_by_the_name_that_the_client_gave_it(old):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.test")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2036, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    text = made.public_bytes(serialization.Encoding.PEM).decode()
    values = [["cert", text], ["private-key", "Canary-of-a-key"], ["default", "false"]]
    insert = {"type": "insert", "prefix": "certificate.mine", "values": values, "assert_empty": True}
    assert await old.call("POST", "/api/settings", json.dumps([insert])) == (200, {"data": None})
    assert await old.get("/api/reload/certificate") == {"warnings": {}, "errors": {"certificate.mine": {"type": "build", "error": "Failed to parse certificate"}}}
    await old.call("POST", "/api/settings", json.dumps([{"type": "clear", "prefix": "certificate.mine."}]))
    assert await old.get("/api/reload/certificate") == NOTHING
