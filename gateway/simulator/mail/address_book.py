"""Which domains and addresses are ours, and what is behind them (jmap-management-api 3.1, 3.6, 3.8)."""

from dataclasses import dataclass

from gateway.simulator.errors import Object
from gateway.simulator.mail.addresses import Address, read
from gateway.simulator.world import World

DEEPEST_LIST = 5


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Look-ups in the domains, accounts and lists of a world."""

    world: World

    def is_own(self, domain: str) -> bool:
        """Whether a domain, by name or alias, is ours."""
        return self._domain(domain) is not None

    def mailbox(self, address: Address) -> str | None:
        """Id of the account behind an own address; sub-addresses and the catch-all address of the domain count."""
        found = self._domain(address.domain)
        if found is None:
            return None
        owner = self._owner(address, *found) or self._catch_all(*found)
        return owner[1] if owner and owner[0] == "Account" else None

    def resolve(self, address: Address, depth: int = 0) -> list[Address] | None:
        """Who gets mail for an address: itself, or the members of a list; None for an own address with nothing behind it."""
        found = self._domain(address.domain)
        if found is None or self.mailbox(address):
            return [address]
        owner = self._owner(address, *found)
        if owner is None or depth > DEEPEST_LIST:
            return None
        members = map(read, self.world.kept("MailingList").objects[owner[1]]["recipients"])
        return [each for member in members if member for each in self.resolve(member, depth + 1) or ()]

    def _domain(self, name: str) -> tuple[str, Object] | None:
        for id_, domain in self.world.kept("Domain").objects.items():
            if name == domain["name"] or name in domain["aliases"]:
                return id_, domain
        return None

    def _catch_all(self, domain_id: str, domain: Object) -> tuple[str, str] | None:
        address = read(domain.get("catchAllAddress") or "")
        return self._owner(address, *(self._domain(address.domain) or (domain_id, domain))) if address else None

    def _owner(self, address: Address, domain_id: str, domain: Object) -> tuple[str, str] | None:
        """Account or list with the address, as (type, id)."""
        owner = self.world.links.owner("email", (address.folded, domain_id))
        plain, plus, _ = address.folded.partition("+")
        if owner is None and plus and domain["subAddressing"]["@type"] == "Enabled":
            owner = self.world.links.owner("email", (plain, domain_id))
        return owner
