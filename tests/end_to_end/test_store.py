"""Care of the stores by an old client over real sockets: what it is told, and what the new server is made to do."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from yarl import URL

from gateway.simulator.archive.items import archive_of
from gateway.simulator.mailboxes import CAPABILITY

NOT_FOUND = {"error": "notFound", "item": ""}
DAY = 86_400_000


def tasks(old: Any) -> list[tuple[str, str]]:
    """The work that the new server has not done yet."""
    return [(it["@type"], it.get("maintenanceType", "")) for it in old.both.world.kept("Task").objects.values()]


async def person(old: Any, name: str, address: str) -> None:
    """Make a domain if need be, and a mailbox."""
    domain = address.partition("@")[2]
    await old.call("POST", "/api/principal", json.dumps({"type": "domain", "name": domain}))
    body = {"type": "individual", "name": name, "secrets": [f"Canary-plum-kettle-{name}"], "emails": [address], "roles": ["user"]}
    status, answer = await old.call("POST", "/api/principal", json.dumps(body))
    assert (status, list(answer)) == (200, ["data"]), answer


@pytest.mark.parametrize(
    ("target", "task"),
    [
        ("purge/blob", ("StoreMaintenance", "purgeBlob")),
        ("purge/data/default", ("StoreMaintenance", "purgeData")),
        ("purge/in-memory/default/greylist", ("StoreMaintenance", "removeGreylist")),
        ("purge/in-memory/default/zz", ("StoreMaintenance", "purgeData")),
        ("purge/account", ("StoreMaintenance", "purgeAccounts")),
        ("purge/account/kim", ("AccountMaintenance", "purge")),
        ("purge/account/kim@acme.test", ("AccountMaintenance", "purge")),
        ("reindex/calendar", ("StoreMaintenance", "reindexAccounts")),
        ("reindex/contacts/k%69m", ("AccountMaintenance", "reindex")),
        ("reindex/email/kim/x", ("AccountMaintenance", "reindex")),
    ],
)
async def test_the_work_is_queued(old, target, task) -> None:
    await person(old, "kim", "kim@acme.test")
    assert await old.get(f"/api/store/{target}") is None
    assert tasks(old) == [task]


@pytest.mark.parametrize(
    ("target", "status", "answer"),
    [
        ("purge/data/zz", 404, None),
        ("purge/in-memory/", 404, None),
        ("purge/in-memory/default/rate-auth", 200, {"error": "unsupported", "details": "This server can only reset all rate limiters at once"}),
        ("purge/account/nobody", 200, NOT_FOUND),
        ("purge/account/Kim", 200, NOT_FOUND),
        ("purge/account/", 200, NOT_FOUND),
        ("purge", 404, None),
        ("reindex", 404, None),
        ("reindex/zz", 400, None),
        ("reindex/file", 200, {"data": None}),
        ("reindex/email/nobody", 200, NOT_FOUND),
        ("purge/account/acme.test", 200, {"data": None}),
    ],
)
async def test_nothing_is_done(old, target, status, answer) -> None:
    await person(old, "kim", "kim@acme.test")
    got = await old.call("GET", f"/api/store/{target}")
    assert got == (status, answer) if answer else got[0] == status
    assert tasks(old) == []


async def test_of_two_accounts_with_one_local_part_neither_is_touched_by_it(old) -> None:
    for name in ("kim@acme.test", "kim@other.test"):
        await person(old, name, name)
    status, answer = await old.call("GET", "/api/store/purge/account/kim")
    assert (status, answer["error"]) == (200, "other")
    assert tasks(old) == []
    assert await old.get("/api/store/purge/account/kim@other.test") is None
    (task,) = old.both.world.kept("Task").objects.values()
    assert old.both.world.kept("Account").objects[task["accountId"]]["name"] == "kim"


async def test_whoever_lacks_the_right_does_nothing_and_learns_nothing(old) -> None:
    await person(old, "kim", "kim@acme.test")
    kim = old.as_(("kim", "Canary-plum-kettle-kim"))
    for method, target in (
        ("GET", "purge/blob"), ("GET", "purge/data/zz"), ("GET", "purge/in-memory/default/rate-auth"), ("GET", "purge/account/nobody"), ("GET", "purge/account/kim"),
        ("GET", "reindex/zz"), ("GET", "reindex/file"), ("GET", "undelete/kim"), ("POST", "undelete/kim"), ("PATCH", "undelete/kim"), ("GET", "undelete"),
        ("DELETE", "uids/kim"), ("GET", "quota/kim"), ("DELETE", "quota/kim"),
    ):  # fmt: skip
        assert (await kim.call(method, f"/api/store/{target}"))[0] == 403, (method, target)
    assert tasks(old) == []


async def test_what_an_account_holds_is_counted(running_clock) -> None:
    old = running_clock
    await person(old, "kim", "kim@acme.test")
    await old.send("bo@sender.test", "kim@acme.test")
    used = await old.get("/api/store/quota/kim")
    assert used > 0
    assert await old.delete("/api/store/quota/kim") == used
    assert await old.delete("/api/store/uids/kim") == [5, 1]
    assert not any(kind == "AccountMaintenance" for kind, _ in tasks(old)), "work that was waited for is over"


@pytest.mark.parametrize("name", ["acme.test", "all@acme.test"])
async def test_domains_and_lists_hold_nothing(old, name) -> None:
    await person(old, "kim", "kim@acme.test")
    members = json.dumps({"type": "list", "name": "all@acme.test", "emails": ["all@acme.test"], "members": ["kim"]})
    assert (await old.call("POST", "/api/principal", members))[0] == 200
    assert await old.get(f"/api/store/quota/{name}") == 0
    assert await old.delete(f"/api/store/quota/{name}") == 0
    assert await old.delete(f"/api/store/uids/{name}") == [5, 0]
    assert await old.get(f"/api/store/reindex/email/{name}") is None
    assert tasks(old) == []


async def jmap(old: Any, *calls: Any) -> list[Any]:
    """Answers of the new server itself, which the gateway passes on."""
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap", CAPABILITY], "methodCalls": [[name, given, str(at)] for at, (name, given) in enumerate(calls)]}
    _, _, answer = await old.response("POST", "/jmap/", json.dumps(body), {"Content-Type": "application/json"})
    return [arguments for _, arguments, _ in answer["methodResponses"]]


async def delete_mail(old: Any, name: str, address: str) -> str:
    """A mailbox with one message that was deleted; gives the account's id."""
    await person(old, name, address)
    reload = ("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})
    await jmap(old, ("x:DataRetention/set", {"update": {"singleton": {"archiveDeletedItemsFor": 30 * DAY}}}), reload)
    await old.send("bo@sender.test", address)
    (found,) = await jmap(old, ("x:Account/query", {"filter": {"name": address.partition("@")[0]}}))
    (account,) = found["ids"]
    await asyncio.sleep(0.05)
    (mail,) = await jmap(old, ("Email/query", {"accountId": account}))
    await jmap(old, ("Email/set", {"accountId": account, "destroy": mail["ids"]}))
    return account


async def test_deleted_mail_is_listed_and_restored(enterprise) -> None:
    account = await delete_mail(enterprise, "kim", "kim@acme.test")
    listed = await enterprise.get("/api/store/undelete/kim?page=1&limit=20")
    (item,) = listed["items"]
    assert (listed["total"], item["collection"], item["item"]["subject"]) == (1, "email", "A message")
    body = json.dumps([{"hash": item["hash"], "collection": item["collection"], "restoreTime": item["deletedAt"], "cancelDeletion": item["expiresAt"]}])
    status, answer = await enterprise.call("POST", "/api/store/undelete/kim", body)
    assert (status, answer) == (200, {"data": [{"type": "success"}]})
    assert await enterprise.get("/api/store/undelete/kim") == {"items": [], "total": 0}
    assert await enterprise.call("POST", "/api/store/undelete/kim", body) == (200, {"data": [{"type": "notFound"}]})
    await asyncio.sleep(0.05)
    (mail,) = await jmap(enterprise, ("Email/query", {"accountId": account}))
    assert len(mail["ids"]) == 1


async def test_everything_of_one_account_is_restored_and_nothing_of_another(enterprise) -> None:
    await delete_mail(enterprise, "kim", "kim@acme.test")
    other = await delete_mail(enterprise, "bo", "bo@acme.test")
    file = archive_of(enterprise.both.world).keep("FileNode", other, b"a plan", 3600, name="plan.pdf")
    assert await enterprise.call("POST", "/api/store/undelete/kim", "null") == (200, {"data": [{"type": "success"}]})
    kept = archive_of(enterprise.both.world).objects
    assert [it["accountId"] for it in kept.values()] == [other, other]
    outcome = [{"type": "success"}, {"type": "error", "reason": "Unsupported collection"}]
    assert await enterprise.call("POST", "/api/store/undelete/bo", "null") == (200, {"data": outcome})
    assert list(kept) == [file]


@pytest.mark.parametrize("body", [None, "", "{", "nul", '"null"', "[null]", '[{"hash": 5}]', '[{"hash":"AAAA","collection":"email","restoreTime":"2025-01-01T00:00:00Z"}]'])
async def test_a_bad_body_restores_nothing(enterprise, body) -> None:
    await delete_mail(enterprise, "kim", "kim@acme.test")
    status, answer = await enterprise.call("POST", "/api/store/undelete/kim", body)
    assert (status, answer["title"]) == (400, "Invalid parameters")
    assert (await enterprise.get("/api/store/undelete/kim"))["total"] == 1


async def test_routes_of_an_edition_that_has_it(enterprise) -> None:
    await person(enterprise, "kim", "kim@acme.test")
    for method, target in (("PATCH", "undelete/kim"), ("DELETE", "undelete/kim"), ("GET", "undelete"), ("GET", "undelete/nobody"), ("POST", "undelete/nobody"), ("GET", "undelete/")):
        assert (await enterprise.call(method, f"/api/store/{target}"))[0] == 404, (method, target)


async def test_routes_of_an_edition_that_lacks_it(old) -> None:
    for method, target in (("PATCH", "undelete/kim"), ("GET", "undelete"), ("GET", "undelete/nobody"), ("POST", "undelete/nobody"), ("POST", "undelete/admin")):
        assert await old.call(method, f"/api/store/{target}") == (200, {"error": "unsupported", "details": "Enterprise feature"}), (method, target)


async def raw(old: Any, target: str) -> tuple[int, str, bytes]:
    """Status, content type and bytes of a GET."""
    auth = aiohttp.encode_basic_auth(*old.login)
    async with old.http.get(URL(old.both.gateway + target, encoded=True), headers={"Authorization": auth}) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.read()


async def test_the_bytes_of_a_queued_message(old) -> None:
    await old.send("bo@sender.test", "kim@temp.test", data=b"Subject: For later\r\n\r\nA line.\r\n")
    (message,) = (await old.get("/api/queue/messages?values=1"))["items"]
    blob = f"/api/store/blobs/{message['blob_hash']}"
    status, kind, content = await raw(old, blob)
    assert (status, kind) == (200, "application/octet-stream")
    assert content.endswith(b"Subject: For later\r\n\r\nA line.\r\n")
    assert (await raw(old, f"{blob}?offset=3&limit=10"))[2] == content[3:13]
    assert (await raw(old, f"{blob}/x?limit=10240"))[2] == content[:10240]
    await old.delete(f"/api/queue/messages/{message['id']}")
    assert (await raw(old, blob))[2] == content, "it stays until the blobs are purged"


async def test_blobs_are_for_those_who_may_have_any(old) -> None:
    await person(old, "kim", "kim@acme.test")
    await old.send("bo@sender.test", "kim@temp.test")
    (message,) = (await old.get("/api/queue/messages?values=1"))["items"]
    kim = old.as_(("kim", "Canary-plum-kettle-kim"))
    for hash_ in (message["blob_hash"], "A" * 43, "AAAA", "***"):
        assert (await kim.call("GET", f"/api/store/blobs/{hash_}"))[0] == 403, hash_
    assert (await old.as_(None).call("GET", f"/api/store/blobs/{message['blob_hash']}"))[0] == 401
    assert await old.call("GET", "/api/store/blobs/" + "A" * 43) == (200, NOT_FOUND)
