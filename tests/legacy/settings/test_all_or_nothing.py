"""Batches that fail half-way: what is put back, what cannot be, and what is left alone (mapping-settings 5.2, decision 17)."""

import asyncio

import pytest

from gateway.jmap.errors import MethodError, OutcomeUnknown

from .simulated import NewServer, Old, clear, delete, insert

IN_USE = {"error": "other", "details": "Setting is in use", "reason": "MtaDeliverySchedule"}


@pytest.fixture
def server():
    return NewServer()


@pytest.fixture
def old(server):
    return Old(server)


def names(server):
    return [(name, sorted(arguments)) for name, arguments in server.sets]


async def test_what_was_created_changed_and_destroyed_is_put_back(server, old):
    assert (
        await old.post(insert({"url": "https://one.example.org/a", "events": "auth.success"}, "webhook.mine", new=True))
        is None
    )
    before = await old.items()
    server.sets.clear()
    batch = [
        insert({"threads-per-node": "3"}, "queue.virtual.new", new=True),
        insert({"imap.timeout.idle": "7m", "lab.a": "x"}),
        clear("webhook.mine."),
        clear("queue.virtual.local."),
    ]
    assert await old.post(*batch) == IN_USE
    assert await old.items() == before
    assert names(server) == [
        ("x:MtaVirtualQueue/set", ["create"]),
        ("x:Imap/set", ["update"]),
        ("x:WebHook/set", ["destroy"]),
        ("x:MtaVirtualQueue/set", ["destroy"]),
        ("x:WebHook/set", ["create"]),
        ("x:Imap/set", ["update"]),
        ("x:MtaVirtualQueue/set", ["destroy"]),
    ]


async def test_a_secret_cannot_be_put_back_and_is_told_by_its_key(old):
    relay = {
        "type": "relay",
        "address": "a.example.org",
        "port": "25",
        "protocol": "smtp",
        "auth.username": "u",
        "auth.secret": "canary",
    }
    assert await old.post(insert(relay, "queue.route.a", new=True)) is None
    answer = await old.post(insert({"queue.route.a.auth.secret": "another canary"}), clear("queue.virtual.local."))
    assert answer == {
        "error": "other",
        "details": "The change failed half-way, and not everything could be put back",
        "reason": "queue.route.a.auth.secret",
    }


async def test_a_record_with_a_secret_goes_last(old):
    relay = {
        "type": "relay",
        "address": "a.example.org",
        "port": "25",
        "protocol": "smtp",
        "auth.username": "u",
        "auth.secret": "canary",
    }
    assert await old.post(insert(relay, "queue.route.a", new=True)) is None
    before = await old.items()
    assert await old.post(clear("queue.route.a."), clear("queue.virtual.local.")) == IN_USE
    assert await old.items() == before


async def test_nothing_is_sent_after_an_answer_was_lost(server, old):
    server.faults = {"Imap": ["lost!"]}
    with pytest.raises(OutcomeUnknown):
        await old.post(
            insert({"http.hsts": "true", "imap.timeout.idle": "7m", "server.auto-ban.auth.rate": "7/1h", "lab.a": "x"})
        )
    assert names(server) == [("x:Http/set", ["update"]), ("x:Imap/set", ["update"])]
    items = await old.items()
    assert [items[key] for key in ("http.hsts", "imap.timeout.idle", "lab.a")] == ["true", "7m", "x"]


async def test_a_lost_race_is_repeated_once_as_a_whole(server, old):
    server.faults = {"Imap": ["serverUnavailable"]}
    assert await old.post(insert({"http.hsts": "true", "imap.timeout.idle": "7m"})) is None
    assert [name for name, _ in server.sets] == ["x:Http/set", "x:Imap/set", "x:Http/set", "x:Http/set", "x:Imap/set"]
    assert (await old.items())["imap.timeout.idle"] == "7m"


async def test_two_lost_races_are_a_failure(server, old):
    before = await old.items()
    server.faults = {"Imap": ["serverUnavailable", "serverUnavailable"]}
    with pytest.raises(MethodError, match="serverUnavailable"):
        await old.post(insert({"http.hsts": "true", "imap.timeout.idle": "7m", "lab.a": "x"}))
    assert await old.items() == before


async def test_of_a_call_that_failed_half_way_the_done_half_is_put_back(server, old):
    assert await old.post(insert({"10.0.0.1": ""}, "server.blocked-ip")) is None
    before = await old.items()
    server.faults = {"BlockedIp": ["serverPartialFail!"]}
    with pytest.raises(MethodError, match="serverPartialFail"):
        await old.post(insert({"10.0.0.2": "", "10.0.0.3": ""}, "server.blocked-ip"))
    assert await old.items() == before


async def test_what_looks_like_a_new_object_but_was_there_before_stays(server, old):
    assert await old.post(insert({"url": "https://hook.test/", "timeout": "30s"}, "webhook.a")) is None
    before = await old.items()
    server.faults = {"WebHook": ["serverPartialFail!"]}
    with pytest.raises(MethodError, match="serverPartialFail"):
        await old.post(
            insert({"url": "https://hook.test/", "timeout": "30s"}, "webhook.b"), insert({"url": "https://hook.test/", "timeout": "30s"}, "webhook.c")
        )
    assert await old.items() == before


async def test_nobody_guesses_what_was_done_when_it_cannot_be_read(server, old):
    async def break_reads():
        server.broken_reads = 2

    server.faults, server.before_change = {"BlockedIp": ["serverPartialFail!"]}, [break_reads]
    with pytest.raises(OutcomeUnknown):
        await old.post(insert({"10.0.0.2": "", "10.0.0.3": ""}, "server.blocked-ip"))
    assert names(server) == [("x:BlockedIp/set", ["create"])]


async def test_what_vanished_meanwhile_is_looked_at_again(server, old):
    assert await old.post(insert({"10.0.0.1": "", "10.0.0.2": ""}, "server.blocked-ip")) is None

    async def destroy():
        server.change(
            "BlockedIp", destroy=[it["id"] for it in server.objects("BlockedIp") if it["address"] == "10.0.0.1"]
        )

    server.before_change = [destroy]
    assert await old.post(clear("server.blocked-ip.")) is None
    assert server.objects("BlockedIp") == []


async def test_a_record_that_vanished_meanwhile_is_made_again(server, old):
    assert await old.post(insert({"threads-per-node": "3"}, "queue.virtual.a", new=True)) is None

    async def destroy():
        server.change(
            "MtaVirtualQueue", destroy=[it["id"] for it in server.objects("MtaVirtualQueue") if it["name"] == "a"]
        )

    server.before_change = [destroy]
    assert await old.post(insert({"queue.virtual.a.threads-per-node": "4"})) is None
    assert await old.items("queue.virtual.a") == {"threads-per-node": "4"}


async def test_a_refused_reference_travels_with_its_create(server, old):
    before = await old.items()
    answer = await old.post(
        insert({"cert": "no certificate", "private-key": "canary", "default": "true"}, "certificate.web", new=True)
    )
    assert answer["error"] == "other"
    assert [name for name, _ in server.sets] == ["x:Certificate/set", "x:SystemSettings/set"]
    assert await old.items() == before


async def test_writers_take_turns(old):
    one = insert({"protocol": "smtp", "bind": "[::]:587"}, "server.listener.one", new=True)
    answers = await asyncio.gather(old.post(one), old.post(one))
    assert sorted(answers, key=str) == [None, {"error": "assertFailed"}]
    await asyncio.gather(
        *(old.post(insert({f"server.listener.one.bind.{place}": f"[::]:{place}"})) for place in range(1, 6))
    )
    assert len(await old.items("server.listener.one.bind")) == 6


async def test_a_batch_ends_although_nobody_waits_for_it(server, old):
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def wait():
        reached.set()
        await go_on.wait()

    server.before_change = [wait]
    task = asyncio.create_task(old.post(insert({"http.hsts": "true", "imap.timeout.idle": "7m"})))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    (rest,) = old.background
    await rest
    items = await old.items()
    assert (items["http.hsts"], items["imap.timeout.idle"]) == ("true", "7m")


async def test_own_settings_come_back_when_the_rest_fails(old):
    assert await old.post(insert({"lab.a": "1", "lab.b": "2"})) is None
    answer = await old.post(insert({"lab.a": "changed", "lab.c": "3"}), delete("lab.b"), clear("queue.virtual.local."))
    assert answer == IN_USE
    assert await old.items("lab") == {"a": "1", "b": "2"}


async def test_a_read_is_repeated_once_after_an_internal_error(server, old):
    server.broken_reads = 1
    assert await old.post(insert({"http.hsts": "true"})) is None
    server.broken_reads = 2
    with pytest.raises(MethodError, match="serverUnavailable"):
        await old.post(insert({"http.hsts": "false"}))
    assert (await old.items())["http.hsts"] == "true"


async def test_many_objects_are_put_back_as_many_at_a_time_as_they_were_sent(server, old):
    server.faults = {"BlockedIp": [None, "forbidden"]}
    with pytest.raises(MethodError, match="forbidden"):
        await old.post(insert({f"10.0.{place // 200}.{place % 200}": "" for place in range(600)}, "server.blocked-ip"))
    assert [len(arguments.get("create") or arguments.get("destroy")) for _, arguments in server.sets] == [500, 100, 500]
    assert server.objects("BlockedIp") == []


async def test_the_variant_stands_before_what_it_decides(server, old):
    assert await old.post(insert({"type": "relay", "address": "relay.test"}, "queue.route.r")) is None
    server.faults = {"Imap": ["serverPartialFail"]}
    with pytest.raises(MethodError, match="serverPartialFail"):
        await old.post(insert({"queue.route.r.type": "mx", "imap.timeout.idle": "7m"}))
    written = [it for _, arguments in server.sets for part in ("create", "update") for it in (arguments.get(part) or {}).values() if "name" in it]
    assert [(next(iter(it)), it["@type"]) for it in written] == [("@type", "Relay"), ("@type", "Mx"), ("@type", "Relay")]
    assert (await old.items("queue.route.r"))["address"] == "relay.test"
