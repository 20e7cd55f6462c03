"""Which object of the new server holds a key of a record (mapping-settings 3.5, 4.2)."""

from collections.abc import Iterator

from gateway.jmap.calls import Object
from gateway.knowledge.settings_map import Row
from gateway.legacy.settings.naming import Snapshot
from gateway.legacy.settings.stores import DATA, reference, stores
from gateway.legacy.settings.writing.target import Context, Given, Place, ReadOnly, Unknown

STORE = "/store"
"""Where a look-up store keeps what other stores keep at the top."""

_STORES = "store.<id>."
_QUERIES = "store.<id>.query."
_COMPRESSION = "store.<id>.compression"
_CLEANING = "store.<id>.purge.frequency"
_BLOB = "blob"
_DIRECTORY = "directory.<id>."
_INTERNAL = "internal"

_IDLE = {_COMPRESSION: "lz4", _CLEANING: "0 3 *"}
"""Defaults of the old server that each store may repeat."""


def places(row: Row, record: str | None, context: Context) -> list[Place]:
    """Objects that hold a key: one as a rule, none for a key of another kind of store, which is dropped.

    The object is None for a record that does not exist yet. ReadOnly for what the gateway makes up, Unknown for a store that has no place for
    the key.
    """
    if row.pattern.startswith(_STORES) and not row.is_record:
        return list(_of_store(row, record or "", context.snapshot))
    if row.pattern.startswith(_DIRECTORY) and record == _INTERNAL:
        raise ReadOnly(_key(row, record))
    (type_,) = row.objects
    objects = context.snapshot.get(type_, ())
    if "<id>" not in row.base or "<id>" in row.pointer:
        return [Place(type_, next(iter(objects), None), row.pointer.replace("<id>", record or ""))]
    ids = context.named.get(type_, {})
    return [Place(type_, next((it for it in objects if ids.get(it["id"]) == record), None), row.pointer)]


def idle(row: Row, record: str | None, given: Given, context: Context) -> bool:
    """Whether a store repeats a default that is kept elsewhere now, or nowhere."""
    return given == _IDLE.get(row.pattern, ()) and not _common(row, record or "", context.snapshot)


def _of_store(row: Row, record: str, snapshot: Snapshot) -> Iterator[Place]:
    if row.pattern in _IDLE or row.pattern.startswith(_QUERIES):
        found = _common(row, record, snapshot)
        if found is None:
            raise Unknown(_key(row, record))
        yield found
        return
    for store in stores(snapshot):
        if store.id == record:
            if store.type in row.objects:
                lookup = store.type == "StoreLookup"
                yield Place(store.type, _holder(store.value, snapshot) if lookup else store.value, f"{STORE}{row.pointer}" if lookup else row.pointer)
            return
    if "StoreLookup" in row.objects:
        yield Place("StoreLookup", None, f"{STORE}{row.pointer}")


def _common(row: Row, record: str, snapshot: Snapshot) -> Place | None:
    """The place of a key that stood with a store and is kept with its use now."""
    type_, pointer = row.objects[0], row.pointer
    if row.pattern == _COMPRESSION:
        here = record == reference("BlobStore", snapshot)
    elif row.pattern == _CLEANING:
        here = record == DATA or (record == _BLOB and reference("BlobStore", snapshot) == _BLOB)
        pointer = "/blobCleanupSchedule" if record == _BLOB else pointer
    else:
        here = record == DATA
    for it in snapshot.get(type_, ()) if here else ():
        if type_ != "Directory" or (it["@type"] == "Sql" and it["store"]["@type"] == "Default"):
            return Place(type_, it, pointer)
    return None


def _holder(value: Object, snapshot: Snapshot) -> Object | None:
    return next((it for it in snapshot.get("StoreLookup", ()) if it["store"] is value), None)


def _key(row: Row, record: str) -> str:
    return row.base.replace("<id>", record)
