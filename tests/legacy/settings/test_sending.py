"""Order of what is sent, and the old words for what the new server has against it (mapping-settings 5.2, 5.6)."""

import pytest

from gateway.legacy.settings.writing.entries import Entry
from gateway.legacy.settings.writing.errors import refusal
from gateway.legacy.settings.writing.order import requests
from gateway.legacy.settings.writing.patches import Reference

SECRET = {"@type": "Value", "secret": "****"}
EXPRESSION = {"match": {}, "else": "true"}


def sent(entries):
    return [
        [[(entry.type, entry.action, entry.id) for entry in part] for part in request] for request in requests(entries)
    ]


def test_what_may_fail_goes_first_and_what_cannot_be_undone_last():
    entries = [
        Entry("MtaVirtualQueue", "destroy", "q", stored={}),
        Entry("MtaRoute", "destroy", "r", stored={"authSecret": SECRET}),
        Entry("MtaRoute", "destroy", "s", stored={"address": "x"}),
        Entry(
            "OidcProvider", "update", "singleton", changes={("encryptionKey",): {}}, stored={"encryptionKey": SECRET}
        ),
        Entry("Imap", "update", "singleton", changes={("timeoutIdle",): 1}, stored={"timeoutIdle": 2}),
        Entry("MtaStageRcpt", "update", "singleton", changes={("maxRecipients",): EXPRESSION}, stored={}, judged=True),
        Entry("AiModel", "create", "c0", value={"name": "a"}),
        Entry("MemoryLookupKey", "destroy", "k", stored={}, first=True),
    ]
    assert [request[0][0][:2] for request in sent(entries)] == [
        ("MemoryLookupKey", "destroy"), ("AiModel", "create"), ("MtaStageRcpt", "update"), ("Imap", "update"), ("OidcProvider", "update"),
        ("MtaRoute", "destroy"), ("MtaVirtualQueue", "destroy"), ("MtaRoute", "destroy"),
    ]  # fmt: skip


def test_a_variant_that_is_left_takes_its_secrets_along():
    entries = [
        Entry("MtaRoute", "update", "r", changes={("@type",): "Mx"}, stored={"@type": "Relay", "authSecret": SECRET}),
        Entry("MtaTlsStrategy", "update", "t", changes={("dane",): "require"}, stored={"dane": "optional"}),
    ]
    assert [request[0][0][0] for request in sent(entries)] == ["MtaTlsStrategy", "MtaRoute"]


def test_references_to_a_create_travel_behind_it():
    entries = [
        Entry(
            "SystemSettings", "update", "singleton", changes={("defaultCertificateId",): Reference("#c1")}, stored={}
        ),
        Entry("Certificate", "create", "c1", value={"certificate": {}}),
        Entry("Imap", "update", "singleton", changes={("timeoutIdle",): 1}, stored={}),
    ]
    assert sent(entries) == [
        [[("Certificate", "create", "c1")], [("SystemSettings", "update", "singleton")]],
        [[("Imap", "update", "singleton")]],
    ]


def test_text_that_looks_like_a_reference_is_text():
    entries = [
        Entry("MtaVirtualQueue", "create", "c0", value={"name": "a"}),
        Entry("MtaTlsStrategy", "create", "c1", value={"name": "b", "description": "#c0"}),
    ]
    assert sent(entries) == [[[("MtaVirtualQueue", "create", "c0")]], [[("MtaTlsStrategy", "create", "c1")]]]


def test_a_call_has_500_objects_at_most():
    entries = [Entry("BlockedIp", "destroy", f"i{place}", stored={}) for place in range(1201)]
    assert [len(part) for request in requests(entries) for part in request] == [500, 500, 201]


ENTRY = Entry(
    "MtaRoute", "create", "c0", value={"name": "gate", "authSecret": {"@type": "Value", "secret": "canary"}},
    record="gate", keys={"authSecret": "queue.route.gate.auth.secret"}, references=("example.com",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("error", "body"),
    [
        ({"type": "primaryKeyViolation", "properties": ["name"]}, {"error": "fieldAlreadyExists", "field": "gate", "value": "gate"}),
        ({"type": "validationFailed", "validationErrors": [{"type": "MinValue", "property": "port", "required": 1}]}, {"error": "other", "details": "Invalid value", "reason": "port"}),
        (
            {"type": "validationFailed", "properties": ["a"], "validationErrors": [{"type": "Invalid", "property": "a", "value": "Error parsing 'if' expression: x"}]},
            {"error": "other", "details": "Error parsing 'if' expression: x", "reason": "a"},
        ),
        ({"type": "validationFailed", "validationErrors": [{"type": "Invalid", "property": "a", "value": "canary"}]}, {"error": "other", "details": "Invalid value", "reason": "a"}),
        ({"type": "invalidProperties", "description": "Cannot use canary as secret"}, {"error": "other", "details": "Invalid value", "reason": "invalidProperties"}),
        ({"type": "invalidPatch", "description": "Invalid property", "properties": ["x/y"]}, {"error": "other", "details": "Invalid property", "reason": "x/y"}),
        ({"type": "invalidForeignKey", "objectId": {"object": "Domain", "id": "b"}}, {"error": "notFound", "item": "example.com"}),
        ({"type": "objectIsLinked", "linkedObjects": [{"object": "A", "id": "b"}, {"object": "A", "id": "c"}]}, {"error": "other", "details": "Setting is in use", "reason": "A"}),
        ({"type": "notFound"}, {"error": "notFound", "item": "gate"}),
        ({"type": "overQuota", "description": "You have exceeded your quota of 2 routes"}, {"error": "other", "details": "You have exceeded your quota of 2 routes", "reason": "overQuota"}),
        ({"type": "rateLimit"}, {"error": "other", "details": "rateLimit", "reason": "rateLimit"}),
    ],
)  # fmt: skip
def test_refusals_of_the_new_server(error, body):
    assert refusal(error, ENTRY, asserted=False).body == body


def test_a_taken_name_is_a_failed_assertion_when_there_was_one():
    assert refusal({"type": "primaryKeyViolation", "properties": ["name"]}, ENTRY, asserted=True).body == {
        "error": "assertFailed"
    }


def test_a_right_that_is_missing():
    assert refusal({"type": "forbidden", "description": "x"}, ENTRY, asserted=True).status == 403
