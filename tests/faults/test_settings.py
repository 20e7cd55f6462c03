"""Settings written to a server that fails, over sockets: what clients are told and what is there afterwards (mapping-settings 5.2, decision 23)."""

import json
import time

import aiohttp
import pytest

from gateway.commands.pair import pair
from gateway.simulator.world import Config

ADMIN = ("admin", "Canary-of-the-admin-1")
LOGIN = {"Authorization": aiohttp.encode_basic_auth(*ADMIN)}
WRITE = [
    {
        "type": "insert",
        "prefix": None,
        "values": [["http.hsts", "true"], ["imap.timeout.idle", "7m"], ["lab.a", "x"]],
        "assert_empty": False,
    }
]
AS_BEFORE = {"http.hsts": "false", "imap.timeout.idle": "30m"}
DONE = {"http.hsts": "true", "imap.timeout.idle": "7m", "lab.a": "x"}


@pytest.fixture
async def old():
    """What an old client does: `await old(method, target, body)`; `await old.fail(rule, …)` plans faults of the new server."""
    async with (
        pair(Config(admin=ADMIN, start=float(int(time.time())))) as both,
        aiohttp.ClientSession(headers=LOGIN) as http,
    ):
        yield Client(both, http)


class Client:
    def __init__(self, both, http):
        self.both = both
        self.http = http

    async def __call__(self, method, target, body=None):
        async with self.http.request(method, self.both.gateway + target, json=body) as answer:
            return answer.status, await answer.json(content_type=None)

    async def fail(self, *rules):
        async with self.http.post(f"{self.both.simulator}/.simulator/faults", data=json.dumps(rules)) as answer:
            assert answer.status < 300

    async def texts(self):
        _, body = await self("GET", "/api/settings/keys?keys=http.hsts,imap.timeout.idle,lab.a")
        return body["data"]


async def test_a_lost_answer_is_told_and_nothing_is_sent_behind_it(old):
    await old.fail(
        {"do": "lose", "call": "x:Imap/set"}, {"do": "status", "call": "x:Http/set", "after": 1, "status": 500}
    )
    status, body = await old("POST", "/api/settings", WRITE)
    assert (status, body["title"]) == (504, "Gateway Timeout")
    assert "outcome is unknown" in body["detail"]
    await old.fail()
    assert await old.texts() == DONE


async def test_what_comes_before_a_cut_of_a_change_is_not_taken_back_blindly(old):
    await old.fail({"do": "cut", "call": "x:Imap/set"})
    status, _ = await old("POST", "/api/settings", WRITE)
    assert status == 504
    await old.fail()
    assert await old.texts() == DONE | {"imap.timeout.idle": "30m"}


async def test_a_refused_request_takes_everything_back(old):
    await old.fail({"do": "status", "call": "x:Imap/set", "status": 500})
    status, _ = await old("POST", "/api/settings", WRITE)
    assert status == 500
    await old.fail()
    assert await old.texts() == AS_BEFORE


async def test_lost_races_end_well_or_with_everything_as_before(old):
    await old.fail({"do": "unavailable", "call": "x:Imap/set", "count": 2})
    assert await old("POST", "/api/settings", WRITE) == (200, {"data": None})
    assert await old.texts() == DONE
    await old.fail({"do": "unavailable", "call": "x:Imap/set", "count": None})
    change = [
        {
            "type": "insert",
            "prefix": None,
            "values": [["http.hsts", "false"], ["imap.timeout.idle", "8m"]],
            "assert_empty": False,
        }
    ]
    status, _ = await old("POST", "/api/settings", change)
    assert status == 500
    await old.fail()
    assert await old.texts() == DONE


async def test_an_undo_that_fails_names_what_stays_changed(old):
    await old.fail(
        {"do": "status", "call": "x:Imap/set", "status": 500},
        {"do": "status", "call": "x:Http/set", "after": 1, "status": 500},
    )
    status, body = await old("POST", "/api/settings", WRITE)
    assert (status, body) == (
        200, {"error": "other", "details": "The change failed half-way, and not everything could be put back", "reason": "http.hsts"}
    )  # fmt: skip


async def test_a_read_that_fails_changes_nothing(old):
    await old.fail({"do": "status", "call": "x:Imap/get", "status": 500})
    status, _ = await old("POST", "/api/settings", WRITE)
    assert status == 500
    await old.fail()
    assert await old.texts() == AS_BEFORE
