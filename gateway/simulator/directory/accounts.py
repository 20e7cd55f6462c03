"""Users and groups (jmap-management-api 3.1)."""

from collections.abc import Hashable, Iterable
from typing import Any

from gateway.knowledge.ids import encode
from gateway.simulator.callers import Caller
from gateway.simulator.directory.caches import Caches
from gateway.simulator.directory.passwords import settle
from gateway.simulator.directory.public_keys import PublicKeys
from gateway.simulator.directory.roles import Roles, grant
from gateway.simulator.directory.tokens import Tokens
from gateway.simulator.errors import MethodError, Object, SetError
from gateway.simulator.objects.language import Declaration, Vocabulary
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.world import World

_FOR_CERTIFICATES = {"Aes256Gcm": "AES-256-GCM", "ChaCha20Poly1305": "ChaCha20-Poly1305"}
UNAVAILABLE = "This server is temporarily unavailable. Attempting this same operation later may succeed."


class Accounts(StoredObjects):
    """Accounts, found by address: the primary one or an alias."""

    def __init__(self, world: World, declaration: Declaration, vocabulary: Vocabulary) -> None:
        super().__init__(world, declaration, vocabulary)
        self.caches = Caches(world)
        self.tokens = Tokens()

    # what others ask

    def by_address(self, address: str) -> tuple[str, Object] | None:
        """Id and account of an address, domain aliases and enabled aliases included."""
        local, _, host = address.rpartition("@")
        domain = self.caches.domain(host)
        owner = self.world.links.owner("email", (local, domain)) if domain else None
        if owner is None or owner[0] != "Account":
            return None
        account = self.objects[owner[1]]
        return (owner[1], account) if any(_is(named, local, domain) for named in (account, *account["aliases"].values())) else None

    def address(self, account: Object) -> str:
        """Primary address."""
        domain = self.world.kept("Domain").objects.get(account["domainId"], {})
        return f"{account['name']}@{domain.get('name', '')}"

    def permissions(self, account: Object) -> frozenset[str]:
        """Effective permissions: those of the roles, changed by the account's own list."""
        own = account["permissions"]
        if own["@type"] == "Replace":
            return frozenset(own["enabledPermissions"]) - frozenset(own["disabledPermissions"])
        roles = self.world.types["Role"]
        assert isinstance(roles, Roles)  # noqa: S101 - registered by the same room
        held = roles.effective(self.role_ids(account))
        if own["@type"] == "Merge":
            return (held | frozenset(own["enabledPermissions"])) - frozenset(own["disabledPermissions"])
        return held

    def role_ids(self, account: Object) -> list[str]:
        """Ids of the account's roles."""
        kind = account["roles"]["@type"]
        if kind == "Custom":
            return list(account["roles"]["roleIds"])
        if account["@type"] == "Group":
            kind = "Group"
        elif kind == "Admin" and account.get("memberTenantId"):
            kind = "Tenant"
        return list(self.world.kept("Authentication").value()[f"default{kind}RoleIds"])

    def caller(self, id_: str, account: Object) -> Caller:
        """The account as somebody who calls; without a licence a tenant's accounts are plain users (jmap-management-api 2.11)."""
        groups = tuple(account.get("memberGroupIds", ()))
        held = self.permissions(account)
        if account["memberTenantId"] and self.world.config.edition == "community":
            held = self.permissions(account | {"roles": {"@type": "User"}, "permissions": {"@type": "Inherit"}})
        return Caller(self.address(account), id_, held, account["memberTenantId"], groups, account["locale"])

    # hooks of the engine

    def compute(self, name: str, id_: str, stored: Object) -> Any:
        """The address, and the space that mail takes."""
        if name == "emailAddress":
            return self.address(stored)
        return self.world.used_space(id_)

    def keys(self, stored: Object) -> Iterable[tuple[str, Hashable, str]]:
        """Addresses are unique among accounts and lists."""
        return addresses(stored)

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """Credentials, roles and permissions."""
        if old is not None and old["@type"] != stored["@type"]:
            raise SetError("invalidProperties", "Cannot change the type of an existing account.", properties=["@type"])
        if stored["@type"] == "User":
            self._credentials(old, stored)
            self._encryption(old, stored)
        given = stored["roles"].get("roleIds", {})
        if any(id_ not in self.world.kept("Role").objects for id_ in given):
            raise MethodError("serverUnavailable", UNAVAILABLE)
        if old is None or old["roles"] != stored["roles"] or old["permissions"] != stored["permissions"]:
            grant(caller, self.permissions(stored))

    def written(self, caller: Caller, id_: str, old: Object | None, new: Object | None) -> None:  # noqa: ARG002 - a hook
        """Its rights are remembered anew; what a destroyed account held is removed afterwards, by a task."""
        self.caches.forget_rights(id_)
        if old is not None and new is None:
            gone = {"accountId": id_, "accountName": old["name"], "accountDomainId": old["domainId"], "accountType": old["@type"]}
            self.world.tell("account.destroyed", gone)

    def _encryption(self, old: Object | None, stored: Object) -> None:
        wanted = stored["encryptionAtRest"]
        cipher = _FOR_CERTIFICATES.get(wanted["@type"])
        keys = self.world.types["PublicKey"]
        assert isinstance(keys, PublicKeys)  # noqa: S101 - registered by the same room
        if cipher and (old is None or old["encryptionAtRest"] != wanted) and keys.is_openpgp(wanted["publicKey"]):
            text = f"{cipher} is only supported for S/MIME encryption, but the selected public key is an OpenPGP key."
            raise SetError("invalidProperties", text, properties=["encryptionAtRest"])

    def _credentials(self, old: Object | None, stored: Object) -> None:
        before, after = (old or {}).get("credentials", {}), stored["credentials"]
        if before == after:
            return
        if self.world.kept("Domain").objects.get(stored["domainId"], {}).get("directoryId") in self.world.directories:
            verb = "change" if old else "set"
            raise SetError("forbidden", f"Cannot {verb} credentials for accounts in an external directory.")
        settle(self.world.applied("Authentication"), self.world.clock.seconds(), before, after)
        if old is None:
            for item in after.values():
                item["credentialId"] = encode(0)


def _is(named: Object, local: str, domain_id: str | None) -> bool:
    """Whether an account, or an alias of one, has the address and takes it."""
    return (named["name"], named["domainId"]) == (local, domain_id) and named.get("enabled") is not False


def addresses(stored: Object) -> Iterable[tuple[str, Hashable, str]]:
    """Unique keys of an account or list: its name and aliases, each in its domain."""
    for named in (stored, *stored["aliases"].values()):
        yield "email", (named["name"], named["domainId"]), "email"


def accounts_of(world: World) -> Accounts:
    """The accounts of a world."""
    found = world.types["Account"]
    assert isinstance(found, Accounts)  # noqa: S101 - the directory is always installed
    return found
