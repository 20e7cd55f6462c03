"""What old clients do with signing keys and the records of a domain, in their order of calls (clients 2.7, 3.4, 4.2, 6)."""

import asyncio
import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gateway.legacy.dkim.keys import ed25519_key

DONE = {"data": None}
MONTH = f"{datetime.now(UTC):%Y%m}"
HIDDEN = {"status": 404, "title": "Not Found", "type": "about:blank", "detail": "The requested resource does not exist on this server."}


async def make(old, algorithm: str, domain: str, **more: Any) -> Any:
    """The answer to a wish for a key."""
    status, _, answer = await old.response("POST", "/api/dkim", json.dumps({"algorithm": algorithm, "domain": domain} | more))
    assert status == 200, answer
    return answer


async def domain(old, name: str) -> None:
    status, answer = await old.call("POST", "/api/principal", json.dumps({"type": "domain", "name": name}))
    assert (status, list(answer)) == (200, ["data"])


async def post(old, *operations: Any) -> None:
    status, answer = await old.call("POST", "/api/settings", json.dumps(operations))
    assert (status, answer) == (200, DONE)


def taken(id_: str) -> Any:
    return {"error": "fieldAlreadyExists", "field": f"signature.{id_}.private-key", "value": ""}


def stored(old, selector: str) -> Any:
    """Signatures of the simulated server with a selector."""
    return [it for it in old.both.world.kept("DkimSignature").objects.values() if it["selector"] == selector]


def kept(old) -> list[Path]:
    """Files of the gateway's state."""
    state = Path(old.both.state.removeprefix("sqlite+aiosqlite:///"))
    return [path for path in state.parent.iterdir() if path.is_file()]


def public(pem: str) -> str:
    """What stands behind `p=` for a private key."""
    key = load_pem_private_key(pem.encode(), None)
    if isinstance(key, RSAPrivateKey):
        raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        raw = key.public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


async def test_the_old_webadmin_makes_a_domain_with_its_keys(old, logged):
    await domain(old, "acme.test")
    for algorithm in ("Ed25519", "Rsa"):
        assert await make(old, algorithm, "acme.test", id=None, selector=None) == DONE
    assert await make(old, "Rsa", "ACME.test") == taken("rsa-acme.test")
    records = await old.get("/api/dns/records/acme.test")
    assert all(it.keys() == {"type", "name", "content"} and all(isinstance(text, str) for text in it.values()) for it in records)
    shown = {it["name"]: it["content"] for it in records if "_domainkey" in it["name"]}
    for word, letter, size in (("rsa", "r", 2048), ("ed25519", "e", 256)):
        (signature,) = stored(old, f"{MONTH}{letter}")
        key = public(signature["privateKey"]["secret"])
        assert await old.get(f"/api/dkim/{word}-acme.test") == key
        assert shown[f"{MONTH}{letter}._domainkey.acme.test."] == f"v=DKIM1; k={word}; h=sha256; p={key}"
        assert (signature["report"], signature["canonicalization"], list(signature["headers"])) == (False, "relaxed/relaxed", ["From", "To", "Date", "Subject", "Message-ID"])
        assert getattr(load_pem_private_key(signature["privateKey"]["secret"].encode(), None), "key_size", 256) == size
        assert "PRIVATE KEY" not in logged.getvalue()
        assert key not in logged.getvalue()
        assert not any(signature["privateKey"]["secret"].split("\n")[1].encode() in path.read_bytes() for path in kept(old))
    mx = [it["content"].split(" ") for it in records if it["type"] == "MX"]
    assert mx == [["10", "mail.example.org."]]


async def test_the_command_line_client_names_its_keys(old):
    await domain(old, "acme.test")
    assert await make(old, "Ed25519", "acme.test", id="my key/1", selector="sel") == DONE
    assert await make(old, "Ed25519", "acme.test") == DONE
    assert await make(old, "Rsa", "acme.test", id="my key/1") == taken("my key/1")
    keys = [await old.get(f"/api/dkim/{id_}") for id_ in ("my%20key%2F1", "ed25519-acme.test")]
    assert keys[0] == public(stored(old, "sel")[0]["privateKey"]["secret"]) != keys[1]
    listed = await old.get("/api/settings/list?prefix=signature.my%20key/1.")
    assert {name: listed["items"][name] for name in ("algorithm", "domain", "selector", "private-key")} == {
        "algorithm": "ed25519-sha256", "domain": "acme.test", "selector": "sel", "private-key": "****",
    }  # fmt: skip
    for unknown in ("none", "rsa-acme.test", "ed25519-far.test", "RSA-ACME.TEST", "acme.test", "ed25519-acme.test-other", ""):
        assert await old.call("GET", f"/api/dkim/{unknown}") == (404, HIDDEN)


async def test_an_id_belongs_to_one_signature_of_all_domains(old):
    for name in ("acme.test", "other.test"):
        await domain(old, name)
    assert await make(old, "Ed25519", "acme.test", id="ed25519-other.test", selector="a") == DONE
    assert await make(old, "Ed25519", "other.test") == taken("ed25519-other.test")
    assert await make(old, "Rsa", "other.test") == DONE
    assert await make(old, "Ed25519", "acme.test", id="rsa-other.test") == taken("rsa-other.test")
    answers = await asyncio.gather(*(make(old, "Rsa", "acme.test") for _ in range(3)))
    assert sorted(map(str, answers)) == sorted(map(str, [DONE, taken("rsa-acme.test"), taken("rsa-acme.test")]))


async def test_a_mail_provider_removes_the_keys_that_it_found(old):
    await domain(old, "acme.test")
    for algorithm in ("Rsa", "Ed25519"):
        assert await make(old, algorithm, "acme.test", id=None, selector=f"x{algorithm}") == DONE
    assert await old.get("/api/reload/") == {"warnings": {}, "errors": {}}
    records = await old.get("/api/dns/records/acme.test")
    selectors = {found[1] for it in records if (found := re.fullmatch(r"(.+)\._domainkey\.acme\.test", it["name"].rstrip(".")))}
    assert selectors == {"xRsa", "xEd25519"}
    found = await old.get("/api/settings/group?prefix=signature&suffix=algorithm&filter=acme.test&limit=50&page=1")
    assert [it["_id"] for it in found["items"]] == ["ed25519-acme.test", "rsa-acme.test"]
    for it in found["items"]:
        await post(old, {"type": "clear", "prefix": f"signature.{it['_id']}."})
        assert await old.call("GET", f"/api/dkim/{it['_id']}") == (404, HIDDEN)
    assert not any("_domainkey" in it["name"] for it in await old.get("/api/dns/records/acme.test"))
    assert await make(old, "Rsa", "acme.test") == DONE


async def test_retired_keys_do_not_take_an_id(old):
    await domain(old, "acme.test")
    for id_, selector in ((None, "one"), ("own", "two")):
        assert await make(old, "Ed25519", "acme.test", id=id_, selector=selector) == DONE
        stored(old, selector)[0]["stage"] = "retired"
    assert await old.call("GET", "/api/dkim/ed25519-acme.test") == (404, HIDDEN)
    for id_, selector in ((None, "three"), ("own", "four")):
        assert await make(old, "Ed25519", "acme.test", id=id_, selector=selector) == DONE
        shown = await old.get(f"/api/dkim/{id_ or 'ed25519-acme.test'}")
        assert shown == public(stored(old, selector)[0]["privateKey"]["secret"])


async def test_signatures_that_share_an_id_are_told_apart_by_their_selectors(old):
    await domain(old, "acme.test")
    assert await make(old, "Ed25519", "acme.test", selector="one") == DONE
    signatures = old.both.world.kept("DkimSignature")
    (id_,) = (id_ for id_, it in signatures.objects.items() if it["selector"] == "one")
    other = {"selector": "two", "createdAt": "2020-01-01T00:00:00Z", "privateKey": {"@type": "Text", "secret": ed25519_key()}}
    signatures.save(signatures.new_id({}), signatures.objects[id_] | other)
    found = await old.get("/api/settings/group?prefix=signature&suffix=algorithm&filter=acme.test")
    assert [it["_id"] for it in found["items"]] == ["ed25519-acme.test-one", "ed25519-acme.test-two"]
    one, two = [await old.get(f"/api/dkim/{it['_id']}") for it in found["items"]]
    assert [one, two] == [public(stored(old, selector)[0]["privateKey"]["secret"]) for selector in ("one", "two")]
    assert await old.get("/api/dkim/ed25519-acme.test") == one != two, "the newest"
    assert await old.call("GET", "/api/dkim/ed25519-acme.test-three") == (404, HIDDEN)
    assert await make(old, "Ed25519", "acme.test", id="ed25519-acme.test-two") == taken("ed25519-acme.test-two")


async def test_what_cannot_be_is_refused(old):
    await domain(old, "acme.test")
    for body in ({"algorithm": "Rsa", "domain": "far.test"}, {"algorithm": "Rsa", "domain": ""}):
        assert await make(old, **body) == {"error": "notFound", "item": body["domain"]}
    assert (await make(old, "Ed25519", "acme.test", selector=""))["error"] == "other"
    assert (await make(old, "Ed25519", "acme.test", id="x" * 256))["error"] == "other"
    assert await old.call("GET", "/api/dkim/ed25519-acme.test") == (404, HIDDEN)
    status, answer = await old.call("POST", "/api/dkim", '{"algorithm": "rsa-sha1", "domain": "acme.test"}')
    assert (status, answer["detail"]) == (400, "unknown variant `rsa-sha1`, expected `Rsa` or `Ed25519` at line 1 column 24")
    for name in ("far.test", "", "acme.test."):
        assert await old.call("GET", f"/api/dns/records/{name}") == (200, {"error": "notFound", "item": name})
    for method, target in (("GET", "/api/dkim"), ("DELETE", "/api/dkim/rsa-acme.test"), ("POST", "/api/dns/records/acme.test"), ("GET", "/api/dns/records")):
        assert await old.call(method, target) == (404, HIDDEN)


async def test_callers_without_the_rights(old):
    await domain(old, "acme.test")
    assert await make(old, "Ed25519", "acme.test") == DONE
    body = {"type": "individual", "name": "kim@acme.test", "secrets": ["Canary-of-kim-1"], "roles": ["user"], "emails": ["kim@acme.test"]}
    assert list((await old.call("POST", "/api/principal", json.dumps(body)))[1]) == ["data"]
    kim, nobody = old.as_(("kim@acme.test", "Canary-of-kim-1")), old.as_(None)
    targets = ("/api/dkim/ed25519-acme.test", "/api/dkim/none", "/api/dkim/rsa-far.test", "/api/dns/records/acme.test", "/api/dns/records/far.test")
    for target in targets:
        assert (await kim.call("GET", target))[0] == 403
        assert (await nobody.call("GET", target))[0] == 401
    for wish in ({"algorithm": "Rsa", "domain": "acme.test"}, {"algorithm": "Rsa", "domain": "far.test"}, {"algorithm": "zz"}):
        assert (await kim.call("POST", "/api/dkim", json.dumps(wish)))[0] == 403
        assert (await nobody.call("POST", "/api/dkim", json.dumps(wish)))[0] == 401


async def test_keys_of_a_domain_in_a_tenant_belong_to_the_tenant(enterprise):
    await enterprise.call("POST", "/api/principal", json.dumps({"type": "tenant", "name": "acme"}))
    status, answer = await enterprise.call("POST", "/api/principal", json.dumps({"type": "domain", "name": "acme.test", "tenant": "acme"}))
    assert (status, list(answer)) == (200, ["data"])
    assert await make(enterprise, "Ed25519", "acme.test") == DONE
    (signature,) = stored(enterprise, f"{MONTH}e")
    (tenant,) = enterprise.both.world.kept("Tenant").objects
    assert signature["memberTenantId"] == tenant
