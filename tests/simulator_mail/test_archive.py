"""x:ArchivedItem: what was deleted and is kept for a while."""

import pytest

from gateway.simulator.archive.items import archive_of

MAIL = ("urn:ietf:params:jmap:mail",)
DAY = 86_400_000


@pytest.fixture
def enterprise(make_server):
    server = make_server(edition="enterprise")
    server.ask("x:DataRetention/set", {"update": {"singleton": {"archiveDeletedItemsFor": 30 * DAY}}})
    server.world.take_over()
    return server


@pytest.fixture
def olga(enterprise):
    return enterprise.callers["olga"].account_id


def mailbox(server, account):
    ((_, answer),) = server.batch(("Email/query", {"accountId": account}), using=MAIL)
    return answer["ids"]


def delete_one(server, account):
    """Deliver a message and destroy it; gives the id of what is kept of it."""
    before = set(archive_of(server.world).objects)
    server.inject("alice@sender.test", "olga@lab.test")
    server.world.clock.advance(1)
    server.batch(("Email/set", {"accountId": account, "destroy": mailbox(server, account)}), using=MAIL)
    return next(iter(set(archive_of(server.world).objects) - before), None)


def listed(server, **filters):
    return server.ask("x:ArchivedItem/query", {"filter": filters, "sort": [{"property": "id", "isAscending": True}], "calculateTotal": True})["ids"]


def shown(server, id_):
    (found,) = server.ask("x:ArchivedItem/get", {"ids": [id_]})["list"]
    return found


def change(server, id_, patch, user="admin"):
    return server.ask("x:ArchivedItem/set", {"update": {id_: patch}}, user)


def test_a_destroyed_message_is_kept_and_shown_without_its_status(enterprise, olga):
    id_ = delete_one(enterprise, olga)
    assert mailbox(enterprise, olga) == []
    item = shown(enterprise, id_)
    blob = item.pop("blobId")
    assert item == {
        "@type": "Email", "id": id_, "accountId": olga, "from": "alice@sender.test", "subject": "test", "size": item["size"],
        "receivedAt": item["receivedAt"], "archivedAt": item["archivedAt"], "archivedUntil": item["archivedUntil"],
    }  # fmt: skip
    assert item["size"] == len(enterprise.world.blobs.content(blob))


@pytest.mark.parametrize("edition", ["oss", "community"])
def test_other_editions_refuse_and_keep_nothing(make_server, edition):
    server = make_server(edition=edition)
    account = server.callers["olga"].account_id
    assert delete_one(server, account) is None
    refused = server.ask("x:ArchivedItem/query", {})
    assert (refused["type"], refused["description"][:53]) == ("forbidden", "This feature is only available in the Enterprise edit")


def test_without_a_time_of_keeping_nothing_is_kept(make_server):
    server = make_server(edition="enterprise")
    assert delete_one(server, server.callers["olga"].account_id) is None


def test_mail_is_restored_by_a_task(enterprise, olga):
    id_ = delete_one(enterprise, olga)
    assert change(enterprise, id_, {"status": "requestRestore"}) == {"updated": {id_: None}}
    assert listed(enterprise) == []
    enterprise.world.clock.advance(1)
    assert len(mailbox(enterprise, olga)) == 1
    assert enterprise.ask("x:Task/query", {"filter": {"@type": "RestoreArchivedItem"}})["ids"] == []


def test_an_end_of_keeping_alone_restores_too(enterprise, olga):
    id_ = delete_one(enterprise, olga)
    assert change(enterprise, id_, {"archivedUntil": "2030-01-01T00:00:00Z"}) == {"updated": {id_: None}}
    assert listed(enterprise) == []


def test_both_together_keep_it_longer(enterprise, olga):
    id_ = delete_one(enterprise, olga)
    change(enterprise, id_, {"status": "requestRestore", "archivedUntil": "2030-01-01T00:00:00Z"})
    assert shown(enterprise, id_)["archivedUntil"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("patch", "type_"),
    [
        ({"status": "archived"}, "notFound"),
        ({"archivedUntil": "2020-01-01T00:00:00Z"}, "invalidPatch"),
        ({"status": "nope"}, "invalidPatch"),
        ({"subject": "x"}, "invalidProperties"),
    ],
)
def test_what_cannot_be_changed(enterprise, olga, patch, type_):
    id_ = delete_one(enterprise, olga)
    assert change(enterprise, id_, patch)["notUpdated"][id_]["type"] == type_
    assert listed(enterprise) == [id_]


def test_anything_but_mail_is_lost_when_it_is_restored(enterprise, olga):
    id_ = archive_of(enterprise.world).keep("FileNode", olga, b"file", 60, name="plan.pdf")
    change(enterprise, id_, {"status": "requestRestore"})
    enterprise.world.clock.advance(1)
    assert listed(enterprise) == []
    (task,) = enterprise.ask("x:Task/query", {"filter": {"status": "Failed"}})["ids"]
    (found,) = enterprise.ask("x:Task/get", {"ids": [task]})["list"]
    assert (found["archivedItemType"], found["status"]["failureReason"]) == ("FileNode", "Not implemented")


def test_an_account_is_a_filter_for_those_who_may_act_as_others(enterprise, olga):
    own = delete_one(enterprise, olga)
    archive_of(enterprise.world).keep("ContactCard", enterprise.callers["hank"].account_id, b"card", 60, name=None)
    assert listed(enterprise, accountId=olga) == [own]
    enterprise.allow("olga", "sysArchivedItemQuery", "sysArchivedItemGet")
    assert enterprise.ask("x:ArchivedItem/query", {"filter": {"accountId": olga}}, "olga")["type"] == "unsupportedFilter"
    assert enterprise.ask("x:ArchivedItem/query", {}, "olga")["ids"] == [own]
    (item,) = enterprise.ask("x:ArchivedItem/get", {"ids": [own]}, "olga")["list"]
    assert "accountId" not in item
    assert item["blobId"] != shown(enterprise, own)["blobId"]


def test_nothing_is_made_by_hand_and_anything_can_be_destroyed(enterprise, olga):
    made = enterprise.ask("x:ArchivedItem/set", {"create": {"a": {"@type": "Email"}}})
    assert made["notCreated"]["a"] == {"type": "forbidden", "description": "Archived items cannot be created"}
    id_ = delete_one(enterprise, olga)
    assert enterprise.ask("x:ArchivedItem/set", {"destroy": [id_]}) == {"destroyed": [id_]}
    assert listed(enterprise) == []
