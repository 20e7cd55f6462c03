"""What every principal call needs to know of the server: domains, roles, tenants, default roles, default domain (mapping-principals 3.1 CTX).

Use: `context, cached, answers = await read(exchange, *calls)` sends own calls together with those of the context when it is not at hand; an
answer may be a `MethodError`. A refusal that rests on a context with `cached` true must be confirmed: read it again with `fresh=True`.
After a write to one of `CONTEXT_TYPES` call `outdated(exchange, type_, ...)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from gateway.jmap.calls import BY_ID, Call, Get, Object, Query
from gateway.jmap.errors import MethodError
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import CALLS_PER_REQUEST, find, in_chunks, pages
from gateway.legacy.principal.combined import parted
from gateway.legacy.principal.words import words

CONTEXT_TYPES = ("Domain", "Role", "Tenant", "Authentication", "SystemSettings")
NOTE = "principals"

Answer = Object | MethodError

_PROPERTIES = {
    "Domain": ("id", "name", "aliases", "memberTenantId", "catchAllAddress"),
    "Role": ("id", "description", "roleIds", "memberTenantId"),
    "Tenant": ("id", "name"),
    "Authentication": ("id", "defaultUserRoleIds", "defaultGroupRoleIds", "defaultTenantRoleIds", "defaultAdminRoleIds"),
    "SystemSettings": ("id", "defaultDomainId"),
}
_LISTED = ("Domain", "Role", "Tenant")
_SINGLETON = ("singleton",)
_KEPT = ("forbidden", "invalidResultReference")
_DEFAULTS = {"user": "defaultUserRoleIds", "group": "defaultGroupRoleIds", "tenant-admin": "defaultTenantRoleIds", "admin": "defaultAdminRoleIds"}

OWN_TENANT = ""
"""Stands for the tenant of a caller who may not know its id (mapping-principals 1.9)."""


def tenant_of(object_: Mapping[str, Any]) -> str | None:
    """Tenant of an object that was read with `memberTenantId`: its id, `OWN_TENANT` where it is kept from the caller, None for none."""
    tenant: str | None = object_.get("memberTenantId", OWN_TENANT)
    return tenant


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain; `names` are its name and its aliases in all spellings, `tenant` as `tenant_of` gives it."""

    id: str
    name: str
    names: frozenset[str]
    tenant: str | None
    catch_all: str | None


@dataclass(frozen=True, slots=True)
class Role:
    """A role; `roles` are the ids of the roles in it."""

    id: str
    name: str
    description: str | None
    roles: frozenset[str]
    tenant: str | None


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant."""

    id: str
    name: str
    description: str | None


@dataclass(frozen=True)
class Context:
    """What the caller may see of it. The mappings are by id; `forbidden` holds the types that are kept from the caller.

    `defaults` are the ids of the roles behind `user`, `group`, `tenant-admin` and `admin`, None when unknown.
    """

    domains: Mapping[str, Domain]
    roles: Mapping[str, Role]
    tenants: Mapping[str, Tenant]
    defaults: Mapping[str, frozenset[str]] | None
    default_domain: str | None
    forbidden: frozenset[str]

    @cached_property
    def domain_names(self) -> Mapping[str, Domain]:
        """Domains by name and by alias; a name goes before an equal alias."""
        aliases = {alias: domain for domain in self.domains.values() for alias in domain.names}
        return aliases | {domain.name: domain for domain in self.domains.values()}

    @cached_property
    def domain_words(self) -> frozenset[str]:
        """Words of all names of domains."""
        return frozenset(word for name in self.domain_names for word in words(name))

    @cached_property
    def role_names(self) -> Mapping[str, Sequence[Role]]:
        """Roles by name; names are not unique on the new server."""
        named: dict[str, list[Role]] = {}
        for role in self.roles.values():
            named.setdefault(role.name, []).append(role)
        return named

    @cached_property
    def tenant_names(self) -> Mapping[str, Sequence[Tenant]]:
        """Tenants by name; names are not unique on the new server."""
        named: dict[str, list[Tenant]] = {}
        for tenant in self.tenants.values():
            named.setdefault(tenant.name, []).append(tenant)
        return named

    @cached_property
    def tenant_bound(self) -> bool:
        """Whether the caller belongs to a tenant (mapping-principals 1.9)."""
        return any(domain.tenant == OWN_TENANT for domain in self.domains.values())

    @cached_property
    def sees_everything(self) -> bool:
        """Whether what the caller does not find does not exist: he sees domains, and is in no tenant."""
        return bool(self.domains) and not self.tenant_bound

    def knows(self, object_: Mapping[str, Any]) -> bool:
        """Whether the domains and roles that an object names are here; else it was changed after this was read, or they are kept from the caller."""
        domains = [object_.get("domainId"), *(alias["domainId"] for alias in (object_.get("aliases") or {}).values())]
        roles = [*(object_.get("roleIds") or ()), *((object_.get("roles") or {}).get("roleIds") or ())]
        return all(id_ is None or id_ in self.domains for id_ in domains) and (
            self.tenant_bound or "Role" in self.forbidden or all(id_ in self.roles for id_ in roles)
        )

    @cached_property
    def catch_all(self) -> Mapping[str, Sequence[str]]:
        """Names of the domains, sorted, by the address that gets what nobody else does."""
        found: dict[str, list[str]] = {}
        for domain in sorted(self.domains.values(), key=lambda it: it.name):
            if domain.catch_all:
                found.setdefault(domain.catch_all.lower(), []).append(domain.name)
        return found


class Read(NamedTuple):
    """A context, whether it is one of a moment ago, and the answers to the calls that were sent beside."""

    context: Context
    cached: bool
    answers: list[Answer]


async def read(exchange: Exchange, *calls: Call, fresh: bool = False) -> Read:
    """The context, and the answer or method error of each call, in as few round trips as the limits allow.

    A context that is remembered is used unless `fresh`. MethodError other than `forbidden` for its own calls.
    """
    caller = exchange.caller
    known: Context | None = None if fresh else caller.recall(NOTE)
    if known is not None:
        return Read(known, cached=True, answers=await caller.attempt(*calls) if calls else [])
    edition = caller.edition(NOTE)
    answers = await caller.attempt(*calls, *context_calls())
    found: dict[str, list[Object] | None] = {}
    for type_, answer in zip(CONTEXT_TYPES, answers[len(calls) :], strict=True):
        own = allowed(answer)
        found[type_] = own["list"] if own else None
    listed = {type_: await _all(exchange, type_, found[type_]) for type_ in _LISTED}
    context = _context(listed, found)
    caller.keep(NOTE, context, edition)
    return Read(context, cached=False, answers=answers[: len(calls)])


def sound(answer: Answer) -> Object:
    """An answer that the operation cannot do without: an error is raised."""
    if isinstance(answer, MethodError):
        raise answer
    return answer


def allowed(answer: Answer) -> Object | None:
    """An answer that the operation can do without: None when it is kept from the caller, or rests on one that is; other errors are raised."""
    if isinstance(answer, MethodError):
        if answer.type not in _KEPT:
            raise answer
        return None
    return answer


def outdated(exchange: Exchange, *types: str) -> None:
    """Forget the context of all callers after a write to objects of these types, if it shows any of them."""
    if any(type_ in CONTEXT_TYPES for type_ in types):
        exchange.caller.drop(NOTE)


def context_calls() -> list[Call]:
    """The calls whose answers make a context, in the order of `CONTEXT_TYPES`."""
    return [Get(type_, None if type_ in _LISTED else _SINGLETON, _PROPERTIES[type_]) for type_ in CONTEXT_TYPES]


async def _all(exchange: Exchange, type_: str, first: list[Object] | None) -> list[Object]:
    """All objects of a type: a get without ids gives the lowest ids only, as many as one page holds (jmap-management-api 2.3)."""
    page = exchange.settings.get_page
    if not first or len(first) < page:
        return first or []
    found = {it["id"]: it for it in first}
    query = Query(type_, [BY_ID], page)
    (last,) = await find(exchange.caller, [Query(type_, [BY_ID], page, page)], _PROPERTIES[type_])
    found |= {it["id"]: it for it in last.objects}
    later = pages(query, start=2 * page, end=last.total, page=page)
    for some in in_chunks(later, CALLS_PER_REQUEST // 2):
        for more in await find(exchange.caller, some, _PROPERTIES[type_]):
            found |= {it["id"]: it for it in more.objects}
    return list(found.values())


def _context(listed: Mapping[str, list[Object]], found: Mapping[str, list[Object] | None]) -> Context:
    defaults = next(iter(found["Authentication"] or ()), None)
    system = next(iter(found["SystemSettings"] or ()), {})
    return Context(
        domains={it["id"]: _domain(it) for it in listed["Domain"]},
        roles={it["id"]: _role(it) for it in listed["Role"]},
        tenants={it["id"]: _tenant(it) for it in listed["Tenant"]},
        defaults=None if defaults is None else {name: frozenset(defaults.get(held) or ()) for name, held in _DEFAULTS.items()},
        default_domain=system.get("defaultDomainId"),
        forbidden=frozenset(type_ for type_, objects in found.items() if objects is None),
    )


def _domain(object_: Object) -> Domain:
    name = object_["name"]
    names = [name, *(object_.get("aliases") or ())]
    return Domain(object_["id"], name, frozenset({*names, *map(_in_letters, names)}), tenant_of(object_), object_.get("catchAllAddress"))


def _in_letters(name: str) -> str:
    """A domain as its client may have written it, with letters beyond ASCII: the new server keeps it in the form of the DNS."""
    try:
        return name.encode().decode("idna") if "xn--" in name else name
    except UnicodeError:
        return name


def _role(object_: Object) -> Role:
    name, description = parted(object_["description"])
    return Role(object_["id"], name, description, frozenset(object_.get("roleIds") or ()), tenant_of(object_))


def _tenant(object_: Object) -> Tenant:
    return Tenant(object_["id"], *parted(object_["name"]))
