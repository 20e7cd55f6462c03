"""Old settings as they are given: keys put together that are one setting, a list or an expression (mapping-settings 1.8)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.knowledge.settings_map import SETTINGS, Found, Row
from gateway.legacy.settings.stores import ROLES

_RECORD = "<id>"
_ROLES = {
    "storage.data": "DataStore",
    "storage.blob": "BlobStore",
    "storage.fts": "SearchStore",
    "storage.lookup": "InMemoryStore",
    "tracing.history.store": "TracingStore",
    "metrics.history.store": "MetricsStore",
    "cluster.coordinator": "Coordinator",
}
"""Keys that give a store its role, and the object that plays it now."""

Roles = Mapping[str, tuple[str, ...]]
"""Types of objects by store id."""


@dataclass(slots=True)
class Setting:
    """One setting: its key without index, what the map has for it, and its texts by the rest of their keys, which is empty for a plain one.

    Without texts only the key was given.
    """

    key: str
    found: Found | None
    keys: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def items(self) -> list[str]:
        """Texts of a list in byte order of their keys."""
        return [self.texts[rest] for rest in sorted(self.texts)]


def gather(pairs: Iterable[tuple[str, str | None]]) -> list[Setting]:
    """Settings in the order of their first keys; of a key that is given twice the last text counts."""
    settings: dict[str, Setting] = {}
    for key, text in pairs:
        found = find(key)
        several = found is not None and (found.row.is_list or found.row.is_expression)
        base = found.base if found and several else key
        setting = settings.setdefault(base, Setting(base, found))
        setting.keys.append(key)
        if text is not None:
            setting.texts[key[len(base) + 1 :]] = text
    return list(settings.values())


def find(key: str) -> Found | None:
    """What the map has for a key, or for a pattern of it such as `queue.route.<id>.port`."""
    if row := SETTINGS.by_pattern.get(key):
        return None if row.is_record else Found(row, row.base, _RECORD if _RECORD in row.base else None)
    return SETTINGS.find(key)


def roles_of(pairs: Iterable[tuple[str, str | None]]) -> Roles:
    """Which roles the stores of a whole configuration have; without any key that says so, those of the names that the gateway gives."""
    roles: dict[str, tuple[str, ...]] = {}
    for key, text in pairs:
        if text and (type_ := _ROLES.get(key)):
            roles[text] = (*roles.get(text, ()), type_)
    return roles or {name: (type_,) for type_, name in ROLES.items()}


def below(key: str) -> Iterator[Row]:
    """Rows whose keys begin with a key, which may be a record."""
    elements = key.rstrip(".").split(".")
    for row in SETTINGS.rows:
        pattern = row.base.split(".")
        if len(pattern) > len(elements) and not row.is_record and all(own in ("<id>", given) for own, given in zip(pattern, elements, strict=False)):
            yield row
