"""Mailing lists (jmap-management-api 3.8)."""

from collections.abc import Hashable, Iterable
from typing import Any

from gateway.simulator.directory.accounts import accounts_of, addresses
from gateway.simulator.errors import Object
from gateway.simulator.objects.stored import StoredObjects


class MailingLists(StoredObjects):
    """Lists share their addresses with accounts: none can be there twice."""

    def compute(self, name: str, id_: str, stored: Object) -> Any:  # noqa: ARG002 - a hook
        """The address."""
        return accounts_of(self.world).address(stored)

    def keys(self, stored: Object) -> Iterable[tuple[str, Hashable, str]]:
        """The addresses."""
        return addresses(stored)
