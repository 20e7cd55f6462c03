"""The virtual map of the old settings: keys and texts of what was fetched (mapping-settings 2, 3.3)."""

import re
from collections.abc import Iterable, Mapping

from gateway.knowledge.settings_map import Found, Row
from gateway.legacy.settings.naming import COLLECTIONS, Ids, Snapshot, record_ids, spelled
from gateway.legacy.settings.records import Named, texts_of

View = Mapping[str, str]
"""Old key → text."""

_NAMELESS = frozenset({"Domain", "MemoryLookupKey", "MemoryLookupKeyValue", "StoreLookup"})
_INDEXED = re.compile(r"(?P<base>.+)\.0*(?P<place>[0-9]+)(?P<part>\.(?:if|then|else))?", re.ASCII | re.DOTALL)


def view(rows: Iterable[Row], snapshot: Snapshot, remembered: Mapping[str, Ids] | None = None) -> View:
    """Keys of these rows in byte order; `remembered` are record ids by type that go before derived ones."""
    names = named(snapshot, remembered)
    texts = {key: text for row in rows for key, text in texts_of(row, snapshot, names)}
    return {key: texts[key] for key in sorted(texts)}


def named(snapshot: Snapshot, remembered: Mapping[str, Ids] | None = None) -> Named:
    """Record ids of everything that was fetched, by type and JMAP id."""
    return {type_: record_ids(type_, snapshot, (remembered or {}).get(type_)) for type_ in COLLECTIONS - _NAMELESS}


def exact(texts: View, known: Mapping[str, Found]) -> View:
    """Texts of exact keys, however their indexes and record ids are spelled; a single element is also the one at index 0 (mapping-settings 3.3)."""
    plain = {_spelling(key): text for key, text in texts.items()}
    found: dict[str, str] = {}
    for key, it in known.items():
        text = texts.get(key)
        if text is None and it.place is not None:
            text = plain.get(_spelling(key))
            if text is None and it.place == 0 and not it.part and it.row.is_list:
                text = texts.get(it.base)
        if text is None and it.id is not None and it.row.objects:
            text = texts.get(it.row.base.replace("<id>", spelled(it.row.objects[0], it.id)))
        if text is not None:
            found[key] = text
    return found


def below(texts: View, prefix: str) -> View:
    """Keys that begin with a prefix, in byte order, without it."""
    return {key[len(prefix) :]: text for key, text in texts.items() if key.startswith(prefix)}


def _spelling(key: str) -> str:
    """The key with its index without leading zeros."""
    return f"{match['base']}.{match['place']}{match['part'] or ''}" if (match := _INDEXED.fullmatch(key)) else key
