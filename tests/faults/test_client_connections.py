import asyncio
import socket
import time

import pytest

from gateway.jmap.breaker import FAILURES, OPEN_SECONDS, Breaker
from gateway.jmap.calls import BY_ID, Get, Query, Ref, Set
from gateway.jmap.errors import Garbled, OutcomeUnknown, TooSlow, Unreachable

READ = (Query("Task", [BY_ID], 10), Get("Task", Ref(0)))
WRITE = (Set("Task", destroy=["b"]),)
READ_AND_WRITE = (*READ, *WRITE)
FOUND = [{"accountId": "d333333", "ids": ["ba", "bb"], "total": 2}, {"accountId": "d333333", "list": [{"id": "ba"}, {"id": "bb"}], "notFound": []}]
BROKEN = ["cut", "cut_in_body", "cut_in_chunks"]
SLOW = ["silent", "silent_in_body", "trickle"]


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def nobody():
    """Address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("calls", [READ, WRITE])
async def test_nobody_listens(nobody, open_upstream, calls):
    upstream = await open_upstream(nobody)
    with pytest.raises(Unreachable) as error:
        await upstream.caller("Basic eA==").request(*calls)
    assert error.value.retry_after >= 1


async def test_a_name_that_does_not_exist(open_upstream):
    upstream = await open_upstream("http://no-such-host.invalid")
    with pytest.raises(Unreachable):
        await upstream.caller("Basic eA==").request(*WRITE)


@pytest.mark.parametrize("calls", [READ, WRITE])
async def test_a_connect_without_an_answer(open_upstream, calls):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        upstream = await open_upstream(f"http://127.0.0.1:{port}", timeouts={"connect": 0.1})
        with pytest.raises(Unreachable):
            await upstream.caller("Basic eA==").request(*calls)
        for filler in fillers:
            filler.close()


async def test_a_change_is_not_called_sent_while_only_the_connect_was_slow(open_upstream):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        upstream = await open_upstream(f"http://127.0.0.1:{port}", timeouts={"connect": 60, "total": 0.2})
        with pytest.raises(Unreachable):
            await upstream.caller("Basic eA==").request(*WRITE)
        for filler in fillers:
            filler.close()


async def test_after_failures_in_a_row_nobody_waits_for_a_connect(nobody, open_upstream):
    upstream = await open_upstream(nobody)
    caller = upstream.caller("Basic eA==")
    for _ in range(FAILURES):
        with pytest.raises(Unreachable):
            await caller.request(*READ)
    assert upstream.transport.breaker.is_open
    begun = time.perf_counter()
    for _ in range(50):
        with pytest.raises(Unreachable) as error:
            await caller.request(*WRITE)
    assert time.perf_counter() - begun < 0.5
    assert 1 <= error.value.retry_after <= OPEN_SECONDS


async def test_an_open_breaker_sends_nothing_and_closes_after_a_probe(liar, upstream, caller):
    clock = Clock()
    upstream.transport.breaker = breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.bad()
    with pytest.raises(Unreachable):
        await caller.request(*READ)
    assert liar.posts == []
    clock.now += OPEN_SECONDS
    assert await caller.request(*READ) == FOUND
    assert not breaker.is_open


async def test_only_one_request_probes(liar, upstream, caller):
    clock = Clock()
    upstream.transport.breaker = breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.bad()
    clock.now += OPEN_SECONDS
    results = await asyncio.gather(*(caller.request(*READ) for _ in range(3)), return_exceptions=True)
    assert [isinstance(result, Unreachable) for result in results] == [False, True, True]
    assert len(liar.posts) == 1


async def test_a_probe_whose_client_left_lets_the_next_one_probe(liar, upstream, caller):
    clock = Clock()
    upstream.transport.breaker = breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.bad()
    clock.now += OPEN_SECONDS
    liar.acts += [liar.silent]
    leaving = asyncio.create_task(caller.request(*READ))
    await liar.asked(1)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert await caller.request(*READ) == FOUND


@pytest.mark.parametrize("act", BROKEN)
async def test_a_read_that_breaks_is_sent_again(liar, caller, act):
    liar.acts += [getattr(liar, act)] * 2
    assert await caller.request(*READ) == FOUND
    assert len(liar.posts) == 3


@pytest.mark.parametrize("act", BROKEN)
async def test_a_read_that_always_breaks_ends(liar, caller, act):
    liar.then = getattr(liar, act)
    with pytest.raises(Unreachable):
        await caller.request(*READ)
    assert len(liar.posts) == 3


@pytest.mark.parametrize("act", SLOW)
async def test_a_read_that_takes_too_long_is_given_up_and_not_repeated(liar, caller, act):
    liar.then = getattr(liar, act)
    begun = time.perf_counter()
    with pytest.raises(TooSlow):
        await caller.request(*READ)
    assert time.perf_counter() - begun < 3
    assert len(liar.posts) == 1


@pytest.mark.parametrize("act", ["not_http"])
async def test_an_answer_that_is_no_http_to_a_read(liar, caller, act):
    liar.then = getattr(liar, act)
    with pytest.raises(Garbled) as error:
        await caller.request(*READ)
    assert "canary" not in repr(error.value)


@pytest.mark.parametrize("calls", [WRITE, READ_AND_WRITE])
@pytest.mark.parametrize("act", [*BROKEN, *SLOW, "not_http"])
async def test_a_change_whose_answer_is_lost_is_never_sent_again(liar, caller, act, calls):
    liar.then = getattr(liar, act)
    with pytest.raises(OutcomeUnknown):
        await caller.request(*calls)
    await asyncio.sleep(0.05)
    assert len(liar.posts) == 1


async def test_connections_are_used_again_after_a_break(liar, caller):
    for act in (liar.cut, liar.honest, liar.cut_in_body, liar.honest):
        liar.acts += [act]
        if act is liar.honest:
            assert await caller.request(*WRITE)
        else:
            with pytest.raises(OutcomeUnknown):
                await caller.request(*WRITE)
    assert len(liar.posts) == 4


async def test_the_server_comes_back_on_the_same_address(liar, caller):
    """Idle connections that the server closed cost neither a read nor a change."""
    assert await caller.request(*READ) == FOUND
    liar.acts += [liar.says("{}", 503, Connection="close")]
    with pytest.raises(Exception, match="503"):
        await caller.request(*READ)
    await asyncio.sleep(0.02)
    assert (await caller.request(*WRITE))[0]["destroyed"] == ["b"]
