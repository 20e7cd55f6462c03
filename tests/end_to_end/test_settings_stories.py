"""What old clients do with settings, in their order of calls (clients 2.8, 2.9, 4.2, 5, 6)."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

DONE = {"data": None}
UNTOUCHED = {"warnings": {}, "errors": {}}


def pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


RSA = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
ED25519 = pem(ed25519.Ed25519PrivateKey.generate())


async def post(old, *operations: Any, headers: dict[str, str] | None = None) -> Any:
    status, _, answer = await old.response("POST", "/api/settings", json.dumps(operations), headers)
    assert status == 200, answer
    return answer


def insert(prefix: str | None, values: dict[str, str], *, assert_empty: bool = False) -> dict[str, Any]:
    return {"type": "insert", "prefix": prefix, "values": [list(pair) for pair in values.items()], "assert_empty": assert_empty}


async def test_the_command_line_client_adds_lists_and_deletes(old):
    """Bodies come without a Content-Type of JSON; every value is a string."""
    plain = {"Content-Type": "text/plain"}
    assert await post(old, insert(None, {"imap.auth.max-failures": "7"}), headers=plain) == DONE
    listed = await old.get("/api/settings/list?prefix=imap.auth")
    assert listed["items"]["max-failures"] == "7"
    assert listed["total"] == len(listed["items"])
    everything = await old.get("/api/settings/list?prefix=")
    assert everything["items"]["imap.auth.max-failures"] == "7"
    assert all(isinstance(value, str) for value in everything["items"].values())
    assert await post(old, {"type": "delete", "keys": ["imap.auth.max-failures"]}, headers=plain) == DONE
    assert (await old.get("/api/settings/list?prefix=imap.auth"))["items"]["max-failures"] == "3"
    assert await post(old, insert(None, {"mycompany.note": ""})) == DONE
    assert (await old.get("/api/settings/list?prefix=mycompany"))["items"] == {"note": ""}
    assert await post(old, insert(None, {"imap.no-such-key": "1"})) == {"error": "unsupported", "details": "Setting 'imap.no-such-key' is not supported by this server version"}


async def test_the_command_line_client_of_old_versions(old):
    """Lists of pairs were no operations for a v0.15 either; what follows `list` is ignored; one key can be deleted by its path."""
    status, _, answer = await old.response("POST", "/api/settings", json.dumps([["imap.auth.max-failures", "7"]]))
    assert (status, answer["detail"]) == (400, "JSON deserialization failed")
    assert await old.get("/api/settings/list/imap") == await old.get("/api/settings/list")
    assert await post(old, insert(None, {"imap.auth.max-failures": "7"})) == DONE
    assert await old.delete("/api/settings/imap.auth.max-failures") is None
    assert await old.get("/api/settings/keys?keys=imap.auth.max-failures") == {"imap.auth.max-failures": "3"}
    assert await old.delete("/api/settings/imap.auth.max-failures") is None


async def test_an_account_portal_removes_the_keys_of_a_domain(old):
    for algorithm, key in (("rsa-sha256", RSA), ("ed25519-sha256", ED25519)):
        record = f"signature.{algorithm.partition('-')[0]}-example.org"
        values = {"report": "true", "selector": algorithm[:3], "canonicalization": "relaxed/relaxed", "private-key": key, "algorithm": algorithm, "domain": "example.org"}
        assert await post(old, insert(record, values, assert_empty=True)) == DONE
        assert await post(old, insert(record, values, assert_empty=True)) == {"error": "assertFailed"}
    found = await old.get("/api/settings/group?suffix=algorithm&prefix=signature&filter=example.org&limit=50&page=1")
    assert (found["total"], [item["_id"] for item in found["items"]]) == (2, ["ed25519-example.org", "rsa-example.org"])
    assert {item["private-key"] for item in found["items"]} == {"****"}
    for item in found["items"]:
        assert await post(old, {"type": "clear", "prefix": f"signature.{item['_id']}."}) == DONE
    left = await old.get("/api/settings/group?suffix=algorithm&prefix=signature")
    assert [item["_id"] for item in left["items"]] == ["ed25519-lab.test", "rsa-lab.test"]
    assert await old.get("/api/reload/") == UNTOUCHED


async def test_a_business_suite_clears_a_key_without_the_final_dot(old):
    """A text that other records begin with as well takes these along, as before."""
    for name in ("rsa-example.org", "rsa-example.org-2024", "rsa-other"):
        assert await post(old, insert(f"signature.{name}", {"selector": name[-4:], "private-key": RSA, "algorithm": "rsa-sha256", "domain": "example.org"}, assert_empty=True)) == DONE
    assert await post(old, {"type": "clear", "prefix": "signature.rsa-example.org"}) == DONE
    left = await old.get("/api/settings/group?prefix=signature&suffix=algorithm&field=selector&filter=other")
    assert left["items"] == [{"_id": "rsa-other", "selector": "ther"}]
    assert (await old.get("/api/settings/group?prefix=signature&suffix=algorithm&filter=example.org"))["total"] == 1


async def test_a_ban_tool_blocks_an_address_and_lets_it_go(old):
    ask = "/api/settings/group?prefix=server.blocked-ip&filter=192.0.2.7&limit=1"
    assert await old.get(ask) == {"total": 0, "items": []}
    assert await post(old, insert(None, {"server.blocked-ip.192.0.2.7": ""}, assert_empty=True)) == DONE
    assert await post(old, insert(None, {"server.blocked-ip.192.0.2.7": ""}, assert_empty=True)) == {"error": "assertFailed"}
    assert await old.get(ask) == {"total": 1, "items": [{"_id": "192.0.2.7", "_value": ""}]}
    assert await old.get("/api/reload/server.blocked-ip") == UNTOUCHED
    assert await post(old, {"type": "delete", "keys": ["server.blocked-ip.192.0.2.7"]}) == DONE
    assert await old.get(ask) == {"total": 0, "items": []}


async def test_a_panel_sets_up_a_server(old):
    """Many keys in one request, with none that the new server cannot take; file macros stay macros, and a missing file is told at the reload."""
    conditions = {"queue.strategy.route.0.if": "is_local_domain('*', rcpt_domain)", "queue.strategy.route.0.then": "'local'", "queue.strategy.route.1.else": "'relay'"}
    relay = {"type": "relay", "address": "relay.example.net", "port": "587", "protocol": "smtp", "auth.username": "me", "auth.secret": "%{file:/run/secrets/relay}%", "tls.implicit": "false"}
    given = {
        "server.hostname": "mx.example.org",
        "report.domain": "example.org",
        "session.auth.mechanisms": "[plain, login, oauthbearer]",
        "imap.auth.allow-plain-text": "false",
        "auth.dkim.sign.0.if": "is_local_domain('*', sender_domain)",
        "auth.dkim.sign.0.then": "['rsa-' + sender_domain, 'ed25519-' + sender_domain]",
        "auth.dkim.sign.1.else": "false",
        **conditions,
        **{f"queue.route.relay.{name}": text for name, text in relay.items()},
        "queue.limiter.inbound.ip.rate": "50/1s",
        "queue.limiter.inbound.sender.rate": "100/1h",
    }
    assert await post(old, insert(None, given | {"auth.arc.seal": "false"})) == DONE
    shown = await old.get(f"/api/settings/keys?keys={','.join(given)}&prefixes=queue.strategy.route")
    assert {key: shown.get(key) for key in given} == given
    assert await old.get("/api/settings/keys?keys=lookup.default.hostname,auth.arc.seal") == {"lookup.default.hostname": "mx.example.org"}
    (error,) = (await old.get("/api/reload"))["errors"].values()
    assert "No such file" in error["error"]
    assert await post(old, insert("queue.route.relay", {"auth.secret": "letmein"})) == DONE
    assert await old.get("/api/reload") == UNTOUCHED


async def test_nothing_of_a_request_is_done_when_one_key_cannot_be(old):
    before = await old.get("/api/settings/list")
    good = insert("queue.route.relay", {"type": "relay", "address": "relay.example.net"})
    for bad, error in (
        (insert(None, {"server.socket.backlog": "7"}), "unsupported"),
        (insert(None, {"storage.data": "other"}), "unsupported"),
        (insert(None, {"imap.timeout.idle": "soon"}), "other"),
        (insert("queue.schedule.s", {"queue-name": "nothing"}), "notFound"),
        (insert("queue.route.r", {"port": "25"}), "fieldMissing"),
        (insert(None, {"http.hsts": "true"}, assert_empty=True) | {"prefix": "server.listener"}, "assertFailed"),
        ({"type": "clear", "prefix": ""}, "unsupported"),
    ):
        answer = await post(old, good, insert(None, {"imap.auth.max-failures": "9", "mycompany.x": "1"}), bad)
        assert answer["error"] == error, (bad, answer)
    assert await old.get("/api/settings/list") == before


async def test_terraform_replaces_and_clears_a_record(old):
    """The provider writes the record, reads it back for an empty plan, and clears it."""
    wanted = {"type": "relay", "address": "relay.example.net", "port": "25", "protocol": "smtp", "tls.implicit": "false", "tls.allow-invalid-certs": "true"}
    assert await post(old, {"type": "clear", "prefix": "queue.route.tf."}, insert("queue.route.tf", wanted)) == DONE
    read = (await old.get("/api/settings/list?prefix=queue.route.tf"))["items"]
    assert {key: read.get(key) for key in wanted} == wanted
    wanted |= {"address": "other.example.net"}
    assert await post(old, {"type": "clear", "prefix": "queue.route.tf."}, insert("queue.route.tf", wanted)) == DONE
    read = (await old.get("/api/settings/list?prefix=queue.route.tf"))["items"]
    assert {key: read.get(key) for key in wanted} == wanted
    for _ in range(2):
        assert await post(old, {"type": "clear", "prefix": "queue.route.tf."}) == DONE
        assert await old.get("/api/settings/list?prefix=queue.route.tf") == {"total": 0, "items": {}}


async def test_a_groupware_plugin_points_logins_to_its_directory(old):
    ldap = {"type": "ldap", "url": "ldap://localhost", "base-dn": "dc=example,dc=org", "bind.dn": "cn=reader", "bind.secret": "letmein"}
    assert await post(old, {"type": "clear", "prefix": "directory.groupware."}, insert("directory.groupware", ldap), insert("storage", {"directory": "groupware"})) == DONE
    assert await old.get("/api/settings/keys?keys=storage.directory") == {"storage.directory": "groupware"}
    answer = await post(old, {"type": "clear", "prefix": "directory.groupware."})
    assert (answer["error"], answer["details"]) == ("other", "Setting is in use")
    assert await post(old, insert(None, {"storage.directory": "internal"}), {"type": "clear", "prefix": "directory.groupware."}) == DONE
    assert await old.get("/api/settings/list?prefix=directory.groupware") == {"total": 0, "items": {}}


async def test_a_migration_reads_everything_page_by_page(old):
    assert await post(old, insert("mycompany", {f"key{number}": "x" for number in range(30)})) == DONE
    seen: dict[str, str] = {}
    page = 1
    while True:
        part = await old.get(f"/api/settings/list?prefix=&page={page}&limit=200")
        assert part["items"].keys().isdisjoint(seen)
        seen |= part["items"]
        if len(seen) >= part["total"]:
            break
        assert part["items"]
        page += 1
    assert len(seen) == part["total"]
    assert page > 2
    assert seen["mycompany.key7"] == "x"


@pytest.mark.parametrize("login", [None, ("nobody", "wrong")])
async def test_strangers_change_nothing(old, login):
    stranger = old.as_(login)
    for method, target, body in (("POST", "/api/settings", json.dumps([insert(None, {"http.hsts": "true"})])), ("DELETE", "/api/settings/http.hsts", None)):
        status, _ = await stranger.call(method, target, body)
        assert status == 401
    assert await old.get("/api/settings/keys?keys=http.hsts") == {"http.hsts": "false"}
