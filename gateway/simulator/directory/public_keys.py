"""Keys for encryption at rest (jmap-management-api 3.12; recordings `directory.self-service.key`)."""

from gateway.simulator.callers import Caller
from gateway.simulator.directory import key_texts
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.stored import StoredObjects

MOST_KEYS = 5


class PublicKeys(StoredObjects):
    """Keys of accounts: one OpenPGP key, or certificates."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """The text has to hold a key; an account has a number of keys at most."""
        if old is None or old["key"] != stored["key"]:
            refusal = key_texts.problem(stored["key"] or "")
            if refusal:
                raise SetError("invalidProperties", refusal, properties=["key"])
        if old is None:
            account = self.world.kept("Account").objects.get(stored["accountId"], {})
            most = account.get("quotas", {}).get("maxPublicKeys", MOST_KEYS)
            if sum(held["accountId"] == stored["accountId"] for held in self.objects.values()) >= most:
                raise SetError("overQuota", f"You have exceeded your quota of {most} public keys.")

    def is_openpgp(self, id_: str) -> bool:
        """Whether there is such a key, and it is an OpenPGP key."""
        return key_texts.is_openpgp(self.objects.get(id_, {}).get("key", ""))
