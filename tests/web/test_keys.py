"""Logins with API keys whose secret a client chose: what goes upstream, what is refused, how long that takes, and what it costs the others."""

import asyncio
import base64
import logging
import statistics
import time
from dataclasses import replace

import pytest
from aiohttp import web

from gateway.jmap.errors import HttpRefusal
from gateway.knowledge import password_hashes
from gateway.knowledge.sha512_crypt import hashed
from gateway.settings import Settings
from gateway.state import Key, Keys, Recollection, State, Verifier
from gateway.web import keys as web_keys
from gateway.web.errors import TooManyLogins
from gateway.web.keys import KeyLogins

NEW = "API_" + "k" * 38
CHOSEN = "Canary:of$a key ü"
HASHED = hashed("other", "labsalt")


def encoded(login, secret):
    return base64.b64encode(f"{login}:{secret}".encode()).decode()


def key_form(login, secret):
    return "Bearer api_" + encoded(login, secret)


def basic(login, secret):
    return "Basic " + encoded(login, secret)


def key(name="script", secret=CHOSEN, account="c", *hashes):
    return Key(account, name, f"{account}@a.test", (*([Verifier(password_hashes.slow(secret))] if secret else ()), *map(Verifier, hashes)), NEW)


@pytest.fixture
async def knowing(start, server, tmp_path, giving):
    """Starts a gateway that knows keys, before a server that knows only the new key; gives a client and the state."""
    server.rights = {"Bearer " + NEW: frozenset({"authenticate", "sysQueuedMessageGet", "sysQueuedMessageQuery"})}

    async def other(request):
        rights = server.rights.get(request.headers.get("Authorization"))
        body = {"permissions": sorted(rights or ()), "edition": "oss", "locale": "en_US", "as": request.headers.get("Authorization")}
        return web.json_response(body, status=200 if rights else 401)

    server.other = other
    states = []

    async def started(*known, **settings):
        url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
        states.append(await State.open(url, server.url))
        for it in known:
            await states[-1].memory.keys.add(it)
        return await start(rows={"getQueueStatus": giving(1)}, state=url, **settings), states[-1].memory.keys

    yield started
    for state in states:
        await state.close()


async def test_a_secret_that_another_gateway_exchanged_a_moment_ago(monkeypatch):
    """A database on a server is asked at most once a second for a name that is known."""

    class Late(Keys):
        async def login(self, name):
            return key() if name == "script" else None

    monkeypatch.setattr(web_keys, "REFUSED_SECONDS", 0)
    memory = Recollection(keys=Late())
    await memory.keys.add(replace(key(secret="new"), revision=1))
    logins = KeyLogins(memory, Settings())
    assert await logins.token("script", "new", "192.0.2.1") == NEW
    with pytest.raises(HttpRefusal):
        await logins.token("script", "neither", "192.0.2.1")


@pytest.mark.parametrize("authorization", [key_form("script", CHOSEN), key_form(" SCRIPT", CHOSEN), basic("script", CHOSEN), "bASIC  " + encoded("Script", CHOSEN)])
async def test_the_new_key_goes_upstream(knowing, server, authorization):
    client, _ = await knowing(key())
    assert (await client("GET", "/api/queue/status", authorization=authorization)).status == 200
    assert (await client("GET", "/jmap/x", authorization=authorization)).json["as"] == "Bearer " + NEW
    assert {headers.get("Authorization") for _, path, headers in server.seen if path != "/jmap/session"} == {"Bearer " + NEW}


@pytest.mark.parametrize("authorization", [key_form("script", "wrong"), basic("script", "wrong"), basic("script", ""), key_form("script", CHOSEN + " ")])
async def test_a_wrong_secret_is_refused_and_asked_about_once(knowing, server, authorization):
    client, _ = await knowing(key())
    answer = await client("GET", "/api/queue/status", authorization=authorization)
    assert (answer.status, "WWW-Authenticate" in answer.headers) == (401, False)
    assert (await client("GET", "/jmap/x", authorization=authorization)).status == 401
    assert [path for _, path, _ in server.seen if path != "/jmap/session"] == ["/api/account"]


async def test_a_key_shuts_nobody_out_who_has_its_name(knowing, server):
    """Who makes a key for one customer sees neither the accounts of others nor the name of the recovery administrator."""
    client, _ = await knowing(key(), key("boss", None, "d"), limits={"logins": 2}, trusted_proxies=["127.0.0.1"])
    server.rights |= dict.fromkeys((basic("script", "his own"), basic("boss", "hers")), server.rights["Bearer " + NEW])
    for name, secret in (("script", "his own"), ("boss", "hers"), ("script", CHOSEN)):
        for form in (key_form, basic):
            assert (await client("GET", "/api/queue/status", authorization=form(name, secret), X_Forwarded_For="192.0.2.9")).status == 200
            sent = "Bearer " + NEW if secret == CHOSEN else basic(name, secret)
            assert (await client("GET", "/jmap/x", authorization=form(name, secret), X_Forwarded_For="192.0.2.9")).json["as"] == sent
    for name in ("script", "boss"):
        assert (await client("GET", "/api/queue/status", authorization=basic(name, "wrong"), X_Forwarded_For="192.0.2.8")).status == 401


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        (key("several", "one", "c", HASHED), {"one", "other"}),
        (key("several", None, "c", HASHED, password_hashes.quick("third")), {"other", "third"}),
        (key("several", "third"), {"third"}),
    ],
)
async def test_any_of_several_secrets_will_do(knowing, given, fits):
    client, _ = await knowing(given)
    for secret in ("one", "other", "third"):
        answer = await client("GET", "/api/queue/status", authorization=key_form("several", secret))
        assert answer.status == (200 if secret in fits else 401)


async def test_a_key_without_secrets_lets_nobody_in(knowing):
    client, _ = await knowing(key(secret=None))
    for secret in ("", "****", NEW, "null"):
        assert (await client("GET", "/api/queue/status", authorization=key_form("script", secret))).status == 401


async def test_what_is_no_key_is_a_login_and_a_new_key_is_itself(knowing, server):
    client, _ = await knowing(key())
    server.rights[basic("kim", "pw")] = server.rights["Bearer " + NEW]
    other_new = "API_" + "n" * 38
    server.rights["Bearer " + other_new] = server.rights["Bearer " + NEW]
    for authorization in (key_form("Kim", "pw"), key_form("whoever", other_new), basic("whoever", other_new), "Bearer " + other_new):
        assert (await client("GET", "/api/queue/status", authorization=authorization)).status == 200
        assert (await client("GET", "/jmap/x", authorization=authorization)).status == 200
    assert (await client("GET", "/api/queue/status", authorization=key_form("lee", "pw"))).status == 401
    assert (await client("GET", "/api/queue/status", authorization=key_form("kim", "API_short"))).status == 401


async def test_a_lost_state_is_a_refusal_and_nobody_else(knowing, server):
    client, keys = await knowing(key())
    assert (await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN))).status == 200
    await keys.remove(["c"])
    server.seen.clear()
    answer = await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN))
    assert (answer.status, "WWW-Authenticate" in answer.headers) == (401, False)
    assert "Bearer " + NEW not in {headers.get("Authorization") for _, _, headers in server.seen}


async def test_a_changed_secret_holds_at_once_and_the_old_one_not_any_more(knowing):
    client, keys = await knowing(key())
    assert (await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN))).status == 200
    before = await keys.of("c")
    await keys.change(before, Key("c", "script", before.address, key(secret="new").verifiers, NEW))
    assert (await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN))).status == 401
    assert (await client("GET", "/api/queue/status", authorization=key_form("script", "new"))).status == 200


async def test_a_secret_that_was_right_is_not_checked_again_for_a_while(knowing, monkeypatch):
    checked = []
    matches = password_hashes.matches
    monkeypatch.setattr(password_hashes, "matches", lambda *given: checked.append(given) or matches(*given))
    client, _ = await knowing(key())
    for _ in range(5):
        assert (await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN))).status == 200
    assert len(checked) == 1


async def test_a_wrong_key_and_an_unknown_one_take_the_same_time(knowing):
    client, _ = await knowing(key(), key("named", account="d"))

    async def took(authorization, path):
        began = time.perf_counter()
        assert (await client("GET", path, authorization=authorization)).status == 401
        return time.perf_counter() - began

    for path in ("/api/queue/status", "/jmap/x"):
        known, unknown = [], []
        for attempt in range(4):
            form = (key_form, basic)[attempt % 2]
            known.append(await took(form("script", f"wrong-{attempt}"), path))
            unknown.append(await took(form("nobody", f"wrong-{attempt}"), path))
        assert min(*known, *unknown) >= web_keys.REFUSED_SECONDS
        assert abs(statistics.median(known) - statistics.median(unknown)) < 0.1


async def test_refusals_are_counted_for_each_address(knowing):
    client, _ = await knowing(key(), trusted_proxies=["127.0.0.1"], limits={"logins": 3})
    for secret in ("a", "b", "c"):
        assert (await client("GET", "/api/queue/status", authorization=key_form("script", secret), X_Forwarded_For="192.0.2.1")).status == 401
    assert (await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN), X_Forwarded_For="192.0.2.1")).status == 429
    assert (await client("GET", "/jmap/x", authorization=key_form("script", CHOSEN), X_Forwarded_For="192.0.2.1")).status == 429


async def test_refusals_are_counted_for_each_key_and_those_who_knew_it_go_on(knowing):
    client, _ = await knowing(key(), trusted_proxies=["127.0.0.1"], limits={"logins": 3})
    assert (await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN), X_Forwarded_For="192.0.2.9")).status == 200
    for name in ("script", "nobody"):
        statuses = [
            (await client("GET", "/api/queue/status", authorization=key_form(name, "wrong"), X_Forwarded_For=f"192.0.2.{host}")).status for host in range(10, 15)
        ]
        assert statuses == [401, 401, 401, 429, 429]
    assert (await client("GET", "/api/queue/status", authorization=key_form("script", CHOSEN), X_Forwarded_For="192.0.2.9")).status == 200


async def checking(limits=None, clock=time.monotonic):
    memory = Recollection()
    await memory.keys.add(key())
    return KeyLogins(memory, Settings(limits=limits or {}), clock)


async def test_who_knew_the_key_is_checked_when_the_others_are_not(monkeypatch):
    monkeypatch.setattr(web_keys, "REFUSED_SECONDS", 0)
    now = [0.0]
    logins = await checking({"logins": 2, "login_seconds": 600}, lambda: now[0])
    assert await logins.token("script", CHOSEN, "192.0.2.1") == NEW
    for _ in range(2):
        with pytest.raises(Exception, match="401"):
            await logins.token("script", "wrong", "192.0.2.7")
    now[0] += web_keys.ACCEPTED_SECONDS + 1
    with pytest.raises(TooManyLogins):
        await logins.token("script", CHOSEN, "192.0.2.2")
    assert await logins.token("script", CHOSEN, "192.0.2.1") == NEW
    assert await logins.token("script", CHOSEN, "127.0.0.1") == NEW
    now[0] += 600
    assert await logins.token("script", CHOSEN, "192.0.2.2") == NEW


async def test_checks_leave_the_loop_alone_and_are_few_at_a_time(monkeypatch):
    at_once, most = [0], [0]

    def slow(_secret, _hash):
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.02)
        at_once[0] -= 1
        return False

    monkeypatch.setattr(web_keys, "REFUSED_SECONDS", 0)
    monkeypatch.setattr(password_hashes, "matches", slow)
    logins = await checking({"logins": 1000})
    attempts = asyncio.gather(*(logins.token("script", f"wrong-{it}", "192.0.2.1") for it in range(web_keys.MOST_WAITING + 10)), return_exceptions=True)
    longest, last = 0.0, time.perf_counter()
    while not attempts.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    kinds = [type(it).__name__ for it in await attempts]
    assert kinds.count("TooManyLogins") == 10
    assert (most[0], kinds.count("HttpRefusal")) == (web_keys.CHECKS_AT_ONCE, web_keys.MOST_WAITING)
    assert longest < 0.5


async def test_secrets_are_told_to_nobody(knowing, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    client, _ = await knowing(key())
    shown = b""
    for authorization in (key_form("script", CHOSEN), basic("script", CHOSEN), key_form("script", "Canary-wrong"), basic("nobody", "Canary-nobody")):
        for path in ("/api/queue/status", "/api/nothing", "/jmap/x"):
            answer = await client("GET", path, authorization=authorization)
            shown += answer.body.replace(b'"as": "Bearer ' + NEW.encode(), b"")
    shown += (await client("GET", "/metrics")).body + caplog.text.encode()
    shown += b"".join(it.read_bytes() for it in tmp_path.iterdir() if not it.name.endswith(".key"))
    for canary in (CHOSEN, "Canary", NEW, encoded("script", CHOSEN)):
        assert canary.encode() not in shown
