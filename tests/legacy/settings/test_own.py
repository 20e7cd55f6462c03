"""Keys that the gateway keeps itself, and record ids that it remembers, in what is read."""

import pytest

from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import Forbidden, Other
from gateway.legacy.settings import own
from gateway.settings import Settings
from gateway.state import OwnSettings, Recollection, StateError
from gateway.web.locks import Locks

LISTER = NEW_RIGHTS["settings-list"]
IMAP = (
    [["x:Imap/get", {"ids": ["singleton"]}]],
    [["x:Imap/get", {"list": [{"id": "singleton", "maxRequestSize": 7}], "notFound": []}]],
)
DOMAINS = {"list": [{"id": "b", "name": "example.org"}], "notFound": []}


@pytest.fixture
async def memory():
    memory = Recollection()
    await memory.own.change(
        written={
            "lab.b.type": "2",
            "lab.a.type": "One",
            "lab.a.list.0": "x",
            "labor": "no",
            "imap": "bare",
            "": "nameless",
            ".x": "dotted",
        }
    )
    return memory


@pytest.mark.parametrize(
    ("key", "yes"),
    [("lab.x", True), ("x", True), ("", True), (".imap", True), ("imaps.x", True), ("imap.x", False), ("imap", False)],
)
def test_which_keys_are_own(key, yes):
    assert own.is_own(key) is yes


@pytest.mark.parametrize(
    ("operation", "query", "answer"),
    [
        ("listSettings", {"prefix": "lab"}, {"total": 3, "items": {"a.list.0": "x", "a.type": "One", "b.type": "2"}}),
        ("listSettings", {"prefix": "lab.", "limit": "1", "page": "2"}, {"total": 3, "items": {"a.type": "One"}}),
        ("listSettings", {"prefix": "."}, {"total": 1, "items": {"x": "dotted"}}),
        ("listSettings", {"prefix": "nothing"}, {"total": 0, "items": {}}),
        (
            "getSettingsGroup",
            {"prefix": "lab", "suffix": "type"},
            {"total": 2, "items": [{"_id": "a", "list.0": "x", "type": "One"}, {"_id": "b", "type": "2"}]},
        ),
        (
            "getSettingsGroup",
            {"prefix": "lab", "suffix": "type", "field": "type", "filter": "one"},
            {"total": 1, "items": [{"_id": "a", "type": "One"}]},
        ),
        (
            "getSettingsGroup",
            {"prefix": "lab", "filter": "LIST"},
            {"total": 1, "items": [{"_id": "a.list.0", "_value": "x"}]},
        ),
        (
            "getSettingsKeys",
            {"keys": "lab.a.type,lab.absent,labor", "prefixes": "lab.b"},
            {"lab.a.type": "One", "labor": "no", "lab.b.type": "2"},
        ),
        ("getSettingsKeys", {"prefixes": "lab.b,"}, {"lab.b.type": "2", ".x": "dotted"}),
    ],
)
async def test_own_keys_are_read_like_any_other(run, memory, operation, query, answer):
    assert await run(operation, query=query, memory=memory, rights=LISTER) == answer


async def test_own_and_other_keys_in_one_call(run, memory):
    query = {"keys": "imap.request.max-size,lab.a.type"}
    assert await run("getSettingsKeys", [IMAP], query=query, memory=memory, rights=LISTER) == {
        "imap.request.max-size": "7",
        "lab.a.type": "One",
    }


@pytest.mark.parametrize(
    ("operation", "query"),
    [("listSettings", {"prefix": "lab"}), ("getSettingsKeys", {"keys": "imap.request.max-size,lab.a.type"})],
)
async def test_own_keys_are_not_for_those_who_may_see_some_objects_only(run, memory, operation, query):
    with pytest.raises(Forbidden):
        await run(
            operation,
            [IMAP] if "keys" in query else [],
            query=query,
            memory=memory,
            rights=["authenticate", "sysImapGet"],
        )


async def test_nobody_is_asked_for_rights_when_there_is_nothing_of_his_own(run):
    assert await run("getSettingsKeys", [IMAP], query={"keys": "imap.request.max-size,lab.x"}) == {
        "imap.request.max-size": "7"
    }


class Broken(OwnSettings):
    async def read(self):
        raise StateError("broken")


@pytest.mark.parametrize(("rights", "error"), [(LISTER, StateError), ((), Forbidden)])
async def test_own_keys_that_cannot_be_known_are_an_error_for_those_who_may_see_them(run, rights, error):
    with pytest.raises(error):
        await run("listSettings", query={"prefix": "lab"}, memory=Recollection(Broken()), rights=rights)


async def test_other_keys_do_without_the_state(run):
    answer = await run("listSettings", [IMAP], query={"prefix": "imap.request"}, memory=Recollection(Broken()))
    assert answer == {"total": 1, "items": {"max-size": "7"}}


def exchange(memory, rights):
    class Caller:
        async def account(self):
            return type("Account", (), {"permissions": frozenset(rights)})

    return Exchange(
        path={},
        query={},
        body=None,
        now=0,
        settings=Settings(),
        caller=Caller(),
        flags=None,
        memory=memory,
        locks=Locks(),
        background=None,
    )


async def test_a_change_needs_its_right_and_writes_the_difference(memory):
    before = await memory.own.read()
    after = {**before, "lab.a.type": "Two", "lab.new": ""}
    del after["labor"]
    with pytest.raises(Forbidden):
        await own.change(exchange(memory, LISTER), before, after, "settings-update")
    assert await memory.own.read() == before
    await own.change(exchange(memory, NEW_RIGHTS["settings-update"]), before, after, "settings-update")
    assert await memory.own.read() == after


async def test_no_difference_needs_no_right(memory):
    before = await memory.own.read()
    await own.change(exchange(memory, ()), before, dict(before), "settings-delete")


async def test_too_much_is_refused_in_the_old_form(memory):
    with pytest.raises(Other) as refusal:
        await own.change(exchange(memory, NEW_RIGHTS["settings-update"]), {}, {"x" * 2000: "secret"}, "settings-update")
    assert refusal.value.body == {
        "error": "other",
        "details": "Settings of your own cannot be kept",
        "reason": "a key is longer than 1024 bytes",
    }


def signatures(*ids):
    keys = [{"id": it, "@type": "Dkim1RsaSha256", "domainId": "b", "selector": it, "stage": "active"} for it in ids]
    return (
        [["x:DkimSignature/get", {"ids": None}], ["x:Domain/get", {"ids": None, "properties": ["id", "name"]}]],
        [["x:DkimSignature/get", {"list": keys, "notFound": []}], ["x:Domain/get", DOMAINS]],
    )


async def test_remembered_record_ids_are_shown_and_those_of_gone_objects_forgotten(run):
    memory = Recollection()
    await memory.remember_records("DkimSignature", {"d1": "mykey", "d9": "gone"})
    query = {"prefix": "signature", "suffix": "selector", "field": "selector"}
    items = [{"_id": "mykey", "selector": "d1"}, {"_id": "rsa-example.org", "selector": "d2"}]
    assert await run("getSettingsGroup", [signatures("d1", "d2")], query=query, memory=memory) == {
        "total": 2,
        "items": items,
    }
    assert await memory.record_ids(["DkimSignature"]) == {"DkimSignature": {"d1": "mykey"}}


async def test_where_there_are_tenants_an_object_out_of_sight_is_not_gone(run):
    memory = Recollection()
    await memory.remember_records("DkimSignature", {"d9": "hidden"})
    await run(
        "getSettingsGroup",
        [signatures("d1")],
        query={"prefix": "signature", "suffix": "selector"},
        memory=memory,
        edition="enterprise",
    )
    assert await memory.record_ids(["DkimSignature"]) == {"DkimSignature": {"d9": "hidden"}}


async def test_a_dump_leaves_own_keys_out_for_those_who_may_not_see_them(memory):
    assert await own.shown(exchange(memory, ()), (), [""]) == {}
    assert await own.shown(exchange(memory, LISTER), (), [""]) == await memory.own.read()
