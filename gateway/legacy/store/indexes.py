"""Rebuilding search indexes, in the spellings of v0.11 and v0.15 (mapping-operations 5.2, legacy-rest-api 2.12).

Mail, calendars and contacts of an account have one index on the new server, so each of their names means all three.
"""

from collections.abc import Mapping
from typing import Any

from gateway.legacy.accounts import find_account, holder
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import BadRequest, ItemNotFound
from gateway.legacy.store.scope import insist_on_all
from gateway.legacy.tasks import NothingToDo, start

INDEXES: Mapping[str, str | None] = {
    "email": "reindexAccounts",
    "calendar": "reindexAccounts",
    "contacts": "reindexAccounts",
    "file": None,
    "tracing": "reindexTelemetry",
}
"""What rebuilds an index of all accounts; files had none."""

WHOLE_SERVER = "reindexTelemetry"


async def reindex_target(exchange: Exchange) -> Any:
    """Rebuild an index of all accounts (v0.15), or the indexes of an account (up to v0.14); the names of indexes are the former."""
    target, version = exchange.path["target"], exchange.settings.legacy_version
    if version != "0.11" and target in INDEXES:
        return await _rebuild(exchange, INDEXES[target])
    if version == "0.15":
        raise _no_index()
    account = await find_account(exchange, target)
    if account is None:
        raise ItemNotFound if version == "0.11" else _no_index()
    await _rebuild_account(exchange, account)
    return None


async def reindex_account(exchange: Exchange) -> Any:
    """Rebuild the index of an account; the account is looked for before the name of the index is judged."""
    target = exchange.path["target"]
    try:
        account = await holder(exchange, exchange.path["account"])
    except NothingToDo:
        account = None
    if target not in INDEXES:
        raise _no_index()
    maintenance = INDEXES[target]
    if maintenance == WHOLE_SERVER:
        await _rebuild(exchange, maintenance)
    elif maintenance and account:
        await _rebuild_account(exchange, account)


async def _rebuild(exchange: Exchange, maintenance: str | None) -> None:
    if maintenance:
        insist_on_all(exchange)
        await start(exchange, "StoreMaintenance", maintenanceType=maintenance)


async def _rebuild_account(exchange: Exchange, account: str) -> None:
    await start(exchange, "AccountMaintenance", accountId=account, maintenanceType="reindex")


def _no_index() -> BadRequest:
    return BadRequest("Invalid search index specified")
