"""Which object refers to which, and which keys are taken (jmap-management-api 2.7 stage 5)."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias

from gateway.simulator.errors import SetError
from gateway.simulator.text_ids import number_of

Named: TypeAlias = tuple[str, str]
"""Object type and id."""


class Links:
    """References between all objects of a world, and their unique keys."""

    def __init__(self) -> None:
        self._to: dict[Named, set[Named]] = defaultdict(set)
        self._from: dict[Named, set[Named]] = defaultdict(set)
        self._owner: dict[Hashable, Named] = {}
        self._keys: dict[Named, set[Hashable]] = defaultdict(set)

    def check(self, source: Named, targets: Iterable[Named], keys: Iterable[tuple[str, Hashable, str]], exists: Callable[[str, str], bool]) -> None:
        """SetError for a reference to nothing, or a key that another object has; keys are (scope, key, reported property).

        A target type may name a variant (`Account/Group`).
        """
        for target, id_ in targets:
            if not exists(target, id_):
                raise SetError("invalidForeignKey", object_id=(target.split("/", maxsplit=1)[0], id_))
        for scope, key, reported in keys:
            owner = self._owner.get((scope, key))
            if owner is not None and owner != source:
                raise SetError("primaryKeyViolation", properties=[reported], object_id=owner)

    def store(self, source: Named, targets: Iterable[Named], keys: Iterable[tuple[str, Hashable, str]]) -> None:
        """Note what an object refers to and which keys it has, instead of what was noted before."""
        self.forget(source)
        for target, id_ in targets:
            named = (target.split("/", maxsplit=1)[0], id_)
            if named != source:
                self._to[source].add(named)
                self._from[named].add(source)
        for scope, key, _ in keys:
            self._owner.setdefault((scope, key), source)
            self._keys[source].add((scope, key))

    def forget(self, source: Named) -> None:
        """The object is gone."""
        for named in self._to.pop(source, ()):
            self._from[named].discard(source)
        for key in self._keys.pop(source, ()):
            if self._owner.get(key) == source:
                del self._owner[key]

    def owner(self, scope: str, key: Hashable) -> Named | None:
        """The object that has a unique key."""
        return self._owner.get((scope, key))

    def to(self, target: Named) -> list[Named]:
        """Objects that refer to it, by type and id."""
        return sorted(self._from.get(target, ()), key=lambda named: (named[0], number_of(named[1])))
