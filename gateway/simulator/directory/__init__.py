"""Accounts, domains, roles and what belongs to them (jmap-management-api 3.1 to 3.12)."""

from gateway.simulator.declared import vocabulary
from gateway.simulator.directory.accounts import Accounts
from gateway.simulator.directory.credentials import SecondaryCredentials
from gateway.simulator.directory.domains import Domains
from gateway.simulator.directory.lists import MailingLists
from gateway.simulator.directory.own_account import AccountPassword, AccountSettings
from gateway.simulator.directory.public_keys import PublicKeys
from gateway.simulator.directory.roles import Roles
from gateway.simulator.directory.signatures import Signatures
from gateway.simulator.directory.tenants import Tenants
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.world import World

_OWN: dict[str, type[StoredObjects]] = {
    "Account": Accounts,
    "ApiKey": SecondaryCredentials,
    "AppPassword": SecondaryCredentials,
    "DkimSignature": Signatures,
    "Domain": Domains,
    "MailingList": MailingLists,
    "PublicKey": PublicKeys,
    "Role": Roles,
    "Tenant": Tenants,
}
_PLAIN = ("Authentication", "OAuthClient")


def install(world: World) -> None:
    """Register the types; default roles and the default domain are there from the first day."""
    words = vocabulary()
    for name in (*_OWN, *_PLAIN):
        world.add(_OWN.get(name, StoredObjects)(world, words.objects[name], words))
    world.add(AccountPassword(world))
    world.add(AccountSettings(world))
    first_day(world)


def first_day(world: World) -> None:
    """What a server has after its first start: four roles that the defaults point at, and its own domain with signing keys."""
    roles, domains = world.kept("Role"), world.kept("Domain")
    assert isinstance(roles, Roles)  # noqa: S101 - registered above
    assert isinstance(domains, Domains)  # noqa: S101
    roles.make_default()
    domains.make_default(world.config.default_domain)
