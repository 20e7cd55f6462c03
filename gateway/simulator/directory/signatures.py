"""DKIM signatures (jmap-management-api 3.7)."""

from typing import Any

from gateway.simulator.directory.zone import public_key
from gateway.simulator.errors import Object
from gateway.simulator.objects.stored import StoredObjects


class Signatures(StoredObjects):
    """Keys that domains sign with."""

    def compute(self, name: str, id_: str, stored: Object) -> Any:  # noqa: ARG002 - a hook
        """The public key."""
        return public_key(stored)
