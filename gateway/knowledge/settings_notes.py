"""Why old settings have no counterpart or cannot be written, and defaults that changed (mapping-settings 8, 3.3).

`settings_notes.csv` holds a line for every key of the map that is not read-write: `keys` is a key pattern, or with `*` at its end all
that begin like it; `subject` puts notes together; a `note` that begins with `=` is that of the key named behind it.
`settings_defaults.csv` holds the defaults of the old pages that differ from those of the new server, as old texts.
"""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from gateway.knowledge.settings_map import SETTINGS, MapError, Row

_REST = "*"
_SAME = "="


class Note(NamedTuple):
    """Subject and reason, one sentence without its full stop."""

    subject: str
    reason: str


class Defaults(NamedTuple):
    """Texts of a default: on the old pages and on the new server, empty for none."""

    old: str
    new: str


def note(row: Row) -> Note | None:
    """Why the key of a row cannot be written; None for a row that is read-write."""
    return _notes().get(row.pattern)


def defaults(row: Row) -> Defaults | None:
    """Both defaults of a row where they differ."""
    return _defaults().get(row.pattern)


@cache
def _notes() -> Mapping[str, Note]:
    lines = [(line["keys"], Note(line["subject"], line["note"])) for line in _lines("settings_notes.csv")]
    said = dict(lines)
    found: dict[str, Note] = {}
    for row in SETTINGS.rows:
        if row.is_record or row.direction == "rw":
            continue
        fitting = [it for keys, it in lines if keys == row.pattern or (keys.endswith(_REST) and row.pattern.startswith(keys[:-1]))]
        if len(fitting) != 1:
            raise MapError(f"{len(fitting)} notes for {row.pattern}")
        (own,) = fitting
        found[row.pattern] = own._replace(reason=said[own.reason[1:]].reason) if own.reason.startswith(_SAME) else own
    return found


@cache
def _defaults() -> Mapping[str, Defaults]:
    return {line["key"]: Defaults(line["old"], line["new"]) for line in _lines("settings_defaults.csv")}


def _lines(file: str) -> Iterator[dict[str, str]]:
    text = (resources.files("gateway.knowledge") / file).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
