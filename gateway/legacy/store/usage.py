"""What one account uses: its quota and the numbers of its messages (mapping-operations 5.4, 5.5)."""

import logging
from typing import Any

from gateway.jmap.calls import MAIL, Call, Get, Object, Other
from gateway.jmap.errors import MethodError
from gateway.legacy.accounts import holder
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import ItemNotFound
from gateway.legacy.tasks import NothingToDo, creation, finished, queued, start

STANDARD_MAILBOXES = 5

_log = logging.getLogger(__name__)


async def get_quota(exchange: Exchange) -> Any:
    """Bytes that an account uses; 0 for a domain or a list."""
    try:
        account = await holder(exchange, exchange.path["account"])
    except NothingToDo:
        return 0
    (answer,) = await exchange.caller.request(_used(account))
    return _bytes(answer)


async def recalculate_quota(exchange: Exchange) -> Any:
    """The same after it was counted again; the number known so far when that takes longer than the settings allow."""
    try:
        account = await holder(exchange, exchange.path["account"])
    except NothingToDo:
        return 0
    task = await start(exchange, "AccountMaintenance", accountId=account, maintenanceType="recalculateQuota")
    (answer,) = await finished(exchange, task, _used(account))
    return _bytes(answer)


async def reset_uids(exchange: Exchange) -> Any:
    """Numbers of mailboxes and messages that get new UIDs, counted before the work begins, because it reports nothing.

    A domain or a list had the standard mailboxes on the old server, with nothing in them.
    """
    try:
        account = await holder(exchange, exchange.path["account"])
    except NothingToDo:
        return [STANDARD_MAILBOXES, 0]
    task = creation(exchange, "AccountMaintenance", accountId=account, maintenanceType="recalculateImapUid")
    *counts, made = await exchange.caller.attempt(_count("Mailbox", account), _count("Email", account), task)
    if isinstance(made, MethodError):
        raise made
    id_ = queued(made)
    totals = [_total(count) for count in counts]
    await finished(exchange, id_)
    return totals


def _used(account: str) -> Get:
    return Get("Account", [account], ("id", "usedDiskQuota"))


def _bytes(answer: Object) -> int:
    """The number in an answer to `_used`; an account that has gone meanwhile is not found."""
    if not answer["list"]:
        raise ItemNotFound
    return answer["list"][0].get("usedDiskQuota") or 0


def _count(type_: str, account: str) -> Call:
    return Other(f"{type_}/query", MAIL, {"accountId": account, "limit": 1, "calculateTotal": True})


def _total(count: Object | MethodError) -> int:
    """The number of a count, 0 with a line in the log when it is kept from the caller: the work is under way all the same."""
    if isinstance(count, MethodError):
        _log.warning("mailboxes and messages of an account whose UIDs are reset were not counted: %s: %s", count.method, count.type)
        return 0
    total: int = count.get("total") or 0
    return total
