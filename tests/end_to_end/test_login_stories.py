"""How people log in with the old WebAdmin and the old command line, call by call (clients 3.1, 4.1)."""

import asyncio
import json
from urllib.parse import urlencode, urlsplit

import pytest

from . import second_factor

PASSWORD = "Canary-plum-kettle-7-orbit"
WEBADMIN = {"type": "code", "client_id": "webadmin", "redirect_uri": "stalwart://auth", "nonce": "abcdefghij"}
TEXT = {"Content-Type": "text/plain;charset=UTF-8"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def authorize(client, body=WEBADMIN):
    return await client.call("POST", "/api/oauth", json.dumps(body))


async def token(client, **fields):
    return await client.as_(None).response("POST", "/auth/token", urlencode(fields), TEXT)


async def made(client, name="kim@desk.test", *secrets, **members):
    """A client that logs in as a new user."""
    for body in ({"type": "domain", "name": "desk.test"}, {"type": "individual", "name": name, "secrets": [PASSWORD, *secrets], "roles": ["user"], **members}):
        status, answer = await client.call("POST", "/api/principal", json.dumps(body))
        assert (status, list(answer)) == (200, ["data"]), answer
    return client.as_((name, PASSWORD))


async def test_webadmin(old):
    status, answer = await authorize(old)
    assert (status, answer["data"]["version"], answer["data"]["isEnterprise"]) == (200, "0.15.5", False)
    rights = answer["data"]["permissions"]
    assert {"message-queue-list", "individual-list", "settings-list", "manage-passwords", "api-key-list"} <= set(rights)
    assert not {"restart", "principal-list"} & set(rights)
    assert len(rights) == len(set(rights))
    given = {"grant_type": "authorization_code", "client_id": "webadmin", "code": answer["data"]["code"], "redirect_uri": "stalwart://auth"}
    status, _, tokens = await token(old, **given)
    assert (status, tokens["token_type"], isinstance(tokens["expires_in"], int)) == (200, "bearer", True)
    assert (await token(old, **given))[0] == 400, "a code works once"

    nobody = old.as_(None)
    pages = ("/api/queue/messages?page=1&limit=10&values=1", "/api/principal?page=1&limit=10&types=individual", "/api/account/auth", "/api/account/crypto")
    for page in pages:
        status, _, answer = await nobody.response("GET", page, headers=bearer(tokens["access_token"]))
        assert (status, list(answer)) == (200, ["data"]), (page, answer)

    # A page that is loaded again asks for a new token and does not wait for it.
    (_, _, fresh), *others = await asyncio.gather(
        token(old, grant_type="refresh_token", refresh_token=tokens["refresh_token"]),
        *(nobody.response("GET", page, headers=bearer(tokens["access_token"])) for page in pages),
    )
    assert [status for status, *_ in others] == [200] * len(pages)
    for access in (fresh["access_token"], tokens["access_token"]):
        assert (await nobody.response("GET", "/api/account/auth", headers=bearer(access)))[0] == 200


async def test_webadmin_of_a_user_with_a_second_factor(running_clock):
    old = running_clock
    kim = await made(old, "kim@desk.test", second_factor.URL)
    status, headers, answer = await kim.response("POST", "/api/oauth", json.dumps(WEBADMIN))
    assert (status, answer["title"], "WWW-Authenticate" in headers) == (402, "TOTP code required", False)
    now = old.both.world.clock.seconds()
    with_code = kim.as_(("kim@desk.test", f"{PASSWORD}${second_factor.code(now)}"))
    status, headers, answer = await with_code.response("POST", "/api/oauth", json.dumps(WEBADMIN))
    assert (status, headers["Cache-Control"]) == (200, "no-store, no-cache, must-revalidate")
    assert "manage-passwords" in answer["data"]["permissions"]
    assert "individual-list" not in answer["data"]["permissions"]
    status, _, tokens = await token(
        old, grant_type="authorization_code", client_id="webadmin", code=answer["data"]["code"], redirect_uri="stalwart://auth"
    )
    assert (await old.as_(None).response("GET", "/api/account/auth", headers=bearer(tokens["access_token"])))[2]["data"]["otpEnabled"] is True


async def test_logins_that_are_refused(running_clock):
    old = running_clock
    await made(old, "kim@desk.test", second_factor.URL)
    now = old.both.world.clock.seconds()
    for secret in ("wrong", f"{PASSWORD}${second_factor.wrong(now)}", f"wrong${second_factor.code(now)}", f"${second_factor.code(now)}", f"{PASSWORD}$12"):
        status, headers, _ = await old.as_(("kim@desk.test", secret)).response("POST", "/api/oauth", json.dumps(WEBADMIN))
        assert (status, "WWW-Authenticate" in headers) == (401, False), secret
    assert (await authorize(old.as_(None)))[0] == 401


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (WEBADMIN | {"client_id": "x" * 21}, {"error": "other", "details": "Client ID is invalid.", "reason": None}),
        (WEBADMIN | {"redirect_uri": "http://a.test"}, {"error": "other", "details": "Redirect URI must be HTTPS.", "reason": None}),
        (WEBADMIN | {"type": "Code"}, 400),
        (WEBADMIN | {"nonce": 7}, 400),
        ({"type": "code"}, 400),
        ({"type": "device"}, 400),
        ([], 400),
        ({"type": "device", "code": "ZZZZ-ZZZZ"}, {"data": False}),
    ],
)
async def test_requests_for_codes_that_are_refused(old, body, expected):
    status, answer = await authorize(old, body)
    assert (status if status != 200 else answer) == expected


async def test_only_who_shows_a_secret_gets_codes(old):
    _, answer = await authorize(old)
    _, _, tokens = await token(
        old, grant_type="authorization_code", client_id="webadmin", code=answer["data"]["code"], redirect_uri="stalwart://auth"
    )
    for body in (WEBADMIN, {"type": "device", "code": "ABCD-EFGH"}):
        status, _, _ = await old.as_(None).response("POST", "/api/oauth", json.dumps(body), bearer(tokens["access_token"]))
        assert status == 403


async def test_command_line_with_a_device_code(old):
    nobody = old.as_(None)
    _, _, document = await nobody.response("GET", "/.well-known/oauth-authorization-server")
    device_path, token_path = (urlsplit(document[name]).path for name in ("device_authorization_endpoint", "token_endpoint"))
    _, _, device = await nobody.response("POST", device_path, urlencode({"client_id": "Stalwart_CLI"}), FORM)
    assert all(isinstance(device[name], str) for name in ("device_code", "user_code", "verification_uri"))
    asked = urlencode({"client_id": "Stalwart_CLI", "grant_type": DEVICE, "device_code": device["device_code"]})
    assert (await nobody.response("POST", token_path, asked, FORM))[2] == {"error": "authorization_pending"}
    approval = {"type": "device", "code": device["user_code"]}
    assert (await authorize(old.as_(("admin", "wrong")), approval))[0] == 401
    assert await authorize(old, approval) == (200, {"data": True})
    assert await authorize(old, approval) == (200, {"data": False})
    _, _, tokens = await nobody.response("POST", token_path, asked, FORM)
    status, _, answer = await nobody.response("GET", "/api/queue/messages", headers=bearer(tokens["access_token"]))
    assert (status, answer["data"]["total"]) == (200, 0)


async def test_tokens_and_who_they_belong_to(old):
    _, answer = await authorize(old)
    _, _, tokens = await token(
        old, grant_type="authorization_code", client_id="webadmin", code=answer["data"]["code"], redirect_uri="stalwart://auth"
    )
    shown = urlencode({"token": tokens["access_token"]})
    assert (await old.response("POST", "/auth/introspect", shown, TEXT))[2]["active"] is True
    assert (await old.response("POST", "/auth/introspect", "token=junk", TEXT))[2] == {"active": False}
    status, _, claims = await old.as_(None).response("GET", "/auth/userinfo", headers=bearer(tokens["access_token"]))
    assert (status, claims["preferred_username"]) == (200, "admin")
    for path in ("/.well-known/openid-configuration", "/auth/jwks.json"):
        assert (await old.as_(None).response("GET", path))[0] == 200
    status, _, _ = await old.as_(None).response("GET", "/api/account/auth", headers=bearer(tokens["refresh_token"]))
    assert status == 401


async def test_what_is_given_expires(old):
    given = {"grant_type": "authorization_code", "client_id": "webadmin", "redirect_uri": "stalwart://auth"}
    late, used = [(await authorize(old))[1]["data"]["code"] for _ in range(2)]
    assert (await token(old, **given | {"client_id": "another"}, code=used))[2] == {"error": "invalid_client"}
    assert (await token(old, **given | {"redirect_uri": "https://a.test"}, code=used))[2] == {"error": "invalid_client"}
    _, _, tokens = await token(old, **given, code=used)
    old.wait(601)
    assert (await token(old, **given, code=late))[2] == {"error": "access_denied"}
    old.wait(3600)
    status, headers, _ = await old.as_(None).response("GET", "/api/queue/messages", headers=bearer(tokens["access_token"]))
    assert (status, "WWW-Authenticate" in headers) == (401, True)
    status, _, fresh = await token(old, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (status, (await old.as_(None).response("GET", "/api/queue/messages", headers=bearer(fresh["access_token"])))[0]) == (200, 200)
    assert (await token(old, grant_type="refresh_token", refresh_token="junk"))[2] == {"error": "invalid_grant"}


COMMANDS = [
    ("GET", "/api/reload/certificate", None, 200),
    ("GET", "/api/reload", None, 200),
    ("GET", "/api/store/maintenance", None, 404),
    ("POST", "/api/settings", [{"type": "insert", "prefix": None, "values": [["mycompany.note", "7"]], "assert_empty": False}], 200),
    ("GET", "/api/settings/list?prefix=mycompany", None, 200),
    ("POST", "/api/settings", [{"type": "delete", "keys": ["mycompany.note"]}], 200),
    ("POST", "/api/dkim", {"algorithm": "Ed25519", "domain": "desk.test"}, 200),
    ("GET", "/api/dkim/ed25519-desk.test", None, 200),
    ("GET", "/api/queue/messages", None, 200),
    ("PATCH", "/api/queue/messages/7", None, 404),
    ("DELETE", "/api/queue/messages/7", None, 404),
    ("GET", "/api/queue/messages&from=a@b.test", None, 404),
    ("PATCH", "/api/queue/messages/123&filter=x", None, 404),
    ("GET", "/api/queue/reports", None, 200),
    ("GET", "/api/queue/reports/d!desk.test!7!8", None, 404),
]


async def test_commands(old):
    await made(old)
    for path in ("/healthz/ready", "/healthz/live"):
        assert (await old.as_(None).response("GET", path))[0] == 200
    for method, target, body, expected in COMMANDS:
        headers = {"Authorization": old.authorization()}
        text = None if body is None else json.dumps(body).encode()
        async with old.http.request(method, old.both.gateway + target, data=text, headers=headers, skip_auto_headers=("Content-Type",)) as answer:
            reply = await answer.json(content_type=None)
        assert answer.status == expected, (target, reply)
        assert expected != 200 or "data" in reply, (target, reply)
