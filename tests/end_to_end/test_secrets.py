"""Whatever goes wrong, what a client is known by is not written down anywhere."""

import base64
import io
from typing import Any

import aiohttp
import pytest

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
