"""New principals as they are sent to the new server (mapping-principals 2, 3.4).

Use: `draft(given, basis)` judges what is left of a create once its references are known, and gives the `Draft`: the object, what follows when it has
an id, and what is to be remembered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.jmap.calls import Object
from gateway.knowledge.pointers import path
from gateway.legacy.principal.combined import SEPARATOR, joined
from gateway.legacy.principal.context import OWN_TENANT, Context
from gateway.legacy.principal.facts import Kind
from gateway.legacy.principal.keys.objects import NO_MAIL, is_denied_mail
from gateway.legacy.principal.keys.values import Held, slug, wanted
from gateway.legacy.principal.references import References, refuse_nesting
from gateway.legacy.principal.values import domains
from gateway.legacy.principal.values.addresses import aliases, checked, kept, own_address, parted
from gateway.legacy.principal.values.credentials import Created, created
from gateway.legacy.principal.values.externals import external
from gateway.legacy.principal.values.inputs import Input, not_available
from gateway.legacy.principal.values.locales import locale
from gateway.legacy.principal.values.permissions import Side, granted
from gateway.legacy.principal.values.quotas import limits
from gateway.legacy.principal.values.roles import account_roles, ids_of, tenant_roles
from gateway.legacy.refusals import Other, Refusal, Unsupported
from gateway.settings import Settings

LARGEST = 100_000

_COUNTED = frozenset({"domain", "tenant"})
"""Kinds whose members are a number that nobody writes."""

_NO_CREDENTIALS = Created({}, None, {})


class AddressRefused(Exception):
    """A refusal of one address; those before it, `earlier`, have not been compared with what the new server has."""

    def __init__(self, refusal: Refusal, earlier: Sequence[str]) -> None:
        super().__init__()
        self.refusal = refusal
        self.earlier = earlier


@dataclass(frozen=True, slots=True)
class Basis:
    """What a draft is judged against. `tenant` is that of the new object, as `context.tenant_of` gives it."""

    kind: Kind
    context: Context
    references: References
    tenant: str | None
    settings: Settings


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """A new object.

    `own` is its own address, "" for what has none, `others` are its other addresses; `implied`: no client listed the own one. `catch_all` holds
    ids of domains whose rest it gets; `secrets` are those of an API key.
    """

    value: Object
    own: str = ""
    others: Sequence[str] = ()
    implied: bool = False
    catch_all: Sequence[str] = ()
    credentials: Created = field(default=_NO_CREDENTIALS)
    secrets: Sequence[Held] = ()


def draft(given: Input, basis: Basis) -> Draft:
    """The new object; Refusal for a value, in the old server's order, AddressRefused for an address."""
    sides = granted(
        given.items("enabledPermissions"),
        given.items("disabledPermissions"),
        basis.settings,
        in_tenant=basis.tenant is not None and basis.kind.word != "tenant",
    )
    _insist_fitting(given, basis)
    made = _MAKERS[basis.kind.word](given, basis, sides)
    size = sum(len(text.encode()) for text in (given.name, *given.texts.values(), *(it for some in given.lists.values() for it in some)))
    if size > LARGEST:
        raise Other("Invalid parameter", "Principal object size exceeds 100kb safety limit.")
    return made


def strays(given: Input, kind: Kind) -> list[str]:
    """Members with a value that a new principal of the kind cannot have."""
    return [*given.stray(kind), *(("members",) if kind.word in _COUNTED and given.items("members") else ())]


def followers(made: Draft, basis: Basis, id_: str) -> dict[str, dict[str, Object]]:
    """Patches of other objects, by type and id, once the new object has its own id: they name it."""
    references = basis.references
    updates: dict[str, dict[str, Object]] = {}
    match basis.kind.word:
        case "group":
            updates["Account"] = {it.id: {path("memberGroupIds", id_): True} for it in references.members}
        case "role":
            updates["Role"] = {it.id: {path("roleIds", id_): True} for it in references.members}
    joined_lists = (it for it in references.lists if made.own not in (it.object or {}).get("recipients", {}))
    updates["MailingList"] = {it.id: {path("recipients", made.own): True} for it in joined_lists}
    updates["Domain"] = {domain: {"catchAllAddress": made.own} for domain in made.catch_all}
    return {type_: patches for type_, patches in updates.items() if patches}


def _insist_fitting(given: Input, basis: Basis) -> None:
    """Refuse members that the kind does not have; addresses among them only when the old server would have taken them."""
    for field_ in strays(given, basis.kind):
        if field_ == "memberOf" and basis.kind.word == "group":
            refuse_nesting()
        if field_ == "emails":
            for address in filter(None, given.items("emails")):
                checked(address.lower(), basis.context)
        raise not_available(field_, basis.kind.word)


Sides = Mapping[Side, Mapping[str, bool]]


def _account(given: Input, basis: Basis, sides: Sides) -> Draft:
    kind, context = basis.kind, basis.context
    made = _mail(given, basis)
    value = made.value
    quotas = _disk(given.quota)
    value |= {"quotas": quotas} if quotas else {}
    value |= {"locale": locale(given.text("locale"))} if given.text("locale") else {}
    value |= {"@type": kind.variant, "permissions": _permissions(sides)}
    if kind.word == "group":
        value["roles"] = {"@type": "Default"}
        return made
    value["roles"] = account_roles(basis.references.roles, context, in_tenant=basis.tenant is not None)
    value |= {"memberGroupIds": {it.id: True for it in basis.references.groups}} if basis.references.groups else {}
    credentials = created(given.items("secrets"), basis.settings)
    value |= {"credentials": credentials.value} if credentials.value else {}
    return Draft(value, made.own, made.others, made.implied, made.catch_all, credentials)


def _key(given: Input, basis: Basis, sides: Sides) -> Draft:
    """The account that stands for an API key: it has an address because it needs one."""
    local, domain = parted(given.name)
    name = given.name if domain in basis.context.domain_names and kept(local) else slug(given.name)
    local, home = own_address(name, [], basis.context, tenant=basis.tenant)
    value: Object = {"@type": "User", "name": kept(local), "domainId": home.id} | _texts(given, basis, "description")
    value["roles"] = account_roles(basis.references.roles, basis.context, in_tenant=basis.tenant is not None)
    if is_denied_mail(value["roles"], sides["enabledPermissions"]):
        sides = {**sides, "disabledPermissions": {**sides["disabledPermissions"], NO_MAIL: True}}
    value["permissions"] = _permissions(sides)
    return Draft(value, f"{kept(local)}@{home.name}", secrets=wanted(given.items("secrets"), basis.settings))


def _list(given: Input, basis: Basis, _sides: Sides) -> Draft:
    made = _mail(given, basis)
    recipients = [*(it.name for it in basis.references.members), *map(external, given.items("externalMembers"))]
    made.value["recipients"] = dict.fromkeys(recipients, True)
    return made


def _domain(given: Input, basis: Basis, _sides: Sides) -> Draft:
    domains.insist(given.name)
    value: Object = {"name": given.name} | _texts(given, basis, "description", picture="logo")
    return Draft(value if basis.settings.domain_dkim == "server" else value | {"dkimManagement": {"@type": "Manual"}})


def _tenant(given: Input, basis: Basis, sides: Sides) -> Draft:
    quotas = limits(given.quota)
    return Draft(
        {
            "name": _combined(given),
            "roles": tenant_roles(basis.references.roles, basis.context),
            "permissions": _permissions(sides),
        }
        | ({"quotas": quotas} if quotas else {})
        | ({"logo": given.text("picture")} if given.text("picture") else {})
    )


def _role(given: Input, basis: Basis, sides: Sides) -> Draft:
    roles = ids_of(basis.references.roles, basis.context)
    value: Object = {"description": _combined(given)} | _texts(given, basis)
    value |= {"roleIds": dict.fromkeys(sorted(roles), True)} if roles else {}
    return Draft(value | {side: rights for side, rights in sides.items() if rights})


def _client(given: Input, basis: Basis, _sides: Sides) -> Draft:
    value: Object = {"clientId": given.name} | _texts(given, basis, "description", picture="logo")
    urls = dict.fromkeys(filter(None, given.items("urls")), True)
    return Draft(value | ({"redirectUris": urls} if urls else {}))


_MAKERS: Mapping[str, Callable[[Input, Basis, Sides], Draft]] = {
    "individual": _account,
    "group": _account,
    "list": _list,
    "domain": _domain,
    "tenant": _tenant,
    "role": _role,
    "oauthClient": _client,
    "apiKey": _key,
}


def _mail(given: Input, basis: Basis) -> Draft:
    """What accounts, groups and lists have in common: their addresses, description and tenant."""
    context = basis.context
    emails = [address.lower() for address in given.items("emails") if address]
    local, domain = own_address(given.name, emails, context, tenant=basis.tenant)
    local = kept(local)
    own = f"{local}@{domain.name}"
    addresses: list[str] = []
    for address in emails:
        try:
            addresses.append(checked(address, context))
        except Refusal as refusal:
            raise AddressRefused(refusal, [it for it in addresses if it != own]) from None
    value: Object = {"name": local, "domainId": domain.id} | _texts(given, basis, "description")
    others = aliases(addresses, own, context)
    value |= {"aliases": others} if others else {}
    caught = [domain.id for it in dict.fromkeys(addresses) if not parted(it)[0] for domain in (context.domain_names[parted(it)[1]],)]
    return Draft(value, own, [it for it in addresses if parted(it)[0] and it != own], own not in addresses, caught)


def _texts(given: Input, basis: Basis, *names: str, **renamed: str) -> Object:
    """Single texts under their own or another name, and the tenant; what is absent is left out."""
    tenant = basis.tenant if basis.tenant != OWN_TENANT else None
    value = {new: given.text(old) for old, new in (*zip(names, names, strict=True), *renamed.items())} | {"memberTenantId": tenant}
    return {name: text for name, text in value.items() if text}


def _combined(given: Input) -> str:
    if SEPARATOR in given.name:
        raise Other("Invalid principal name", f'The name must not contain "{SEPARATOR}"')
    return joined(given.name, given.text("description"))


def _permissions(sides: Sides) -> Object:
    return {"@type": "Merge"} | dict(sides) if any(sides.values()) else {"@type": "Inherit"}


def _disk(quota: int | Sequence[int]) -> Object:
    """Quota of an account: only the first of several numbers has a place."""
    numbers = [quota] if isinstance(quota, int) else quota
    for position, number in enumerate(numbers):
        if number and position:
            raise Unsupported(f"Quota position {position} is not available in Stalwart 0.16")
    return limits(numbers[0]) if numbers else {}
