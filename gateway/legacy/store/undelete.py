"""Deleted items: list and restore (mapping-operations 5.7, legacy-rest-api 2.12).

Only mail may be restored: the new server drops anything else from its archive and then cannot restore it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.jmap.calls import Object, Set
from gateway.jmap.errors import MethodError
from gateway.jmap.session import ENTERPRISE
from gateway.knowledge.blobs import HASH_BYTES, digest_of, hash_of
from gateway.knowledge.instants import seconds, unix_of
from gateway.knowledge.permissions import holds
from gateway.legacy.accounts import find_account
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.paging import Window, in_chunks
from gateway.legacy.refusals import BadRequest, EnterpriseOnly, Forbidden, NotFound
from gateway.legacy.store.archive import CHOICE, EMAIL, ON_ITS_WAY, archived, read, unexpired
from gateway.legacy.writing import OBJECTS_PER_SET

SUCCESS = {"type": "success"}
NOT_FOUND = {"type": "notFound"}
UNSUPPORTED = {"type": "error", "reason": "Unsupported collection"}
RESTORED = "email"

COLLECTIONS = frozenset(
    [
        "email", "mailbox", "thread", "identity", "emailSubmission", "sieveScript", "principal", "pushSubscription",
        "calendar", "calendarEvent", "calendarEventNotification", "addressBook", "contactCard", "fileNode",
    ]
)  # fmt: skip
"""Collections that the old server knew; of these it restored `email`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One element of a request to restore; times in unix seconds, `expires` None when it was not given."""

    hash: str
    collection: str
    time: int
    expires: int | None


async def list_undelete(exchange: Exchange) -> Any:
    """Page of the items of an account that can be restored."""
    account = await _account(exchange)
    items = unexpired(await read(exchange, account), exchange.now)
    version = exchange.settings.legacy_version
    window = replace(Window.of(exchange.query), most=0)
    return {"items": [archived(it, version) for it in window.cut(items)], "total": len(items)}


async def undelete(exchange: Exchange) -> Any:
    """Have items restored, all of them or those that are named; what becomes of each, in the order of the request."""
    account = await _account(exchange)
    wanted = await _wanted(exchange)
    items = await read(exchange, account, CHOICE)
    if wanted is None:
        meant: list[tuple[Object | None, str]] = [(it, RESTORED) for it in unexpired(items, exchange.now)]
    else:
        meant = list(zip(choose(items, wanted), (it.collection for it in wanted), strict=True))
    told = await _restore(exchange, [item["id"] for item, collection in meant if item and restorable(item, collection)])
    return [_outcome(item, told) for item, _ in meant]


def choose(items: Sequence[Object], wanted: Iterable[Wanted]) -> list[Object | None]:
    """The item that each element means, None where there is none; no item is meant twice.

    Of several with the same content it is the one whose end of keeping is given, else the one that was deleted then, else the oldest.
    """
    left: dict[str, list[Object]] = {}
    for item in items:
        left.setdefault(hash_of(item["blobId"]), []).append(item)
    chosen: list[Object | None] = []
    for element in wanted:
        candidates = left.get(element.hash, [])
        best = min(
            candidates,
            key=lambda it: (seconds(it["archivedUntil"]) != element.expires, seconds(it["archivedAt"]) != element.time),
            default=None,
        )
        if best is not None:
            candidates.remove(best)
        chosen.append(best)
    return chosen


def elements(body: Any) -> list[Wanted] | None:
    """What a body asks for, None for everything; BadRequest when any element is not what the old server read."""
    if body is None:
        return None
    found = [_element(it) for it in body] if isinstance(body, list) else [None]
    wanted = [it for it in found if it is not None]
    if len(wanted) != len(found):
        raise BadRequest("One or multiple parameters could not be parsed.")
    return wanted


async def _account(exchange: Exchange) -> str:
    """Id of the account of the path, for a caller who may restore; the right, the edition and the account are looked at in this order.

    The edition is the new server's own answer where there is one; only what the gateway says by itself needs a look.
    """
    if not holds("undelete", (await exchange.caller.account()).permissions):
        raise Forbidden
    found = await find_account(exchange, exchange.path["account"])
    if found is None:
        await _insist_on_edition(exchange)
        raise NotFound
    return found


async def _wanted(exchange: Exchange) -> list[Wanted] | None:
    """What the body asks for; on an edition that cannot restore, that is the answer even to a bad one."""
    try:
        if exchange.objection is not None:
            raise exchange.objection
        return elements(exchange.body)
    except BadRequest:
        await _insist_on_edition(exchange)
        raise


async def _insist_on_edition(exchange: Exchange) -> None:
    if (await exchange.caller.account()).edition != ENTERPRISE:
        raise EnterpriseOnly


def _element(given: Any) -> Wanted | None:
    if not isinstance(given, dict):
        return None
    hash_, collection, time, expires = (given.get(name) for name in ("hash", "collection", "restoreTime", "cancelDeletion"))
    if not (isinstance(hash_, str) and isinstance(collection, str) and isinstance(time, str) and isinstance(expires, str | None)):
        return None
    try:
        known = len(digest_of(hash_)) == HASH_BYTES and collection in COLLECTIONS
    except ValueError:
        known = False
    deleted, kept = unix_of(time), None if expires is None else unix_of(expires)
    if not known or deleted is None or (kept is None) != (expires is None):
        return None
    return Wanted(hash_, collection, deleted, kept)


def restorable(item: Object, collection: str) -> bool:
    """Whether an item may be restored: what it is decides, not only what the caller calls it."""
    return bool(item["@type"] == EMAIL) and collection == RESTORED


def _outcome(item: Object | None, told: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    return NOT_FOUND if item is None else told.get(item["id"], UNSUPPORTED)


async def _restore(exchange: Exchange, ids: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """What becomes of each item; nothing is sent for none. What was restored before a call that fails is told all the same."""
    told: dict[str, Mapping[str, str]] = {}
    for some in in_chunks(ids, OBJECTS_PER_SET):
        try:
            (answer,) = await exchange.caller.request(Set("ArchivedItem", update={id_: {"status": ON_ITS_WAY} for id_ in some}))
        except MethodError as error:
            if not told:
                raise
            told |= {id_: {"type": "error", "reason": error.description or error.type} for id_ in some}
        else:
            failed = failures(answer, "updated")
            told |= {id_: _failure(failed[id_]) if id_ in failed else SUCCESS for id_ in some}
    return told


def _failure(error: Object) -> Mapping[str, str]:
    if error["type"] == "notFound":
        return NOT_FOUND
    return {"type": "error", "reason": error.get("description") or error["type"]}
