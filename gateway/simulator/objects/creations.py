"""Creates of one /set that refer to each other (jmap-management-api 1.7)."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.simulator.errors import MethodError, Object

REFERRING = frozenset(
    {
        *("id", "blobId", "accountId", "domainId", "directoryId", "dnsServerId", "acmeProviderId", "queueId", "modelId", "publicKey"),
        *("memberGroupIds", "memberTenantId", "roleIds", "listenerIds", "defaultDomainId", "defaultCertificateId"),
        *("defaultUserRoleIds", "defaultGroupRoleIds", "defaultTenantRoleIds", "defaultAdminRoleIds"),
    }
)
DEEPEST = 5


def in_order(create: Mapping[str, Any], created: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """The creates, each after those it refers to; MethodError when one refers to nothing."""
    needs = {name: set(_references(value)) for name, value in create.items()}
    for name, wanted in needs.items():
        for reference in wanted:
            if reference not in create and reference not in created:
                raise MethodError("invalidResultReference", f'Invalid reference to non-existing object "{reference}" from "{name}"')
    waiting = list(create)
    while waiting:
        ready = next((name for name in waiting if not needs[name].intersection(waiting) - {name}), waiting[0])
        waiting.remove(ready)
        yield ready, create[ready]


def _references(value: Any, depth: int = 0, name: str = "") -> Iterator[str]:
    if isinstance(value, dict) and depth < DEEPEST:
        content: Object = value
        for member, inner in content.items():
            yield from _references(inner, depth + 1, member)
    elif isinstance(value, str) and value.startswith("#") and name in REFERRING:
        yield value[1:]
