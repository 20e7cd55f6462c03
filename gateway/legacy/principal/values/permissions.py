"""Old permissions on their way to sets of new ones (mapping-principals 2.13).

Use: `granted(enabled, disabled, ...)` for a create; for a PATCH `lists = Lists.of(holder, ...)`, then `lists.set`, `lists.add` and `lists.remove` in the
order of the request, then `lists.patch(holder)`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gateway.jmap.calls import Object
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.knowledge.pointers import path
from gateway.knowledge.value_forms import members
from gateway.legacy.principal.reading import permission_lists, permissions_of
from gateway.legacy.refusals import Other
from gateway.settings import Settings

Side = Literal["enabledPermissions", "disabledPermissions"]
SIDES: tuple[Side, Side] = ("enabledPermissions", "disabledPermissions")

_OTHER: Mapping[Side, Side] = {SIDES[0]: SIDES[1], SIDES[1]: SIDES[0]}

# Names of v0.11 and what they are called since.
_EARLIER = {"spam-filter-classify": "spam-filter-test", "delete-system-folders": "delete-system-folders_"}

# How `POST /oauth` spells a permission that principals have with an underscore.
_ELSEWHERE = frozenset({"delete-system-folders-"})

_IN_TENANTS = {"message-queue-update": ("sysQueuedMessageUpdate",)}


def granted(enabled: Sequence[str], disabled: Sequence[str], settings: Settings, *, in_tenant: bool) -> dict[Side, dict[str, bool]]:
    """The two sets of a new principal; a right that is in both is enabled. Other for an unknown name, and for a gone one as the settings say."""
    given = {
        side: [known(name, side, settings) for name in dict.fromkeys(names)]
        for side, names in zip(SIDES, (enabled, disabled), strict=True)
    }
    on = _rights(_existing(given[SIDES[0]], SIDES[0], settings), in_tenant=in_tenant)
    off = _rights(given[SIDES[1]], in_tenant=in_tenant)
    return {SIDES[0]: dict.fromkeys(on, True), SIDES[1]: {right: True for right in off if right not in on}}


def known(name: str, side: Side, settings: Settings) -> str:
    """A permission under its latest name; Other when the old server never had it."""
    if name in _EARLIER and settings.legacy_version != "0.15":
        return _EARLIER[name]
    if name not in NEW_RIGHTS or name in _EARLIER or name in _ELSEWHERE:
        raise Other(f"Invalid {side} value", f'Permission "{name}" is invalid')
    return name


@dataclass(slots=True)
class Lists:
    """Both old lists of a principal while a PATCH changes them; a permission is in one of them only, and the last change of it counts."""

    settings: Settings
    in_tenant: bool
    before: dict[Side, list[str]]
    after: dict[Side, list[str]]
    _taken: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in SIDES})
    _last: Side = SIDES[0]

    @classmethod
    def of(cls, holder: Object, settings: Settings, *, in_tenant: bool) -> "Lists":
        """The lists of an account, role or tenant as clients read them."""
        read = [permissions_of(it) for it in permission_lists(holder)]
        before = dict(zip(SIDES, read, strict=True))
        return cls(settings, in_tenant, before, {side: list(names) for side, names in before.items()})

    def set(self, side: Side, names: Iterable[str]) -> None:
        """Exchange a list."""
        wanted = [known(name, side, self.settings) for name in dict.fromkeys(names)]
        self.after[side] = _existing(wanted, side, self.settings, but=self.before[side])
        self._move(side, wanted)

    def add(self, side: Side, name: str) -> None:
        """Add to a list, which takes the permission from the other one."""
        wanted = [known(name, side, self.settings)]
        self.after[side] += [it for it in _existing(wanted, side, self.settings, but=self.before[side]) if it not in self.after[side]]
        self._move(side, wanted)

    def remove(self, side: Side, name: str) -> None:
        """Remove from a list what is in it."""
        self._take(side, known(name, side, self.settings))
        self._last = side

    def patch(self, holder: Object) -> Object:
        """Pointers that carry the changes out, none when there are none; the whole value where the principal had no permissions of its own.

        Other when one that was removed by name shares all its rights with others that stay. Rights without an old name are kept.
        """
        plus: dict[Side, set[str]] = {}
        minus: dict[Side, set[str]] = {}
        for side, present in zip(SIDES, permission_lists(holder), strict=True):
            stay = _rights(self.after[side], in_tenant=self.in_tenant)
            dropped = [name for name in self.before[side] if name not in self.after[side]]
            self._insist(side, dropped, stay)
            new = [name for name in self.after[side] if name not in self.before[side]]
            plus[side] = _rights(new, in_tenant=self.in_tenant) - set(members(present))
            minus[side] = (_rights(dropped) - stay) & set(members(present))
        loser = _OTHER[self._last]
        clash = plus[self._last] & ((set(members(permission_lists(holder)[SIDES.index(loser)])) | plus[loser]) - minus[loser])
        minus[loser] |= clash - plus[loser]
        plus[loser] -= clash
        return _pointers(holder, plus, minus)

    def _move(self, side: Side, names: Iterable[str]) -> None:
        for name in names:
            self._take(_OTHER[side], name)
            self._taken[side].discard(name)
        self._last = side

    def _take(self, side: Side, name: str) -> None:
        if name in self.after[side]:
            self.after[side].remove(name)
            self._taken[side].add(name)

    def _insist(self, side: Side, dropped: Iterable[str], stay: Collection[str]) -> None:
        """Refuse to do nothing about a permission that a client removes by name."""
        for name in dropped:
            if name in self._taken[side] and not _rights([name]) - set(stay):
                keeper = next(it for it in self.after[side] if _rights([it]) & _rights([name]))
                raise Other(
                    f"Invalid {side} value",
                    f'Permission "{name}" cannot be removed while "{keeper}" is present: in Stalwart 0.16 they share the same rights',
                )


def _pointers(holder: Object, plus: Mapping[Side, Collection[str]], minus: Mapping[Side, Collection[str]]) -> Object:
    if not any((*plus.values(), *minus.values())):
        return {}
    if holder.get("permissions", {}).get("@type") == "Inherit":
        return {"permissions": {"@type": "Merge"} | {side: dict.fromkeys(sorted(plus[side]), True) for side in SIDES}}
    prefix = ("permissions",) if "permissions" in holder else ()
    pointers: Object = {}
    for side in SIDES:
        pointers |= {path(*prefix, side, right): None for right in sorted(minus[side])}
        pointers |= {path(*prefix, side, right): True for right in sorted(plus[side])}
    return pointers


def _existing(names: Iterable[str], side: Side, settings: Settings, but: Collection[str] = ()) -> list[str]:
    """The names that have rights: what is gone cannot be granted, and needs not be denied."""
    found = []
    for name in names:
        if NEW_RIGHTS[name]:
            found.append(name)
        elif side == SIDES[0] and settings.gone_permissions == "error" and name not in but:
            raise Other(f"Invalid {side} value", f'Permission "{name}" does not exist in Stalwart 0.16')
    return found


def _rights(names: Iterable[str], *, in_tenant: bool = False) -> set[str]:
    return {right for name in names for right in ((_IN_TENANTS.get(name) if in_tenant else None) or NEW_RIGHTS[name])}
