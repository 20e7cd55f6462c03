"""Purges of the stores: nothing is deleted that was not asked for."""

import pytest

from gateway.legacy.principal.context import NOTE
from gateway.legacy.refusals import Forbidden, NotFound, Unsupported
from gateway.legacy.store.stores import CLASSES

DUE = {"@type": "Pending", "due": "2026-03-01T12:00:00Z"}
MADE = [["x:Task/set", {"created": {"t": {"id": "ie0ztkaaauab"}}}]]
STORE_WIDE = ["purgeAccounts", "reindexAll"]


def queues(kind, maintenance, **more):
    """The round that queues a task."""
    return [([["x:Task/set", {"create": {"t": {"@type": kind, "maintenanceType": maintenance, "status": DUE} | more}}]], MADE)]


EXPIRED = queues("StoreMaintenance", "purgeData")


def keys(prefix):
    return {"store": "default", "prefix": prefix}


@pytest.mark.parametrize("operation", ["purgeNamedDataStore", "purgeNamedInMemoryStore", "purgeInMemoryKeys", "purgeInMemoryKeysOfAccount"])
@pytest.mark.parametrize("store", ["", "rocksdb", "Default", "default ", "%64efault"])
async def test_an_unknown_store_is_not_found(run, operation, store):
    with pytest.raises(NotFound):
        await run(operation, path={"store": store, "prefix": "greylist", "account": "kim"})


@pytest.mark.parametrize("prefix", [name for name, it in CLASSES.items() if it.task is None])
async def test_classes_that_cannot_be_deleted_alone_are_refused(run, prefix):
    with pytest.raises(Unsupported):
        await run("purgeInMemoryKeys", path=keys(prefix))


@pytest.mark.parametrize(
    ("prefix", "maintenance"), [("acme", "removeAuthTokens"), ("oauth", "removeAuthTokens"), ("rate-imap", "resetRateLimiters"), ("rate-hash", "resetRateLimiters")]
)
async def test_more_is_deleted_where_the_settings_allow_it(run, prefix, maintenance):
    assert await run("purgeInMemoryKeys", queues("StoreMaintenance", maintenance), path=keys(prefix), settings={"allow_broader_purge": True}) is None


@pytest.mark.parametrize("prefix", ["lock-housekeeper", "reputation-ip", "bayes-account", "trusted-reply"])
async def test_what_has_no_counterpart_stays_refused(run, prefix):
    with pytest.raises(Unsupported):
        await run("purgeInMemoryKeys", path=keys(prefix), settings={"allow_broader_purge": True})


@pytest.mark.parametrize("prefix", ["", "whatever", "GREYLIST", "greylist ", "greylis%74", "rate-auth%20"])
async def test_of_an_unknown_class_only_expired_keys_go(run, prefix):
    assert await run("purgeInMemoryKeys", EXPIRED, path=keys(prefix)) is None


@pytest.mark.parametrize("prefix", [name for name, it in CLASSES.items() if it.gone])
async def test_the_last_old_version_did_not_know_some_classes_any_more(run, prefix):
    assert await run("purgeInMemoryKeys", EXPIRED, path=keys(prefix), settings={"legacy_version": "0.15"}) is None


async def test_an_account_behind_another_class_was_ignored(run):
    assert await run("purgeInMemoryKeysOfAccount", queues("StoreMaintenance", "removeGreylist"), path=keys("greylist") | {"account": "kim"}) is None


@pytest.mark.parametrize("operation", STORE_WIDE)
async def test_a_caller_in_a_tenant_does_not_reach_other_tenants(run, operation):
    class Context:
        tenant_bound = True

    with pytest.raises(Forbidden):
        await run(operation, notes={NOTE: Context()})


async def test_a_refusal_of_the_new_server_is_told(run):
    refused = [["x:Task/set", {"notCreated": {"t": {"type": "forbidden", "description": "Insufficient permissions to create task of type StoreMaintenance"}}}]]
    ((asked, _),) = queues("StoreMaintenance", "purgeBlob")
    with pytest.raises(Forbidden):
        await run("purgeBlobStore", [(asked, refused)])
