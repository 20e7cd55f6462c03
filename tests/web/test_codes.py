"""Codes of a second factor behind a password: what the new server is asked, how often, and what is kept (mapping-principals 6.1)."""

import asyncio
import base64
import json
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from gateway.state import OldName, State

KIM = "kim@a.test"
PASSWORD = "Canary-pw"
CODE = "123456"
EVERYTHING = ("authenticate", "sysQueuedMessageGet", "sysQueuedMessageQuery", "sysAccountGet", "actionReloadSettings", "sysActionCreate")


def basic(login, secret):
    return "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()


class SecondFactor:
    """A new server with one account, whose password wants a code unless `code` is None; `secret` is its password."""

    def __init__(self, server):
        self.server = server
        self.secret, self.code, self.tokens, self.asked = PASSWORD, CODE, set(), []
        self.expires = 3600
        self.refuses_client = False
        self.wait = asyncio.Event()
        self.wait.set()

    async def answer(self, request):
        self.asked.append(request.path)
        match request.path:
            case "/api/auth":
                await self.wait.wait()
                given = await request.json()
                return web.json_response(self._log_in(given), status=401 if self.refuses_client else 200)
            case "/auth/token":
                form = parse_qs((await request.read()).decode(), keep_blank_values=True)
                assert form == {"grant_type": ["authorization_code"], "code": ["c"], "client_id": ["legacy-gateway"], "redirect_uri": [""]}
                token = f"t{len(self.tokens)}"
                self.tokens.add(token)
                return web.json_response({"access_token": token, "token_type": "bearer", "expires_in": self.expires})
            case _:
                status = self._status(request.headers.get("Authorization", ""))
                body = {"permissions": list(EVERYTHING), "edition": "oss", "locale": "en_US", "as": request.headers.get("Authorization")}
                return web.json_response(body if status == 200 else {}, status=status)

    def _status(self, header):
        if header in {f"Bearer {token}" for token in self.tokens}:
            return 200
        return 401 if header != basic(KIM, self.secret) else 402 if self.code else 200

    def _log_in(self, given):
        assert (given["type"], given["redirectUri"]) == ("authCode", "")
        if (given["accountName"], given["accountSecret"]) != (KIM, self.secret):
            return {"type": "failure"}
        if self.code and "mfaToken" not in given:
            return {"type": "mfaRequired"}
        if self.code and given["mfaToken"] != self.code:
            return {"type": "failure"}
        return {"type": "authenticated", "client_code": "c", "iss": "https://a.test"}


@pytest.fixture
async def factor(server):
    factor = SecondFactor(server)
    server.other = factor.answer
    return factor


@pytest.fixture
async def client(start, factor, giving):
    return await start(rows={"getQueueStatus": giving(1)}, upstream=factor.server.url)


async def status(client, secret, target="/api/queue/status", login=KIM):
    return (await client("GET", target, authorization=basic(login, secret))).status


async def test_a_code_is_exchanged_once(client, factor):
    for _ in range(3):
        assert await status(client, f"{PASSWORD}${CODE}") == 200
    assert [path for path in factor.asked if path != "/api/account"] == ["/api/auth", "/api/auth", "/auth/token"]
    got = await client("GET", "/jmap/x", authorization=basic(KIM, f"{PASSWORD}${CODE}"))
    assert (got.status, got.json["as"]) == (200, "Bearer t0")


async def test_many_requests_with_one_code_cause_one_exchange(client, factor):
    factor.wait.clear()
    asking = [asyncio.create_task(status(client, f"{PASSWORD}${CODE}")) for _ in range(20)]
    await asyncio.sleep(0.2)
    factor.wait.set()
    assert await asyncio.gather(*asking) == [200] * 20
    assert factor.asked.count("/auth/token") == 1


@pytest.mark.parametrize("target", ["/api/queue/status", "/jmap/x"])
@pytest.mark.parametrize("secret", [f"{PASSWORD}$654321", f"wrong${CODE}", f"{PASSWORD}$12345", f"{PASSWORD}$123456789", f"${CODE}", f"{PASSWORD}$١٢٣٤٥٦", f"{PASSWORD}{CODE}"])
async def test_what_is_refused(client, factor, secret, target):
    assert await status(client, secret, target) == 401
    assert "/auth/token" not in factor.asked


async def test_another_code_is_another_login(client, factor):
    assert await status(client, f"{PASSWORD}${CODE}") == 200
    assert await status(client, f"{PASSWORD}$654321") == 401
    factor.code = "654321"
    before = factor.asked.count("/api/auth")
    assert await status(client, f"{PASSWORD}$654321") == 200
    assert factor.asked.count("/api/auth") == before + 1, "that digits are a code is known by now"


async def test_a_password_may_end_like_one_with_a_code(client, factor):
    factor.secret, factor.code = f"{PASSWORD}${CODE}", None
    for _ in range(2):
        assert await status(client, f"{PASSWORD}${CODE}") == 200
    assert "/api/auth" not in factor.asked


async def test_a_password_that_ends_like_one_with_a_code_and_wants_one(client, factor):
    factor.secret = f"{PASSWORD}$777777"
    assert await status(client, f"{PASSWORD}$777777") == 402
    assert await status(client, f"{PASSWORD}$777777${CODE}") == 200


async def test_digits_behind_the_password_of_an_account_that_wants_no_code(client, factor):
    factor.code = None
    assert await status(client, f"{PASSWORD}${CODE}") == 401
    assert "/auth/token" not in factor.asked


async def test_a_token_that_is_void_is_forgotten(client, factor):
    assert await status(client, f"{PASSWORD}${CODE}", "/jmap/x") == 200
    factor.tokens = {"other"}
    assert await status(client, f"{PASSWORD}${CODE}", "/jmap/x") == 401
    assert await status(client, f"{PASSWORD}${CODE}", "/jmap/x") == 200


async def test_a_token_is_not_used_when_it_has_expired(client, factor):
    factor.expires = 0
    for _ in range(2):
        assert await status(client, f"{PASSWORD}${CODE}", "/jmap/x") == 200
    assert factor.asked.count("/auth/token") == 2


async def test_a_server_that_lets_the_gateway_make_no_tokens(client, factor):
    factor.refuses_client = True
    assert await status(client, f"{PASSWORD}${CODE}") == 401


async def test_under_a_remembered_name(start, factor, giving, tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
    state = await State.open(url, factor.server.url)
    await state.memory.remember(OldName("Account", "b", "kim", KIM, implied=False))
    await state.close()
    client = await start(rows={"getQueueStatus": giving(1)}, state=url)
    assert await status(client, f"{PASSWORD}${CODE}", login="kim") == 200
    assert await status(client, f"{PASSWORD}$654321", login="kim") == 401


@pytest.mark.parametrize(("path", "failure", "expected"), [("/api/auth", 500, 500), ("/api/auth", 429, 429), ("/auth/token", 500, 500), ("/auth/token", 400, 401)])
async def test_a_server_that_fails_is_no_refusal(client, factor, path, failure, expected):
    async def failing(request):
        return web.json_response({}, status=failure) if request.path == path else await factor.answer(request)

    factor.server.other = failing
    assert await status(client, f"{PASSWORD}${CODE}") == expected


@pytest.mark.parametrize("body", [b"", b"[]", b'{"type": 7}', b"{"])
@pytest.mark.parametrize("path", ["/api/auth", "/auth/token"])
async def test_answers_that_are_none(client, server, factor, path, body):
    async def garbled(request):
        return web.Response(body=body) if request.path == path else await factor.answer(request)

    server.other = garbled
    assert await status(client, f"{PASSWORD}${CODE}") == 500


async def test_refused_codes_count_as_refused_logins(start, factor, giving):
    client = await start(rows={"getQueueStatus": giving(1)}, trusted_proxies=["127.0.0.1"], limits={"logins": 3})
    seen = []
    for guess in range(5):
        got = await client("GET", "/api/queue/status", authorization=basic(KIM, f"{PASSWORD}${guess:06}"), X_Forwarded_For="192.0.2.7")
        seen.append(got.status)
    assert seen == [401, 401, 401, 429, 429]
    before = len(factor.asked)
    await client("GET", "/api/queue/status", authorization=basic(KIM, f"{PASSWORD}${CODE}"), X_Forwarded_For="192.0.2.7")
    assert len(factor.asked) == before


@pytest.mark.usefixtures("factor")
async def test_nothing_of_it_is_written_down(client, logged):
    for secret in (f"{PASSWORD}${CODE}", f"{PASSWORD}$654321"):
        got = await client("GET", "/api/queue/status", authorization=basic(KIM, secret))
        assert PASSWORD not in json.dumps([got.body.decode(), dict(got.headers)])
    assert "request" in logged.getvalue()
    assert not any(text in logged.getvalue() for text in (PASSWORD, CODE, "654321", "Bearer"))
