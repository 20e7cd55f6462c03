"""Self-service: password and settings of the account that a call names (jmap-management-api 3.2, 3.3; recordings `directory.self-service`)."""

from collections.abc import MutableMapping
from typing import Any

from gateway.simulator.callers import Caller
from gateway.simulator.declared import vocabulary
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.directory.hashes import matches
from gateway.simulator.directory.passwords import kept
from gateway.simulator.directory.totp import accepts
from gateway.simulator.errors import Cut, Object, SetError
from gateway.simulator.objects import patches
from gateway.simulator.objects.values import MASK, Write
from gateway.simulator.text_ids import SINGLETON, canonical
from gateway.simulator.world import ObjectType, World

NO_SECRET = "Current secret must be provided to change the password or OTP auth."  # noqa: S105 - a text for people
NO_CODE = "Current OTP code is required to change the password or OTP auth."
NO_PASSWORD = "Your account does not support password changes"  # noqa: S105
WRONG = "Current secret is incorrect."


class OwnAccount(ObjectType):
    """A view of one account that looks like a singleton; groups and the recovery administrator have none."""

    singleton = True
    methods = frozenset({"get", "set"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.schema = vocabulary().objects[self.name].schema

    def exists(self, id_: str, variant: str = "") -> bool:  # noqa: ARG002 - nothing refers to it
        """Nothing refers to it."""
        return False

    def get(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the account decides
        """The singleton, if the account has one."""
        account = self.account(arguments["accountId"])
        given = arguments.get("ids")
        asked = [id_ if canonical(id_) is None else canonical(id_) for id_ in given] if given is not None else [SINGLETON] if account else []
        wanted = frozenset(arguments.get("properties") or ()) & vocabulary().known
        shown = self.schema.show(self.view(account)) if account else {}
        one = {name: content for name, content in shown.items() if not wanted or name in wanted} | {"id": SINGLETON}
        return {
            "accountId": arguments["accountId"],
            "list": [one for id_ in asked if id_ == SINGLETON and account],
            "notFound": [id_ for id_ in asked if id_ != SINGLETON or not account],
        }

    def set(self, caller: Caller, arguments: Object, references: MutableMapping[str, str]) -> Object:
        """Updates; creates are passed over, nothing can be destroyed."""
        answer: Object = {"accountId": arguments["accountId"]}
        for id_, patch in (arguments.get("update") or {}).items():
            known = canonical(id_)
            if known is None:
                continue
            try:
                self._update(caller, arguments["accountId"], known, patch, references)
                answer.setdefault("updated", {})[known] = None
            except SetError as error:
                answer.setdefault("notUpdated", {})[known] = error.wire()
        for id_ in filter(None, map(canonical, arguments.get("destroy") or ())):
            answer.setdefault("notDestroyed", {})[id_] = SetError("singleton", "Singletons cannot be created or destroyed.").wire()
        return answer

    def _update(self, caller: Caller, account_id: str, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:
        account = self.user(account_id)
        if id_ != SINGLETON or account is None:
            raise SetError("notFound")
        if not isinstance(patch, dict):
            raise Cut
        change = self.change(account, patch, Write(creating=False, created=references))
        if change:
            accounts_of(self.world).update(caller, {"accountId": account_id}, account_id, change, references)

    def user(self, id_: str) -> Object | None:
        """The account, when it is a user."""
        account = self.world.kept("Account").objects.get(id_)
        return account if account and account["@type"] == "User" else None

    def account(self, id_: str) -> Object | None:
        """The account, when it has such a view."""
        return self.user(id_)

    def view(self, account: Object) -> Object:
        """The stored form of the singleton."""
        raise NotImplementedError

    def change(self, account: Object, patch: Object, write: Write) -> Object:
        """The patch of the account that a patch of the singleton comes to; SetError when it is refused."""
        raise NotImplementedError


class AccountSettings(OwnAccount):
    """What a user may choose: whole values only."""

    name = "AccountSettings"

    def view(self, account: Object) -> Object:
        """The chosen members of the account."""
        return {name: account[name] for name in self.schema.properties({})}

    def change(self, account: Object, patch: Object, write: Write) -> Object:  # noqa: ARG002 - a hook
        """The same patch."""
        for name in patch:
            if name not in self.schema.properties({}):
                raise SetError("invalidProperties", properties=[name])
        return patch


class AccountPassword(OwnAccount):
    """Password and second factor; who changes them has to give the current ones."""

    name = "AccountPassword"

    def account(self, id_: str) -> Object | None:
        """The account, when it has a password."""
        account = self.user(id_)
        return account if account and _password(account) else None

    def view(self, account: Object) -> Object:
        """Secrets as they are stored; they are masked when they are shown."""
        _, password = _password(account) or ("", {})
        return {"secret": password["secret"], "currentSecret": None, "otpAuth": {"otpCode": None, "otpUrl": password["otpAuth"]}}

    def change(self, account: Object, patch: Object, write: Write) -> Object:
        """The new secret and second factor."""
        if _password(account) is None:
            raise SetError("forbidden", NO_PASSWORD)
        before = self.view(account)
        after = patches.apply(self.schema, before, patch, write)
        index, _ = _password(account) or ("", {})
        wanted: Object = {}
        if after["secret"] not in {None, MASK, before["secret"]}:
            wanted[f"credentials/{index}/secret"] = kept(self.world.applied("Authentication"), after["secret"])
        if after["otpAuth"]["otpUrl"] not in {MASK, before["otpAuth"]["otpUrl"]}:
            wanted[f"credentials/{index}/otpAuth"] = after["otpAuth"]["otpUrl"]
        if wanted:
            self._allow(before, after)
        return wanted

    def _allow(self, before: Object, after: Object) -> None:
        if after["currentSecret"] is None:
            raise SetError("forbidden", NO_SECRET)
        url, code = before["otpAuth"]["otpUrl"], after["otpAuth"]["otpCode"]
        if url is not None and code is None:
            raise SetError("forbidden", NO_CODE)
        known = matches(after["currentSecret"], before["secret"])
        if not known or (url is not None and not accepts(url, code, self.world.clock.seconds())):
            raise SetError("forbidden", WRONG)


def _password(account: Object) -> tuple[str, Any] | None:
    """Index and item of the password among the credentials."""
    return next(((index, item) for index, item in account["credentials"].items() if item["@type"] == "Password"), None)
