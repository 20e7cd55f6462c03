"""Keys for encryption at rest (jmap-management-api 3.12; recordings `directory.self-service.key`)."""

from gateway.simulator.callers import Caller
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.stored import StoredObjects

MOST_KEYS = 5
OPENPGP, CERTIFICATE = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----BEGIN CERTIFICATE-----"
NO_KEY = "No valid public key found."
MIXED = "Cannot mix OpenPGP and S/MIME certificates"
KEYRING = "Failed to decode OpenPGP public key: Malformed Cert: Additional packets found, is this a keyring?"


class PublicKeys(StoredObjects):
    """Keys of accounts, known by the armour around them: what is inside is not read."""

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """The key has to look like one; an account has a number of them at most."""
        key = stored["key"] or ""
        blocks, certificates = key.count(OPENPGP), key.count(CERTIFICATE)
        refusal = NO_KEY if not blocks and not certificates else MIXED if blocks and certificates else KEYRING if blocks > 1 else ""
        if refusal:
            raise SetError("invalidProperties", refusal, properties=["key"])
        if old is None:
            account = self.world.kept("Account").objects.get(stored["accountId"], {})
            most = account.get("quotas", {}).get("maxPublicKeys", MOST_KEYS)
            if sum(held["accountId"] == stored["accountId"] for held in self.objects.values()) >= most:
                raise SetError("overQuota", f"You have exceeded your quota of {most} public keys.")
