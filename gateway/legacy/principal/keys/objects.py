"""What is read of API keys: the account that stands for one, or a credential of somebody's account."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.jmap.calls import Object
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import stands_for
from gateway.legacy.principal.numbers import FIRST_KEY, legacy_key_id
from gateway.legacy.principal.reading import HIDDEN, app_placeholder
from gateway.state import OldName, Verifier

NO_MAIL = "emailReceive"
"""The right that the account behind an API key is denied, because it is nobody's mailbox, unless the key may give rights to others."""

GRANTING = frozenset(f"sys{type_}{deed}" for type_ in ("Account", "Role", "Tenant") for deed in ("Create", "Update"))
"""Rights that are of no use to a key without all the rights of a user: nobody can give what he does not have (jmap-management-api 1.2)."""

FOREIGN = "key"
"""Where the object of a key that was made elsewhere holds its credential."""

HELD = ("id", "credentials")
"""What has to be read of accounts to find such keys."""

_NOTHING_OWN = {
    "permissions": {"@type": "Inherit"},
    "roles": {"@type": "Custom", "roleIds": {}},
    "memberTenantId": None,
}


def foreign_keys(accounts: Iterable[Object], own: Mapping[str, OldName]) -> Iterator[Object]:
    """Objects for the keys in the accounts of people; `own` are the accounts that stand for keys of clients."""
    for account in accounts:
        if account["id"] not in own:
            for index, credential in (account.get("credentials") or {}).items():
                if credential["@type"] == "ApiKey":
                    yield {
                        "id": account["id"],
                        "index": index,
                        FOREIGN: credential,
                        "description": credential.get("description"),
                        **_NOTHING_OWN,
                    }


def foreign_name(key: Object) -> str:
    """Name of a key that was made elsewhere."""
    return f"apikey:{key['id']}:{key[FOREIGN]['credentialId']}"


def key_number(key: Object) -> int:
    """Old number of an API key."""
    return legacy_key_id(key["id"], key[FOREIGN]["credentialId"] if FOREIGN in key else FIRST_KEY)


def without_keys(accounts: Iterable[Object], own: Mapping[str, OldName]) -> list[Object]:
    """The accounts that stand for no key; they were read with `id` and `emailAddress`."""
    return [it for it in accounts if (key := own.get(it["id"])) is None or not stands_for(it, key)]


def only_keys(accounts: Iterable[Object], own: Mapping[str, OldName]) -> list[Object]:
    """The accounts that stand for a key."""
    return [it for it in accounts if (key := own.get(it["id"])) is not None and stands_for(it, key)]


def is_denied_mail(roles: Object, enabled: Iterable[str]) -> bool:
    """Whether the account behind a key with these roles and enabled rights is to get no mail: not where that would keep the key from making users."""
    simple = roles["@type"] == "User" or (roles["@type"] == "Custom" and not roles["roleIds"])
    return simple and GRANTING.isdisjoint(enabled)


def without_mail(account: Object) -> Object:
    """The account behind an API key as its client knows it: that it gets no mail is no wish of his."""
    permissions = account.get("permissions") or {}
    disabled = permissions.get("disabledPermissions") or {}
    if NO_MAIL not in disabled or not is_denied_mail(account["roles"], permissions.get("enabledPermissions") or ()):
        return account
    return account | {
        "permissions": permissions | {"disabledPermissions": {it: True for it in disabled if it != NO_MAIL}}
    }


async def secrets_shown(exchange: Exchange, account: str) -> Sequence[str]:
    """What clients see in the place of the secrets of a key."""
    key = await exchange.memory.keys.of(account)
    return [shown(it) for it in key.verifiers] if key else []


def shown(verifier: Verifier) -> str:
    """What clients see in the place of a secret: the string that is remembered, or a placeholder."""
    return verifier.shown or (app_placeholder(verifier.name) if verifier.name else HIDDEN)
