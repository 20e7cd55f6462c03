"""Settings pages of the old WebAdmin 0.1.33 and the keys that they load and save (mapping-settings 9.2, clients 3.5).

Columns of `settings_pages.csv`: `page` as in the address of WebAdmin; `kind` is `records` (keys below `prefix` and a record id, listed by
`suffix`), `keys` (one key for each id below `prefix`) or `fields` (single keys); `reload` is what the page reloads by itself; `rw`, `r` and
`gone` count its fields by direction; `keys` are key patterns, with `*` at their end for all that begin so, without those of `except`.
Which keys a page has is known from their counts: where a page has more fitting keys than fields, it had some of them.
"""

import csv
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

from gateway.knowledge.settings_map import SETTINGS, Direction, Row

Kind = Literal["records", "keys", "fields"]

_REST = "*"
_RECORD = "<id>"
_DIRECTIONS: tuple[tuple[str, Direction], ...] = (("rw", "rw"), ("r", "r"), ("gone", "none"))


class Page(NamedTuple):
    """One page; `counts` are its fields by direction, none for a page of single keys, and `rows` those that fit it."""

    name: str
    kind: Kind
    prefix: str
    suffix: str
    reload: str
    counts: dict[Direction, int]
    rows: tuple[Row, ...]

    def fitting(self, direction: Direction) -> tuple[Row, ...]:
        """Rows of one direction."""
        return tuple(row for row in self.rows if row.direction == direction)

    def excess(self, direction: Direction) -> int:
        """How many more rows fit than the page had fields; below zero when the fields are several records of a row."""
        return len(self.fitting(direction)) - self.counts[direction] if self.counts else 0


@cache
def pages() -> Sequence[Page]:
    """All pages in the order of the data file."""
    text = (resources.files("gateway.knowledge") / "settings_pages.csv").read_text(encoding="utf-8")
    return tuple(_page(line) for line in csv.DictReader(text.splitlines()))


def off_pages() -> Sequence[Row]:
    """Rows that are on no page."""
    shown = {row.pattern for page in pages() for row in page.rows}
    return tuple(row for row in SETTINGS.rows if not row.is_record and row.pattern not in shown)


def _page(line: dict[str, str]) -> Page:
    kind: Kind = line["kind"]  # type: ignore[assignment]
    left_out = tuple(line["except"].split())
    rows = []
    for keys in line["keys"].split():
        rows += [row for row in SETTINGS.rows if not row.is_record and _is_one(row, keys) and not row.pattern.startswith(left_out or (" ",))]
    counts: dict[Direction, int] = {} if kind == "keys" else {direction: int(line[column]) for column, direction in _DIRECTIONS}
    return Page(line["page"], kind, line["prefix"], line["suffix"], line["reload"], counts, tuple(rows))


def _is_one(row: Row, keys: str) -> bool:
    if not keys.endswith(_REST):
        return row.pattern == keys
    if _RECORD in keys and (row.alias or "off-page" in row.marks):
        return False
    return row.pattern.startswith(keys[:-1])
