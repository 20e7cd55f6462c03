"""The virtual map as it is edited: one cell for each key without index (mapping-settings 2, 5.1).

Lists are kept by position and expressions by their parts, so that the spelling of indexes does not matter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from gateway.knowledge.settings_map import SETTINGS, Found, Row
from gateway.legacy.settings.naming import Snapshot
from gateway.legacy.settings.records import Named, texts_of
from gateway.legacy.settings.writing.slots import Slot, form_of, slot_of
from gateway.legacy.settings.writing.target import Cells, Given

Part: TypeAlias = int | str | None
"""Position in a list, rest of a key of an expression (`0.if`, empty for one without conditions), None for a single text."""

Cell: TypeAlias = dict[Part, str]
"""Texts of one key by part, never empty."""

_CONDITIONS = frozenset({"expression-single", "metric-expression"})
_STEP = re.compile(r"0*([0-9]+)\.(if|then|else)", re.ASCII)


class Line(NamedTuple):
    """One key with its text: the cell and the name that is shown of it, the part of the cell, and the key as a listing spells it.

    `other` is another spelling that counts.
    """

    base: str
    shown: str
    part: Part
    key: str
    text: str
    other: str | None = None

    def begins(self, prefix: str) -> bool:
        """Whether the key begins with a text; a single element of a list counts under its index as well."""
        return self.key.startswith(prefix) or (self.other is not None and self.other.startswith(prefix))


class Sheet:
    """All cells of what was fetched. `other_names` are record ids by type that mean a listed one too."""

    def __init__(self, other_names: Mapping[str, Mapping[str, str]]) -> None:
        self.slots: dict[str, Slot] = {}
        self.cells: dict[str, Cell] = {}
        self._bases: dict[str, dict[str, None]] = {}
        self._other_names = other_names

    def copy(self) -> "Sheet":
        """A sheet whose cells can be edited without changing this one."""
        other = Sheet(self._other_names)
        other.slots = dict(self.slots)
        other.cells = {base: dict(cell) for base, cell in self.cells.items()}
        other._bases = {pattern: dict(bases) for pattern, bases in self._bases.items()}
        return other

    def slot(self, found: Found) -> Slot:
        """Slot of a key."""
        return slot_of(found, self._other_names)

    def write(self, slot: Slot, part: Part, text: str) -> None:
        """Put a text into a part of a cell."""
        self.slots.setdefault(slot.base, slot)
        self._bases.setdefault(slot.row.pattern, {}).setdefault(slot.base)
        self.cells.setdefault(slot.base, {})[part] = text

    def remove(self, base: str, part: Part) -> None:
        """Take a part out of a cell; nothing when it is not there."""
        if cell := self.cells.get(base):
            cell.pop(part, None)
            if not cell:
                del self.cells[base]

    def drop(self, base: str) -> None:
        """Empty a cell."""
        self.cells.pop(base, None)

    def lines(self, row: Row) -> Iterator[Line]:
        """Keys of a row as listings show them; those of an alias under its own name."""
        listed = SETTINGS.by_pattern[row.alias] if row.alias else row
        for base in list(self._bases.get(listed.pattern, ())):
            if cell := self.cells.get(base):
                shown = _renamed(row, self.slots[base]) if row.alias else base
                yield from _lines(listed, base, shown, cell)

    def given(self, base: str) -> Given:
        """Texts of a cell in the form in which values are written, None when it is empty."""
        cell = self.cells.get(base)
        if not cell:
            return None
        if None in cell:
            return cell[None]
        row = self.slots[base].row
        if row.word in _CONDITIONS and list(cell) == [""]:
            return cell[""]
        if form_of(row) == "list":
            return [cell[place] for place in sorted(cell)]  # type: ignore[type-var]  # positions of a list are numbers
        return {str(part): text for part, text in cell.items()}

    def all_given(self) -> Cells:
        """Texts of all cells."""
        return {base: self.given(base) for base in self.cells}


def read(rows: Iterable[Row], snapshot: Snapshot, named: Named, other_names: Mapping[str, Mapping[str, str]]) -> Sheet:
    """The cells of these rows, none of them an alias, for what was fetched."""
    sheet = Sheet(other_names)
    for row in rows:
        form = form_of(row)
        for key, text in texts_of(row, snapshot, named):
            base, part = _taken_apart(row, form, key)
            sheet.write(_slot_of_listed(row, base), part, text)
    return sheet


def part_of(slot: Slot, found: Found) -> Part:
    """The part of a cell that a key names."""
    match form_of(slot.row):
        case "list":
            return found.place or 0
        case "chain":
            return f"{found.place}.{found.part}" if found.part else ""
    return None


def _taken_apart(row: Row, form: str, key: str) -> tuple[str, Part]:
    if form == "list":
        if key.endswith(row.tail) if row.tail else key == row.base:
            return key, 0
        base, _, place = key.rpartition(".")
        return base, int(place)
    if form == "chain":
        head, dot, part = key.rpartition(".")
        if dot and part in {"if", "then", "else"}:
            base, _, place = head.rpartition(".")
            if place.isdecimal():
                return base, f"{int(place)}.{part}"
        return key, ""
    return key, None


def _slot_of_listed(row: Row, base: str) -> Slot:
    if "<" not in row.base:
        return Slot(row, base)
    match = row.match(base)
    groups = match.groupdict() if match else {}
    return Slot(row, base, groups.get("id"), groups.get("key"))


def _renamed(alias: Row, slot: Slot) -> str:
    return alias.base.replace("<id>", slot.record or "")


def _lines(row: Row, base: str, shown: str, cell: Cell) -> Iterator[Line]:
    form = form_of(row)
    if form == "text":
        yield Line(base, shown, None, shown, cell[None])
    elif form == "list":
        places = sorted(part for part in cell if isinstance(part, int))
        width = len(str(places[-1]))
        for place in places:
            key = f"{shown}.{place:0{width}}"
            alone = len(places) == 1
            yield Line(base, shown, place, shown if alone else key, cell[place], key if alone else None)
    else:
        width = max((len(match[1]) for part in cell if (match := _STEP.fullmatch(str(part)))), default=1)
        for part, text in cell.items():
            match = _STEP.fullmatch(str(part))
            yield Line(base, shown, part, f"{shown}.{int(match[1]):0{width}}.{match[2]}" if match else shown, text)
