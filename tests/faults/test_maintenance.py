"""Commands that old clients send with GET: their answer may be lost like that of any change."""

import aiohttp
import pytest

from gateway.app import running
from gateway.settings import Limits, Settings, Timeouts

TARGETS = ["/api/reload", "/api/reload/certificate", "/api/update/webadmin", "/api/update/spam-filter"]


async def get(liar, tmp_path, target, **timeouts):
    settings = Settings(
        upstream=liar.url,
        listen="127.0.0.1:0",
        state=f"sqlite+aiosqlite:///{tmp_path}/state.db",
        limits=Limits(queue_seconds=0.5),
        timeouts=Timeouts(**{"connect": 0.5, "read": 0.3, "total": 1} | timeouts),
    )
    headers = {"Authorization": aiohttp.encode_basic_auth("kim", "canary")}
    async with running(settings) as gateway, aiohttp.ClientSession(gateway.url, headers=headers) as http, http.get(target) as answer:
        return answer.status, (await answer.json(content_type=None)).get("title"), answer.headers.get("Retry-After")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("act", ["cut", "cut_in_body", "silent", "not_http"])
async def test_a_command_whose_answer_is_lost_is_sent_once(liar, tmp_path, target, act):
    liar.then = getattr(liar, act)
    assert await get(liar, tmp_path, target) == (504, "Gateway Timeout", None)
    assert len(liar.posts) == 1


@pytest.mark.parametrize("target", TARGETS)
async def test_a_command_that_outlasts_the_request_may_have_been_carried_out(liar, tmp_path, target):
    liar.then = liar.silent
    assert await get(liar, tmp_path, target, read=5, total=5, request=0.3) == (504, "Gateway Timeout", None)
    assert len(liar.posts) == 1


async def test_a_command_that_could_not_be_sent_was_not_carried_out(liar, tmp_path):
    url, liar.url = liar.url, "http://127.0.0.1:9"
    assert await get(liar, tmp_path, "/api/reload") == (503, "Service Unavailable", "5")
    liar.url = url
    assert liar.posts == []


@pytest.mark.parametrize("target", TARGETS)
async def test_a_crowded_server_has_not_begun(liar, tmp_path, target):
    liar.then = liar.crowded
    status, title, _ = await get(liar, tmp_path, target)
    assert (status, title) == (503, "Service Unavailable")
