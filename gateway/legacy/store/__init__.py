"""Care of the stores: blobs, purges, indexes, deleted items, quotas (legacy-rest-api 2.12, mapping-operations 5)."""

from dataclasses import replace

from gateway.legacy.accounts import account_named
from gateway.legacy.store.contents import get_blob
from gateway.legacy.store.indexes import reindex_account, reindex_target
from gateway.legacy.store.scope import of_all_accounts
from gateway.legacy.store.stores import of_known_store, purges_keys
from gateway.legacy.store.undelete import list_undelete, undelete
from gateway.legacy.store.usage import get_quota, recalculate_quota, reset_uids
from gateway.legacy.table import route
from gateway.legacy.tasks import runs_task
from gateway.legacy.vocabulary import does

_STORE = "x:Task/set StoreMaintenance"
_ACCOUNT = "x:Task/set AccountMaintenance"

ROUTES = (
    route("getBlob", does(get_blob, "/jmap/download")),
    route("purgeBlobStore", runs_task("StoreMaintenance", maintenanceType="purgeBlob")),
    route("purgeDataStore", runs_task("StoreMaintenance", maintenanceType="purgeData")),
    route("purgeNamedDataStore", of_known_store(runs_task("StoreMaintenance", maintenanceType="purgeData"))),
    route("purgeInMemoryStore", runs_task("StoreMaintenance", maintenanceType="purgeData")),
    route("purgeNamedInMemoryStore", of_known_store(runs_task("StoreMaintenance", maintenanceType="purgeData"))),
    route("purgeInMemoryKeys", of_known_store(purges_keys())),
    route("purgeInMemoryKeysOfAccount", of_known_store(purges_keys())),
    route("purgeAccounts", of_all_accounts(runs_task("StoreMaintenance", maintenanceType="purgeAccounts"))),
    route("purgeAccount", runs_task("AccountMaintenance", accountId=account_named("account"), maintenanceType="purge")),
    route("reindexAll", of_all_accounts(runs_task("StoreMaintenance", maintenanceType="reindexAccounts"))),
    route("reindexTarget", replace(does(reindex_target, _STORE, _ACCOUNT), changes=True)),
    route("reindexAccount", replace(does(reindex_account, _ACCOUNT, _STORE), changes=True)),
    route("listUndelete", replace(does(list_undelete, "x:ArchivedItem/query", "x:ArchivedItem/get"), order="row")),
    route("undelete", replace(does(undelete, "x:ArchivedItem/query", "x:ArchivedItem/get", "x:ArchivedItem/set"), order="row")),
    route("resetUids", does(reset_uids, "Mailbox/query", "Email/query", _ACCOUNT, "x:Task/get")),
    route("getQuota", does(get_quota, "x:Account/get")),
    route("recalculateQuota", does(recalculate_quota, _ACCOUNT, "x:Task/get", "x:Account/get")),
)
