"""Whatever goes wrong, what a client is known by is not written down anywhere."""

import base64
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from yarl import URL

from gateway.contract import Spec
from gateway.knowledge.settings_map import SETTINGS
from gateway.knowledge.sha512_crypt import hashed
from gateway.web.logs import JsonLines, Lines, TextLines
from tests.conftest import MARK, encoded
from tests.conftest import SECRET as CANARY

from . import second_factor

SECRET = "Canary-in-a-request-7"
ENCODED = base64.b64encode(f"kim@lab.test:{SECRET}".encode()).decode()

CREDENTIALS = {
    "refused login": f"Basic {ENCODED}",
    "login with a code": "Basic " + base64.b64encode(f"admin:{SECRET}$123456".encode()).decode(),
    "undecodable login": f"Basic {SECRET}",
    "unknown scheme": f"Digest {SECRET}",
    "token": f"Bearer {SECRET}",
    "old key": "Bearer api_" + base64.b64encode(f"key:{SECRET}".encode()).decode(),
}


async def page(old: Any, path: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(old.both.gateway + path) as answer:
        return await answer.text()


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS.keys())
async def test_credentials_stay_out_of_logs_metrics_and_replies(old, logged: io.StringIO, credential: str) -> None:
    nobody = old.as_(None)
    for method, target in (("GET", "/api/queue/messages"), ("PATCH", "/api/queue/status/stop"), ("GET", "/api/zz"), ("GET", "/jmap/session")):
        status, headers, body = await nobody.response(method, target, headers={"Authorization": credential})
        assert status in {401, 402, 404}, (target, status)
        assert SECRET not in f"{headers}{body}"
    assert "/api/queue/messages" in logged.getvalue()
    assert SECRET not in await page(old, "/metrics")


async def test_bodies_and_query_tokens_stay_out_of_logs(old, logged: io.StringIO) -> None:
    body = f'[{{"type": "setPassword", "password": "{SECRET}"}}]'
    for target in ("/api/account/auth", f"/api/account/auth?token={SECRET}", "/api/principal", "/api/oauth"):
        for text in (body, body[:-1], f'{{"secrets": ["{SECRET}"], "name": 7}}'):
            status, _, reply = await old.response("POST", target, body=text)
            assert status in {200, 400, 404}, (target, status)
            assert SECRET not in str(reply)
    assert "/api/account/auth" in logged.getvalue()


SERVICE_SECRET = "Canary-of-the-service-9"
PASSWORDS = (SECRET, "Canary-of-a-new-password-8", "Canary-of-another-one-5")


async def test_secrets_of_people_stay_out_of_logs_metrics_and_the_state(serving, logged: io.StringIO) -> None:
    """Passwords, codes, URLs of a second factor, access tokens and codes for clients, from whatever call they come."""
    first, second, third = PASSWORDS
    async with serving(service_credential=f"admin:{SERVICE_SECRET}") as old:
        for body in ({"type": "domain", "name": "desk.test"}, {"type": "individual", "name": "kim@desk.test", "secrets": [first], "roles": ["user"]}):
            assert "data" in (await old.call("POST", "/api/principal", json.dumps(body)))[1]
        kim = old.as_(("kim@desk.test", first))
        # The service account is refused here, which the log tells without its secret.
        await kim.call("POST", "/api/account/auth", json.dumps([{"type": "setPassword", "password": hashed(third, "labsalt")}]))
        assert "service_credential" in logged.getvalue()
        elements = [{"type": "setPassword", "password": second}, {"type": "enableOtpAuth", "url": second_factor.URL}]
        assert await kim.call("POST", "/api/account/auth", json.dumps(elements)) == (200, {"data": None})
        code = second_factor.code(old.both.world.clock.seconds())
        kim = old.as_(("kim@desk.test", f"{second}${code}"))
        _, answer = await kim.call("POST", "/api/oauth", json.dumps({"type": "code", "client_id": "webadmin"}))
        given = {"grant_type": "authorization_code", "client_id": "webadmin", "code": answer["data"]["code"], "redirect_uri": ""}
        _, _, tokens = await old.as_(None).response("POST", "/auth/token", urlencode(given), {"Content-Type": "text/plain"})
        for token in (tokens["access_token"], tokens["refresh_token"]):
            await old.as_(None).response("GET", "/api/account/auth", headers={"Authorization": f"Bearer {token}"})
        metrics = await page(old, "/metrics")
        written = b"".join(file.read_bytes() for file in Path(old.both.state.partition("///")[2]).parent.iterdir() if file.is_file())
    assert written
    for text in (*PASSWORDS, SERVICE_SECRET, second_factor.SECRET, given["code"], tokens["access_token"], tokens["refresh_token"]):
        assert text not in logged.getvalue()
        assert text not in metrics
        assert text.encode() not in written


SHOWN = re.compile("|".join(["(?i:canary)", r"API_\w{12}", *encoded(MARK), *encoded(MARK.title())]).encode())
"""What gives a secret of a test away, in bytes; and keys that the new server made, which nobody is told."""
HASHED = hashed(SECRET, "canarysalt")
CODE = {"type": "code", "client_id": SECRET[:20], "redirect_uri": f"http://{SECRET}", "nonce": SECRET}
PERSON = {"type": "individual", "name": "kim@desk.test", "roles": ["user"]}
SAMPLE = f"From: kim@desk.test\r\nSubject: {SECRET}\r\n\r\n{SECRET}\r\n"
LETTER = {
    "message": SAMPLE, "remoteIp": "192.0.2.7", "ehloDomain": "far.test", "authenticatedAs": None, "isTls": True, "envFrom": "lee@far.test", "envFromFlags": 0,
    "envRcptTo": ["kim@desk.test"],
}  # fmt: skip
MARKED = sorted(row.pattern for row in SETTINGS.rows if row.form in {"secret", "secret-word", "secret-text", "http-auth"} or row.pattern.endswith(("secret", "secrets")))


def step(action: str, value: Any) -> list[dict[str, Any]]:
    return [{"action": action, "field": "secrets", "value": value}]


def setting(pattern: str, value: Any = SECRET) -> list[dict[str, Any]]:
    """An insert of one key."""
    key = re.sub(r"<\w+>", "0", pattern.replace("<id>", "some"))
    return [{"type": "insert", "prefix": None, "values": [[key, value]], "assert_empty": False}]


CARRIERS: dict[str, list[tuple[str, str, Any]]] = {
    "createPrincipal": [
        ("POST", "/api/principal", body)
        for secret in (SECRET, HASHED, f"$app$phone${SECRET}", f"otpauth://totp/x?secret={SECRET}")
        for body in (
            PERSON | {"secrets": [secret]},
            PERSON | {"secrets": [secret, SECRET, HASHED]},
            PERSON | {"secrets": {"x": secret}},
            {"type": "apiKey", "name": "key", "secrets": [secret], "roles": ["admin"]},
            {"type": "apiKey", "name": "other", "secrets": secret, "enabledPermissions": ["no-such-right"]},
            {"type": "oauthClient", "name": "app", "secrets": [secret]},
            {"type": "domain", "name": "far.test", "secrets": [secret]},
        )
    ],
    "deployPrincipal": [("POST", "/api/principal/deploy", PERSON | {"name": "lee@desk.test", "secrets": [SECRET]})],
    "patchPrincipal": [
        ("PATCH", f"/api/principal/{name}", step(action, value))
        for name in ("kim@desk.test", "key", "desk.test", "nobody")
        for action, value in (("addItem", SECRET), ("set", [SECRET, HASHED]), ("set", SECRET), ("removeItem", SECRET), ("addItem", f"$app$x${SECRET}"), ("set", {"x": SECRET}), ("zz", SECRET))
    ],
    "updateSettings": [
        *(("POST", "/api/settings", setting(pattern)) for pattern in MARKED),
        ("POST", "/api/settings", setting("queue.route.<id>.auth.secret", {"x": SECRET})),
        ("POST", "/api/settings", [{"type": "insert", "prefix": "queue.route.far", "values": [["type", "relay"], ["address", "far.test"], ["auth.secret", SECRET]], "assert_empty": True}]),
        ("POST", "/api/settings", [{"type": "insert", "prefix": "queue.route.bad", "values": [["port", "no port"], ["auth.secret", SECRET]], "assert_empty": True}]),
        ("POST", "/api/settings", [{"type": "insert", "prefix": "signature.far", "values": [["algorithm", "rsa-sha256"], ["domain", "desk.test"], ["private-key", SECRET]], "assert_empty": True}]),
        ("POST", "/api/settings", [{"type": "insert", "prefix": "certificate.far", "values": [["cert", SECRET], ["private-key", SECRET]], "assert_empty": True}]),
    ],
    "setAccountAuth": [
        ("POST", "/api/account/auth", [element])
        for element in (
            {"type": "setPassword", "password": SECRET},
            {"type": "setPassword", "password": HASHED},
            {"type": "setPassword", "password": [SECRET]},
            {"type": "enableOtpAuth", "url": f"otpauth://totp/x?secret={SECRET}"},
            {"type": "disableOtpAuth", "url": SECRET},
            {"type": "addAppPassword", "name": "phone", "password": SECRET},
            {"type": "addAppPassword", "name": "phone", "password": HASHED},
            {"type": "removeAppPassword", "name": SECRET},
            {"type": SECRET},
        )
    ],
    "setAccountCrypto": [
        ("POST", "/api/account/crypto", {"type": type_, "algo": "Aes256", "allow_spam_training": True, "certs": certs})
        for type_, certs in (("pGP", f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{SECRET}"), ("sMIME", SECRET), ("pGP", [SECRET]))
    ],
    "authorizeOauth": [("POST", "/api/oauth", body) for body in (CODE, CODE | {"redirect_uri": f"https://{SECRET}"}, CODE | {"nonce": [SECRET]}, {"type": "device", "code": SECRET})],
    "createDkim": [("POST", "/api/dkim", {"algorithm": "Ed25519", "domain": "far.test", "private-key": SECRET}), ("POST", "/api/dkim", {"algorithm": {}, "private-key": SECRET})],
    "requestDeviceCode": [("POST", "/auth/device", f"client_id={SECRET}&nonce={SECRET}")],
    "requestToken": [
        ("POST", "/auth/token", f"grant_type={grant}&client_id=webadmin&code={SECRET}&device_code={SECRET}&refresh_token={SECRET}&redirect_uri=&client_secret={SECRET}")
        for grant in ("authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code", "password", SECRET)
    ],
    "introspectToken": [("POST", "/auth/introspect", f"token={SECRET}")],
    "registerClient": [("POST", "/auth/register", {"redirect_uris": [SECRET], "client_secret": SECRET}), ("POST", "/auth/register", {"redirect_uris": SECRET})],
    "classifyMessage": [("POST", "/api/spam-filter/classify", LETTER), ("POST", "/api/spam-filter/classify", LETTER | {"isTls": SECRET})],
    "troubleshootDmarc": [("POST", "/api/troubleshoot/dmarc", {"remoteIp": "192.0.2.7", "ehloDomain": "far.test", "mailFrom": "lee@far.test", "body": SAMPLE})],
    "undelete": [("POST", "/api/store/undelete/kim@desk.test", [{"hash": SECRET, "collection": "email", "restoreTime": SECRET, "cancelDeletion": None}])],
    "trainSpamFilter": [("POST", "/api/spam-filter/train/spam", SAMPLE)],
    "trainSpamFilterOfAccount": [("POST", "/api/spam-filter/train/spam/nobody", SAMPLE)],
    "uploadSpamSample": [("POST", "/api/spam-filter/upload/ham", SAMPLE)],
    "uploadSpamSampleOfAccount": [("POST", "/api/spam-filter/upload/ham/nobody", SAMPLE)],
    "troubleshootDelivery": [("GET", f"/api/troubleshoot/delivery/far.test?token={SECRET}", None)],
    "listTraces": [("GET", f"/api/telemetry/traces?token={SECRET}", None)],
    "getMetrics": [("GET", f"/api/telemetry/metrics?token={SECRET}", None)],
    "streamTraces": [("GET", f"/api/telemetry/traces/live?token={SECRET}", None)],
    "streamMetrics": [("GET", f"/api/telemetry/metrics/live?token={SECRET}", None)],
}
FAULTS: dict[str, list[dict[str, Any]]] = {
    "well": [],
    "unavailable": [{"do": "unavailable", "count": None}],
    "broken": [{"do": "status", "status": 500, "path": "/jmap/", "method": "POST", "count": None}],
    "babbling": [{"do": "garbage", "path": "/jmap/", "method": "POST", "count": None, "body": f'{{"{SECRET}": "{SECRET}'}],
    "cut": [{"do": "lose", "path": "/jmap/", "method": "POST", "count": None}],
}


def test_no_operation_with_something_to_hide_is_forgotten() -> None:
    def hides(operation: Any) -> bool:
        return "requestBody" in operation.source or any("parameters/token" in it.get("$ref", "") for it in operation.source.get("parameters", ()))

    assert CARRIERS.keys() == {operation.id for operation in Spec.load().operations if hides(operation)}
    assert len(MARKED) > 25


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged by anything at any level, in both forms that the gateway writes."""
    text, root = io.StringIO(), logging.getLogger()
    handlers = [Lines(text), Lines(text)]
    for handler, form in zip(handlers, (JsonLines(), TextLines()), strict=True):
        handler.setFormatter(form)
        root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(before)
    for handler in handlers:
        root.removeHandler(handler)


def spellings(body: Any) -> list[bytes | None]:
    """A body as it should be, broken off, and with something behind it."""
    if body is None:
        return [None]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return [raw, raw[:-1], raw + b"}"]


@pytest.mark.parametrize(("fault", "memory"), [("well", "off"), *((fault, "hashes") for fault in FAULTS)])
async def test_no_operation_gives_a_secret_away(serving, lines: io.StringIO, fault: str, memory: str) -> None:
    """Every call that carries a secret, well and badly, by somebody who may and by somebody who may not, whatever becomes of it on the new server."""
    async with serving(service_credential=f"admin:{SERVICE_SECRET}", secrets_memory=memory) as old:
        for body in ({"type": "domain", "name": "desk.test"}, PERSON | {"secrets": [SECRET]}):
            assert "data" in (await old.call("POST", "/api/principal", json.dumps(body)))[1]
        async with old.http.post(f"{old.both.simulator}/.simulator/faults", json=FAULTS[fault]) as answer:
            assert answer.status == 200
        token = base64.b64encode(f"key:{SECRET}".encode()).decode()
        callers = [(old, None), (old.as_(("kim@desk.test", SECRET)), None), (old.as_(None), {"Authorization": f"Bearer api_{token}"})]
        seen = set()
        for name, calls in CARRIERS.items():
            for method, target, body in calls:
                for raw in spellings(body)[: 3 if fault == "well" else 1]:
                    for client, headers in callers[: 3 if fault == "well" else 1]:
                        async with client.http.request(
                            method, URL(old.both.gateway + target, encoded=True), data=raw, headers=headers or {"Authorization": client.authorization()}, allow_redirects=False
                        ) as answer:
                            shown = await answer.read() + str(answer.headers).encode()
                        seen.add((name, answer.status))
                        assert not SHOWN.search(shown), (name, body, shown)
        assert {name for name, _ in seen} == CARRIERS.keys()
        for target in ("/api/settings/list", "/api/principal", "/api/principal/kim@desk.test", "/api/account/auth", "/metrics", "/healthz/ready"):
            async with old.http.get(old.both.gateway + target, headers={"Authorization": old.authorization()}) as answer:
                shown = await answer.read()
            if memory == "off":
                assert not SHOWN.search(shown), target
            assert SECRET.encode() not in shown, target
        written = {file.name: file.read_bytes() for file in Path(old.both.state.partition("///")[2]).parent.iterdir() if file.is_file()}
    assert "/api/principal" in lines.getvalue()
    assert '"level":"debug"' in lines.getvalue().replace(" ", "")
    assert not CANARY.search(lines.getvalue())
    assert not SHOWN.search(lines.getvalue().encode())
    assert written
    assert not [name for name, content in written.items() if SHOWN.search(content)]
