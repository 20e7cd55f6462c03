"""Where an old key belongs: its row under the name that is listed, its record, and the form of what stands there (mapping-settings 3.4, 4)."""

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from gateway.knowledge.settings_map import SETTINGS, Found, Row
from gateway.legacy.settings.naming import COLLECTIONS, spelled

Form = Literal["text", "list", "chain"]

_HOLE = "<id>"
_CHAINS = frozenset({"expression", "expression-sign", "expression-single", "metric-expression"})

LOOKUPS = ("MemoryLookupKey", "MemoryLookupKeyValue")
_LOOKUP = "lookup-value"
_ELSEWHERE = frozenset({"id-ref-bool", "san-list"})
_GREETINGS = "queue.source-ip."
STORE = "store.<id>"
"""Pattern of the record of a store, whose type depends on its role."""


class Slot(NamedTuple):
    """One place of the virtual map: the listed row, the key without index, the record id, and the rest of a look-up key."""

    row: Row
    base: str
    record: str | None = None
    key: str | None = None


def _records() -> Mapping[str, str]:
    """Type of the objects behind a record by the pattern of its keys, `store.<id>` left out: its type depends on the role."""
    found: dict[str, str] = {}
    for row in SETTINGS.rows:
        if row.alias is None and row.direction != "none" and row.objects and row.pattern != STORE:
            single = row.pattern.endswith(_HOLE)
            if row.is_record or (single and row.objects[0] in COLLECTIONS):
                found[row.pattern] = row.objects[0]
    return found


RECORDS = _records()
"""Type by pattern up to the record id."""


@cache
def record_pattern(row: Row) -> str | None:
    """Pattern of the record that a row belongs to, None for keys of a single object and of look-up lists."""
    head, hole, _ = row.pattern.partition(_HOLE)
    return head + hole if hole and (head + hole in RECORDS or head + hole == STORE) else None


def form_of(row: Row) -> Form:
    """What stands under a key of the row."""
    if row.is_list:
        return "list"
    return "chain" if row.word in _CHAINS else "text"


def is_lookup(row: Row) -> bool:
    """Whether the row is the one of look-up lists."""
    return row.word == _LOOKUP


def is_elsewhere(row: Row) -> bool:
    """Whether other objects than the one of its record keep the key."""
    return row.word in _ELSEWHERE or row.pattern.startswith(_GREETINGS)


def slot_of(found: Found, other_names: Mapping[str, Mapping[str, str]] | None = None) -> Slot:
    """Slot of a key; `other_names` are further record ids by type that mean the listed ones."""
    row = SETTINGS.by_pattern[found.row.alias] if found.row.alias else found.row
    record = found.id
    pattern = record_pattern(row)
    if record is not None and pattern is not None and pattern in RECORDS:
        type_ = RECORDS[pattern]
        record = spelled(type_, record)
        record = (other_names or {}).get(type_, {}).get(record, record)
    base = row.base
    if record is not None:
        base = base.replace(_HOLE, record)
    if found.key is not None:
        base = base.replace("<key>", found.key)
    return Slot(row, base, record, found.key)
