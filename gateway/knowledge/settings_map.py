"""Old settings keys and the objects that hold them now (mapping-settings 0; one line per key pattern in `settings_map.csv`).

Columns: `key` with `<id>` for a record id, `<n>` for a list index and `<key>` for the rest of a lookup key; `objects` of the new server,
several when the role of the object decides; `property` as JSON pointer; `form` of the value (`conversions`); `direction` (`rw`, `r` for
read-only, `none` without counterpart); `null` is what an absent value reads as, empty for an absent key; `alias` names the key that is
listed instead; `neutral` are the texts that a key without counterpart accepts and drops, separated by `;`; `marks` as in `Row`.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Literal, NamedTuple

Direction = Literal["rw", "r", "none"]
Part = Literal["", "if", "then", "else"]

_INDEX = ".<n>"
_HOLE = re.compile(r"<(id|n|key)>")
_GAPS = {"id": r"(?P<id>.+)", "n": r"\d+", "key": r"(?P<key>.+)"}
_TWO_PARTS = {"id": r"(?P<id>[^.]+)", "n": r"\d+", "key": r"(?P<key>.+)"}
_STEP = re.compile(r"(?P<base>.+)\.(?P<index>[0-9]{1,18})(?:\.(?P<part>if|then|else))?", re.ASCII | re.DOTALL)
_EXCEPT = "except:"
_EXPRESSIONS = frozenset({"expression", "expression-sign", "expression-single", "metric-expression"})
_MARKS = frozenset({"asked", "branches", "discriminator", "expression", "fixed", "off-page", "unlisted"})


class MapError(Exception):
    """The map of settings contradicts itself."""


@dataclass(frozen=True)
class Row:
    """One key pattern.

    Marks: `discriminator` (WebAdmin lists records by this key), `fixed` (not to be changed after creation), `off-page` (WebAdmin's pages
    do not show it), `unlisted` (answered by exact key only), `asked` (by exact key or a prefix as deep as the key), `expression` (a key
    without counterpart that held one), `branches` (neutral are expressions whose results are all neutral) and `except:x` (the record x is
    none of these).
    """

    pattern: str
    objects: tuple[str, ...]
    pointer: str
    form: str
    direction: Direction
    null: str | None
    alias: str | None
    neutral: tuple[str, ...]
    marks: frozenset[str]

    @cached_property
    def base(self) -> str:
        """Pattern without the final list index."""
        return self.pattern.removesuffix(_INDEX)

    @cached_property
    def head(self) -> str:
        """Literal text before the first gap; the whole base when it has none."""
        return self.base.partition("<")[0]

    @cached_property
    def tail(self) -> str:
        """Literal text behind the last gap of the base; empty when it has none."""
        return self.base.rpartition(">")[2] if "<" in self.base else ""

    @cached_property
    def word(self) -> str:
        """Name of the form without its arguments."""
        return self.form.partition("(")[0]

    @cached_property
    def is_list(self) -> bool:
        """Whether the key holds several values under indexes."""
        return self.pattern.endswith(_INDEX)

    @cached_property
    def is_expression(self) -> bool:
        """Whether conditions may stand under the key."""
        return "expression" in self.marks or self.word in _EXPRESSIONS

    @cached_property
    def is_record(self) -> bool:
        """Whether the row tells of a record id and is no key."""
        return self.word == "record-id"

    @cached_property
    def literals(self) -> int:
        """Length of the literal text: of several rows for a key the longest is meant."""
        return len(_HOLE.sub("", self.base))

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        gaps = _TWO_PARTS if "<key>" in self.base else _GAPS
        texts = _HOLE.split(self.base)
        parts = [gaps[text] if place % 2 else re.escape(text) for place, text in enumerate(texts)]
        return re.compile("".join(parts), re.ASCII | re.DOTALL)

    def match(self, base: str) -> re.Match[str] | None:
        """Whether a key without index is of this pattern; groups `id` and `key`."""
        match = self._shape.fullmatch(base)
        return None if match and self._excepted and match["id"] in self._excepted else match

    @cached_property
    def _excepted(self) -> frozenset[str]:
        return frozenset(mark.removeprefix(_EXCEPT) for mark in self.marks if mark.startswith(_EXCEPT))


class Found(NamedTuple):
    """A key taken apart: its row, record id, rest of a lookup key, position in a list or among conditions, and the part of a condition."""

    row: Row
    base: str
    id: str | None = None
    key: str | None = None
    place: int | None = None
    part: Part = ""


class SettingsMap:
    """All rows; MapError for duplicates, unknown words, aliases of nothing and rows that no key reaches."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        self._exact: dict[str, Row] = {}
        self._headed: dict[str, list[Row]] = {}
        patterns: dict[str, Row] = {}
        for row in self.rows:
            if row.pattern in patterns:
                raise MapError(f"two rows for {row.pattern}")
            patterns[row.pattern] = row
            if row.is_record:
                continue
            if "<" in row.base:
                self._headed.setdefault(row.head, []).append(row)
            elif self._exact.setdefault(row.base, row) is not row:
                raise MapError(f"two rows for {row.base}")
        for row in self.rows:
            _check(row, patterns)
        self.by_pattern: Mapping[str, Row] = MappingProxyType(patterns)
        self._of_group: dict[str, list[Row]] = {}
        for row in self.rows:
            self._of_group.setdefault(row.pattern.partition(".")[0], []).append(row)
        self.groups = frozenset(self._of_group)
        self._longest_head = max(map(len, self._headed), default=0)
        for row in self.rows:
            if not row.is_record and ((found := self.find(_sample(row.pattern))) is None or found.row is not row):
                raise MapError(f"no key reaches {row.pattern}")

    def near(self, prefix: str) -> Iterator[Row]:
        """Rows of the group of a prefix, or of the groups whose names begin with it: all that can have keys below it are among them."""
        group, dot, _ = prefix.partition(".")
        for name in (group,) if dot else self._of_group:
            if name.startswith(group):
                yield from self._of_group.get(name, ())

    def find(self, key: str) -> Found | None:
        """The row of a key, in whatever spelling of the index (18 digits at most), None when there is none; a long key costs as much as reading it."""
        best = self._plain(key)
        if step := _STEP.fullmatch(key):
            part: Part = step["part"] or ""  # type: ignore[assignment]
            indexed = self._plain(step["base"])
            fits = indexed is not None and (indexed.row.is_expression if part else indexed.row.is_list)
            if indexed and fits and (best is None or indexed.row.literals >= best.row.literals):
                return indexed._replace(place=int(step["index"]), part=part)
        return best

    def _plain(self, base: str) -> Found | None:
        if row := self._exact.get(base):
            return Found(row, base)
        best: Found | None = None
        for head in _heads(base[: self._longest_head]):
            for row in self._headed.get(head, ()):
                if (best is None or row.literals > best.row.literals) and (match := row.match(base)):
                    groups = match.groupdict()
                    best = Found(row, base, groups.get("id"), groups.get("key"))
        return best


def _heads(base: str) -> Iterator[str]:
    """Every beginning of a key that ends with a dot, or with a hyphen for the rows that divide an element."""
    for place, letter in enumerate(base, 1):
        if letter in ".-":
            yield base[:place]


def _sample(pattern: str) -> str:
    return pattern.replace("<id>", "x").replace("<n>", "0").replace("<key>", "k")


def _check(row: Row, patterns: Mapping[str, Row]) -> None:
    if strange := {mark for mark in row.marks - _MARKS if not mark.startswith(_EXCEPT)}:
        raise MapError(f"{row.pattern} has unknown marks: {', '.join(sorted(strange))}")
    if row.direction not in {"rw", "r", "none"}:
        raise MapError(f"{row.pattern} has no direction")
    if (row.direction == "none") != (not row.objects):
        raise MapError(f"{row.pattern} needs an object if and only if it has a counterpart")
    if row.neutral and row.direction != "none":
        raise MapError(f"{row.pattern} has a counterpart and needs no neutral values")
    if row.alias is not None:
        listed = patterns.get(row.alias)
        if listed is None or listed.alias is not None or (listed.objects, listed.pointer) != (row.objects, row.pointer):
            raise MapError(f"{row.pattern} is an alias of nothing that is listed")


def _rows() -> Iterator[Row]:
    text = (resources.files("gateway.knowledge") / "settings_map.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    nulls = {line["key"]: line["null"] for line in lines}
    for line in lines:
        row = Row(
            pattern=line["key"],
            objects=tuple(line["objects"].split()),
            pointer=line["property"],
            form=line["form"],
            direction=line["direction"],  # type: ignore[arg-type]
            null=line["null"] or None,
            alias=line["alias"] or None,
            neutral=tuple(line["neutral"].split(";")) if line["neutral"] else (),
            marks=frozenset(line["marks"].split()),
        )
        yield replace(row, null=nulls.get(row.alias) or None) if row.alias else row


SETTINGS = SettingsMap(_rows())
"""The map of all old settings."""
