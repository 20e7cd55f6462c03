"""Accounts by the name that old clients know, for calls about what they hold (mapping-operations 5.2).

Use: `await find_account(exchange, name)` gives the id or None; `await holder(exchange, name)` refuses an unknown name as the old server did,
and `account_named("account")` is the same as an argument of a row (`tasks.runs_task`).
"""

from collections.abc import Awaitable, Callable

from gateway.jmap.calls import Get, Query, Ref
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import ACCOUNT, Candidate
from gateway.legacy.principal.lookup import look_up
from gateway.legacy.refusals import Forbidden, ItemNotFound
from gateway.legacy.tasks import NothingToDo

MOST = 50

_SEEN = ("id", "name", "emailAddress", "aliases")


def account_named(element: str) -> Callable[[Exchange], Awaitable[str]]:
    """Id of the account that a path element names; errors as `holder`."""

    def find(exchange: Exchange) -> Awaitable[str]:
        return holder(exchange, exchange.path[element])

    return find


async def holder(exchange: Exchange, name: str) -> str:
    """Id of the account or group of that name; ItemNotFound, without the name, when there is none.

    NothingToDo when the name is that of something else, a domain or a list: the old server gave these the data of an account as well.
    """
    found = await find_account(exchange, name)
    if found is not None:
        return found
    if ("@" in name or "." in name) and await _find(exchange, name):
        raise NothingToDo
    raise ItemNotFound


async def find_account(exchange: Exchange, name: str) -> str | None:
    """Id of the account or group of that name: one that a client gave it, its own address, or the local part of that; None when there is none.

    Other when a local part is that of several accounts, none of them in the default domain; Forbidden, or the MethodError, for a missing right.
    """
    local = name.rpartition("@")[0] if "@" in name else name
    if not local:
        return None
    if not await exchange.memory.called({name}):
        found, accounts = await exchange.caller.request(
            Query(ACCOUNT, (), MOST, filter={"name": local}, counted=False), Get(ACCOUNT, Ref(0), _SEEN)
        )
        part = "emailAddress" if "@" in name else "name"
        meant: list[str] = [it["id"] for it in accounts["list"] if it[part] == name]
        if len(found["ids"]) < MOST and len(meant) <= 1:
            return meant[0] if meant else None
    known = await _find(exchange, name)
    return known.id if known and known.kind.object == ACCOUNT else None


async def _find(exchange: Exchange, name: str) -> Candidate | None:
    """What a name means, None when nothing; Forbidden when that may be because the caller may not look."""
    lookup = await look_up(exchange, name)
    found = await lookup.find(name, strict=True)
    if found is None and ACCOUNT in lookup.forbidden:
        raise Forbidden
    return found
