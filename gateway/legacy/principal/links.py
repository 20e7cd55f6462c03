"""What other objects do to a principal that is to be destroyed: the new server refuses to destroy what is in use (mapping-principals 3.6, 3.7).

Use: `links_of(error)` are the objects that a set error names, `release(kind, id, links)` the calls that take them away, where the old server
did so too, and `in_use(...)` the refusal where they stay.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from gateway.jmap.calls import Get, Object, Set
from gateway.knowledge.pointers import path
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.combined import parted
from gateway.legacy.principal.context import Context, allowed
from gateway.legacy.principal.facts import Kind
from gateway.legacy.principal.lookup import Lookup
from gateway.legacy.principal.names import Names
from gateway.legacy.refusals import Other, Refusal

NAMED = 5

_NAMES = {
    "Account": "emailAddress",
    "MailingList": "emailAddress",
    "Domain": "name",
    "Tenant": "name",
    "Role": "description",
    "OAuthClient": "clientId",
}
_REASONS = {
    "domain": ("Domain has members", "Domains must have no members to be deleted: Found: "),
    "tenant": ("Tenant has members", "Tenant must have no members to be deleted: Found: "),
}


class Link(NamedTuple):
    """An object that uses a principal: type and id."""

    type: str
    id: str


def is_linked(error: Object) -> bool:
    """Whether a set error says that others use the object."""
    kind: str = error["type"]
    return kind == "objectIsLinked"


def links_of(error: Object) -> list[Link]:
    """Everything that uses the object; the new server lists it completely."""
    return [Link(it["object"], it["id"]) for it in error.get("linkedObjects", ())]


def release(kind: Kind, id_: str, links: Collection[Link]) -> list[Set] | None:
    """Calls that end the use and then destroy, the destroying one last; None when something uses it that the old server would not have changed."""
    users: dict[str, list[str]] = {}
    for link in links:
        users.setdefault(link.type, []).append(link.id)
    match kind.word:
        case "group" if users.keys() <= {"Account"}:
            return [Set("Account", update=_without(users, "Account", "memberGroupIds", id_), destroy=[id_])]
        case "role" if users.keys() <= {"Account", "Tenant", "Role"}:
            calls = [Set(type_, update=_without(users, type_, "roles", "roleIds", id_)) for type_ in ("Account", "Tenant") if type_ in users]
            return [*calls, Set("Role", update=_without(users, "Role", "roleIds", id_), destroy=[id_])]
        case "domain" if users.keys() <= {"DkimSignature"}:
            return [Set("DkimSignature", destroy=users.get("DkimSignature", ())), Set("Domain", destroy=[id_])]
    return None


async def in_use(found: Lookup, kind: Kind, links: Sequence[Link]) -> Refusal:
    """Refusal to destroy what the path names while it is in use. Users of a domain or tenant are named, in one more round trip."""
    if kind.word == "role":
        return Other("Role is in use", f'Role "{found.name}" is one of the default roles of the server.')
    if kind.word not in _REASONS:
        return Other("Operation failed", "objectIsLinked")
    details, reason = _REASONS[kind.word]
    named = await _names(found.exchange, found.context, links[:NAMED])
    others = f" and {len(links) - NAMED} others" if len(links) > NAMED else ""
    return Other(details, reason + ", ".join(named) + others)


async def _names(exchange: Exchange, context: Context, links: Sequence[Link]) -> list[str]:
    """What the objects are called; type and id of what has no name or may not be looked at."""
    ids: dict[str, list[str]] = {}
    for link in links:
        if link.type in _NAMES:
            ids.setdefault(link.type, []).append(link.id)
    answers = await exchange.caller.attempt(*(Get(type_, some, ("id", _NAMES[type_])) for type_, some in ids.items())) if ids else []
    found: dict[Link, str] = {}
    for type_, answer in zip(ids, answers, strict=True):
        for it in (allowed(answer) or {"list": ()})["list"]:
            found[Link(type_, it["id"])] = parted(it[_NAMES[type_]])[0]
    names = await Names.of(exchange, context, [name for link, name in found.items() if _NAMES[link.type] == "emailAddress"])
    told = {link: names.address(name) if _NAMES[link.type] == "emailAddress" else name for link, name in found.items()}
    return [told.get(link, f"{link.type} {link.id}") for link in links]


def _without(users: Mapping[str, Sequence[str]], type_: str, *property_: str) -> dict[str, Object]:
    return {id_: {path(*property_): None} for id_ in users.get(type_, ())}
