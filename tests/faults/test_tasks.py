"""Work in the background when the new server fails: an order is given once, and what is not known is said."""

import json

import aiohttp
import pytest

from gateway.app import running
from gateway.settings import Limits, Settings, Timeouts

ACCOUNT = {"id": "h", "name": "kim", "emailAddress": "kim@acme.test", "aliases": {}}
UNKNOWN = (504, "Gateway Timeout")
AWAY = (503, "Service Unavailable")
DONE = ["x:Task/get", {"list": [], "notFound": ["t1"]}]
PENDING = ["x:Task/get", {"list": [{"id": "t1", "@type": "AccountMaintenance", "status": {"@type": "Pending", "due": "2026-03-01T12:00:00Z"}}], "notFound": []}]
MADE = ["x:Task/set", {"created": {"t": {"id": "t1"}}}]
USED = ["x:Account/get", {"list": [{"id": "h", "usedDiskQuota": 7}], "notFound": []}]
FOUND = [["x:Account/query", {"ids": ["h"]}], ["x:Account/get", {"list": [ACCOUNT], "notFound": []}]]


def says(liar, *answers):
    return liar.answers(*([name, given, f"c{at}"] for at, (name, given) in enumerate(answers)))


@pytest.fixture
async def old(liar, tmp_path):
    """Status and title (or body) of what an old client gets."""
    settings = Settings(
        upstream=liar.url,
        listen="127.0.0.1:0",
        state=f"sqlite+aiosqlite:///{tmp_path}/state.db",
        task_wait_seconds=2,
        limits=Limits(queue_seconds=0.5),
        timeouts=Timeouts(connect=0.5, read=0.3, total=1, request=5),
    )
    headers = {"Authorization": aiohttp.encode_basic_auth("kim", "canary")}
    async with running(settings) as gateway, aiohttp.ClientSession(gateway.url, headers=headers) as http:

        async def call(method, target):
            async with http.request(method, f"/api/store/{target}") as answer:
                body = json.loads(await answer.read())
                return answer.status, body.get("title") or body

        yield call


def orders(liar):
    """How often work was asked for."""
    return sum(name == "x:Task/set" for post in liar.posts for name, _, _ in post.calls)


@pytest.mark.parametrize("act", ["cut", "cut_in_body", "cut_in_chunks", "silent", "silent_in_body", "not_http"])
@pytest.mark.parametrize("target", ["purge/blob", "purge/in-memory/default/greylist", "reindex/email"])
async def test_an_order_whose_answer_is_lost_is_given_once(liar, old, act, target):
    liar.then = getattr(liar, act)
    assert await old("GET", target) == UNKNOWN
    assert orders(liar) == 1


@pytest.mark.parametrize(("act", "status"), [("cut", 503), ("silent", 503), ("not_http", 500)])
async def test_an_account_that_cannot_be_looked_for_is_left_alone(liar, old, act, status):
    liar.then = getattr(liar, act)
    assert (await old("GET", "purge/account/kim"))[0] == status
    assert orders(liar) == 0


@pytest.mark.parametrize("answer", [[["x:Account/query", {"ids": ["h"]}]], [["x:Account/query", {}], ["x:Account/get", {}]], [FOUND[0], ["x:Account/get", {"list": [ACCOUNT | {"id": "g"}]}]]])
async def test_an_account_that_was_not_asked_for_is_left_alone(liar, old, answer):
    liar.then = says(liar, *answer)
    assert (await old("GET", "purge/account/kim"))[0] == 500
    assert orders(liar) == 0


@pytest.mark.parametrize(("act", "expected"), [("cut", UNKNOWN), ("silent", UNKNOWN), ("not_http", (500, "Internal Server Error"))])
async def test_work_that_cannot_be_looked_at(liar, old, act, expected):
    liar.acts.extend([says(liar, *FOUND), says(liar, MADE)])
    liar.then = getattr(liar, act)
    assert await old("DELETE", "quota/kim") == expected
    assert orders(liar) == 1


async def test_a_look_that_is_lost_is_taken_again(liar, old):
    liar.acts.extend([says(liar, *FOUND), says(liar, MADE), liar.cut, says(liar, DONE, USED)])
    assert await old("DELETE", "quota/kim") == (200, {"data": 7})
    assert orders(liar) == 1


async def test_work_that_never_ends_is_not_waited_for_for_ever(liar, old):
    liar.acts.extend([says(liar, *FOUND), says(liar, MADE)])
    liar.then = says(liar, PENDING, USED)
    assert await old("DELETE", "quota/kim") == (200, {"data": 7})
    assert 3 <= len(liar.posts) <= 7
    assert orders(liar) == 1


async def test_a_race_that_is_lost_is_run_again(liar, old):
    unavailable = says(liar, ["error", {"type": "serverUnavailable"}])
    liar.acts.extend([unavailable, unavailable, says(liar, MADE)])
    assert await old("GET", "purge/blob") == (200, {"data": None})


@pytest.mark.parametrize("answer", [["x:Task/set", {}], ["x:Task/set", {"created": {"other": {"id": "t1"}}}], ["x:Task/get", {"list": []}]])
async def test_an_answer_that_does_not_say_what_was_done(liar, old, answer):
    liar.then = says(liar, answer)
    assert await old("GET", "purge/blob") == UNKNOWN


async def test_a_crowded_server_has_not_begun(liar, old):
    liar.then = liar.crowded
    assert await old("GET", "purge/blob") == AWAY
