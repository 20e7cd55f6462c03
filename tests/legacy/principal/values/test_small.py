"""Quotas, locales, and what the new server says against a change."""

import pytest

from gateway.legacy.principal.reading import locale_of, quota_of
from gateway.legacy.principal.values.errors import Request, address_taken, holder, refusal
from gateway.legacy.principal.values.locales import locale
from gateway.legacy.principal.values.quotas import limits, patch
from gateway.legacy.refusals import Forbidden, Problem, Unsupported


@pytest.mark.parametrize(
    ("given", "new"),
    [("fr", "fr_FR"), ("en", "en_US"), ("de-CH", "de_CH"), ("de_DE", "de_DE"), ("ca_ES@valencia", "ca_ES@valencia"), ("", "en_US")],
)
def test_locales(given, new):
    assert locale(given) == new


@pytest.mark.parametrize("text", ["zz zz", "xx", "FR", "de_de"])
def test_locales_that_do_not_exist(text):
    with pytest.raises(Unsupported) as told:
        locale(text)
    assert told.value.body["details"] == f'Locale "{text}" is not available in Stalwart 0.16'


@pytest.mark.parametrize("name", ["en", "es", "fr", "de", "it", "pt", "nl", "da", "ca", "de_CH", "ja_JP"])
def test_a_locale_is_read_as_it_was_written(name):
    assert locale_of(locale(name)) == (None if name == "en" else name)


def test_quotas():
    assert limits(5) == {"maxDiskQuota": 5}
    assert limits(0) == limits([0] * 13) == {}
    assert limits([5, 6, 0, 0, 0, 0, 7, 0, 8]) == {"maxDiskQuota": 5, "maxAccounts": 6, "maxMailingLists": 7, "maxDomains": 8}
    for position in (3, 4, 5, 7, 9, 11):
        with pytest.raises(Unsupported) as told:
            limits([0] * position + [1])
        assert told.value.body["details"] == f"Quota position {position} is not available in Stalwart 0.16"


@pytest.mark.parametrize(
    ("numbers", "present", "pointers"),
    [
        (5, {"maxAccounts": 3}, {"quotas/maxDiskQuota": 5}),
        (5, {"maxDiskQuota": 5}, {}),
        (0, {"maxDiskQuota": 5, "maxAccounts": 3}, {"quotas/maxDiskQuota": None}),
        (0, {}, {}),
        ([0, 7], {"maxDiskQuota": 5, "maxRoles": 3, "maxDkimKeys": 4},
         {"quotas/maxAccounts": 7, "quotas/maxDiskQuota": None, "quotas/maxRoles": None}),
    ],
)  # fmt: skip
def test_patches_of_quotas(numbers, present, pointers):
    assert patch(numbers, present) == pointers


@pytest.mark.parametrize("numbers", [0, 5, [5, 1] + [0] * 11, [0, 1, 2, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6]])
def test_quotas_are_read_as_they_were_written(numbers):
    assert quota_of(limits(numbers)) == numbers


HAS = {"type": "primaryKeyViolation", "properties": ["email"], "objectId": {"object": "Account", "id": "f"}}
PAT = {"id": "f", "emailAddress": "pat@acme.test", "aliases": {"0": {"name": "p", "domainId": "b", "enabled": True}}}
CREATE = Request("pat", "pat@acme.test", ["x@acme.test", "p@acme.test"])


def test_who_has_an_address():
    assert holder(HAS) == ("Account", "f")
    assert holder(HAS | {"objectId": {"object": "MailingList", "id": "b"}}) == ("MailingList", "b")
    assert holder(HAS | {"properties": ["name"]}) is None
    assert holder(HAS | {"objectId": {"object": "Domain", "id": "f"}}) is None
    assert holder({"type": "notFound"}) is None


def test_which_address_is_taken(context):
    assert address_taken(CREATE, PAT, context).body == {"error": "fieldAlreadyExists", "field": "name", "value": "pat"}
    other = Request("kim", "kim@acme.test", CREATE.addresses)
    assert address_taken(other, PAT, context).body == {"error": "fieldAlreadyExists", "field": "emails", "value": "p@acme.test"}
    assert address_taken(other, None, context).body == {"error": "fieldAlreadyExists", "field": "name", "value": "kim"}
    change = Request("kim", addresses=["x@acme.test"])
    assert address_taken(change, None, context).body == {"error": "fieldAlreadyExists", "field": "emails", "value": "x@acme.test"}


NAMED = Request("helpdesk", references={"h": "sales"}, roles=True)


@pytest.mark.parametrize(
    ("error", "request_", "body"),
    [
        ({"type": "primaryKeyViolation", "properties": ["clientId"]}, NAMED,
         {"error": "fieldAlreadyExists", "field": "name", "value": "helpdesk"}),
        ({"type": "invalidForeignKey", "objectId": {"object": "Account", "id": "h"}}, NAMED, {"error": "notFound", "item": "sales"}),
        ({"type": "invalidForeignKey", "objectId": {"object": "Account", "id": "k"}}, NAMED, {"error": "notFound", "item": "k"}),
        ({"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "domainId"}]}, NAMED,
         {"error": "fieldMissing", "field": "name"}),
        ({"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "recipients"}]}, NAMED,
         {"error": "fieldMissing", "field": "recipients"}),
        ({"type": "validationFailed", "validationErrors": [{"type": "Invalid", "property": "x", "value": "Too long"}]}, NAMED,
         {"error": "other", "details": "Invalid parameter", "reason": "Too long"}),
        ({"type": "notFound"}, NAMED, {"error": "notFound", "item": "helpdesk"}),
        ({"type": "invalidProperties", "properties": ["credentials/0/secret"], "description": "Too weak"}, NAMED,
         {"error": "other", "details": "Invalid password", "reason": "Too weak"}),
        ({"type": "invalidProperties", "properties": ["quotas"], "description": "Too much"}, NAMED,
         {"error": "other", "details": "Invalid parameter", "reason": "Too much"}),
        ({"type": "invalidPatch", "properties": ["name"], "description": "Invalid email local part"}, Request("a b@acme.test"),
         {"error": "other", "details": "Invalid principal name", "reason": '"a b" is not a valid e-mail local part'}),
        ({"type": "invalidPatch", "properties": ["aliases/5/name"], "description": "Invalid email local part"}, NAMED,
         {"error": "other", "details": "Invalid email address", "reason": "Invalid email local part"}),
        ({"type": "invalidPatch", "properties": ["name"], "description": "Invalid domain name"}, Request("x"),
         {"error": "other", "details": "Invalid principal name", "reason": '"x" is not a valid domain name'}),
        ({"type": "forbidden", "description": "You are not authorized to grant permissions: sysLogGet"}, NAMED,
         {"error": "other", "details": "Invalid role", "reason": "You are not authorized to grant permissions: sysLogGet"}),
        ({"type": "forbidden", "description": "You are not authorized to grant permissions: sysLogGet"}, Request("x"),
         {"error": "other", "details": "Invalid permission", "reason": "You are not authorized to grant permissions: sysLogGet"}),
        ({"type": "forbidden", "description": "Cannot change credentials for accounts in an external directory."}, NAMED,
         {"error": "unsupported", "details": "Cannot change credentials for accounts in an external directory."}),
        ({"type": "forbidden", "description": "Enterprise licensed account limit reached: 5 accounts licensed."}, NAMED,
         {"error": "other", "details": "License account limit reached",
          "reason": "Enterprise licensed account limit reached: 5 accounts licensed."}),
        ({"type": "willDestroy"}, NAMED, {"error": "other", "details": "Operation failed", "reason": "willDestroy"}),
    ],
)  # fmt: skip
def test_refusals(error, request_, body):
    assert refusal(error, request_).body == body


def test_refusals_with_a_status():
    assert isinstance(refusal({"type": "forbidden", "description": "Insufficient permissions"}, NAMED), Forbidden)
    assert isinstance(refusal({"type": "invalidPatch", "description": "Cannot modify memberTenantId property"}, NAMED), Forbidden)
    full = refusal({"type": "overQuota", "description": "You have exceeded your quota of 50 accounts."}, NAMED)
    assert isinstance(full, Problem)
    assert (full.status, full.body["title"]) == (403, "Tenant quota exceeded")
