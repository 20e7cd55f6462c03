"""Whatever goes wrong, what a client is known by is not written down anywhere."""

import base64
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from gateway.knowledge.sha512_crypt import hashed

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
