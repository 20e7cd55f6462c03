"""Tenants (jmap-management-api 3.10)."""

from typing import Any

from gateway.simulator.errors import Object
from gateway.simulator.objects.stored import StoredObjects


class Tenants(StoredObjects):
    """Tenants; what they use is the sum over their accounts."""

    def compute(self, name: str, id_: str, stored: Object) -> Any:  # noqa: ARG002 - a hook
        """Bytes of mail in the accounts of the tenant."""
        members = (key for key, account in self.world.kept("Account").objects.items() if account["memberTenantId"] == id_)
        return sum(self.world.used_space(key) for key in members)
