"""Deleted items that are kept for a while, in the old form (mapping-operations 5.7, legacy-rest-api 2.12)."""

from collections.abc import Sequence
from typing import Any

from gateway.jmap.calls import BY_ID, Object, Query
from gateway.jmap.errors import MethodError
from gateway.knowledge.blobs import hash_of
from gateway.knowledge.ids import decode
from gateway.knowledge.instants import seconds
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import CALLS_PER_REQUEST, Found, find, in_chunks, pages
from gateway.legacy.refusals import Forbidden

EMAIL = "Email"
ON_ITS_WAY = "requestRestore"
CHOICE = ("id", "@type", "blobId", "status", "archivedAt", "archivedUntil")

_WORDS = {EMAIL: "email", "FileNode": "fileNode", "CalendarEvent": "calendarEvent", "ContactCard": "contactCard", "SieveScript": "sieveScript"}


async def read(exchange: Exchange, account: str, properties: Sequence[str] | None = None) -> list[Object]:
    """Items of an account that are not being restored already, in the order of their deletion; of kinds for which old clients have a word.

    Forbidden for a caller who may not act for other accounts.
    """
    page = exchange.settings.get_page
    query = Query("ArchivedItem", [BY_ID], page, filter={"accountId": account})
    first = await _first(exchange, query, properties)
    items = {it["id"]: it for it in first.objects}
    later = pages(query, start=page, end=first.total, page=page)
    for some in in_chunks(later, CALLS_PER_REQUEST // 2):
        for found in await find(exchange.caller, some, properties):
            items |= {it["id"]: it for it in found.objects}
    kept = [it for it in items.values() if it.get("status") != ON_ITS_WAY and it["@type"] in _WORDS]
    return sorted(kept, key=lambda it: (seconds(it["archivedAt"]), decode(it["id"])))


async def _first(exchange: Exchange, query: Query, properties: Sequence[str] | None) -> Found:
    """What the query finds; without `impersonate` the new server knows no account to ask for (jmap-management-api 2.4)."""
    try:
        (found,) = await find(exchange.caller, [query], properties)
    except MethodError as error:
        if error.type == "unsupportedFilter":
            raise Forbidden from None
        raise
    return found


def unexpired(items: Sequence[Object], now: int) -> list[Object]:
    """The items that are still kept on purpose; others are only not removed yet."""
    return [it for it in items if seconds(it["archivedUntil"]) > now]


def archived(item: Object, version: str) -> dict[str, Any]:
    """Old form of an item: `collection` up to v0.14, `item` from v0.15 on, both for readers of all versions."""
    shown = {
        "hash": hash_of(item["blobId"]),
        "size": item.get("size") or 0,
        "deletedAt": item["archivedAt"],
        "expiresAt": item["archivedUntil"],
    }
    if version != "0.15":
        shown["collection"] = _WORDS[item["@type"]]
    if version != "0.11":
        shown["item"] = {"type": _WORDS[item["@type"]], **_about(item)}
    return shown


def _about(item: Object) -> dict[str, Any]:
    match item["@type"]:
        case "Email":
            return {"from": item["from"], "subject": item["subject"], "received_at": item["receivedAt"]}
        case "CalendarEvent":
            return {"title": item["title"], "start_time": item.get("startTime") or item["archivedAt"]}
        case _:
            return {"name": item.get("name")}
