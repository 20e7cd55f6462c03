"""GET of one principal (mapping-principals 3.3)."""

from typing import Any

from gateway.jmap.calls import BY_ID, Get, Object, Query, Ref
from gateway.knowledge.value_forms import members
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.around import (
    NAMED,
    OWNED,
    RECIPIENTS,
    Around,
    Known,
    count_of,
    members_of_group,
    surround,
    without_standing,
)
from gateway.legacy.principal.candidates import ACCOUNT, LIST, Candidate
from gateway.legacy.principal.context import allowed, read, sound
from gateway.legacy.principal.facts import API_KEY, KINDS, MAIL_KINDS, PROPERTIES
from gateway.legacy.principal.gather import Sought, gather, rest
from gateway.legacy.principal.keys import elsewhere
from gateway.legacy.principal.keys.objects import only_keys
from gateway.legacy.principal.lookup import Lookup, by_words, look_up
from gateway.legacy.principal.reading import addresses_of
from gateway.legacy.principal.rights import insist, insist_tenants
from gateway.legacy.principal.shapes import shape
from gateway.legacy.refusals import ItemNotFound

HOLDER = ("id", "emailAddress", "roles")


async def get_principal(exchange: Exchange) -> Any:
    """The principal that the path names, with all its members."""
    name = exchange.path["name"]
    if name.startswith(elsewhere.PREFIX):
        key = await elsewhere.named(exchange, name, "get", PROPERTIES[ACCOUNT])
        if key.foreign is not None:
            context, _, _ = await read(exchange)
            kind = KINDS[API_KEY]
            return shape(kind, key.foreign, await surround(exchange, context, [(kind, key.foreign)], Known()))
        name = key.name
    found = await look_up(exchange, name, exact_suffices=True)
    target = await found.target()
    if target.kind.word == "tenant":
        await insist_tenants(exchange)
    if target.kind.word == API_KEY:
        await insist(exchange, API_KEY, "get")
    object_, around = await _read(exchange, found, target)
    if found.cached and (object_ is None or not found.context.knows(object_)):
        await found.refresh()
        target = await found.target()
        object_, around = await _read(exchange, found, target)
    if object_ is None:
        raise ItemNotFound(name)
    result = shape(target.kind, object_, around)
    if target.kind.word in MAIL_KINDS and "@" not in name:
        result["name"] = name
    return result


async def _read(exchange: Exchange, found: Lookup, target: Candidate) -> tuple[Object | None, Around]:
    """The target's object, None when it is gone, and what is around it."""
    object_, context = target.object, found.context
    known = Known()
    match target.kind.word:
        case "individual" | "group" if object_ is not None:
            known = await _around_account(exchange, found, target, object_)
        case "domain" | "tenant":
            object_, counts = await _counted(exchange, target)
            known = Known(counts=counts)
        case "role":
            object_, known = await _role(exchange, found, target)
    around = await surround(exchange, context, [(target.kind, object_)] if object_ else [], known)
    return object_, around


async def _around_account(exchange: Exchange, found: Lookup, target: Candidate, account: Object) -> Known:
    """Groups, members and lists of an account; what the caller may not look at is left out."""
    page = exchange.settings.get_page
    groups = sorted(members(account.get("memberGroupIds") or {}))
    unknown = [address for address in addresses_of(account, found.context) if address != found.name]
    wanted: list[Get | Sought] = [Sought(by_words(LIST, address, page), RECIPIENTS) for address in unknown]
    if groups:
        wanted.append(Get(ACCOUNT, groups, NAMED))
    elif target.kind.word == "group":
        wanted.append(Sought(members_of_group(target.id, page), NAMED))
    gathered, _ = await gather(exchange, wanted)
    lists = [*found.pool.lists.values(), *(it for some in gathered[: len(unknown)] for it in some)]
    others = gathered[len(unknown)] if len(gathered) > len(unknown) else []
    distinct = list({it["id"]: it for it in lists}.values())
    return Known(groups=others, lists=distinct) if groups else Known(lists=distinct, members={(ACCOUNT, target.id): others})


async def _counted(exchange: Exchange, target: Candidate) -> tuple[Object | None, dict[tuple[str, str], int]]:
    """A domain or tenant, and the number of its accounts."""
    type_ = target.kind.object
    own = await exchange.memory.keys.names()
    standing = [Get(ACCOUNT, sorted(own), OWNED)] if own else []
    answer, count, *accounts = await exchange.caller.attempt(
        Get(type_, [target.id], PROPERTIES[type_]), count_of(type_, target.id), *standing
    )
    known = allowed(count) or {"total": 0}
    keys = [it for some in accounts for it in (allowed(some) or {"list": ()})["list"]]
    counts = without_standing({(type_, target.id): known["total"]}, only_keys(keys, own))
    return next(iter(sound(answer)["list"]), None), counts


async def _role(exchange: Exchange, found: Lookup, target: Candidate) -> tuple[Object | None, Known]:
    """A role, and who has it: no filter of the new server finds these accounts, so all are looked at unless there are too many."""
    key = ("Role", target.id)
    accounts = Query(ACCOUNT, (BY_ID,), exchange.settings.get_page)
    role, query, first = await exchange.caller.attempt(
        Get("Role", [target.id], PROPERTIES["Role"]), accounts, Get(ACCOUNT, Ref(1), HOLDER)
    )
    object_ = next(iter(sound(role)["list"]), None)
    total, objects = allowed(query) or {"total": 0}, allowed(first) or {"list": []}
    if total["total"] > exchange.settings.role_scan_limit:
        return object_, Known()
    everybody = objects["list"] + await rest(exchange, Sought(accounts, HOLDER), total["total"])
    holders = [it for it in everybody if target.id in (it["roles"].get("roleIds") or {})]
    roles = [it.name for it in found.context.roles.values() if target.id in it.roles]
    return object_, Known(members={key: holders}, named={key: roles})
