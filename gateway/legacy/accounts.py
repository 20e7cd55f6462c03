"""Accounts by the name that old clients know, for calls about what they hold (mapping-operations 5.2).

Use: `await find_account(exchange, name)` gives the id or None; `account_named("account")` is the same as an argument of a row
(`tasks.runs_task`), which refuses an unknown name as the old server did.
"""

from collections.abc import Awaitable, Callable

from gateway.jmap.calls import Get, Query, Ref
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.lookup import look_up
from gateway.legacy.refusals import ItemNotFound

MOST = 50
KINDS = frozenset({"individual", "group"})

_SEEN = ("id", "name", "emailAddress", "aliases")


def account_named(element: str) -> Callable[[Exchange], Awaitable[str]]:
    """Id of the account that a path element names; ItemNotFound, without the name, when there is none."""

    async def find(exchange: Exchange) -> str:
        found = await find_account(exchange, exchange.path[element])
        if found is None:
            raise ItemNotFound
        return found

    return find


async def find_account(exchange: Exchange, name: str) -> str | None:
    """Id of the account or group of that name: one that a client gave it, its own address, or the local part of that; None when there is none.

    Other when a local part is that of several accounts, none of them in the default domain. MethodError for a missing right.
    """
    local = name.rpartition("@")[0] if "@" in name else name
    if not local:
        return None
    if not await exchange.memory.called({name}):
        found, accounts = await exchange.caller.request(
            Query("Account", (), MOST, filter={"name": local}, counted=False), Get("Account", Ref(0), _SEEN)
        )
        part = "emailAddress" if "@" in name else "name"
        meant: list[str] = [it["id"] for it in accounts["list"] if it[part] == name]
        if len(found["ids"]) < MOST and len(meant) <= 1:
            return meant[0] if meant else None
    known = await (await look_up(exchange, name)).find(name, KINDS, strict=True)
    return known.id if known else None
