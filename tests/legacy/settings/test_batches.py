"""Batches on whole settings of a simulated server: what may be sent, that all of it or nothing is done, and what is there afterwards."""

import random

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.commands.pair import pair
from gateway.jmap.errors import UpstreamError
from gateway.knowledge import schema
from gateway.knowledge.conversions import MASK
from gateway.knowledge.settings_map import SETTINGS
from gateway.simulator.world import Config

from .simulated import NewServer, Old, clear, delete, insert

RECORDS = {
    "queue.route.smart": {"type": "relay", "address": "relay.example.org", "port": "587", "protocol": "smtp", "auth.username": "u", "auth.secret": "canary"},
    "queue.virtual.bulk": {"threads-per-node": "5", "description": "Bulk"},
    "queue.schedule.bulk": {"queue-name": "bulk", "retry.0": "1m", "retry.1": "5m", "notify": "1d", "expire-type": "attempts", "max-attempts": "3"},
    "queue.connection.c1": {"timeout.connect": "1m", "source-ips.0": "10.0.0.1", "source-ips.1": "10.0.0.2", "ehlo-hostname": "mx.example.org"},
    "queue.tls.t1": {"allow-invalid-certs": "true", "dane": "require"},
    "queue.limiter.outbound.o1": {"enable": "true", "key": "mx", "rate": "10/1m", "match": "rcpt_domain == 'x.org'"},
    "queue.limiter.inbound.My Limit": {"enable": "true", "key.0": "remote_ip", "key.1": "rcpt", "rate": "10/1m"},
    "queue.quota.q1": {"enable": "true", "key": "sender_domain", "messages": "100"},
    "session.milter.m1": {"hostname": "127.0.0.1", "port": "11332", "stages": "data", "enable": "true"},
    "session.hook.h1": {"url": "https://hook.example.org/x", "auth.username": "u", "auth.secret": "canary", "stages": "data",
                        "enable.0.if": "is_tls", "enable.0.then": "true", "enable.1.else": "false"},
    "webhook.w1": {"url": "https://hook.example.org/w", "events.0": "auth.success", "events.1": "auth.failed", "auth.token": "canary"},
    "tracer.otel1": {"type": "open-telemetry", "transport": "http", "endpoint": "https://otel.example.org", "level": "info", "enable": "true", "headers": "X-A: b"},
    "tracer.out": {"type": "stdout", "level": "info", "enable": "true", "ansi": "false"},
    "sieve.trusted.scripts.s1": {"name": "S 1", "contents": "keep;"},
    "spam-filter.rule.my_rule": {"scope": "any", "enable": "true", "condition": "from == 'a@b.c'", "priority": "10"},
    "spam-filter.dnsbl.server.my_list": {"scope": "ip", "enable": "true", "zone": "reverse_ip + '.dnsbl.example'", "tag": "'X'"},
    "http-lookup.hl": {"url": "https://x.example.org/l.csv", "format": "csv", "separator": ",", "index.key": "0", "enable": "true"},
    "enterprise.ai.a1": {"url": "https://ai.example.org", "type": "chat", "model": "gpt", "auth.token": "canary", "timeout": "1m"},
    "metrics.alerts.al": {"enable": "true", "condition": "queue_count > 10", "notify.event.enable": "true", "notify.event.message": "hey"},
    "directory.l1": {"type": "ldap", "url": "ldap://127.0.0.1:389", "base-dn": "dc=x", "bind.dn": "cn=x", "bind.secret": "canary"},
    "directory.s1": {"type": "sql", "store": "data", "columns.class": "type"},
    "store.pg": {"type": "postgresql", "host": "db.example.org", "database": "x", "user": "u", "password": "canary", "port": "5432"},
    "spam-filter.list.scores": {"X_Y": "2.5", "Z": "discard"},
    "spam-filter.list.file-extensions": {"exe": "BAD|application/x-msdownload"},
    "server.blocked-ip": {"10.0.0.1": "", "2001:db8::1": ""},
    "server.allowed-ip": {"10.0.0.0/8": ""},
    "tracing.level": {"smtp.error": "warn"},
    "lookup.traps": {"a@b.c": "", "*.x": ""},
    "lookup.map": {"a.b": "1", "c": "2"},
    "mycompany": {"a": "1", "b.c": ""},
}  # fmt: skip
"""Records of every kind as old clients make them, and settings of a client's own."""


def strange(sets):
    """Changes that may never be sent.

    The mask, empty texts where none may stand, fixed properties of what is there, more than 500 objects, a variant behind what it decides.
    """
    for name, arguments in sets:
        type_ = name[2:].partition("/")[0]
        if sum(len(arguments.get(part) or ()) for part in ("create", "update", "destroy")) > 500:
            yield "too many", name
        for it in (*(arguments.get("create") or {}).values(), *(arguments.get("update") or {}).values()):
            if any(text in {"", MASK} for text in texts(it)):
                yield name, it
            if any("@type" in list(part)[1:] for part in parts(it)):
                yield "variant", name
        for patch in (arguments.get("update") or {}).values():
            for pointer in patch:
                prop = schema.property_at(type_, f"/{pointer}", patch)
                if prop is not None and prop.mutability != "rw" and "@type" not in patch:
                    yield name, pointer


def parts(value):
    if isinstance(value, dict):
        yield value
        for it in value.values():
            yield from parts(it)


def texts(value):
    if isinstance(value, dict):
        for it in value.values():
            yield from texts(it)
    elif isinstance(value, str):
        yield value


async def full():
    """A client of a server with records of every kind."""
    server = NewServer(seed="scenario", edition="enterprise")
    old = Old(server)
    for prefix, values in RECORDS.items():
        assert await old.post(insert(values, prefix, new=True)) is None, prefix
    return server, old


async def test_records_are_made_as_they_read():
    server, old = await full()
    for prefix, values in RECORDS.items():
        shown = await old.items(prefix)
        assert {key: text for key, text in shown.items() if key in values and text != MASK} == {
            key: text for key, text in values.items() if text != "canary"
        }
    assert list(strange(server.sets)) == []


async def test_what_is_written_as_it_reads_changes_nothing():
    server, old = await full()
    items = await old.items()
    server.sets.clear()
    assert await old.post(insert(items)) is None
    for prefix in RECORDS:
        shown = await old.items(prefix)
        assert await old.post(clear(f"{prefix}."), insert(shown, prefix)) is None
    for group in {key.partition(".")[0] for key in items} - {"lookup"}:
        below = {key: text for key, text in items.items() if key.startswith(f"{group}.")}
        assert await old.post(clear(f"{group}."), insert(below)) is None, group
    assert server.sets == []


async def test_cleared_records_are_gone_and_nothing_else_is():
    server, old = await full()
    before = await old.items()
    made = [prefix for prefix in RECORDS if prefix != "queue.virtual.bulk"]
    for prefix in [*made, "queue.virtual.bulk"]:
        assert await old.post(clear(f"{prefix}.")) is None
    # The queries of the SQL directory stood with its store.
    gone = (*(f"{prefix}." for prefix in RECORDS), "store.data.query.")
    assert await old.items() == {key: text for key, text in before.items() if not key.startswith(gone)}
    assert list(strange(server.sets)) == []


async def test_a_list_in_use_stays_as_a_whole():
    _, old = await full()
    before = await old.items()
    refused = await old.post(insert({"imap.timeout.idle": "7m", "mycompany.new": "x"}), clear("queue.virtual.bulk."))
    assert refused == {"error": "other", "details": "Setting is in use", "reason": "MtaDeliverySchedule"}
    assert await old.items() == before


# Random batches against a second carrying out, on a flat map and by the old algorithm alone.

NUMBERS = ("imap.auth.max-failures", "imap.rate-limit.concurrent", "imap.request.max-size")
SWITCHES = ("http.hsts", "http.permissive-cors", "imap.auth.allow-plain-text")
TIMES = ("imap.timeout.idle", "imap.timeout.anonymous")
FREE = ("lab.a", "lab.a.b", "lab.bc", "other", ".x")
ADDRESSES = tuple(f"server.blocked-ip.{address}" for address in ("10.0.0.1", "10.0.0.2", "192.0.2.0/24"))
TRAPS = tuple(f"lookup.traps.{key}" for key in ("a", "a.b", "x@y.z"))
SINGLE = NUMBERS + SWITCHES + TIMES

PAIRS = st.one_of(
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["7", "4096", "100000"])),
    st.tuples(st.sampled_from(SWITCHES), st.sampled_from(["true", "false"])),
    st.tuples(st.sampled_from(TIMES), st.sampled_from(["5m", "30m", "1m"])),
    st.tuples(st.sampled_from(SINGLE), st.just("")),
    st.tuples(st.sampled_from(FREE), st.sampled_from(["", "Needle", "10.0", "hay"])),
    st.tuples(st.sampled_from(ADDRESSES + TRAPS), st.just("")),
)
WRONG = st.tuples(st.sampled_from(TIMES + SWITCHES), st.just("soon"))
PREFIXES = (
    "imap.", "imap.timeout.", "imap.t", "http.h", "lab.", "lab.a", "other", ".", "server.blocked-ip.", "server.blocked-ip.10", "lookup.traps.", "lookup.traps.a",
)  # fmt: skip
OPERATIONS = st.one_of(
    st.builds(insert, st.lists(PAIRS, max_size=4).map(dict), new=st.booleans()),
    st.builds(insert, st.lists(PAIRS | WRONG, min_size=1, max_size=3).map(dict)),
    st.builds(
        lambda prefix, keys, new: insert(dict.fromkeys(keys, "x" if prefix == "lab" else ""), prefix, new=new),
        st.sampled_from(["lab", "server.blocked-ip", "lookup.traps"]),
        st.just(["10.0.0.9"]) | st.just([]),
        st.booleans(),
    ),
    st.builds(clear, st.sampled_from(PREFIXES), st.none() | st.sampled_from(["", "10.0", "needle", "Needle", "e"])),
    st.builds(
        lambda keys: delete(*keys),
        st.lists(st.sampled_from(SINGLE + FREE + ADDRESSES + TRAPS + ("imap.nothing",)), max_size=3),
    ),
)


def carried_out(texts, operations, defaults):
    """The old algorithm on a flat map of the keys above; None when the batch is refused."""
    texts, written = dict(texts), set()
    for it in operations:
        if it["type"] == "delete":
            gone = it["keys"]
        elif it["type"] == "clear":
            words = it.get("filter") or ""
            gone = [
                key
                for key, text in texts.items()
                if key.startswith(it["prefix"]) and (words in key.lower() or words in text.lower())
            ]
        else:
            pairs = [(key if it["prefix"] is None else f"{it['prefix']}.{key}", text) for key, text in it["values"]]
            if it["assert_empty"] and asserted(
                it["prefix"], pairs, [key for key, text in texts.items() if key in written or defaults.get(key) != text]
            ):
                return None
            texts |= pairs
            written |= {key for key, _ in pairs}
            gone = [key for key, text in pairs if not text and key in defaults]
        for key in gone:
            texts.pop(key, None)
    return None if "soon" in texts.values() else {**defaults, **texts}


def asserted(prefix, pairs, standing):
    if prefix is None:
        return any(key in standing for key, _ in pairs[:1])
    return any(key.startswith(f"{prefix}.") for key in standing)


async def known(old):
    """Texts of the keys above, as they read."""
    items = await old.items()
    return {
        key: text
        for key, text in items.items()
        if key in SINGLE or key.startswith(("lab.", ".", "server.blocked-ip.", "lookup.traps.")) or key == "other"
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(OPERATIONS, max_size=5), min_size=1, max_size=4))
async def test_batches_do_what_the_old_server_did(batches):
    server = NewServer()
    old = Old(server)
    defaults = await known(old)
    expected = defaults
    for operations in batches:
        server.sets.clear()
        answer = await old.post(*operations)
        wanted = carried_out(expected, operations, defaults)
        if wanted is None:
            assert answer is not None
            assert server.sets == []
        else:
            assert answer is None
            expected = wanted
        assert await known(old) == expected
        assert list(strange(server.sets)) == []


class OverSockets:
    """A client that talks to a whole gateway."""

    def __init__(self, gateway, http):
        self.url = f"{gateway}/api/settings"
        self.http = http

    async def post(self, *operations):
        async with self.http.post(self.url, json=list(operations)) as answer:
            body = await answer.json()
        assert answer.status == 200
        return body.get("data", body)

    async def items(self):
        async with self.http.get(f"{self.url}/list") as answer:
            return (await answer.json())["data"]["items"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(OPERATIONS, max_size=6), min_size=3, max_size=6))
async def test_batches_do_the_same_over_sockets(batches):
    admin = ("admin", "Canary-of-the-admin-1")
    login = {"Authorization": aiohttp.encode_basic_auth(*admin)}
    async with pair(Config(admin=admin)) as both, aiohttp.ClientSession(headers=login) as http:
        old = OverSockets(both.gateway, http)
        expected = defaults = await known(old)
        for operations in batches:
            answer = await old.post(*operations)
            wanted = carried_out(expected, operations, defaults)
            assert (answer is None) == (wanted is not None)
            expected = expected if wanted is None else wanted
            assert await known(old) == expected


# The same with a server that fails in the middle.

FAULTS = st.sampled_from(
    [None, "serverUnavailable", "serverUnavailable!", "serverPartialFail!", "forbidden", "requestTooLarge"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(OPERATIONS, min_size=1, max_size=6),
    st.dictionaries(
        st.sampled_from(["Http", "Imap", "BlockedIp", "MemoryLookupKey"]),
        st.lists(FAULTS, min_size=1, max_size=2),
        min_size=1,
    ),
)
async def test_a_batch_that_fails_leaves_everything_as_it_was(operations, faults):
    server = NewServer()
    old = Old(server)
    assert (
        await old.post(
            insert({"10.0.0.1": "", "192.0.2.0/24": ""}, "server.blocked-ip"),
            insert({"http.hsts": "true", "lookup.traps.a": "", "lab.a": "x"}),
        )
        is None
    )
    before = await known(old)
    server.faults = {type_: list(planned) for type_, planned in faults.items()}
    try:
        answer = await old.post(*operations)
    except UpstreamError as error:
        answer = error
    server.faults = {}
    if answer is not None and not (
        isinstance(answer, dict) and answer.get("details", "").startswith("The change failed half-way")
    ):
        assert await known(old) == before


# Any texts under any keys, right or wrong, on a full server.

TEXTS = (
    "true", "false", "", "5", "0", "10m", "1d", "x", MASK, "a@b.c", "example.org", "https://x.org/", "10/1m", "'x'", "1.5", "relay", "sql", "smtp", "[::]:25", "10.0.0.0/8",
    "%{env:X}%", "%{cfg:server.hostname}%", "%{file:/x}%", "\u2603", "A: b", "is_tls", "disable", "never", "4294967295", "99999999999999999999", "discard", "en", "data",
    "none", "any", "local", "lz4", "queue_count > 1", "auth.success", "\x00", "a" * 300,
)  # fmt: skip
IDS = (
    "smart",
    "bulk",
    "new",
    "a.b",
    "local",
    "internal",
    "data",
    "pg",
    "x y",
    "#c0",
    "\u00dcn\u00ef",
    "inbox",
    "10.0.0.1",
    "default",
    "mx",
    "l1",
    "w1",
    "log",
)
ROWS = [row for row in SETTINGS.rows if not row.is_record]


def any_key(chance):
    row = chance.choice(ROWS)
    key = row.base.replace("<id>", chance.choice(IDS)).replace("<key>", chance.choice(["k", "k.l"]))
    if row.is_list and chance.random() < 0.6:
        key += chance.choice([".0", ".1", ".00", ".7"])
    if row.is_expression and chance.random() < 0.4:
        key += chance.choice([".0.if", ".0.then", ".1.else"])
    return key


def any_operation(chance, items):
    known = chance.choice(list(items))
    match chance.randrange(8):
        case 0:
            return delete(known, any_key(chance))
        case 1:
            return clear(known[: chance.randint(1, len(known))], chance.choice([None, None, "e", "x"]))
        case 2:
            return insert(
                *chance.choice([(values, prefix) for prefix, values in RECORDS.items()]), new=chance.random() < 0.5
            )
        case 3:
            return insert({any_key(chance): chance.choice(TEXTS) for _ in range(2)})
    return insert({known: chance.choice(TEXTS), any_key(chance): ""}, new=chance.random() < 0.1)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_written_is_done_or_refused_as_a_whole(seed):
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    server, old = await full()
    done = 0
    for _ in range(60):
        before = await old.items()
        operations = [any_operation(chance, before) for _ in range(chance.choice([1, 1, 2]))]
        server.sets.clear()
        answer = await old.post(*operations)
        assert list(strange(server.sets)) == [], operations
        if answer is None:
            done += 1
        else:
            assert await old.items() == before, operations
    assert done > 5
