"""In which order entries are sent, and what travels together (mapping-settings 5.2).

Ranks:

    0  destroys that make room for a create of the same batch
    1  creates and updates of what others refer to; updates that refer to a create go right behind it
    2  what the new server judges by its meaning, and so refuses most likely
    3  other creates and updates
    4  updates that replace a secret: nobody can put the old one back
    5  destroys of what refers to others
    6  destroys of what others refer to
    7  destroys of what holds a secret, and so cannot be made again

What comes early is likely to fail or easy to take back.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from gateway.legacy.settings.writing.entries import Entry
from gateway.legacy.settings.writing.patches import Reference, at, masked
from gateway.legacy.writing import OBJECTS_PER_SET

Request = list[list[Entry]]
"""Entries of each `/set` of one request."""

_REFERRED_TO = frozenset({"AcmeProvider", "AiModel", "Certificate", "Directory", "Domain", "MtaVirtualQueue"})
_JUDGED = frozenset({"SieveSystemScript", "SieveUserScript", "DkimSignature", "SpamDnsblServer", "SpamRule"})


def requests(entries: Sequence[Entry]) -> Iterator[Request]:
    """All entries, by rank and type in the order in which they came; a `/set` has 500 at most."""
    created = {entry.id for entry in entries if entry.action == "create"}
    behind = {id(entry): name for entry in entries if (name := _refers_to(entry, created))}
    alone = sorted((entry for entry in entries if id(entry) not in behind), key=_rank)
    for _, group in groupby(_together(alone), key=lambda it: it[0]):
        some = [entry for _, entry in group]
        for start in range(0, len(some), OBJECTS_PER_SET):
            chunk = some[start : start + OBJECTS_PER_SET]
            names = {entry.id for entry in chunk if entry.action == "create"}
            yield [chunk, *_sets([entry for entry in entries if behind.get(id(entry)) in names])]


def _together(entries: Sequence[Entry]) -> list[tuple[tuple[int, str], Entry]]:
    """Entries with rank and type, those of one type next to each other."""
    places: dict[tuple[int, str], int] = {}
    keyed = [((_rank(entry), entry.type), entry) for entry in entries]
    for key, _ in keyed:
        places.setdefault(key, len(places))
    return sorted(keyed, key=lambda it: places[it[0]])


def _sets(entries: Sequence[Entry]) -> list[list[Entry]]:
    by_type: dict[str, list[Entry]] = {}
    for entry in entries:
        by_type.setdefault(entry.type, []).append(entry)
    return list(by_type.values())


def _rank(entry: Entry) -> int:
    if entry.action == "destroy":
        last = 7 if masked(entry.stored) else 6 if entry.type in _REFERRED_TO else 5
        return 0 if entry.first else last
    lost = entry.stored if ("@type",) in entry.changes else [at(entry.stored, names) for names in entry.changes]
    if entry.action == "update" and masked(lost):
        return 4
    if entry.type in _REFERRED_TO:
        return 1
    return 2 if entry.judged or entry.type in _JUDGED else 3


def _refers_to(entry: Entry, created: Collection[str]) -> str | None:
    """Name of the create in the batch that an entry refers to."""
    found = (it[1:] for value in (*entry.value.values(), *entry.changes.values()) for it in _references(value))
    return next((name for name in found if name in created), None)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, dict):
        for it in value.values():
            yield from _references(it)
