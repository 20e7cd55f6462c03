"""App passwords and API keys: credentials inside an account (jmap-management-api 3.4, 3.5; recordings `directory.keys`).

Their secrets are made here and told once. An API key names its account and itself, so that it needs no login.
"""

import base64
import binascii
import os
from collections.abc import Mapping, MutableMapping
from typing import Any

from gateway.knowledge.ids import encode
from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.declared import vocabulary
from gateway.simulator.directory.accounts import Accounts, accounts_of
from gateway.simulator.directory.hashes import fresh
from gateway.simulator.directory.passwords import next_id
from gateway.simulator.directory.roles import grant
from gateway.simulator.errors import Cut, MethodError, Object, SetError
from gateway.simulator.objects import patches
from gateway.simulator.objects.shapes import renumber, validate
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.objects.values import Write
from gateway.simulator.text_ids import number_of

APP_PREFIX, KEY_PREFIX = "app_", "API_"
OWN_PASSWORD = "Users are not allowed to destroy their own credentials."  # noqa: S105 - a text for people

_RANDOM_BYTES = 20
_NUMBER_BYTES = 4
_LIMITS = {"AppPassword": ("maxAppPasswords", "app passwords"), "ApiKey": ("maxApiKeys", "API keys")}


class SecondaryCredentials(StoredObjects):
    """One kind of secondary credential of the account that a call names; update and destroy take those of the other kind as well."""

    @property
    def accounts(self) -> Accounts:
        """The accounts in which they live."""
        return accounts_of(self.world)

    def get(self, caller: Caller, arguments: Object) -> Object:
        """Credentials of this kind; without ids, those of other kinds are told as not found."""
        given = arguments.get("ids")
        return super().get(caller, arguments | {"ids": list(_by_id(self._account(arguments))) if given is None else given})

    def query(self, caller: Caller, arguments: Object) -> Object:
        """Ids of the credentials of this kind; the account must be that of a user."""
        if self._account(arguments) is None:
            raise MethodError("forbidden", "Account not found.")
        return super().query(caller, arguments)

    def visible(self, caller: Caller, arguments: Object) -> Mapping[str, Object]:  # noqa: ARG002 - the account decides
        """The credentials of this kind."""
        return {id_: item for id_, item in _by_id(self._account(arguments)).items() if item["@type"] == self.name}

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:
        """Make one credential: its id and secret, or SetError."""
        account = self._found(arguments)
        given = self.schema.parse(value, "", Write(creating=True, created=references))
        self._may_give(caller, account, given)
        quota, called = _LIMITS[self.name]
        most = account["quotas"].get(quota, self.world.applied("Authentication")[quota])
        if most is not None and len(self.visible(caller, arguments)) >= most:
            raise SetError("overQuota", f"You have exceeded your quota of {most} {called}.")
        validate(self.schema.errors(given))
        id_ = next_id(account["credentials"])
        secret = _app_secret() if self.name == "AppPassword" else _key_secret(arguments["accountId"], id_)
        made = {"@type": self.name, "credentialId": id_, "createdAt": text_of(self.world.clock.seconds()), "secret": fresh(secret)}
        self._keep(arguments, account, account["credentials"] | {str(len(account["credentials"])): given | made})
        return {"id": id_, "secret": secret}

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:
        """Change one credential, or SetError."""
        account = self._found(arguments)
        index = _index(account, id_)
        if not isinstance(patch, dict):
            raise Cut
        old = account["credentials"][index]
        schema = vocabulary().schema("Credential")
        changed = patches.apply(schema, old, patch, Write(creating=False, created=references))
        if old["@type"] == "Password":
            raise SetError("forbidden", OWN_PASSWORD)
        if changed["permissions"] != old["permissions"]:
            self._may_give(caller, account, changed)
        validate(schema.errors(changed))
        self._keep(arguments, account, account["credentials"] | {index: changed})

    def destroy(self, caller: Caller, arguments: Object, id_: str) -> None:  # noqa: ARG002 - the account decides
        """Remove one credential, or SetError."""
        account = self._found(arguments)
        index = _index(account, id_)
        if account["credentials"][index]["@type"] == "Password":
            raise SetError("forbidden", OWN_PASSWORD)
        self._keep(arguments, account, {place: item for place, item in account["credentials"].items() if place != index})

    def _account(self, arguments: Object) -> Object | None:
        account = self.accounts.objects.get(arguments["accountId"])
        return account if account and account["@type"] == "User" else None

    def _found(self, arguments: Object) -> Object:
        account = self._account(arguments)
        if account is None:
            raise SetError("notFound")
        return account

    def _may_give(self, caller: Caller, account: Object, item: Object) -> None:
        grant(caller, narrowed(self.accounts.permissions(account), item))

    def _keep(self, arguments: Object, account: Object, credentials: Object) -> None:
        self.accounts.save(arguments["accountId"], renumber(self.accounts.schema, account | {"credentials": credentials}))


def narrowed(held: frozenset[str], credential: Object) -> frozenset[str]:
    """Permissions that a secondary credential asks for, when its account holds `held`."""
    own = credential["permissions"]
    if own["@type"] == "Inherit":
        return held
    return held - own["permissions"].keys() if own["@type"] == "Disable" else frozenset(own["permissions"])


def holder_of(key: str) -> tuple[str, str] | None:
    """Account id and credential id that an API key names, None when it is none."""
    body = key.removeprefix(KEY_PREFIX)
    try:
        content = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return None
    if not key.startswith(KEY_PREFIX) or len(content) != 2 * _NUMBER_BYTES + _RANDOM_BYTES:
        return None
    account, credential = content[:_NUMBER_BYTES], content[_NUMBER_BYTES : 2 * _NUMBER_BYTES]
    return encode(int.from_bytes(account, "big")), encode(int.from_bytes(credential, "big"))


def _app_secret() -> str:
    return APP_PREFIX + base64.b32encode(os.urandom(_RANDOM_BYTES)).decode().lower()


def _key_secret(account_id: str, credential_id: str) -> str:
    numbers = (number_of(id_).to_bytes(_NUMBER_BYTES, "big") for id_ in (account_id, credential_id))
    return KEY_PREFIX + base64.urlsafe_b64encode(b"".join(numbers) + os.urandom(_RANDOM_BYTES)).decode().rstrip("=")


def _by_id(account: Object | None) -> dict[str, Object]:
    return {item["credentialId"]: item for item in account["credentials"].values()} if account else {}


def _index(account: Object, id_: str) -> str:
    """Place of a credential in the list."""
    for index, item in account["credentials"].items():
        if item["credentialId"] == id_:
            return str(index)
    raise SetError("notFound")
