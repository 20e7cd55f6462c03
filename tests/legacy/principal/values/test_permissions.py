"""Permissions in both directions, and what changes of the two lists come to."""

import json
from pathlib import Path

import pytest

from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.principal.reading import permissions_of
from gateway.legacy.principal.values.permissions import SIDES, Lists, granted
from gateway.legacy.refusals import Other
from gateway.settings import Settings

EXAMPLES = json.loads((Path(__file__).parents[3] / "vectors" / "principal.json").read_text())["permissions"]
ENABLED, DISABLED = SIDES
DEFAULT = Settings()


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_reading(example):
    read = {side: permissions_of(dict.fromkeys(example[side], True)) for side in SIDES}
    assert {side: names for side, names in read.items() if names} == example["legacy"]


def test_rights_of_a_new_principal():
    made = granted(["logs-view", "message-queue-update"], ["email-send", "restart", "logs-view"], DEFAULT, in_tenant=False)
    assert made[ENABLED].keys() == {*NEW_RIGHTS["logs-view"], *NEW_RIGHTS["message-queue-update"]}
    assert made[DISABLED].keys() == {"emailSend"}
    made = granted(["message-queue-update"], [], DEFAULT, in_tenant=True)
    assert made[ENABLED] == {"sysQueuedMessageUpdate": True}


@pytest.mark.parametrize(
    ("names", "settings", "reason"),
    [
        (["zz"], {}, 'Permission "zz" is invalid'),
        (["LOGS-VIEW"], {}, 'Permission "LOGS-VIEW" is invalid'),
        (["spam-filter-classify"], {"legacy_version": "0.15"}, 'Permission "spam-filter-classify" is invalid'),
        (["restart"], {}, 'Permission "restart" does not exist in Stalwart 0.16'),
    ],
)
def test_names_that_are_refused(names, settings, reason):
    with pytest.raises(Other) as refusal:
        granted(names, [], Settings(**settings), in_tenant=False)
    assert refusal.value.body == {"error": "other", "details": "Invalid enabledPermissions value", "reason": reason}
    if "0.16" not in reason:
        with pytest.raises(Other) as refusal:
            granted([], names, Settings(**settings), in_tenant=False)
        assert refusal.value.body["details"] == "Invalid disabledPermissions value"


def test_names_that_pass():
    assert granted(["restart"], [], Settings(gone_permissions="drop"), in_tenant=False) == {ENABLED: {}, DISABLED: {}}
    made = granted(["spam-filter-classify"], [], DEFAULT, in_tenant=False)
    assert made[ENABLED].keys() == set(NEW_RIGHTS["spam-filter-test"])


def holder(enabled=(), disabled=(), *, role=False, kind="Merge"):
    sets = {ENABLED: dict.fromkeys(enabled, True), DISABLED: dict.fromkeys(disabled, True)}
    return sets if role else {"permissions": {"@type": kind} | (sets if kind != "Inherit" else {})}


def change(held, *steps):
    lists = Lists.of(held, DEFAULT, in_tenant=False)
    for action, side, value in steps:
        getattr(lists, action)(side, value)
    return lists.patch(held)


def test_the_first_permission_of_an_account():
    assert change(holder(kind="Inherit"), ("add", ENABLED, "email-send")) == {
        "permissions": {"@type": "Merge", ENABLED: {"emailSend": True}, DISABLED: {}}
    }
    assert change(holder(kind="Inherit"), ("remove", ENABLED, "email-send")) == {}


@pytest.mark.parametrize(
    ("enabled", "disabled", "steps", "patch"),
    [
        ([], [], [("add", ENABLED, "email-send")], {"enabledPermissions/emailSend": True}),
        (["emailSend"], [], [("add", ENABLED, "email-send")], {}),
        (["emailSend"], [], [("remove", ENABLED, "email-send")], {"enabledPermissions/emailSend": None}),
        (["emailSend"], [], [("remove", DISABLED, "email-send")], {}),
        (["emailSend"], [], [("add", DISABLED, "email-send")],
         {"enabledPermissions/emailSend": None, "disabledPermissions/emailSend": True}),
        (["emailSend"], [], [("add", DISABLED, "email-send"), ("add", ENABLED, "email-send")], {}),
        # Rights that no old permission stands for are nobody's business.
        (["emailSend", "liveMetrics2"], [], [("set", ENABLED, [])], {"enabledPermissions/emailSend": None}),
        (["emailSend"], [], [("set", ENABLED, ["email-send"])], {}),
        (["emailSend"], [], [("set", DISABLED, ["email-send", "email-receive"])],
         {"enabledPermissions/emailSend": None, "disabledPermissions/emailSend": True, "disabledPermissions/emailReceive": True}),
        # What a permission shares with one that stays is there with the first `set` as well as with the second.
        (["sysDomainGet", "sysDomainQuery"], [], [("set", ENABLED, ["domain-list"])], {}),
        (["sysDomainGet", "sysDomainQuery"], [], [("set", ENABLED, ["domain-get"])], {"enabledPermissions/sysDomainQuery": None}),
        (["sysDomainGet", "sysDomainQuery"], [], [("remove", ENABLED, "domain-list")], {"enabledPermissions/sysDomainQuery": None}),
        (["authenticate"], [], [("add", DISABLED, "authenticate-oauth"), ("remove", ENABLED, "authenticate")],
         {"enabledPermissions/authenticate": None, "disabledPermissions/authenticate": True}),
    ],
)  # fmt: skip
def test_changes(enabled, disabled, steps, patch):
    assert change(holder(enabled, disabled, role=True), *steps) == patch
    in_account = {f"permissions/{pointer}": value for pointer, value in patch.items()}
    assert change(holder(enabled, disabled), *steps) == in_account
    assert change(holder(enabled, disabled, kind="Replace"), *steps) == in_account


def test_a_removal_that_could_have_no_effect():
    with pytest.raises(Other) as refusal:
        change(holder(["sysDomainGet", "sysDomainQuery"], role=True), ("remove", ENABLED, "domain-get"))
    assert refusal.value.body["reason"] == (
        'Permission "domain-get" cannot be removed while "domain-list" is present: in Stalwart 0.16 they share the same rights'
    )


@pytest.mark.parametrize("step", [("add", ENABLED, "zz"), ("remove", DISABLED, "zz"), ("set", ENABLED, ["email-send", "zz"])])
def test_unknown_names(step):
    with pytest.raises(Other) as refusal:
        change(holder(role=True), step)
    assert refusal.value.body["details"] == f"Invalid {step[1]} value"
