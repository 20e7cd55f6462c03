"""The operations carried out on the virtual map, one after the other, before anything is sent (mapping-settings 5.1, 5.4).

Nothing here knows what the new server makes of a value: only which keys exist, which of them may be written, and what stands there then.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from gateway.knowledge.conversions import MASK
from gateway.knowledge.settings_map import SETTINGS, Found
from gateway.legacy.refusals import Unsupported
from gateway.legacy.settings.demand import rows_below
from gateway.legacy.settings.own import is_own
from gateway.legacy.settings.writing.errors import AssertFailed
from gateway.legacy.settings.writing.neutral import neutral
from gateway.legacy.settings.writing.operations import Clear, Delete, Insert, Operation
from gateway.legacy.settings.writing.sheet import Line, Part, Sheet, part_of
from gateway.legacy.settings.writing.slots import STORE, Slot, form_of, is_lookup, record_pattern
from gateway.legacy.settings.writing.target import ReadOnly, Unknown

_EXISTENCE = "key-exists"
_REMOTE = "remote."
_RELAY = "relay"
_TOLD_ONCE = frozenset({STORE, "directory.<id>"})


class Draft:
    """The map before and after, and what was done to it.

    `spoken` are the keys of clients by cell, `written` the cells that an operation wrote, both in the order of the request; `resaved` the
    records that a page of WebAdmin saved (cleared and written again), by pattern and id; `own` are the settings that the gateway keeps itself.
    """

    def __init__(self, before: Sheet, own: Mapping[str, str], is_default: Callable[[Slot], bool]) -> None:
        self.before = before
        self.after = before.copy()
        self.own = dict(own)
        self.spoken: dict[str, str] = {}
        self.resaved: set[tuple[str, str]] = set()
        self.kept: set[str] = set()
        self.asserted = False
        self.is_default = is_default
        self._names: dict[tuple[str, Part], tuple[str, str, str]] = {}
        self._as_read: set[str] = {base for base in before.cells if form_of(before.slots[base].row) == "chain"}
        self._untouched: set[str] = set(before.cells)

    def apply(self, operations: Sequence[Operation]) -> None:
        """Carry out all operations; Refusal for the first that cannot be."""
        for operation, following in pairwise([*operations, None]):
            match operation:
                case Insert():
                    self._insert(operation)
                case Delete():
                    self._delete(operation)
                case Clear():
                    self._clear(operation, following)

    def _insert(self, operation: Insert) -> None:
        if operation.assert_empty:
            self.asserted = True
            if self._stands(operation):
                raise AssertFailed
        for key, text in operation.pairs():
            self._write(key, text)

    def _stands(self, operation: Insert) -> bool:
        """Whether anything is where the operation wants nothing; values that are only defaults count as nothing (decision 16)."""
        if operation.prefix is not None:
            prefix = f"{operation.prefix}."
            return any(key.startswith(prefix) for key in self.own) or any(map(self._counts, self._lines(prefix)))
        key = next((key for key, _ in operation.pairs()), None)
        if key is None:
            return False
        if is_own(key):
            return key in self.own
        found = SETTINGS.find(key)
        if found is None or found.row.direction == "none":
            return False
        slot = self.after.slot(found)
        cell = self.after.cells.get(slot.base, {})
        return part_of(slot, found) in cell and self._counts_at(slot.base)

    def _counts(self, line: Line) -> bool:
        return self._counts_at(line.base)

    def _counts_at(self, base: str) -> bool:
        return base not in self.kept and not (base in self._untouched and self.is_default(self.after.slots[base]))

    def _lines(self, prefix: str) -> Iterator[Line]:
        """Keys that begin with a text, under the names that a listing of it shows."""
        for row in rows_below(prefix):
            if row.direction != "none" and not row.is_record:
                yield from (line for line in self.after.lines(row) if line.begins(prefix))

    def _write(self, key: str, text: str) -> None:
        if is_own(key):
            self.own[key] = text
            return
        found = SETTINGS.find(key)
        if found is None:
            raise Unknown(key)
        if found.row.direction == "none":
            if not neutral(found, text):
                raise Unknown(key)
            return
        slot = self.after.slot(found)
        part = part_of(slot, found)
        self._insist_on_one_name(slot, part, key, found, text)
        if found.row.direction == "r":
            self._keep(slot, part, key, text)
            return
        if text == MASK:
            text = self.before.cells.get(slot.base, {}).get(part, MASK)
        self.spoken.setdefault(slot.base, _without_index(key, found))
        self.kept.discard(slot.base)
        self._untouched.discard(slot.base)
        whole = form_of(slot.row) == "list" and found.place is None
        if whole or slot.base in self._as_read:
            self._as_read.discard(slot.base)
            self.after.drop(slot.base)
        if text or is_lookup(slot.row) or slot.row.word == _EXISTENCE:
            self.after.write(slot, part, text)
            if found.row.pattern.startswith(_REMOTE):
                self._imply_relay(slot)
        else:
            self.after.remove(slot.base, part)

    def _imply_relay(self, slot: Slot) -> None:
        """Routes had no type when they were called remote hosts: all of them were relays."""
        telling = SETTINGS.find(f"queue.route.{slot.record}.type")
        if telling is not None and telling.base not in self.after.cells:
            self.after.write(self.after.slot(telling), None, _RELAY)

    def _insist_on_one_name(self, slot: Slot, part: Part, key: str, found: Found, text: str) -> None:
        """Refuse two texts for one setting under two of its names (mapping-settings 3.4)."""
        name, first, known = self._names.setdefault((slot.base, part), (found.row.pattern, key, text))
        if name != found.row.pattern and known != text:
            raise Unsupported(f"Settings '{first}' and '{key}' are the same setting and have different values")
        self._names[slot.base, part] = (found.row.pattern, key, text)

    def _keep(self, slot: Slot, part: Part, key: str, text: str) -> None:
        """Take a key that is only shown, with the value that it has; a page that was cleared writes it again.

        Those that tell what a new store or directory is are taken with it.
        """
        if self.before.cells.get(slot.base, {}).get(part) != text:
            pattern = record_pattern(slot.row) or ""
            telling = f"{pattern.replace('<id>', slot.record or '')}.type"
            if pattern not in _TOLD_ONCE or telling in self.before.cells:
                raise ReadOnly(key)
            self.spoken.setdefault(slot.base, key)
        self.after.write(slot, part, text)

    def _delete(self, operation: Delete) -> None:
        for key in operation.keys:
            if is_own(key):
                self.own.pop(key, None)
            elif (found := SETTINGS.find(key)) is not None and found.row.direction != "none":
                slot = self.after.slot(found)
                cell = self.after.cells.get(slot.base, {})
                part = part_of(slot, found)
                if form_of(slot.row) == "list" and found.place is None:
                    part = next(iter(cell)) if len(cell) == 1 else None
                if part in cell:
                    self._remove(slot.base, part, _without_index(key, found))

    def _clear(self, operation: Clear, following: Operation | None) -> None:
        record = self._resaved(operation, following)
        own = [key for key, text in self.own.items() if key.startswith(operation.prefix) and operation.hits(key, text)]
        for key in own:
            del self.own[key]
        for line in [it for it in self._lines(operation.prefix) if operation.hits(it.key, it.text)]:
            slot = self.after.slots[line.base]
            whose = (record_pattern(slot.row), slot.record)
            if "off-page" in slot.row.marks and whose == record:
                self.kept.add(line.base)
            else:
                self._remove(line.base, line.part, line.shown)
            if (
                line.shown.startswith(_REMOTE)
                and f"{_REMOTE}{slot.record}.".startswith(operation.prefix)
                and not operation.filter
            ):
                self._remove_rest_of(whose)

    def _remove_rest_of(self, record: tuple[str | None, str | None]) -> None:
        """A remote host of old versions had nothing but its keys: what else its route has goes with them."""
        for base, slot in self.before.slots.items():
            if (record_pattern(slot.row), slot.record) == record and base in self.after.cells:
                self.spoken.setdefault(base, base)
                self.after.drop(base)

    def _remove(self, base: str, part: Part, spoken: str) -> None:
        self.spoken.setdefault(base, spoken)
        self._untouched.discard(base)
        self._as_read.discard(base)
        self.after.remove(base, part)

    def _resaved(self, operation: Clear, following: Operation | None) -> tuple[str, str] | None:
        """The record that a page of WebAdmin clears only to write it again with all that it knows, noted as such."""
        if operation.filter or not isinstance(following, Insert) or f"{following.prefix}." != operation.prefix:
            return None
        for line in self._lines(operation.prefix):
            slot = self.after.slots[line.base]
            pattern = record_pattern(slot.row)
            if pattern and slot.record and f"{pattern.replace('<id>', slot.record)}." == operation.prefix:
                self.resaved.add((pattern, slot.record))
                return pattern, slot.record
        return None


def _without_index(key: str, found: Found) -> str:
    """The key as the client spelled it, without what stands for a list index or a part of an expression."""
    if found.place is None:
        return key
    head = key.rpartition(".")[0]
    return head.rpartition(".")[0] if found.part else head
