"""Samples for the spam classifier."""

import pytest

LETTER = b"From: Seller <s@sender.test>\r\nSubject: caf\xe9\r\n\r\nbuy\r\n"
TYPE = "x:SpamTrainingSample"
ASCENDING = {"sort": [{"property": "id", "isAscending": True}]}


def make(server, content=LETTER, **more):
    blob = server.world.blobs.upload("d333333", content)
    return server.ask(f"{TYPE}/set", {"create": {"s": {"blobId": blob, "isSpam": True} | more}})


def one(server, id_, user="admin"):
    (found,) = server.ask(f"{TYPE}/get", {"ids": [id_]}, user)["list"]
    return found


def test_what_a_message_says_of_itself_is_noted(server):
    found = one(server, make(server)["created"]["s"]["id"])
    assert (found["from"], found["subject"], found["isSpam"], found["accountId"]) == ("s@sender.test", "caf\ufffd", True, None)


@pytest.mark.parametrize("content", [b"just some text", b"To: x@lab.test\r\n\r\nhello\r\n", bytes(range(256))])
def test_a_message_without_subject_and_sender_is_refused(server, content):
    refused = make(server, content)["notCreated"]["s"]
    assert (refused["type"], refused["properties"]) == ("invalidProperties", ["blobId"])


def test_an_account_sees_its_own_samples_and_not_whose_they_are(server):
    server.allow("olga", "sysSpamTrainingSampleGet", "sysSpamTrainingSampleQuery")
    olga = server.callers["olga"].account_id
    other, own = (make(server, **more)["created"]["s"]["id"] for more in ({}, {"accountId": olga}))
    found = one(server, own, "olga")
    assert "accountId" not in found
    assert server.world.blobs.fetch(server.callers["olga"], found["blobId"]) == LETTER
    assert server.world.blobs.fetch(server.callers["olga"], one(server, own)["blobId"]) is None
    assert server.ask(f"{TYPE}/get", {"ids": [other]}, "olga")["notFound"] == [other]
    assert server.ask(f"{TYPE}/query", {"filter": {"accountId": olga}}, "olga")["type"] == "unsupportedFilter"
    assert server.ask(f"{TYPE}/query", {"filter": {"accountId": olga}})["ids"] == [own]


def test_samples_cannot_be_changed_and_are_taken_only_while_there_is_a_classifier(server):
    made = make(server)["created"]["s"]["id"]
    assert server.ask(f"{TYPE}/set", {"update": {made: {"isSpam": False}}})["notUpdated"][made]["type"] == "forbidden"
    server.ask("x:SpamClassifier/set", {"update": {"singleton": {"model": {"@type": "Disabled"}}}})
    server.ask("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})
    assert make(server)["notCreated"]["s"]["type"] == "forbidden"
    assert server.ask(f"{TYPE}/set", {"destroy": [made]})["destroyed"] == [made]


def test_the_upload_and_the_sample_can_be_made_at_once(server):
    upload = ("Blob/upload", {"accountId": "d333333", "create": {"b": {"data": [{"data:asText": "Subject: x\r\n\r\n"}]}}})
    _, (_, made), (_, found) = server.batch(upload, (f"{TYPE}/set", {"create": {"s": {"blobId": "#b"}}}), (f"{TYPE}/get", {"ids": ["#s"]}), using=["urn:ietf:params:jmap:blob"])
    assert found["list"][0]["id"] == made["created"]["s"]["id"]


def train(server, kind="train"):
    server.ask("x:SpamClassifier/set", {"update": {"singleton": {"minHamSamples": 1, "minSpamSamples": 1}}})
    server.ask("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})
    made = server.ask("x:Task/set", {"create": {"a": {"@type": "SpamFilterMaintenance", "maintenanceType": kind}}})["created"]["a"]["id"]
    return lambda: server.ask("x:Task/get", {"ids": [made]})["list"]


@pytest.mark.parametrize("kind", ["train", "retrain"])
def test_a_training_takes_its_time_and_leaves_what_it_can_use_again(server, kind):
    first, once, last, other = (make(server, **more)["created"]["s"]["id"] for more in ({}, {"deleteAfterUse": True}, {"isSpam": False}, {"accountId": "zz"}))
    task = train(server, kind)
    assert task()[0]["status"]["@type"] == "Pending"
    assert server.ask(f"{TYPE}/query", ASCENDING)["ids"] == [first, once, last, other]
    server.world.clock.advance(2)
    assert task() == []
    assert server.ask(f"{TYPE}/query", ASCENDING)["ids"] == [last, other]


def test_a_training_without_enough_samples_is_over_at_once(server):
    made = [make(server)["created"]["s"]["id"] for _ in range(2)]
    task = train(server)
    server.world.clock.advance(0.1)
    assert task() == []
    assert server.ask(f"{TYPE}/query", ASCENDING)["ids"] == made
