import asyncio
import time

import pytest

from gateway.jmap.calls import BY_ID, Get, Query, Set
from gateway.jmap.errors import Busy, MethodError

ONE = Set("Account", update={"b": {"description": "x"}})
DONE = ["x:Account/set", {"updated": {"b": None}}, "c0"]


def lost(position=0):
    return ["error", {"type": "serverUnavailable"}, f"c{position}"]


async def test_a_change_that_lost_a_race_runs_again(liar, caller):
    liar.acts += [liar.answers(lost())] * 3 + [liar.answers(DONE)]
    assert await caller.request(ONE) == [{"updated": {"b": None}}]
    assert len({request.body for request in liar.posts}) == 1
    assert len(liar.posts) == 4


async def test_a_change_that_always_loses_ends(liar, caller):
    liar.then = liar.answers(lost())
    with pytest.raises(MethodError, match="serverUnavailable"):
        await caller.request(ONE)
    assert len(liar.posts) == 4


@pytest.mark.parametrize(
    ("calls", "responses"),
    [
        ((Set("Account", update={"b": {}, "c": {}}),), [lost()]),
        ((Set("Account", update={"b": {}}, destroy=["c"]),), [lost()]),
        ((ONE, Set("Task", destroy=["c"])), [lost(), ["x:Task/set", {"destroyed": ["c"]}, "c1"]]),
        ((Set("Task", destroy=["c"]), ONE), [["x:Task/set", {"destroyed": ["c"]}, "c0"], lost(1)]),
        ((ONE, ONE), [lost(), ["error", {"type": "forbidden"}, "c1"]]),
        ((Get("Account", ["b"]), ONE), [lost(), ["x:Account/set", {"updated": {"b": None}}, "c1"]]),
        ((Query("Account", [BY_ID], 1),), [lost()]),
    ],
)
async def test_nothing_runs_again_when_something_may_have_been_written(liar, caller, calls, responses):
    liar.then = liar.answers(*responses)
    with pytest.raises(MethodError, match="serverUnavailable"):
        await caller.request(*calls)
    assert len(liar.posts) == 1


@pytest.mark.parametrize("call", [ONE, Query("Account", [BY_ID], 10)])
async def test_a_crowded_account_is_waited_for(liar, caller, call):
    liar.acts += [liar.crowded] * 3
    assert await caller.request(call)
    assert len(liar.posts) == 4


@pytest.mark.parametrize("call", [ONE, Query("Account", [BY_ID], 10)])
async def test_an_account_that_stays_crowded_is_busy_at_the_deadline(liar, caller, call):
    liar.then = liar.crowded
    begun = time.perf_counter()
    with pytest.raises(Busy) as error:
        await caller.request(call)
    assert time.perf_counter() - begun < 1
    assert error.value.retry_after >= 1
    assert 2 <= len(liar.posts) <= 20


async def test_a_crowd_a_race_and_then_success(liar, caller):
    liar.acts += [liar.crowded, liar.answers(lost()), liar.crowded, liar.answers(DONE)]
    assert await caller.request(ONE)
    assert len(liar.posts) == 4


async def test_never_more_than_four_of_one_account_at_once(liar, upstream):
    async def slowly(request):
        await asyncio.sleep(0.01)
        return await liar.honest(request)

    liar.then = slowly
    await upstream.caller("Basic one").request(ONE)
    await upstream.caller("Bearer two").request(ONE)
    callers = [upstream.caller(header) for header in ("Basic one", "Bearer two")]
    liar.most_under_way = 0
    await asyncio.gather(*(callers[n % 2].request(ONE) for n in range(30)))
    assert liar.most_under_way == 4
    assert len(upstream.slots) == 0


async def test_a_smaller_setting_counts(liar, open_upstream):
    async def slowly(request):
        await asyncio.sleep(0.005)
        return await liar.honest(request)

    liar.then = slowly
    upstream = await open_upstream(liar.url, limits={"concurrency": 2})
    await upstream.discover()
    liar.most_under_way = 0
    await asyncio.gather(*(upstream.caller("Basic one").request(ONE) for _ in range(10)))
    assert liar.most_under_way == 2


async def test_a_smaller_limit_of_the_server_counts(liar, open_upstream):
    async def slowly(request):
        await asyncio.sleep(0.005)
        return await liar.honest(request)

    liar.then = slowly
    core = liar.session["capabilities"]["urn:ietf:params:jmap:core"] | {"maxConcurrentRequests": 1}
    liar.session = liar.session | {"capabilities": {"urn:ietf:params:jmap:core": core}}
    upstream = await open_upstream(liar.url)
    await upstream.discover()
    liar.most_under_way = 0
    await asyncio.gather(*(upstream.caller("Basic one").request(ONE) for _ in range(5)))
    assert liar.most_under_way == 1


async def test_accounts_do_not_wait_for_each_other(liar, upstream):
    liar.then = liar.silent
    stuck = [asyncio.create_task(upstream.caller("Basic one").request(ONE)) for _ in range(8)]
    await liar.asked(4)
    liar.then = liar.honest
    assert await upstream.caller("Basic two").request(ONE)
    assert not any(task.done() for task in stuck)
    for task in stuck:
        task.cancel()
    await asyncio.wait(stuck)


async def test_beyond_the_queue_it_is_busy_at_once(liar, open_upstream):
    upstream = await open_upstream(liar.url, limits={"queue": 2})
    liar.then = liar.silent
    tasks = [asyncio.create_task(upstream.caller("Basic one").request(ONE)) for _ in range(6)]
    await liar.asked(4)
    begun = time.perf_counter()
    with pytest.raises(Busy):
        await upstream.caller("Basic one").request(ONE)
    assert time.perf_counter() - begun < 0.1
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize("call", [ONE, Query("Account", [BY_ID], 10)])
async def test_clients_that_leave_free_their_places(liar, open_upstream, call):
    upstream = await open_upstream(liar.url, limits={"queue_seconds": 10}, timeouts={"read": 10, "total": 20})
    await upstream.discover()
    liar.then = liar.silent
    leaving = [asyncio.create_task(upstream.caller("Basic one").request(call)) for _ in range(7)]
    await liar.asked(4)
    for task in leaving:
        task.cancel()
    await asyncio.wait(leaving)
    assert all(task.cancelled() for task in leaving)
    assert len(upstream.slots) == 0
    liar.then = liar.honest
    assert await upstream.caller("Basic one").request(call)


async def test_the_cap_on_connections_is_waited_for_and_then_busy(liar, open_upstream):
    upstream = await open_upstream(liar.url, limits={"connections": 2, "concurrency": 4}, timeouts={"read": 5, "total": 10})
    await upstream.discover()
    liar.then = liar.silent
    stuck = [asyncio.create_task(upstream.caller(f"Basic {n}").request(ONE)) for n in range(2)]
    await liar.asked(2)
    with pytest.raises(Busy):
        await upstream.caller("Basic late").request(ONE)
    assert len(liar.posts) == 2
    for task in stuck:
        task.cancel()
    await asyncio.wait(stuck)


async def test_attempted_calls_fail_one_by_one(liar, caller):
    liar.acts += [liar.answers(["error", {"type": "forbidden"}, "c0"], ["x:Task/query", {"ids": [], "total": 0}, "c1"])]
    first, second = await caller.attempt(Query("Account", [BY_ID], 1), Query("Task", [BY_ID], 1))
    assert isinstance(first, MethodError)
    assert second == {"ids": [], "total": 0}
