"""Calls about one account: whom a name means, what is done to it and to nobody else, and how long that is waited for."""

import pytest

from gateway.jmap.errors import MethodError
from gateway.legacy.accounts import MOST
from gateway.legacy.refusals import BadRequest, Forbidden, ItemNotFound, Other

SEEN = ["id", "name", "emailAddress", "aliases"]
DUE = {"@type": "Pending", "due": "2026-03-01T12:00:00Z"}
TASK = "ie0ztkaaauab"
POLL = ["x:Task/get", {"ids": [TASK]}]
DONE = ["x:Task/get", {"list": [], "notFound": [TASK]}]
ONE_LOOK = {"task_wait_polls": 1}


def account(id_, address, **more):
    return {"id": id_, "@type": "User", "name": address.partition("@")[0], "emailAddress": address, "aliases": {}} | more


KIM = account("h", "kim@acme.test")


def looks(local, *accounts):
    """The round that looks for accounts."""
    asked = [
        ["x:Account/query", {"filter": {"name": local}, "limit": MOST}],
        ["x:Account/get", {"#ids": {"resultOf": "c0", "name": "x:Account/query", "path": "/ids"}, "properties": SEEN}],
    ]
    return asked, [["x:Account/query", {"ids": [it["id"] for it in accounts]}], ["x:Account/get", {"list": list(accounts), "notFound": []}]]


def creation(maintenance):
    return ["x:Task/set", {"create": {"t": {"@type": "AccountMaintenance", "accountId": "h", "maintenanceType": maintenance, "status": DUE}}}]


MADE = ["x:Task/set", {"created": {"t": {"id": TASK}}}]


def queues(maintenance, answer=MADE):
    """The round that queues work on an account."""
    return [creation(maintenance)], [answer]


def looks_at(status):
    """The answer to a look at a task that is still there."""
    return ["x:Task/get", {"list": [{"id": TASK, "@type": "AccountMaintenance", "status": status}], "notFound": []}]


@pytest.mark.parametrize("name", ["kim", "kim@acme.test"])
async def test_a_name_is_a_local_part_or_an_address(run, name):
    assert await run("purgeAccount", [looks("kim", KIM), queues("purge")], path={"account": name}) is None


@pytest.mark.parametrize("name", ["Kim", "ki", "kim ", "jo"])
async def test_nothing_but_the_name_is_found(run, name):
    """Whatever the new server finds, an alias for example, has to have the name."""
    other = account("h", "kim@acme.test", aliases={"0": {"name": "jo", "domainId": "c"}})
    with pytest.raises(ItemNotFound) as refusal:
        await run("purgeAccount", [looks(name, other)], path={"account": name})
    assert refusal.value.body == {"error": "notFound", "item": ""}


@pytest.mark.parametrize("operation", ["purgeAccount", "resetUids", "getQuota", "recalculateQuota"])
async def test_no_name_is_no_account(run, operation):
    with pytest.raises(ItemNotFound):
        await run(operation, path={"account": ""})


async def test_an_account_that_went_meanwhile_is_not_found(run):
    gone = ["x:Task/set", {"notCreated": {"t": {"type": "invalidForeignKey", "objectId": {"object": "Account", "id": "h"}}}}]
    with pytest.raises(ItemNotFound):
        await run("purgeAccount", [looks("kim", KIM), queues("purge", gone)], path={"account": "kim"})


async def test_a_quota_of_an_account_that_went_meanwhile_is_not_found(run):
    used = [["x:Account/get", {"ids": ["h"], "properties": ["id", "usedDiskQuota"]}]], [["x:Account/get", {"list": [], "notFound": ["h"]}]]
    with pytest.raises(ItemNotFound):
        await run("getQuota", [looks("kim", KIM), used], path={"account": "kim"})


async def test_whoever_may_not_search_is_told_so(run):
    refused = [["error", {"type": "forbidden", "description": "You are not authorized to perform this action"}], ["error", {"type": "invalidResultReference"}]]
    with pytest.raises(MethodError, match="forbidden"):
        await run("getQuota", [(looks("kim")[0], refused)], path={"account": "kim"})


@pytest.mark.parametrize(("index", "version"), [("emails", "0.15"), ("Email", "0.15"), ("", "0.15"), ("", "union")])
async def test_a_word_that_is_no_index(run, index, version):
    with pytest.raises(BadRequest) as refusal:
        await run("reindexTarget", path={"target": index}, settings={"legacy_version": version})
    assert refusal.value.body["detail"] == "Invalid search index specified"


async def test_the_words_of_indexes_were_names_of_accounts_once(run):
    email = account("h", "email@acme.test")
    assert await run("reindexTarget", [looks("email", email), queues("reindex")], path={"target": "email"}, settings={"legacy_version": "0.11"}) is None


@pytest.mark.parametrize(("version", "refusal"), [("0.11", ItemNotFound), ("union", BadRequest)])
async def test_a_word_that_is_neither_an_index_nor_an_account(run, version, refusal):
    with pytest.raises(refusal):
        await run("reindexTarget", [looks("emails")], path={"target": "emails"}, settings={"legacy_version": version})


async def test_the_account_is_looked_for_before_the_index_is_judged(run):
    with pytest.raises(ItemNotFound):
        await run("reindexAccount", [looks("nobody")], path={"target": "zz", "account": "nobody"})
    with pytest.raises(BadRequest):
        await run("reindexAccount", [looks("kim", KIM)], path={"target": "zz", "account": "kim"})


async def test_files_of_an_account_have_no_index(run):
    assert await run("reindexAccount", [looks("kim", KIM)], path={"target": "file", "account": "kim"}) is None


COUNTS = [[f"{name}/query", {"accountId": "h", "limit": 1, "calculateTotal": True}] for name in ("Mailbox", "Email")]
COUNTED = [["Mailbox/query", {"ids": [], "total": 6}], ["Email/query", {"ids": [], "total": 1342}]]


async def test_uids_are_reset_for_those_who_may_not_count(run, caplog):
    forbidden = [["error", {"type": "forbidden", "description": "You are not an owner of account h"}]] * 2
    rounds = [looks("kim", KIM), ([*COUNTS, creation("recalculateImapUid")], [*forbidden, MADE]), ([POLL], [DONE])]
    assert await run("resetUids", rounds, path={"account": "kim"}) == [0, 0]
    assert "not counted" in caplog.text


async def test_uids_that_are_not_reset_are_not_counted(run):
    refused = ["x:Task/set", {"notCreated": {"t": {"type": "forbidden", "description": "Insufficient permissions to create task of type AccountMaintenance"}}}]
    with pytest.raises(Forbidden):
        await run("resetUids", [looks("kim", KIM), ([*COUNTS, creation("recalculateImapUid")], [*COUNTED, refused])], path={"account": "kim"})


async def test_a_task_is_looked_at_until_it_is_gone(run):
    pending = looks_at({"@type": "Pending", "createdAt": "2026-03-01T12:00:00Z", "due": "2026-03-01T12:00:00Z"})
    rounds = [looks("kim", KIM), ([*COUNTS, creation("recalculateImapUid")], [*COUNTED, MADE]), ([POLL], [pending]), ([POLL], [DONE])]
    assert await run("resetUids", rounds, path={"account": "kim"}) == [6, 1342]


async def test_a_task_that_takes_long_is_left_to_itself(run):
    pending = looks_at({"@type": "Pending", "createdAt": "2026-03-01T12:00:00Z", "due": "2026-03-01T12:00:00Z"})
    rounds = [looks("kim", KIM), ([*COUNTS, creation("recalculateImapUid")], [*COUNTED, MADE]), ([POLL], [pending])]
    assert await run("resetUids", rounds, path={"account": "kim"}, settings={"task_wait_seconds": 0}) == [6, 1342]
    assert await run("resetUids", rounds, path={"account": "kim"}, settings=ONE_LOOK) == [6, 1342]


async def test_a_task_that_is_tried_again_much_later_is_left_to_itself(run):
    retry = looks_at({"@type": "Retry", "due": "2026-03-01T12:01:00Z", "attemptNumber": 1, "failureReason": "Store error", "createdAt": "2026-03-01T12:00:00Z"})
    rounds = [looks("kim", KIM), ([*COUNTS, creation("recalculateImapUid")], [*COUNTED, MADE]), ([POLL], [retry])]
    assert await run("resetUids", rounds, path={"account": "kim"}) == [6, 1342]


async def test_a_task_that_is_tried_again_soon_is_waited_for(run):
    retry = looks_at({"@type": "Retry", "due": "2026-03-01T12:00:01Z", "attemptNumber": 1, "failureReason": "Store error", "createdAt": "2026-03-01T12:00:00Z"})
    rounds = [looks("kim", KIM), ([*COUNTS, creation("recalculateImapUid")], [*COUNTED, MADE]), ([POLL], [retry]), ([POLL], [DONE])]
    assert await run("resetUids", rounds, path={"account": "kim"}) == [6, 1342]


async def test_a_task_that_failed_says_why(run):
    failed = looks_at({"@type": "Failed", "failedAt": "2026-03-01T12:00:00Z", "failedAttemptNumber": 3, "failureReason": "Store error"})
    used = ["x:Account/get", {"ids": ["h"], "properties": ["id", "usedDiskQuota"]}]
    answer = ["x:Account/get", {"list": [{"id": "h", "usedDiskQuota": 7}], "notFound": []}]
    rounds = [looks("kim", KIM), queues("recalculateQuota"), ([POLL, used], [failed, answer])]
    with pytest.raises(Other) as refusal:
        await run("recalculateQuota", rounds, path={"account": "kim"})
    assert refusal.value.body == {"error": "other", "details": "Task failed", "reason": "Store error"}
