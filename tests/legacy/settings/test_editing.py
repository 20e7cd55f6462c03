"""The old operations on the virtual map: lists, expressions, empty texts, several names, assertions, and what is refused before anything is sent."""

import time

import pytest

from gateway.jmap.errors import HttpRefusal
from gateway.legacy.refusals import BadRequest

from .simulated import NewServer, Old, clear, delete, insert

SMTP = "server.listener.smtp"


@pytest.fixture
def server():
    return NewServer()


@pytest.fixture
def old(server):
    return Old(server)


async def bound(old):
    items = await old.items(SMTP)
    return sorted(text for key, text in items.items() if key.startswith("bind"))


@pytest.fixture
async def listening(old):
    """A client of a server with a listener on three ports."""
    assert (
        await old.post(insert({f"bind.{place}": f"[::]:{place}" for place in (1, 2, 3)} | {"protocol": "smtp"}, SMTP))
        is None
    )
    return old


@pytest.mark.parametrize(
    ("operation", "ports"),
    [
        (insert({f"{SMTP}.bind.1": "[::]:9"}), (1, 9, 3)),
        (insert({f"{SMTP}.bind.0001": "[::]:9"}), (1, 9, 3)),
        (insert({f"{SMTP}.bind.7": "[::]:9"}), (1, 2, 3, 9)),
        (insert({f"{SMTP}.bind": "[::]:9"}), (9,)),
        (insert({f"{SMTP}.bind.2": ""}), (1, 2)),
        (delete(f"{SMTP}.bind.0", f"{SMTP}.bind.1"), (3,)),
        (delete(f"{SMTP}.bind"), (1, 2, 3)),
        (clear(f"{SMTP}.bind.1"), (1, 3)),
        (clear(f"{SMTP}.bind.", "::]:2"), (1, 3)),
    ],
)
async def test_lists_are_sequences(listening, operation, ports):
    assert await listening.post(operation) is None
    assert await bound(listening) == sorted(f"[::]:{port}" for port in ports)


async def test_a_single_element_is_found_under_both_spellings(listening):
    for operation in (clear(f"{SMTP}.bind."), delete(f"{SMTP}.bind"), delete(f"{SMTP}.bind.0")):
        answers = await listening.post(insert({f"{SMTP}.bind": "[::]:9"})), await listening.post(operation)
        assert answers == (None, {"error": "fieldMissing", "field": f"{SMTP}.bind"})


RELAY = "session.rcpt.relay"


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([insert({RELAY: "true"})], {"": "true"}),
        ([insert({f"{RELAY}.0.if": "is_tls", f"{RELAY}.0.then": "true", f"{RELAY}.1.else": "false"})], {".0.if": "is_tls", ".0.then": "true", ".1.else": "false"}),
        ([insert({f"{RELAY}.00.if": "is_tls", f"{RELAY}.00.then": "true"}), insert({f"{RELAY}.01.else": "false"})], {".0.if": "is_tls", ".0.then": "true", ".1.else": "false"}),
        ([insert({RELAY: "true"}), insert({f"{RELAY}.0.if": "is_tls", f"{RELAY}.0.then": "true", f"{RELAY}.1.else": "false"})], {"": "true"}),
        ([insert({f"{RELAY}.0.if": "is_tls", f"{RELAY}.0.then": "true", f"{RELAY}.1.else": "false"}), clear(f"{RELAY}."), insert({RELAY: "false"})], {"": "false"}),
    ],
)  # fmt: skip
async def test_expressions_are_replaced_as_a_whole(old, operations, expected):
    assert await old.post(*operations) is None
    items = await old.items()
    assert {key.removeprefix(RELAY): text for key, text in items.items() if key.startswith(RELAY)} == expected


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({f"{RELAY}.0.if": "is_tls", f"{RELAY}.0.then": "true"}, f"{RELAY}.else"),
        ({f"{RELAY}.0.if": "is_tls", f"{RELAY}.1.else": "true"}, f"{RELAY}.0.then"),
    ],
)
async def test_an_expression_that_lacks_a_part_is_refused(server, old, values, field):
    assert await old.post(insert(values)) == {"error": "fieldMissing", "field": field}
    assert server.sets == []


async def test_an_empty_text_takes_a_key_away(old):
    assert await old.post(insert({"imap.timeout.idle": "7m"}), insert({"imap.timeout.idle": ""})) is None
    assert (await old.items())["imap.timeout.idle"] == "30m"


async def test_old_names_are_names_of_the_same_setting(old):
    assert await old.post(insert({"server.http.hsts": "true"})) is None
    assert (await old.items())["http.hsts"] == "true"
    assert await old.post(clear("server.http.h")) is None
    assert (await old.items())["http.hsts"] == "false"
    assert await old.post(delete("server.http.hsts"), insert({"http.hsts": "true", "server.http.hsts": "true"})) is None
    assert await old.post(insert({"http.hsts": "true", "server.http.hsts": "false"})) == {
        "error": "unsupported", "details": "Settings 'http.hsts' and 'server.http.hsts' are the same setting and have different values",
    }  # fmt: skip


async def test_a_remote_host_of_old_versions_is_a_relay(old):
    assert await old.post(insert({"address": "relay.example.org", "port": "25"}, "remote.gate", new=True)) is None
    shown = await old.items("queue.route.gate")
    assert (shown["type"], shown["address"], shown["tls.implicit"]) == ("relay", "relay.example.org", "true")
    others = {key: text for key, text in (await old.items()).items() if not key.startswith("queue.route.gate.")}
    changed = {"address": "new.example.org", "port": "26"}
    assert await old.post(clear("remote.gate."), insert(changed, "remote.gate")) is None
    assert (await old.items("queue.route.gate")).items() >= changed.items()
    assert await old.post(clear("remote.")) is None
    assert await old.items() == others


@pytest.mark.parametrize(
    ("operations", "asserted"),
    [
        ([insert({"timeout.idle": "7m"}, "imap", new=True)], None),
        ([insert({"timeout.idle": "7m"}, "imap"), insert({"timeout.idle": "8m"}, "imap", new=True)], "assertFailed"),
        ([insert({"imap.timeout.idle": "7m"}, new=True)], None),
        ([insert({"imap.timeout.idle": "7m"}), insert({"imap.timeout.idle": "8m"}, new=True)], "assertFailed"),
        ([insert({"threads-per-node": "25"}, "queue.virtual.local", new=True)], "assertFailed"),
        ([insert({}, "queue.virtual.local", new=True)], "assertFailed"),
        ([insert({}, new=True)], None),
        ([insert({"a": ""}, "lab"), insert({"b": "1"}, "lab", new=True)], "assertFailed"),
        ([clear("queue.virtual.dsn."), insert({"threads-per-node": "7"}, "queue.virtual.dsn", new=True)], None),
        ([clear(f"{SMTP}."), insert({"protocol": "smtp", "bind": "[::]:25"}, SMTP, new=True)], None),
    ],
)
async def test_assertions_count_what_is_not_just_a_default(old, operations, asserted):
    assert await old.post(insert({"protocol": "smtp", "bind": "[::]:2525"}, SMTP)) is None
    assert await old.post(*operations) == (asserted and {"error": asserted})


@pytest.mark.parametrize(
    ("operations", "details"),
    [
        ([insert({"http.nothing": "1"})], "Setting 'http.nothing' is not supported by this server version"),
        (
            [insert({"imap.timeout.idle": "7m", "cluster.node-id": "7"})],
            "Setting 'cluster.node-id' is not supported by this server version",
        ),
        (
            [insert({"lab.a": "1"}), insert({"cluster.node-id": "7"})],
            "Setting 'cluster.node-id' is not supported by this server version",
        ),
        ([insert({"storage.data": "rocks"})], "Setting 'storage.data' is read-only"),
        ([insert({"store.data.type": "rocksdb"})], "Setting 'store.data.type' is read-only"),
        ([clear("store.data.")], "Setting 'store.data.type' is read-only"),
        ([clear("directory.internal.")], "Setting 'directory.internal.store' is read-only"),
        ([insert({"storage.data": "data"}), clear("")], "Clearing all settings is not supported"),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_its_key(server, old, operations, details):
    before = await old.items()
    assert await old.post(*operations) == {"error": "unsupported", "details": details}
    assert server.sets == []
    assert await old.items() == before


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("cache.files.size", "10", "expected a number of 2048 at least"),
        ("queue.virtual.far-too-long.threads-per-node", "7", "expected a length of 8 at most"),
    ],
)
async def test_of_several_objects_none_is_sent_when_one_is_out_of_bounds(server, old, key, text, reason):
    answer = await old.post(insert({"http.hsts": "true", key: text}))
    assert (answer["error"], answer["reason"]) == ("other", reason)
    assert server.sets == []


@pytest.mark.parametrize("key", ["queue.route.mx.type", "spam-filter.rule.stwt_any.scope", "tracer.log.type"])
async def test_what_tells_the_kind_of_a_record_cannot_be_taken_away(server, old, key):
    assert await old.post(insert({"scope": "any", "condition": "true"}, "spam-filter.rule.stwt_any")) is None
    server.sets.clear()
    assert await old.delete(key) == {"error": "fieldMissing", "field": key}
    assert server.sets == []


async def test_a_store_needs_its_type(server, old):
    assert await old.post(insert({"host": "db.example.org"}, "store.more")) == {
        "error": "fieldMissing",
        "field": "store.more.type",
    }
    assert server.sets == []


async def test_texts_of_other_keys_are_put_in_place_of_macros(old):
    assert await old.post(insert({"lab.host": "mail.lab.test", "server.hostname": "%{cfg:lab.host}%"})) is None
    assert (await old.items())["server.hostname"] == "mail.lab.test"
    assert await old.post(insert({"report.domain": "%{cfg:server.hostname}%"})) is None
    assert (await old.items())["report.domain"] == "mail.lab.test"
    assert (await old.post(insert({"report.domain": "%{cfg:lab.none}%"})))["error"] == "unsupported"


async def test_keys_that_mean_nothing_any_more_may_be_taken_away(server, old):
    assert (
        await old.post(
            delete("cluster.node-id", "http.nothing", "server.socket.backlog"), clear("cluster."), clear("webadmin.")
        )
        is None
    )
    assert await old.delete("cluster.node-id") is None
    assert server.sets == []


async def test_delete_means_one_key_not_what_begins_with_it(server, old):
    assert await old.post(insert({"lab.a": "1", "lab.a.b": "2"})) is None
    assert await old.delete("lab.a") is None
    assert await old.items("lab") == {"a.b": "2"}
    assert await old.delete("queue.virtual.local") is None
    assert await old.delete("queue.virtual") is None
    assert server.sets == []


@pytest.mark.parametrize(
    "body",
    [
        None, {}, [None], [["a", "1"]], [{"type": "zz"}], [{"type": "Delete", "keys": []}], [{"type": "delete", "keys": "a"}], [{"type": "delete", "keys": [1]}],
        [{"type": "clear"}], [{"type": "clear", "prefix": None}], [{"type": "clear", "prefix": "a", "filter": 1}], [{"type": "insert", "prefix": "a", "values": []}],
        [{"type": "insert", "values": [["a"]], "assert_empty": True}], [{"type": "insert", "values": [["a", 1]], "assert_empty": True}],
        [{"type": "insert", "values": [], "assert_empty": "true"}], [{"type": "insert", "prefix": 1, "values": [], "assert_empty": True}],
    ],
)  # fmt: skip
async def test_a_wrong_shape_is_refused_before_anything_else(server, old, body):
    with pytest.raises(BadRequest):
        await old.post(insert({"http.hsts": "true"}), *(body if isinstance(body, list) else [body]))
    assert server.gets == 0


async def test_lists_that_others_made_are_cleared_whatever_their_names(server, old):
    server.change("MemoryLookupKey", create={"c": {"namespace": "made.here", "key": "c", "isGlobPattern": False}})
    assert "made.here.c" in await old.items("lookup")
    assert await old.post(clear("lookup.made")) is None
    assert server.objects("MemoryLookupKey") == []


@pytest.mark.parametrize(("given", "shown"), [("10.0.0.9/32", "10.0.0.9"), ("2001:DB8::1/128", "2001:db8::1"), ("10.1.2.3/16", "10.1.2.3/16")])
async def test_an_address_is_one_whatever_its_spelling(server, old, given, shown):
    key = f"server.blocked-ip.{given}"
    assert await old.post(insert({key: ""}, new=True)) is None
    assert await old.items("server.blocked-ip") == {shown: ""}
    assert await old.keys(key) == {key: ""}
    assert await old.post(insert({key: ""})) is None
    assert await old.post(insert({key: ""}, new=True)) == {"error": "assertFailed"}
    assert await old.delete(key) is None
    assert server.objects("BlockedIp") == []


async def test_thousands_of_operations_are_looked_through_at_once(old):
    began = time.process_time()
    assert await old.post(*[clear(f"store.{number}.x") for number in range(20_000)], *[clear("lab")] * 10_000) is None
    assert time.process_time() - began < 5


async def test_much_is_not_looked_through_for_strangers(server, old, monkeypatch):
    async def refuse():
        raise HttpRefusal(401)

    monkeypatch.setattr(server, "account", refuse)
    with pytest.raises(HttpRefusal):
        await old.post(*[delete(f"http.x{number}") for number in range(1001)])
    assert server.gets == 0
