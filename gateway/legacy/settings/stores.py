"""Stores as the old settings had them: one record per role that the new server fills, and one per look-up store (mapping-settings 4.2)."""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.jmap.calls import Object
from gateway.legacy.settings.naming import Snapshot

ROLES = {
    "DataStore": "data",
    "BlobStore": "blob",
    "SearchStore": "fts",
    "InMemoryStore": "lookup",
    "TracingStore": "tracing",
    "MetricsStore": "metrics",
    "Coordinator": "coordinator",
}
"""Old store id by the singleton that plays the role."""

DATA = "data"
_SHARED = "Default"
_OFF = "Disabled"


class Store(NamedTuple):
    """A store with settings of its own: its record id, the type of the object that holds it, and its properties."""

    id: str
    type: str
    value: Object


def stores(snapshot: Snapshot) -> Iterator[Store]:
    """All stores in no order; roles that the data store plays, or nobody, have no record."""
    taken = set()
    for type_, name in ROLES.items():
        for value in snapshot.get(type_, ()):
            if value["@type"] not in {_SHARED, _OFF}:
                taken.add(name)
                yield Store(name, type_, value)
    for value in snapshot.get("StoreLookup", ()):
        name = value["namespace"]
        yield Store(f"{name}-lookup" if name in taken else name, "StoreLookup", value["store"])


def reference(type_: str, snapshot: Snapshot) -> str | None:
    """Id of the store that plays the role of a type; None when nobody does or the role is not known."""
    for value in snapshot.get(type_, ()):
        match value["@type"]:
            case "Default":
                return DATA
            case "Disabled":
                return None
            case _:
                return ROLES[type_]
    return None
