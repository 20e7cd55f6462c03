"""Which objects hold a value that can be filtered by, so that a query need not look at all of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import Any

from gateway.simulator.errors import Object
from gateway.simulator.objects.lookup import Condition, Field, words


class Index:
    """Ids by field and value, kept up to date with `put` and `drop`; fields of words are indexed by word."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        self._ids: dict[tuple[str, Any], set[str]] = defaultdict(set)
        self._held: dict[str, set[tuple[str, Any]]] = {}

    def put(self, id_: str, stored: Object) -> None:
        """An object is as it is now, whatever it was before."""
        held = {(name, key) for name, field in self._fields.items() for value in field.values(id_, stored) for key in _keys(field, value)}
        before = self._held.get(id_, set())
        for key in before - held:
            self._ids[key].discard(id_)
        for key in held - before:
            self._ids[key].add(id_)
        self._held[id_] = held

    def drop(self, id_: str) -> None:
        """An object is gone."""
        for key in self._held.pop(id_, ()):
            self._ids[key].discard(id_)

    def narrow(self, wanted: Sequence[Condition]) -> tuple[set[str] | None, list[Condition]]:
        """Ids that meet the conditions the index can answer, None when it can answer none of them; and the other conditions.

        Words before the first that any object holds are passed over, as the server does; nothing but such words finds nothing.
        """
        found: list[set[str]] = []
        rest = []
        for condition in wanted:
            if condition.compare is not None:
                rest.append(condition)
            elif condition.field.kind == "words":
                each = [self._ids.get((condition.name, word), set()) for word in words(condition.wanted)]
                found += list(dropwhile(lambda ids: not ids, each)) or [set()]
            else:
                found.append(self._ids.get((condition.name, condition.wanted), set()))
        return (set.intersection(*sorted(found, key=len)) if found else None), rest


def _keys(field: Field, value: Any) -> Sequence[Any]:
    if field.kind == "words":
        return words(value)
    key = field.key(value)
    return () if key is None else (key,)
