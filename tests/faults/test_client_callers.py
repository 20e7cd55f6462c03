import asyncio

import pytest

from gateway.jmap.calls import BY_ID, Query
from gateway.jmap.errors import Busy, Garbled, HttpRefusal, TooSlow, Unreachable
from gateway.jmap.session import Account

QUERY = Query("Task", [BY_ID], 10)
ADMIN = Account(frozenset({"authenticate"}), "oss", "en_US")


async def test_an_account_is_looked_up_once_for_each_credential(liar, upstream):
    for header in ("Basic one", "Basic two", "Basic one", "Bearer one"):
        caller = upstream.caller(header)
        assert await caller.account() == ADMIN
        assert caller.heard
    assert [request.headers["Authorization"] for request in liar.seen] == ["Basic one", "Basic two", "Bearer one"]


async def test_many_at_once_share_one_look_up(liar, upstream):
    accounts = await asyncio.gather(*(upstream.caller("Basic one").account() for _ in range(20)))
    assert accounts == [ADMIN] * 20
    assert liar.count("/api/account") == 1


async def test_who_leaves_does_not_spoil_it_for_the_others(liar, upstream):
    liar.stage = "/api/account"

    async def slowly(request):
        await asyncio.sleep(0.05)
        return await liar.ordinary(request)

    liar.then = slowly
    leaving, staying = (asyncio.create_task(upstream.caller("Basic one").account()) for _ in range(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    assert await staying == ADMIN
    assert leaving.cancelled()
    assert liar.count("/api/account") == 1


async def test_the_memory_ends(liar, open_upstream):
    upstream = await open_upstream(liar.url, caller_cache_seconds=0.05)
    for _ in range(3):
        await upstream.caller("Basic one").account()
    await asyncio.sleep(0.06)
    await upstream.caller("Basic one").account()
    assert liar.count("/api/account") == 2


async def test_without_memory_every_look_up_is_made(liar, open_upstream):
    upstream = await open_upstream(liar.url, caller_cache_seconds=0)
    for _ in range(3):
        await upstream.caller("Basic one").account()
    assert liar.count("/api/account") == 3


@pytest.mark.parametrize(
    ("act", "error"),
    [
        ("refuse", HttpRefusal),
        ("garbage", Garbled),
        ("wrong", Garbled),
        ("silent", TooSlow),
        ("crowded", Busy),
    ],
)
async def test_failures_are_not_remembered(liar, upstream, act, error):
    liar.stage = "/api/account"
    acts = {"refuse": liar.problem(401), "garbage": liar.says("canary"), "wrong": liar.says('{"permissions":"canary"}')}
    liar.then = acts.get(act) or getattr(liar, act)
    caller = upstream.caller("Basic one")
    for _ in range(2):
        with pytest.raises(error) as raised:
            await caller.account()
        assert "canary" not in repr(raised.value)
    assert not caller.heard
    liar.then = liar.ordinary
    assert await caller.account() == ADMIN


async def test_a_look_up_that_breaks_is_repeated(liar, upstream):
    liar.stage = "/api/account"
    liar.acts += [liar.cut, liar.cut_in_body]
    liar.then = liar.ordinary
    assert await upstream.caller("Basic one").account() == ADMIN


async def test_a_look_up_that_always_breaks_ends(liar, upstream):
    liar.stage = "/api/account"
    liar.then = liar.cut
    with pytest.raises(Unreachable):
        await upstream.caller("Basic one").account()
    assert liar.count("/api/account") <= 6


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_credential_that_is_refused_is_forgotten(liar, upstream, status):
    caller = upstream.caller("Basic one")
    await caller.account()
    liar.acts += [liar.problem(status)]
    with pytest.raises(HttpRefusal):
        await caller.request(QUERY)
    liar.stage = "/api/account"
    liar.then = liar.problem(status)
    with pytest.raises(HttpRefusal) as error:
        await upstream.caller("Basic one").account()
    assert error.value.status == status


async def test_a_session_tells_the_own_account(liar, upstream):
    caller = upstream.caller("Basic one")
    session = await caller.session()
    assert (session.account, session.api, session.limits.objects_in_get) == ("d333333", "/jmap/", 500)
    assert await caller.session() is session
    assert liar.count("/jmap/session") == 1
    assert caller.heard


async def test_reading_takes_one_round_trip_and_no_look_up(liar, open_upstream):
    upstream = await open_upstream(liar.url)
    await upstream.caller("Basic one").request(QUERY)
    assert [request.target for request in liar.seen if "Authorization" in request.headers] == ["/jmap/"]


async def test_the_clients_address_is_told_only_to_a_server_that_believes_it(liar, open_upstream):
    for forward, expected in ((False, None), (True, "192.0.2.7")):
        upstream = await open_upstream(liar.url, forward_client_address=forward)
        await upstream.caller("Basic one", "192.0.2.7").request(QUERY)
        assert liar.posts[-1].headers.get("X-Forwarded-For") == expected


async def test_where_the_address_counts_each_has_its_own_memory(liar, open_upstream):
    upstream = await open_upstream(liar.url, forward_client_address=True)
    for address in ("192.0.2.7", "192.0.2.8", "192.0.2.7"):
        await upstream.caller("Basic one", address).account()
    assert liar.count("/api/account") == 2


async def test_a_credential_that_no_header_can_carry_is_refused_here(liar, upstream):
    with pytest.raises(HttpRefusal) as error:
        upstream.caller("Basic canary\udcff")
    assert error.value.status == 401
    assert error.value.__context__ is None
    assert liar.seen == []


async def test_no_cookie_is_kept(liar, upstream):
    liar.acts += [liar.says("", 500, **{"Set-Cookie": "a=canary; Path=/"})]
    caller = upstream.caller("Basic one")
    with pytest.raises(HttpRefusal):
        await caller.request(QUERY)
    await caller.request(QUERY)
    assert "Cookie" not in liar.posts[-1].headers


async def test_what_a_request_looks_like_on_the_wire(liar, upstream):
    await upstream.caller("Basic one").request(Query("Task", [BY_ID], 10, filter={"text": "ü/\u20ac"}))
    (request,) = liar.posts
    assert request.method == "POST"
    assert {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")} == {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": "stalwart-legacy-gateway",
        "Authorization": "Basic one",
    }
    assert '"filter":{"text":"ü/€"}'.encode() in request.body
    assert b"\\" not in request.body
