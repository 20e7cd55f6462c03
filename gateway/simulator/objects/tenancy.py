"""How many objects of a kind a tenant may have, on an Enterprise server (jmap-management-api 2.7, 3.10)."""

from collections.abc import Mapping

from gateway.simulator.errors import Object, SetError

LIMITS = {
    "Account/User": "maxAccounts", "Account/Group": "maxGroups", "Domain": "maxDomains", "MailingList": "maxMailingLists", "Role": "maxRoles",
    "OAuthClient": "maxOauthClients", "DkimSignature": "maxDkimKeys", "DnsServer": "maxDnsServers", "Directory": "maxDirectories",
    "AcmeProvider": "maxAcmeProviders",
}  # fmt: skip
"""What is limited by which entry of a tenant's `quotas`."""


def check_quota(tenant: Object, name: str, stored: Object, objects: Mapping[str, Object]) -> None:
    """SetError when the tenant has as many objects like a new one of type `name` as it may; `objects` are those of the type."""
    variant = stored["@type"] if name == "Account" else None
    limit = tenant["quotas"].get(LIMITS.get(name if variant is None else f"{name}/{variant}", ""))
    if limit is None:
        return
    owner = stored["memberTenantId"]
    if sum(it["memberTenantId"] == owner and (variant is None or it["@type"] == variant) for it in objects.values()) >= limit:
        raise SetError("overQuota", f"You have exceeded your quota of {limit} objects.")
