"""Addresses: those of new principals, and what changes of them come to."""

import re

import pytest

from gateway.legacy.principal.values.addresses import (
    HIGHEST_INDEX,
    LOWEST_INDEX,
    Emails,
    aliases,
    checked,
    free_index,
    own_address,
)
from gateway.legacy.refusals import ItemNotFound, ManagementError, Other

KIM = {
    "id": "f",
    "emailAddress": "kim@acme.test",
    "aliases": {
        "0": {"name": "k", "domainId": "b", "enabled": True},
        "1": {"name": "old", "domainId": "b", "enabled": False},
        "2": {"name": "k", "domainId": "b", "enabled": True},
    },
}


@pytest.mark.parametrize(
    ("name", "emails", "tenant", "own"),
    [
        ("kim@acme.test", [], None, "kim@acme.test"),
        ("a@b@acme.test", [], None, "a@b@acme.test"),
        ("kim@acme.example", [], None, "kim@acme.test"),
        ("kim", ["k@acme.test", "kim@other.test"], None, "kim@other.test"),
        ("kim", ["@acme.test", "k@other.test"], None, "kim@other.test"),
        ("kim", ["@other.test"], None, "kim@acme.test"),
        ("kim", [], "b", "kim@other.test"),
        ("kim", [], None, "kim@acme.test"),
    ],
)
def test_the_own_address_of_a_new_principal(context, name, emails, tenant, own):
    local, domain = own_address(name, emails, context, tenant=tenant)
    assert f"{local}@{domain.name}" == own


def test_no_domain_for_a_bare_name(context_with):
    with pytest.raises(Other) as refusal:
        own_address("kim", [], context_with(default_domain=None), tenant=None)
    assert refusal.value.body["details"] == "Invalid principal name"
    with pytest.raises(ItemNotFound) as refusal:
        own_address("kim@nowhere.test", [], context_with(), tenant=None)
    assert refusal.value.body["item"] == "nowhere.test"


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("noat", {"error": "other", "details": "Invalid email", "reason": "Email address is invalid"}),
        ("", {"error": "other", "details": "Invalid email", "reason": "Email address is invalid"}),
        ("x@", {"error": "notFound", "item": ""}),
        ("x@sub.acme.test", {"error": "notFound", "item": "sub.acme.test"}),
        ("@busy.test", {"error": "fieldAlreadyExists", "field": "emails", "value": "@busy.test"}),
    ],
)
def test_addresses_that_are_refused(context, address, body):
    with pytest.raises(ManagementError) as refusal:
        checked(address, context)
    assert refusal.value.body == body


def test_aliases_of_a_new_principal(context):
    assert aliases(["k@acme.test", "kim@acme.test", "k@acme.test", "@acme.test", "x@other.test"], "kim@acme.test", context) == {
        "0": {"name": "k", "domainId": "b"},
        "1": {"name": "x", "domainId": "c"},
    }


def change(context, *steps, object_=KIM, bare=False, implied=False):
    emails = Emails.of(object_, context, bare=bare, implied=implied)
    for action, value in steps:
        getattr(emails, action)(value)
    return emails.change()


def pointers(patch):
    return {re.sub(r"/\d{7,}", "/<new>", pointer): value for pointer, value in patch.items()}


NEW = {"aliases/<new>": {"name": "new", "domainId": "b"}}
GONE = {"aliases/0": None, "aliases/2": None}


@pytest.mark.parametrize(
    ("steps", "patch"),
    [
        ([("add", "NEW@acme.test")], NEW),
        ([("add", "new@acme.example")], NEW),
        ([("add", "new@acme.test"), ("add", "new@acme.test")], NEW),
        # A removal is judged against what is stored, where the new address is not yet.
        ([("add", "new@acme.test"), ("remove", "new@acme.test")], NEW),
        ([("add", "k@acme.test")], {}),
        ([("add", "kim@acme.test")], {}),
        ([("add", "old@acme.test")], {"aliases/1/enabled": True}),
        ([("remove", "K@acme.test")], GONE),
        ([("remove", "k@acme.example")], GONE),
        ([("remove", "old@acme.test")], {}),
        ([("remove", "nobody@acme.test")], {}),
        ([("set", ["kim@acme.test"])], GONE),
        ([("set", [])], GONE),
        ([("set", ["new@acme.test"])], GONE | NEW),
        ([("set", ["k@acme.test", "k@acme.test"])], {}),
    ],
)
def test_changes(context, steps, patch):
    made = change(context, *steps)
    assert pointers(made.patch) == patch
    assert (made.own, made.implied, made.catch_all) == ("kim@acme.test", False, {})


def test_the_own_address_of_a_full_name_stays(context):
    with pytest.raises(Other) as refusal:
        change(context, ("remove", "kim@acme.test"))
    assert refusal.value.body["reason"].startswith('The address "kim@acme.test" is the name of the account')


def test_an_address_removed_and_added_again(context):
    with pytest.raises(ManagementError) as refusal:
        change(context, ("remove", "k@acme.test"), ("add", "K@acme.test"))
    assert refusal.value.body == {"error": "fieldAlreadyExists", "field": "emails", "value": "k@acme.test"}


@pytest.mark.parametrize(
    ("steps", "own", "patch", "implied"),
    [
        ([("remove", "kim@acme.test")], "k@acme.test", GONE | {"name": "k"}, False),
        ([("set", ["k@acme.test", "kim@acme.test"])], "k@acme.test",
         GONE | {"name": "k", "aliases/<new>": {"name": "kim", "domainId": "b"}}, False),
        ([("set", ["x@other.test"])], "x@other.test", GONE | {"name": "x", "domainId": "c"}, False),
        ([("set", [])], "kim@acme.test", GONE, True),
        ([("set", ["@acme.test"])], "kim@acme.test", GONE, True),
    ],
)  # fmt: skip
def test_the_own_address_of_a_bare_name_is_one_like_the_others(context, steps, own, patch, implied):
    made = change(context, *steps, bare=True)
    assert (made.own, pointers(made.patch), made.implied) == (own, patch, implied)


def test_an_implied_address_is_there_and_not_there(context):
    made = change(context, ("remove", "kim@acme.test"), bare=True, implied=True)
    assert (made.own, made.patch, made.implied) == ("kim@acme.test", {}, True)
    made = change(context, ("add", "kim@acme.test"), bare=True, implied=True)
    assert (made.own, made.patch, made.implied) == ("kim@acme.test", {}, False)
    made = change(context, ("add", "new@acme.test"), implied=True)
    assert (made.own, pointers(made.patch), made.implied) == ("kim@acme.test", NEW, True)


def test_catch_all_addresses(context, context_with):
    assert change(context, ("add", "@acme.test")).catch_all == {"b": {"catchAllAddress": "kim@acme.test"}}
    held = context_with(catch_all="kim@acme.test")
    assert change(held, ("add", "@acme.test")).catch_all == {}
    assert change(held, ("remove", "@acme.example")).catch_all == {"b": {"catchAllAddress": None}}
    assert change(held, ("set", [])).catch_all == {"b": {"catchAllAddress": None}}
    # The address that it points to goes, the entry stays.
    made = change(held, ("set", ["k@acme.test", "@acme.test"]), bare=True)
    assert made.catch_all == {"b": {"catchAllAddress": "k@acme.test"}}
    with pytest.raises(ManagementError):
        change(context, ("add", "@busy.test"))


def test_a_name_that_a_client_has_chosen(context):
    emails = Emails.of(KIM, context, bare=True, implied=False)
    made = emails.change("k@acme.test")
    assert pointers(made.patch) == GONE | {"name": "k", "aliases/<new>": {"name": "kim", "domainId": "b"}}
    assert not made.implied
    assert emails.change("kk@acme.test").implied


def test_new_positions_are_none_that_were_read():
    indices = {free_index() for _ in range(200)}
    assert len(indices) == 200
    assert all(LOWEST_INDEX <= int(it) <= HIGHEST_INDEX for it in indices)
