import asyncio
import json

import pytest

from gateway.jmap.calls import BY_ID, Get, Query, Ref, Set
from gateway.jmap.errors import MethodError, OutcomeUnknown

QUERY = Query("Task", [BY_ID], 2)


@pytest.fixture
async def narrow(liar, open_upstream):
    """A client of a server that takes three calls and two objects at a time."""
    core = {"maxCallsInRequest": 3, "maxObjectsInGet": 2, "maxObjectsInSet": 2}
    liar.session = liar.session | {"capabilities": {"urn:ietf:params:jmap:core": core}}
    upstream = await open_upstream(liar.url)
    await upstream.discover()
    return upstream


async def test_limits_are_learnt_in_the_background(liar, open_upstream):
    upstream = await open_upstream(liar.url)
    await liar.asked(1, "/jmap/session")
    (request,) = (request for request in liar.seen if request.target == "/jmap/session")
    assert "Authorization" not in request.headers
    assert upstream.session.limits.calls == 16


async def test_pages_shrink_to_the_servers_limits(narrow):
    assert (narrow.settings.get_page, narrow.settings.optimistic_get, narrow.settings.report_scan_page) == (2, 2, 2)
    assert narrow.settings.query_page == 5000


async def test_a_batch_beyond_the_limits_goes_in_parts(liar, narrow):
    calls = [QUERY, QUERY, QUERY, Get("Task", Ref(2)), Get("Task", ["b", "c", "d", "e", "f"])]
    answers = await narrow.caller("Basic one").request(*calls)
    assert [[name for name, _, _ in request.calls] for request in liar.posts] == [
        ["x:Task/query", "x:Task/query"],
        ["x:Task/query", "x:Task/get", "x:Task/get"],
        ["x:Task/get", "x:Task/get"],
    ]
    assert liar.posts[1].calls[1][1] == {"#ids": {"resultOf": "c0", "name": "x:Task/query", "path": "/ids"}}
    assert [answer.get("ids") for answer in answers[:3]] == [["ba", "bb"]] * 3
    assert [item["id"] for item in answers[3]["list"]] == ["ba", "bb"]
    assert [item["id"] for item in answers[4]["list"]] == ["b", "c", "d", "e", "f"]


async def test_no_change_follows_a_failed_part(liar, narrow):
    liar.acts += [liar.answers(*[["error", {"type": "forbidden"}, f"c{n}"] for n in range(3)])]
    with pytest.raises(MethodError, match="forbidden"):
        await narrow.caller("Basic one").request(QUERY, QUERY, QUERY, Set("Task", destroy=["b"]))
    assert len(liar.posts) == 1


async def test_nothing_follows_a_part_whose_answer_is_lost(liar, narrow):
    liar.acts += [liar.honest, liar.cut]
    with pytest.raises(OutcomeUnknown):
        await narrow.caller("Basic one").request(Set("Task", destroy=list("bcdefghijklmnopq")))
    assert [[sorted(arguments["destroy"]) for _, arguments, _ in request.calls] for request in liar.posts] == [
        [["b", "c"], ["d", "e"], ["f", "g"]],
        [["h", "i"], ["j", "k"], ["l", "m"]],
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"capabilities": {"urn:ietf:params:jmap:core": []}})])
async def test_without_a_readable_session_the_usual_limits_hold(liar, open_upstream, text):
    liar.stage = "/jmap/session"
    liar.then = liar.says(text)
    upstream = await open_upstream(liar.url)
    assert not await upstream.ready()
    assert upstream.session.limits.objects_in_get == 500
    assert (await upstream.caller("Basic one").request(QUERY))[0]["ids"] == ["ba", "bb"]


async def test_requests_go_to_the_path_of_the_session_below_the_configured_address(liar, open_upstream):
    liar.session = liar.session | {"apiUrl": "https://mail.example.org/moved/jmap/"}
    liar.stage = "/moved/jmap/"
    upstream = await open_upstream(liar.url)
    await upstream.discover()
    await upstream.caller("Basic one").request(QUERY)
    assert liar.count("/moved/jmap/") == 1


async def test_ready_asks_and_remembers_for_a_moment(liar, upstream):
    assert [await upstream.ready() for _ in range(5)] == [True] * 5
    assert liar.count("/jmap/session") == 1


async def test_many_who_ask_at_once_share_the_answer(liar, upstream):
    assert await asyncio.gather(*(upstream.ready() for _ in range(10))) == [True] * 10
    assert liar.count("/jmap/session") == 1


@pytest.mark.parametrize("act", ["silent", "cut", "not_http"])
async def test_not_ready_while_the_server_misbehaves(liar, upstream, act):
    liar.stage = "/jmap/session"
    liar.then = getattr(liar, act)
    assert not await upstream.ready()


async def test_all_parts_of_an_attempt_are_sent(liar, narrow):
    liar.acts += [liar.answers(*[["error", {"type": "forbidden"}, f"c{n}"] for n in range(3)])]
    answers = await narrow.caller("Basic one").attempt(QUERY, QUERY, QUERY, QUERY)
    assert [isinstance(answer, MethodError) for answer in answers] == [True, True, True, False]
