"""Addresses of accounts, groups and lists on their way to the new server (mapping-principals 1.6, 2.10, decision 22).

An own address (`name` and `domainId`) always exists; the others are `aliases`; `@domain` is the `catchAllAddress` of a domain.

Use: for a create `own_address(...)`, then `checked(...)` and `aliases(...)`; for a PATCH `Emails.of(...)`, then `set`, `add` and `remove` in the order
of the request, then `emails.change(...)`.
"""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.jmap.calls import Object
from gateway.legacy.principal.context import Context, Domain
from gateway.legacy.principal.reading import aliases_of, emails_of
from gateway.legacy.refusals import ItemNotFound, ManagementError, Other

LOWEST_INDEX = 2**20
HIGHEST_INDEX = 2**32 - 1


def free_index(taken: Collection[str] = ()) -> str:
    """Position for a new entry of a list: never one that was read, so that two writers cannot mean the same."""
    while (index := str(random.randint(LOWEST_INDEX, HIGHEST_INDEX))) in taken:  # noqa: S311 - nothing secret
        pass
    return index


def taken(field_: str, value: str) -> ManagementError:
    """Refusal of a name or address that something else has."""
    return ManagementError("fieldAlreadyExists", field=field_, value=value)


def parted(address: str) -> tuple[str, str]:
    """Local part and domain; the last `@` counts."""
    local, _, domain = address.rpartition("@")
    return local, domain


def kept(local: str) -> str:
    """A local part as the new server keeps it: without blanks, inner ones included."""
    return "".join(local.split())


def domain_of(address: str, context: Context) -> Domain:
    """The domain of an address; ItemNotFound with its name when there is none."""
    name = parted(address)[1]
    domain = context.domain_names.get(name)
    if domain is None:
        raise ItemNotFound(name)
    return domain


def own_address(name: str, emails: Sequence[str], context: Context, *, tenant: str | None) -> tuple[str, Domain]:
    """Local part and domain of the own address that a new account, group or list gets.

    `tenant` is that of the new object, as `context.tenant_of` gives it. Other when a bare name finds no domain, ItemNotFound for an unknown one.
    """
    if "@" in name:
        return parted(name)[0], domain_of(name, context)
    full = [it for it in emails if parted(it)[0]]
    for address in (*(it for it in full if parted(it)[0] == name), *full):
        return name, domain_of(address, context)
    if tenant is not None:
        domains = sorted((it for it in context.domains.values() if it.tenant == tenant), key=lambda it: it.name)
        if domains:
            return name, domains[0]
    default = context.domains.get(context.default_domain or "")
    if default is None:
        raise Other("Invalid principal name", "Principal name must include a domain")
    return name, default


def checked(address: str, context: Context) -> str:
    """An address in lower case with the proper name of its domain; Other without `@`, ItemNotFound, or the refusal of a taken catch-all address."""
    if "@" not in address:
        raise Other("Invalid email", "Email address is invalid")
    domain = domain_of(address, context)
    local = kept(parted(address)[0])
    if not local and domain.catch_all:
        raise taken("emails", address)
    return f"{local}@{domain.name}"


def canonical(address: str, context: Context) -> str:
    """An address in lower case, with the name of its domain where an alias of the domain was written; unknown domains stay as they are."""
    local, domain = parted(address.lower())
    found = context.domain_names.get(domain)
    return f"{kept(local)}@{found.name}" if found else address.lower()


def alias(address: str, context: Context) -> Object:
    """The alias for an address that `checked` gave."""
    local, _ = parted(address)
    return {"name": local, "domainId": domain_of(address, context).id}


def aliases(addresses: Iterable[str], own: str, context: Context) -> Object:
    """Value of `aliases` in a create: all addresses but the own one and catch-all addresses."""
    others = [it for it in dict.fromkeys(addresses) if it != own and parted(it)[0]]
    return {str(index): alias(address, context) for index, address in enumerate(others)}


@dataclass(frozen=True, slots=True)
class Change:
    """What a changed list of addresses comes to.

    `patch` are pointers of the account or list; `own` is its own address afterwards, and `implied` whether clients see it; `catch_all` holds
    patches of domains by id.
    """

    patch: Object
    own: str
    implied: bool
    catch_all: Mapping[str, Object]


@dataclass(slots=True)
class Emails:
    """The addresses of an account, group or list while a PATCH changes them; additions and removals are judged against what is stored.

    `bare`: clients know the principal by a name without domain, so its own address is one like the others.
    """

    object: Object
    context: Context
    bare: bool
    implied: bool
    stored: list[str]
    wanted: list[str]
    first_counts: bool = False

    @classmethod
    def of(cls, object_: Object, context: Context, *, bare: bool, implied: bool) -> "Emails":
        """The addresses as clients read them."""
        stored = emails_of(object_, context, implied=implied)
        return cls(object_, context, bare, implied, stored, list(stored))

    @property
    def own(self) -> str:
        """The own address before the change."""
        address: str = self.object["emailAddress"]
        return address

    def add(self, address: str) -> None:
        """Add an address; of one that is there already, or was removed a moment ago, the old server's word."""
        same = canonical(address, self.context)
        if same not in self.wanted:
            self.wanted.append(self._new(address.lower(), same))

    def remove(self, address: str) -> None:
        """Remove an address that is stored; Other for the own one of an account that is known by it."""
        same = canonical(address, self.context)
        if same == self.own and not self.bare and not self.implied:
            raise Other(
                "Invalid parameter",
                f'The address "{same}" is the name of the account and cannot be removed; rename the account instead',
            )
        if same in self.stored and same in self.wanted:
            self.wanted.remove(same)

    def set(self, addresses: Iterable[str]) -> None:
        """Exchange all addresses; the first is the own one of an account with a bare name, another account keeps its own."""
        wanted = []
        for address in addresses:
            same = canonical(address, self.context)
            wanted.append(same if same in self.stored else self._new(address.lower(), same))
        self.wanted = list(dict.fromkeys(wanted))
        if not self.bare and not self.implied and self.own not in self.wanted:
            self.wanted.insert(0, self.own)
        self.first_counts = True

    def change(self, renamed: str | None = None) -> Change:
        """Pointers and the own address that the list comes to; `renamed` is the own address that a client has chosen."""
        own = renamed or self._own()
        entries = [(index, address, enabled) for enabled in (True, False) for index, address in aliases_of(self.object, self.context, enabled=enabled)]
        others = [it for it in self.wanted if parted(it)[0] and it != own]
        patch: Object = {}
        for index, address, enabled in entries:
            gone = enabled and (address != self.own or own != self.own) and address not in others
            if gone or (address == own != self.own):
                patch[f"aliases/{index}"] = None
        have = {address for _, address, enabled in entries if enabled}
        asleep = {address: index for index, address, enabled in entries if not enabled and address != own}
        for address in others:
            if address in have:
                continue
            if address in asleep:
                patch[f"aliases/{asleep[address]}/enabled"] = True
            else:
                patch[f"aliases/{free_index(patch)}"] = alias(address, self.context)
        patch |= moved(self.own, own, self.context)
        return Change(patch, own, own not in self.wanted, self._catch_all(own))

    def _own(self) -> str:
        if not self.bare or (not self.first_counts and (self.implied or self.own in self.wanted)):
            return self.own
        return next((it for it in self.wanted if parted(it)[0]), self.own)

    def _new(self, address: str, same: str) -> str:
        if "@" in address and same in self.stored:
            raise taken("emails", address)
        return checked(address, self.context)

    def _catch_all(self, own: str) -> dict[str, Object]:
        patches: dict[str, Object] = {}
        for address in {*self.stored, *self.wanted}:
            local, _ = parted(address)
            if local:
                continue
            domain = domain_of(address, self.context)
            if address not in self.wanted:
                patches[domain.id] = {"catchAllAddress": None}
            elif address not in self.stored or (domain.catch_all or "").lower() not in {own, *self.wanted}:
                patches[domain.id] = {"catchAllAddress": own}
        return patches


def moved(before: str, after: str, context: Context) -> Object:
    """Pointers from one own address to another."""
    if before == after:
        return {}
    (local, domain), (new, other) = parted(before), parted(after)
    patch: Object = {} if local == new else {"name": new}
    return patch if domain == other else patch | {"domainId": domain_of(after, context).id}
