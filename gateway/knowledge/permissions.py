"""Rights of the old API and what stands for them on the new server (mapping-principals 2.13, `permissions.csv`)."""

import csv
from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from types import MappingProxyType

ANY_TYPE = "*-"

# Rights that nobody holds any more, and what the gateway asks for instead where it only has to know whether the caller runs the server.
_STAND_INS = {
    "restart": ("actionReloadSettings", "sysActionCreate"),
    "principal-list": ("sysAccountQuery", "sysAccountGet"),
    "principal-get": ("sysAccountGet",),
    "principal-create": ("sysAccountCreate",),
    "principal-update": ("sysAccountUpdate",),
    "principal-delete": ("sysAccountDestroy",),
}

# Everybody has the new rights over his own keys; the old ones were those of an administrator (mapping-principals 6.3).
_OF_ADMINISTRATORS = ("api-key-",)
_ADMINISTRATOR = frozenset({"sysAccountGet", "sysAccountQuery"})

# One of several new rights is what the old one allowed to see (mapping-principals 2.13).
_ENOUGH = {"message-queue-update": ("sysQueuedMessageUpdate",)}

LATER_NAMES = frozenset({"spam-filter-classify"})
"""Rights that the old server had no name for."""

# Held by whoever holds the first, but left out of his list (mapping-principals 6.3).
_IMPLYING = "jmapPrincipalCreate"
_IMPLIED = frozenset(f"jmapPrincipal{deed}" for deed in ("Get", "Query", "QueryChanges", "Changes", "GetAvailability"))

_PRINCIPAL_KINDS = ("individual", "group", "mailing-list", "domain", "tenant", "role", "api-key", "oauth-client")

# Held by the recovery administrator, but left out of his list (jmap-management-api 4.2).
_UNLISTED_OBJECTS = ("AccountPassword", "AccountSettings", "ApiKey", "AppPassword")


def _rows() -> Iterator[tuple[str, tuple[str, ...]]]:
    text = (resources.files("gateway.knowledge") / "permissions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield row["old"], tuple(row["new"].split())


NEW_RIGHTS: Mapping[str, tuple[str, ...]] = MappingProxyType(dict(_rows()))
"""New rights by old name, in the order of the old server's list; empty for rights that have no counterpart."""

_UNLISTED = frozenset(
    right for rights in NEW_RIGHTS.values() for right in rights if right.startswith(tuple(f"sys{name}" for name in _UNLISTED_OBJECTS))
)


def holds(old: str, rights: Collection[str]) -> bool:
    """Whether new rights, as `GET /api/account` lists them, amount to an old one; KeyError when there never was such a right.

    `*-list` and its like (one right per type of principal) are held by whoever holds one of them.
    """
    if old.startswith(ANY_TYPE):
        return any(holds(kind + old[1:], rights) for kind in _PRINCIPAL_KINDS)
    if old.startswith(_OF_ADMINISTRATORS) and not _ADMINISTRATOR.issubset(rights):
        return False
    needed = _ENOUGH.get(old) or _STAND_INS.get(old) or NEW_RIGHTS[old]
    missing = [right for right in needed if right not in rights]
    if missing and _UNLISTED.issuperset(missing):
        return _recovery_administrator(rights)
    return bool(needed) and not missing


def held(rights: Collection[str]) -> list[str]:
    """The old rights that new ones, as `GET /api/account` lists them, amount to, in the order of the old server (mapping-principals 6.3)."""
    known = frozenset(rights)
    if _IMPLYING in known:
        known |= _IMPLIED
    return [old for old, needed in NEW_RIGHTS.items() if needed and old not in LATER_NAMES and holds(old, known)]


def _recovery_administrator(rights: Collection[str]) -> bool:
    """Whoever may act for every account and lists none of the rights over an own account has no account."""
    return "impersonate" in rights and _UNLISTED.isdisjoint(rights)
