"""Who calls: an authenticated login with what it may do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated login.

    `account_id` and `tenant_id` are text ids; `permissions` are the effective ones of this session; `groups` are ids of the groups
    the account belongs to.
    """

    login: str
    account_id: str
    permissions: frozenset[str]
    tenant_id: str | None = None
    groups: tuple[str, ...] = ()
    locale: str = "en_US"

    def may(self, permission: str) -> bool:
        """Whether the caller holds the permission."""
        return permission in self.permissions

    def owns(self, account_id: str) -> bool:
        """Whether the caller may name this account as `accountId` (jmap-management-api 1.4)."""
        return account_id == self.account_id or account_id in self.groups or "impersonate" in self.permissions
