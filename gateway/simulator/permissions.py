"""The permissions of the server and the default roles that hold them (jmap-management-api 1.4, 4.2)."""

from collections.abc import Iterable
from functools import cache

from gateway.simulator.data import text

WORD = 64
ROLES = {"U": "User", "G": "Group", "T": "Tenant Administrator", "S": "System Administrator"}

_NEVER = ("ArfExternalReport", "DmarcExternalReport", "TlsExternalReport", "DmarcInternalReport", "TlsInternalReport", "Log", "ClusterNode")
UNUSABLE = frozenset(
    {f"sys{name}{verb}" for name in _NEVER for verb in ("Create", "Update")}
    | {"sysLogDestroy", "sysClusterNodeDestroy", "sysQueuedMessageCreate", "sysBootstrapGet", "sysBootstrapUpdate"}
    | {"jmapPrincipal" + verb for verb in ("Get", "Query", "QueryChanges", "Changes", "GetAvailability")}
)
"""Left out of what `/api/account` lists, for everybody."""


@cache
def _table() -> tuple[tuple[str, str], ...]:
    """(permission, letters of the roles) in the order of the numbers."""
    rows: list[tuple[str, str]] = []
    letters = ""
    for line in text("permissions.txt").splitlines():
        if not line.startswith("#"):
            letters = line[:4].strip() or letters
            rows += [(name, letters) for name in line[4:].split()]
    return tuple(rows)


@cache
def everything() -> tuple[str, ...]:
    """All permissions in the order of their numbers."""
    return tuple(name for name, _ in _table())


@cache
def of_role(letter: str) -> tuple[str, ...]:
    """Permissions of a default role: U, G, T or S."""
    return tuple(name for name, letters in _table() if letter in letters)


def listed(held: Iterable[str]) -> list[str]:
    """Permissions in the order in which the server lists a set of them: by words of 64 bits, each from its highest bit down."""
    wanted = frozenset(held)
    names = everything()
    words = (names[start : start + WORD] for start in range(0, len(names), WORD))
    return [name for word in words for name in reversed(word) if name in wanted]
