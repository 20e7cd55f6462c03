"""Old rights against the lists that the new server gives."""

import pytest

from gateway.knowledge.permissions import NEW_RIGHTS, held, holds

EVERYTHING = frozenset(right for rights in NEW_RIGHTS.values() for right in rights)
OWN_ACCOUNT = frozenset(
    right
    for right in EVERYTHING
    if right.startswith(("sysAccountPassword", "sysAccountSettings", "sysApiKey", "sysAppPassword"))
)


def test_every_new_right_of_a_row_is_needed():
    assert holds("message-queue-list", {"sysQueuedMessageQuery", "sysQueuedMessageGet"})
    assert not holds("message-queue-list", {"sysQueuedMessageQuery"})
    assert not holds("message-queue-list", set())


def test_changing_the_queue_needs_only_the_right_over_messages():
    assert holds("message-queue-update", {"sysQueuedMessageUpdate"})
    assert not holds("message-queue-update", {"actionPauseMtaQueue", "sysActionCreate"})


def test_a_right_without_counterpart_is_held_by_nobody():
    assert NEW_RIGHTS["delete-system-folders-"] == ()
    assert not holds("delete-system-folders-", EVERYTHING)


def test_restart_is_for_those_who_run_the_server():
    assert holds("restart", {"actionReloadSettings", "sysActionCreate"})
    assert not holds("restart", {"sysAccountGet"})


def test_a_right_per_type_is_held_with_one_type():
    assert holds("*-get", {"sysDomainGet"})
    assert not holds("*-get", {"sysDomainCreate"})


def test_the_recovery_administrator_holds_what_his_list_leaves_out():
    recovery = EVERYTHING - OWN_ACCOUNT
    assert holds("manage-passwords", recovery)
    assert holds("api-key-delete", recovery)


def test_an_administrator_without_a_right_over_his_account_is_not_taken_for_him():
    assert not holds("manage-passwords", EVERYTHING - {"sysAccountPasswordUpdate"})
    assert not holds("manage-passwords", EVERYTHING - OWN_ACCOUNT - {"impersonate"})


def test_unknown_rights_are_a_mistake_of_the_caller():
    with pytest.raises(KeyError):
        holds("no-such-right", EVERYTHING)


def test_rights_over_what_is_gone_are_those_of_whoever_runs_the_accounts():
    assert holds("principal-list", {"sysAccountQuery", "sysAccountGet"})
    assert not holds("principal-list", {"sysAccountGet"})
    assert not holds("principal-delete", {"sysAccountQuery", "sysAccountGet"})


def test_rights_over_own_keys_are_not_those_over_all_keys():
    own = {"sysApiKeyQuery", "sysApiKeyGet"}
    assert not holds("api-key-list", own)
    assert not holds("*-list", own)
    assert holds("api-key-list", own | {"sysAccountQuery", "sysAccountGet"})


def test_rights_that_are_told_are_those_that_are_held_and_had_a_name():
    told = held(EVERYTHING | {"authenticate"})
    assert told == [old for old in NEW_RIGHTS if old in set(told)], "in the order of the old server"
    assert {"message-queue-update", "individual-list", "manage-passwords"} <= set(told)
    assert not {"restart", "principal-list", "delete-system-folders-", "spam-filter-classify"} & set(told)


def test_rights_that_the_new_server_does_not_list():
    assert set(held({"jmapPrincipalCreate"})) == {
        "jmap-principal-get", "jmap-principal-query", "jmap-principal-query-changes", "jmap-principal-changes", "jmap-principal-get-availability",
    }  # fmt: skip
    assert held(set()) == []
