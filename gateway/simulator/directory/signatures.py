"""DKIM signatures (jmap-management-api 3.7)."""

from collections.abc import Iterable
from typing import Any

from gateway.simulator.callers import Caller
from gateway.simulator.directory import signing_keys
from gateway.simulator.directory.zone import public_key
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.stored import StoredObjects

_NOT_BUILT = "Failed to validate DKIM signature: DKIM build error (dkim.build-error): reason ="


class Signatures(StoredObjects):
    """Keys that domains sign with."""

    def compute(self, name: str, id_: str, stored: Object) -> Any:  # noqa: ARG002 - a hook
        """The public key."""
        return public_key(stored)

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """A signature is tried before it is stored: what it lacks and what is wrong with its key is one text."""
        if old is not None and (old["@type"], old["privateKey"]) == (stored["@type"], stored["privateKey"]):
            return
        found = _lacking(self.schema.errors(stored)) or _key_problem(stored)
        if found:
            raise SetError("invalidProperties", f"{_NOT_BUILT} {found}")


def _lacking(errors: Iterable[Object]) -> str:
    missing = [f"Property '{it['property']}' is required" for it in errors if it["type"] == "Required"]
    return f"DKIM signature validation failed, details = [{', '.join(missing)}]" if missing else ""


def _key_problem(stored: Object) -> str:
    """What is wrong with the key: there are no files and no variables that it could stand in."""
    key = stored["privateKey"]
    if key["@type"] == "File":
        return f"Failed to read secret from file '{key['filePath']}': No such file or directory (os error 2)"
    if key["@type"] == "EnvironmentVariable":
        return f"Environment variable '{key['variableName']}' not found"
    return signing_keys.problem(key["secret"], stored["@type"])
