"""Changes of the own secrets and consent to logins when the new server fails: nothing is sent twice, and what is not known is said."""

import json

import aiohttp
import pytest
from aiohttp import web

from gateway.app import running
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.settings import Limits, Settings, Timeouts

UNKNOWN = (504, "Gateway Timeout")
AWAY = (503, "Service Unavailable")
ACTS = ["cut", "cut_in_body", "silent", "not_http"]
SESSION_OF_KIM = {"urn:stalwart:jmap": "f"}
PASSWORD = [{"type": "setPassword", "password": "Canary-plum-kettle-7-orbit"}]
RIGHTS = ["authenticate", *NEW_RIGHTS["manage-passwords"]]
SERVICE = "service@acme.test:Canary"
HASH = "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."


@pytest.fixture
async def old(liar, tmp_path):
    """Status and title (or body) of what an old client gets."""
    liar.session = liar.session | {"primaryAccounts": SESSION_OF_KIM}
    ordinary = liar.ordinary

    async def with_rights(request):
        if request.path == "/api/account":
            return web.json_response({"permissions": RIGHTS, "edition": "oss", "locale": "en_US"})
        return await ordinary(request)

    liar.ordinary = with_rights
    settings = Settings(
        upstream=liar.url,
        listen="127.0.0.1:0",
        state=f"sqlite+aiosqlite:///{tmp_path}/state.db",
        service_credential=SERVICE,
        limits=Limits(queue_seconds=0.5),
        timeouts=Timeouts(connect=0.5, read=0.3, total=1, request=5),
    )
    headers = {"Authorization": aiohttp.encode_basic_auth("kim", "canary")}
    async with running(settings) as gateway, aiohttp.ClientSession(gateway.url, headers=headers) as http:

        async def call(target, body):
            async with http.post(target, data=json.dumps(body)) as answer:
                body = json.loads(await answer.read())
                return answer.status, body.get("title") or body

        yield call


def writes(liar):
    """The calls that change something."""
    return [name for post in liar.posts for name, _, _ in post.calls if name.endswith("/set")]


@pytest.mark.parametrize("act", ACTS)
async def test_a_password_change_whose_answer_is_lost_is_sent_once(liar, old, act):
    liar.then = getattr(liar, act)
    assert await old("/api/account/auth", PASSWORD) == UNKNOWN
    assert writes(liar) == ["x:AccountPassword/set"]


@pytest.mark.parametrize("act", ACTS)
async def test_nothing_is_removed_after_a_password_change_whose_answer_is_lost(liar, old, act):
    liar.acts.append(liar.answers(["x:AppPassword/get", {"accountId": "f", "list": [{"id": "b", "description": "a", "createdAt": "2026"}], "notFound": []}, "c0"]))
    liar.then = getattr(liar, act)
    assert await old("/api/account/auth", [{"type": "removeAppPassword"}, *PASSWORD]) == UNKNOWN
    assert writes(liar) == ["x:AccountPassword/set"]


@pytest.mark.parametrize("act", ACTS)
async def test_a_hash_whose_storing_is_not_answered(liar, old, act):
    account = {"id": "f", "credentials": {"0": {"@type": "Password", "credentialId": "a", "secret": "****"}}}
    liar.acts += [
        liar.answers(["x:AccountPassword/get", {"accountId": "f", "list": [{"id": "singleton"}], "notFound": []}, "c0"]),
        liar.answers(["x:Account/get", {"accountId": "z", "list": [account], "notFound": []}, "c0"]),
    ]
    liar.then = getattr(liar, act)
    assert await old("/api/account/auth", [{"type": "setPassword", "password": HASH}]) == UNKNOWN
    assert writes(liar) == ["x:Account/set"]


@pytest.mark.parametrize("status", [401, 403, 402])
async def test_a_service_account_that_is_refused_is_no_refusal_of_the_caller(liar, old, status):
    liar.acts += [
        liar.answers(["x:AccountPassword/get", {"accountId": "f", "list": [{"id": "singleton"}], "notFound": []}, "c0"]),
        liar.problem(status),
    ]
    assert await old("/api/account/auth", [{"type": "setPassword", "password": HASH}]) == (500, "Internal Server Error")
    assert writes(liar) == []


@pytest.mark.parametrize("act", ACTS)
async def test_the_approval_of_a_device_is_sent_once(liar, old, act):
    liar.stage = "/api/auth"
    liar.then = getattr(liar, act)
    assert await old("/api/oauth", {"type": "device", "code": "ABCD-EFGH"}) == UNKNOWN
    assert liar.count("/api/auth") == 1


@pytest.mark.parametrize("act", ["cut", "cut_in_body", "silent"])
async def test_a_code_may_be_asked_for_again(liar, old, act):
    liar.stage = "/api/auth"
    liar.then = getattr(liar, act)
    assert await old("/api/oauth", {"type": "code", "client_id": "webadmin"}) == AWAY
    assert liar.count("/api/auth") >= 1


@pytest.mark.parametrize("text", ["", "[]", "7", '{"type": 7}', "{"])
async def test_an_answer_to_a_login_that_is_none(liar, old, text):
    liar.stage = "/api/auth"
    liar.then = liar.says(text)
    assert await old("/api/oauth", {"type": "code", "client_id": "webadmin"}) == (500, "Internal Server Error")


async def test_an_unknown_type_of_answer_gives_no_code(liar, old):
    liar.stage = "/api/auth"

    async def captcha(_request):
        return web.json_response({"type": "captchaRequired"})

    liar.then = captcha
    for body in ({"type": "code", "client_id": "webadmin"}, {"type": "device", "code": "ABCD-EFGH"}):
        assert (await old("/api/oauth", body))[0] == 401
