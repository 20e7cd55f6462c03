"""Roles, and the permissions they give (jmap-management-api 3.9)."""

from collections.abc import Iterable

from gateway.simulator.callers import Caller
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.permissions import ROLES, listed, of_role
from gateway.simulator.text_ids import SINGLETON

SHOWN = 5


class Roles(StoredObjects):
    """Sets of permissions; a role may include others."""

    def make_default(self) -> None:
        """The four roles of a fresh server, and the defaults of `x:Authentication` that name them."""
        ids = {}
        for letter, description in ROLES.items():
            ids[letter] = self.new_id({})
            role = self.schema.fresh(None) | {"description": description, "enabledPermissions": dict.fromkeys(of_role(letter), True)}
            self.save(ids[letter], role)
        authentication = self.world.kept("Authentication")
        stored = authentication.value() | {
            "defaultUserRoleIds": {ids["U"]: True},
            "defaultGroupRoleIds": {ids["G"]: True},
            "defaultTenantRoleIds": {ids["T"]: True, ids["U"]: True},
            "defaultAdminRoleIds": {ids["S"]: True, ids["U"]: True},
        }
        authentication.save(SINGLETON, stored)
        authentication.save(SINGLETON, stored)

    def refine(self, caller: Caller, id_: str, old: Object | None, stored: Object) -> None:  # noqa: ARG002 - a hook
        """Nobody can give what he does not have."""
        before = old or {"enabledPermissions": {}, "disabledPermissions": {}}
        if any(before[name] != stored[name] for name in ("enabledPermissions", "disabledPermissions")):
            grant(caller, frozenset(stored["enabledPermissions"]) - frozenset(stored["disabledPermissions"]))

    def effective(self, ids: Iterable[str]) -> frozenset[str]:
        """Permissions of roles and of the roles they include; cycles are harmless."""
        waiting, seen = list(ids), set[str]()
        enabled, disabled = set[str](), set[str]()
        while waiting:
            id_ = waiting.pop()
            role = self.objects.get(id_)
            if role is None or id_ in seen:
                continue
            seen.add(id_)
            enabled |= role["enabledPermissions"].keys()
            disabled |= role["disabledPermissions"].keys()
            waiting += role["roleIds"]
        return frozenset(enabled - disabled)


def grant(caller: Caller, given: frozenset[str]) -> None:
    """SetError `forbidden` when the caller lacks something he gives away (jmap-management-api 1.4)."""
    lacking = listed(given - caller.permissions)
    if lacking:
        more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
        raise SetError("forbidden", f"You are not authorized to grant permissions: {', '.join(lacking[:SHOWN])}{more}")
