"""Tokens instead of passwords (recordings `oauth`, `directory.self-service`)."""

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import jwt
import pytest

from .conftest import ADMIN, USER

CLIENT = {"clientId": "panel", "redirectUri": "https://panel.test/callback"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
UNREADABLE = {"type": "about:blank", "status": 400, "title": "Invalid parameters", "detail": "JSON deserialization failed"}


def challenge(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def totp(now):
    mac = hmac.digest(base64.b32decode(SEED), (now // 30).to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


class Client:
    """A program that logs people in."""

    def __init__(self, server):
        self.server = server

    async def log_in(self, user=USER, **more):
        given = {"type": "authCode", "accountName": user[0], "accountSecret": user[1]} | CLIENT | more
        return await self.server.ask("POST", "/api/auth", {name: value for name, value in given.items() if value is not None}, user=None)

    async def code(self, **more):
        answer = await self.log_in(**more)
        assert answer.json["type"] == "authenticated"
        return answer.json["client_code"]

    async def form(self, path, user=None, **fields):
        return await self.server.ask("POST", path, urlencode(fields).encode(), user=user, headers=FORM)

    async def exchange(self, code, **more):
        fields = {"grant_type": "authorization_code", "code": code, "client_id": "panel", "redirect_uri": CLIENT["redirectUri"]} | more
        return await self.form("/auth/token", **fields)

    async def tokens(self, **more):
        return (await self.exchange(await self.code(**more))).json

    async def refresh(self, token):
        return await self.form("/auth/token", grant_type="refresh_token", refresh_token=token)

    async def come(self, token):
        answer = await self.server.ask("GET", "/api/account", user=None, headers={"Authorization": f"Bearer {token}"})
        return answer.status


@pytest.fixture
def client(server):
    return Client(server)


async def test_a_code_is_good_for_tokens_once(client):
    code = await client.code(scope="openid email", nonce="n1")
    tokens = (await client.exchange(code)).json
    assert {name: tokens[name] for name in ("token_type", "expires_in", "scope")} == {"token_type": "bearer", "expires_in": 3600, "scope": "openid email"}
    assert await client.come(tokens["access_token"]) == 200
    assert await client.come(tokens["refresh_token"]) == 401
    assert await client.come(tokens["access_token"][:-4]) == 401
    again = await client.exchange(code)
    assert (again.status, again.json) == (400, {"error": "access_denied"})


async def test_tokens_end(client):
    tokens = await client.tokens()
    client.server.world.clock.advance(3601)
    assert await client.come(tokens["access_token"]) == 401
    renewed = (await client.refresh(tokens["refresh_token"])).json
    assert renewed.keys() == {"access_token", "token_type", "expires_in"}
    assert await client.come(renewed["access_token"]) == 200
    client.server.world.clock.advance(27 * 86_400)
    late = (await client.refresh(tokens["refresh_token"])).json
    client.server.world.clock.advance(4 * 86_400)
    assert (await client.refresh(tokens["refresh_token"])).json == {"error": "invalid_grant"}
    assert "access_token" in (await client.refresh(late["refresh_token"])).json
    assert (await client.refresh(late["access_token"])).json == {"error": "invalid_grant"}


async def test_a_new_password_ends_all_tokens_a_second_factor_does_not(client):
    tokens = await client.tokens()
    url = f"otpauth://totp/Lab:olga?secret={SEED}&issuer=Lab"
    await client.server.changed("Account", "b", {"credentials/0/otpAuth": url})
    assert await client.come(tokens["access_token"]) == 200
    await client.server.changed("Account", "b", {"credentials/0/secret": "another canary of olga"})
    assert await client.come(tokens["access_token"]) == 401
    assert (await client.refresh(tokens["refresh_token"])).json == {"error": "invalid_grant"}


async def test_a_second_factor(client):
    await client.server.changed("Account", "b", {"credentials/0/otpAuth": f"otpauth://totp/Lab:olga?secret={SEED}&issuer=Lab"})
    assert (await client.log_in()).json == {"type": "mfaRequired"}
    for token in ("", "000000"):
        assert (await client.log_in(mfaToken=token)).json == {"type": "failure"}
    assert (await client.log_in((USER[0], "wrong"))).json == {"type": "failure"}
    code = totp(client.server.world.clock.seconds())
    for _ in range(2):
        assert (await client.log_in(mfaToken=code)).json["type"] == "authenticated"


async def test_the_recovery_administrator(client):
    tokens = await client.tokens(user=ADMIN)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = await client.server.ask("GET", "/api/account", user=None, headers=headers)
    assert len(answer.json["permissions"]) == 622


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"redirectUri": None}, 401),
        ({"redirectUri": "http://panel.test/"}, 401),
        ({"redirectUri": "http://panel.test/", "codeChallenge": "x" * 43}, 200),
        ({"redirectUri": "app://done"}, 200),
        ({"codeChallenge": "x", "codeChallengeMethod": "S512"}, 401),
        ({"resource": ["https://other.test/"]}, 401),
        ({"resource": ["https://mail.example.org/jmap"]}, 200),
        ({"resource": ["http://["]}, 401),
        ({"clientId": None}, 400),
        ({"clientId": 5}, 400),
        ({"type": "code"}, 400),
        ({"type": ["authCode"]}, 400),
        ({"accountName": None}, 400),
        ({"resource": "x"}, 400),
    ],
)
async def test_what_a_client_may_ask(client, more, status):
    answer = await client.log_in(**more)
    assert answer.status == status
    if status == 400:
        assert answer.json == UNREADABLE


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000])
async def test_bodies_that_cannot_be_read(server, body):
    for path in ("/api/auth", "/auth/register"):
        answer = await server.ask("POST", path, body, user=None)
        assert (answer.status, answer.json) == (400, UNREADABLE)


@pytest.mark.parametrize("method", ["S256", "plain"])
async def test_a_verifier(client, method):
    verifier = "verifier-0123456789-0123456789-0123456789"
    code = await client.code(codeChallenge=challenge(verifier) if method == "S256" else verifier, codeChallengeMethod=method)
    assert (await client.exchange(code)).json == {"error": "invalid_grant"}
    assert (await client.exchange(code, code_verifier="other")).json == {"error": "invalid_grant"}
    assert "access_token" in (await client.exchange(code, code_verifier=verifier)).json


async def test_a_code_belongs_to_its_client_and_bears_three_attempts(client):
    code = await client.code()
    for wrong in ({"client_id": "other"}, {"redirect_uri": "https://panel.test/x"}, {"client_id": ""}):
        assert (await client.exchange(code, **wrong)).json == {"error": "invalid_client"}
    assert (await client.exchange(code)).json == {"error": "access_denied"}
    late = await client.code()
    client.server.world.clock.advance(601)
    assert (await client.exchange(late)).json == {"error": "access_denied"}


@pytest.mark.parametrize("form", [{}, {"grant_type": "password"}, {"code": "x"}])
async def test_other_grants(client, form):
    answer = await client.form("/auth/token", **form)
    assert (answer.status, answer.json) == (400, {"error": "invalid_grant"})


async def test_a_form_has_a_size(client):
    answer = await client.form("/auth/token", code="x" * 3000)
    assert (answer.status, answer.json["detail"]) == (400, "Invalid post request")


async def test_a_device(client):
    started = (await client.form("/auth/device", client_id="panel", scope="openid")).json
    assert started["verification_uri_complete"].endswith("?code=" + started["user_code"])

    async def poll(**more):
        return (await client.form("/auth/token", **({"grant_type": DEVICE_GRANT, "device_code": started["device_code"], "client_id": "panel"} | more))).json

    async def agree(code, user=USER):
        given = {"type": "authDevice", "accountName": user[0], "accountSecret": user[1], "code": code}
        return (await client.server.ask("POST", "/api/auth", given, user=None)).json

    assert await poll() == {"error": "authorization_pending"}
    assert await poll(client_id="other") == {"error": "invalid_client"}
    assert await poll(device_code="nope") == {"error": "expired_token"}
    assert await agree(started["user_code"], (USER[0], "wrong")) == {"type": "failure"}
    assert await agree("AAAA-AAAA") == {"type": "failure"}
    assert await agree(started["user_code"]) == {"type": "verified"}
    assert await agree(started["user_code"]) == {"type": "failure"}
    tokens = await poll()
    assert tokens["scope"] == "openid"
    assert await client.come(tokens["access_token"]) == 200
    assert await poll() == {"error": "expired_token"}
    missing = await client.form("/auth/device")
    assert (missing.status, missing.json["detail"]) == (400, "Client ID is missing.")


async def test_registered_clients_need_protection(client):
    answer = await client.server.ask("POST", "/auth/register", {"redirect_uris": [CLIENT["redirectUri"]], "client_name": "Panel"}, user=None)
    assert answer.status == 201
    own = {"clientId": answer.json["client_id"]}
    assert (await client.log_in(**own)).status == 401
    assert (await client.log_in(**own, codeChallenge="x" * 43)).status == 401
    assert (await client.log_in(**own, codeChallenge="x" * 43, codeChallengeMethod="S256")).status == 200
    assert (await client.log_in(**own, codeChallenge="x" * 43, codeChallengeMethod="S256", redirectUri="https://panel.test/x")).status == 401


@pytest.mark.parametrize(
    ("redirect", "status"),
    [("https://a.test/", 201), ("http://127.0.0.1:8080/", 201), ("http://[::1]/", 201), ("app://done", 201), ("http://a.test/", 400), ("a.test", 400), ("https://", 400), ("http://[", 400)],
)
async def test_where_a_client_may_be_sent_back_to(server, redirect, status):
    answer = await server.ask("POST", "/auth/register", {"redirect_uris": [redirect]}, user=None)
    assert answer.status == status
    assert status == 201 or answer.json["error"] == "invalid_redirect_uri"


async def test_clients_of_an_administrator_have_their_redirects(client):
    await client.server.made("OAuthClient", {"clientId": "panel", "redirectUris": {"https://panel.test/other": True}})
    assert (await client.log_in()).status == 401
    assert (await client.log_in(redirectUri="https://panel.test/other")).status == 200


async def test_introspection_and_who_one_is(client):
    tokens = await client.tokens()
    now = client.server.world.clock.seconds()
    seen = (await client.form("/auth/introspect", user=ADMIN, token=tokens["access_token"])).json
    assert seen == {"active": True, "username": "admin", "token_type": "bearer", "exp": now + 3600, "iat": now}
    assert (await client.form("/auth/introspect", user=USER, token="nope")).json == {"active": False}
    assert (await client.form("/auth/introspect", token="nope")).status == 401
    assert (await client.form("/auth/introspect", user=USER)).json["detail"] == "Client ID is missing."
    claims = (await client.server.ask("GET", "/auth/userinfo", user=USER)).json
    assert claims == {"sub": "1", "name": "Olga", "preferred_username": USER[0], "email": USER[0], "email_verified": True}


async def test_an_identity_token_is_signed(client):
    token = (await client.tokens(nonce="n1"))["id_token"]
    keys = jwt.PyJWKSet.from_json(json.dumps((await client.server.ask("GET", "/auth/jwks.json", user=None)).json))
    options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, keys["default"], algorithms=["ES256"], audience="panel", options=options)
    assert (claims["sub"], claims["nonce"], claims["email"]) == ("1", "n1", USER[0])


@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration", "oauth-protected-resource/jmap"])
async def test_metadata_names_the_public_address(server, name):
    answer = await server.ask("GET", "/.well-known/" + name, user=None)
    assert answer.json.get("issuer", answer.json.get("resource")) == "http://mail.example.org:8080"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/auth/token", 404), ("POST", "/auth/userinfo", 404), ("GET", "/auth/device", 404), ("GET", "/api/auth", 404), ("GET", "/.well-known/x", 404), ("OPTIONS", "/auth/token", 204)])
async def test_other_methods_and_paths(server, method, path, status):
    assert (await server.ask(method, path, user=ADMIN)).status == status


async def test_somebody_who_may_impersonate_logs_in_as_others(server):
    seen = await server.ask("GET", "/api/account", user=(f"{USER[0]}%{ADMIN[0]}", ADMIN[1]))
    assert seen.json == (await server.ask("GET", "/api/account", user=USER)).json
    for login, secret in ((f"nobody@lab.test%{ADMIN[0]}", ADMIN[1]), (f"{USER[0]}%{ADMIN[0]}", "wrong"), (f"hank@lab.test%{USER[0]}", USER[1])):
        assert (await server.ask("GET", "/api/account", user=(login, secret))).status == 401


async def test_a_credential_that_was_over_when_rights_were_remembered(server):
    made = await server.one("x:AppPassword/set", {"create": {"k": {"description": "x", "expiresAt": "2026-11-21T14:00:00Z"}}}, user=USER)
    app = (USER[0], made["created"]["k"]["secret"])
    assert (await server.ask("GET", "/api/account", user=app)).status == 200
    server.world.clock.advance(3600)
    late = await server.ask("GET", "/api/account", user=app)
    assert (late.status, late.headers.get("WWW-Authenticate")) == (401, None)
    await server.one("x:Action/set", {"create": {"a": {"@type": "InvalidateCaches"}}})
    assert (await server.ask("GET", "/api/account", user=app)).status == 403


async def test_even_an_echo_needs_a_right(server):
    await server.changed("Account", "b", {"permissions": {"@type": "Replace", "enabledPermissions": {"authenticate": True}}})
    answer = await server.batch(("Core/echo", {"x": 1}), user=USER)
    assert answer == [["error", {"type": "forbidden", "description": "You are not authorized to perform this action"}]]
