"""Delivery and sender tests: what is asked of the new server, and what old clients are told."""

import pytest

from gateway.legacy.live import DROP
from gateway.legacy.refusals import BadRequest, Forbidden, Other
from gateway.legacy.troubleshoot.delivery import old_stages

FOUND = {
    "spfEhloDomain": "mx.far.test", "spfEhloResult": {"@type": "None"}, "spfMailFromDomain": "far.test", "spfMailFromResult": {"@type": "SoftFail", "details": ""},
    "ipRevResult": {"@type": "TempError", "details": "no answer"}, "ipRevPtr": {"b.test.": True, "a.test.": True},
    "dkimResults": {"10": {"@type": "Pass"}, "9": {"@type": "Neutral", "details": "no key"}}, "dkimPass": True, "dkim2Result": {"@type": "None"}, "dkim2Pass": False,
    "arcResult": {"@type": "PermError"}, "dmarcResult": {"@type": "Fail", "details": None}, "dmarcPass": False, "dmarcPolicy": "reject", "elapsed": 3,
}  # fmt: skip
SHOWN = {
    "spfEhloDomain": "mx.far.test", "spfEhloResult": {"type": "none"}, "spfMailFromDomain": "far.test", "spfMailFromResult": {"type": "softFail", "details": None},
    "ipRevResult": {"type": "tempError", "details": "no answer"}, "ipRevPtr": ["b.test.", "a.test."],
    "dkimResults": [{"type": "neutral", "details": "no key"}, {"type": "pass"}], "dkimPass": True,
    "arcResult": {"type": "permError", "details": None}, "dmarcResult": {"type": "fail", "details": None}, "dmarcPass": False, "dmarcPolicy": "reject", "elapsed": 3,
}  # fmt: skip
GIVEN = {"remoteIp": "192.0.2.1", "ehloDomain": "mx.far.test", "mailFrom": "kim@far.test"}
REFUSED = {"type": "invalidPatch", "description": "Invalid email address", "properties": ["mailFrom"]}


def asks(sender="kim@far.test", error=None, ehlo="mx.far.test", **more):
    """One question and its answer."""
    question = {"@type": "TroubleshootDmarc", "remoteIp": "192.0.2.1", "ehloDomain": ehlo, "mailFrom": sender, "spfEhloDomain": ehlo, "spfMailFromDomain": sender.rpartition("@")[2]}
    answer = {"created": {"a": FOUND}} if error is None else {"notCreated": {"a": error}}
    return [["x:Action/set", {"create": {"a": question | more}}]], [["x:Action/set", answer]]


async def test_results_are_told_in_the_old_words(run):
    assert await run("troubleshootDmarc", [asks()], body=GIVEN) == SHOWN


async def test_a_message_is_judged_as_it_came(run):
    assert await run("troubleshootDmarc", [asks(message="From: a@b.test\r\n\r\nx")], body=GIVEN | {"body": "From: a@b.test\r\n\r\nx"}) == SHOWN
    assert await run("troubleshootDmarc", [asks()], body=GIVEN | {"body": None}) == SHOWN


async def test_without_a_sender_the_greeting_is_judged(run):
    made_up = {"message": "From: far.test\r\nSubject: test\r\n\r\ntest"}
    assert await run("troubleshootDmarc", [asks("postmaster@mx.far.test", **made_up)], body=GIVEN | {"mailFrom": "far.test"}) == SHOWN
    own = asks("postmaster@mx.far.test", message="Subject: x\r\n\r\nx")
    assert await run("troubleshootDmarc", [own], body=GIVEN | {"mailFrom": "", "body": "Subject: x\r\n\r\nx"}) == SHOWN


async def test_a_stand_in_that_is_refused_gives_way_to_another_once(run):
    made_up = {"message": "From: \r\nSubject: test\r\n\r\ntest"}
    nameless = GIVEN | {"mailFrom": "", "ehloDomain": ""}
    rounds = [asks("postmaster@unknown.invalid", REFUSED, "unknown.invalid", **made_up), asks("postmaster@localhost", None, "unknown.invalid", **made_up)]
    assert await run("troubleshootDmarc", rounds, body=nameless) == SHOWN
    with pytest.raises(BadRequest):
        await run("troubleshootDmarc", [rounds[0], asks("postmaster@localhost", REFUSED, "unknown.invalid", **made_up)], body=nameless)


async def test_a_sender_of_the_caller_is_not_replaced(run):
    with pytest.raises(BadRequest):
        await run("troubleshootDmarc", [asks(error=REFUSED)], body=GIVEN)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ({"type": "invalidProperties", "properties": ["body"]}, Other),
        ({"type": "validationFailed", "validationErrors": [{"type": "Invalid", "property": "remoteIp"}]}, BadRequest),
        ({"type": "forbidden", "description": "Insufficient permissions to perform action of type TroubleshootDmarc"}, Forbidden),
    ],
)
async def test_what_the_new_server_does_not_take_is_refused_in_the_old_words(run, error, refusal):
    with pytest.raises(refusal):
        await run("troubleshootDmarc", [asks(error=error)], body=GIVEN)


async def test_an_empty_message_is_none_and_nobody_is_asked(run):
    with pytest.raises(Other) as error:
        await run("troubleshootDmarc", body=GIVEN | {"body": ""})
    assert error.value.body == {"error": "other", "details": "Invalid message body", "reason": "Failed to parse message body"}


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"type": "ipLookupSuccess", "remoteIps": ["192.0.2.1"], "elapsed": 2}, {"type": "ipLookupSuccess", "remote_ips": ["192.0.2.1"], "elapsed": 2}),
        ({"type": "connectionStart", "remoteIp": "192.0.2.1"}, {"type": "connectionStart", "remote_ip": "192.0.2.1"}),
        ({"type": "mtaStsFetchSuccess", "policy": {"max_age": 5}}, {"type": "mtaStsFetchSuccess", "policy": {"max_age": 5}}),
        ({"type": "completed"}, {"type": "completed"}),
    ],
)
def test_two_members_of_stages_have_other_names(new, old):
    assert old_stages("event", [new]) == [old]


@pytest.mark.parametrize(("matching", "is_sha256"), [("Sha256", True), (1, True), ("Sha512", False), ("raw", False)])
def test_a_tlsa_record_tells_whether_it_is_sha256(matching, is_sha256):
    entry = {"is_end_entity": True, "is_spki": True, "data": [1, 2]}
    stage = {"type": "tlsaLookupSuccess", "record": {"entries": [entry | {"matching": matching}], "has_intermediates": False}, "elapsed": 1}
    assert old_stages("event", [stage])[0]["record"] == {"entries": [entry | {"is_sha256": is_sha256}], "has_intermediates": False}
    told = {"type": "tlsaLookupSuccess", "record": {"entries": [entry | {"is_sha256": True}]}}
    assert old_stages("event", [told]) == [told]


def test_stages_that_old_clients_do_not_know_are_left_out():
    assert old_stages("event", [{"type": "bimiLookupStart"}]) is DROP


def test_events_that_are_no_stages_are_left_out():
    assert old_stages("ping", {"interval": 30000}) is DROP
