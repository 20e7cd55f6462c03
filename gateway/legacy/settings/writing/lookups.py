"""Keys of look-up lists: objects of two types, one for keys alone and one for keys with a value (mapping-settings 4.1, 6.1)."""

from collections.abc import Callable, Mapping, Sequence

from gateway.jmap.calls import Object
from gateway.legacy.refusals import Unsupported
from gateway.legacy.settings.naming import Snapshot
from gateway.legacy.settings.writing.editing import Draft
from gateway.legacy.settings.writing.entries import Entry
from gateway.legacy.settings.writing.slots import LOOKUPS, Slot
from gateway.legacy.settings.writing.target import InvalidValue

_LONGEST = 255
_PATTERNS = frozenset("*?")


def entries(changed: Sequence[Slot], draft: Draft, snapshot: Snapshot, number: Callable[[], str]) -> list[Entry]:
    """What is sent for keys that changed; Unsupported for a list that would hold both kinds."""
    if not changed:
        return []
    _insist_on_one_kind(changed, draft)
    stored = {f"lookup.{it['namespace']}.{it['key']}": (type_, it) for type_ in LOOKUPS for it in snapshot.get(type_, ())}
    return [entry for slot in changed for entry in _of_key(slot, draft, stored, number)]


def _of_key(
    slot: Slot, draft: Draft, stored: Mapping[str, tuple[str, Object]], number: Callable[[], str]
) -> list[Entry]:
    type_, was = stored.get(slot.base, ("", None))
    after = draft.after.given(slot.base)
    if not isinstance(after, str):
        return [] if was is None else [Entry(type_, "destroy", was["id"], stored=was, record=slot.base)]
    if was is not None and after and type_ == _type(after):
        return [Entry(type_, "update", was["id"], changes={("value",): after}, stored=was, record=slot.base)]
    # Names of lists that hold a dot were not made by old clients; what is stored knows where it ends.
    list_, key = (str(slot.record), str(slot.key)) if was is None else (was["namespace"], was["key"])
    if len(key.encode()) > _LONGEST:
        raise InvalidValue(slot.base, f"a key has at most {_LONGEST} bytes")
    value: Object = {"namespace": list_, "key": key, "isGlobPattern": bool(_PATTERNS & set(key))}
    if after:
        value["value"] = after
    create = Entry(_type(after), "create", number(), value, record=slot.base, keys=dict.fromkeys(value, slot.base))
    gone = [] if was is None else [Entry(type_, "destroy", was["id"], stored=was, record=slot.base, first=True)]
    return [*gone, create]


def _type(text: str) -> str:
    return LOOKUPS[bool(text)]


def _insist_on_one_kind(changed: Sequence[Slot], draft: Draft) -> None:
    lists = {str(slot.record) for slot in changed if draft.after.given(slot.base) is not None}
    row = changed[0].row
    kinds: dict[str, set[bool]] = {}
    for line in draft.after.lines(row):
        slot = draft.after.slots[line.base]
        kinds.setdefault(str(slot.record), set()).add(bool(line.text))
    for list_ in sorted(lists):
        if len(kinds[list_]) > 1:
            raise Unsupported(f"Lookup list '{list_}' cannot hold both plain keys and keys with a value")
