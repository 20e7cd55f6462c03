"""Explained settings for people: a table, or one block for each where a table would be too narrow."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gateway.legacy.settings.explaining import ABSENT, Explained

_HEAD = ("OLD KEY", "ON THE NEW SERVER", "VALUE", "REMARKS")
_GAP = "  "
_NARROW = 100
_SHARES = (0.32, 0.26, 0.18)
_LONG = 400
_DASH = "none"


def lines(settings: Sequence[Explained], width: int | None) -> Iterator[str]:
    """The table in as many columns of the terminal as there are; None for any number, without breaking a line."""
    cells = [_cells(it) for it in settings]
    if width is not None and width < _NARROW:
        for key, place, value, remarks in cells:
            yield from _block(key, place, value, remarks, width)
        return
    widths = [max(len(row[column]) for row in (_HEAD, *cells)) for column in range(len(_HEAD) - 1)]
    if width is not None:
        room = width - len(_GAP) * len(widths)
        widths = [min(wanted, int(room * share)) for wanted, share in zip(widths, _SHARES, strict=True)]
        widths.append(room - sum(widths))
    for row in (_HEAD, *cells):
        yield from _row(row, widths)


def unset(defaults: Iterable[tuple[str, str]], width: int | None) -> Iterator[str]:
    """Keys that are not given, with what is different about them."""
    for number, (key, text) in enumerate(defaults):
        if number == 0:
            yield from ("", "NOT SET, AND ITS DEFAULT IS ANOTHER NOW")
        yield from textwrap.wrap(f"{key}: {text}", width, subsequent_indent=" " * 4) if width else [f"{key}: {text}"]


def summary(settings: Sequence[Explained]) -> str:
    """How many have what."""
    count = Counter(it.access for it in settings)
    neutral = sum(it.neutral for it in settings)
    problems = sum(it.problem is not None for it in settings)
    parts = [
        f"{len(settings)} {'setting' if len(settings) == 1 else 'settings'}: {count['rw']} read-write",
        f"{count['r']} read-only",
        f"{count['none']} without counterpart" + (f" ({neutral} at a value that changes nothing)" if neutral else ""),
        *([f"{count['unknown']} unknown"] if count["unknown"] else []),
        *([f"{count['own']} of your own"] if count["own"] else []),
        *([f"{problems} with a value that would be refused"] if problems else []),
    ]
    return ", ".join(parts) + "."


def _cells(it: Explained) -> tuple[str, str, str, str]:
    record = f"[{it.record}]" if it.record else ""
    place = " or ".join(f"{name}{record}{it.pointer or ''}" for name in it.objects)
    remarks = [f"REFUSED: {it.problem}"] if it.problem else []
    value = _value(it.value)
    if it.kind and not it.given:
        value = f"({it.kind})"
    return _printable(it.key), _printable(place or _DASH), value, _printable("; ".join([*remarks, *it.remarks]))


def _value(value: object) -> str:
    if value is ABSENT:
        return ""
    if isinstance(value, str) and "\n" in value:
        return f"text of {len(value.splitlines())} lines"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = _printable(text)
    return text if len(text) <= _LONG else f"{text[:_LONG]} … ({len(text)} characters)"


def _printable(text: str) -> str:
    """A text that leaves the terminal as it is."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _row(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """One row, over several lines where its texts are too long for their columns."""
    columns = [_wrapped(text, width) for text, width in zip(row, widths, strict=False)]
    columns += [[text] for text in row[len(columns) :]]
    for place in range(max(len(column) for column in columns)):
        parts = [column[place] if place < len(column) else "" for column in columns]
        padded = [part.ljust(width) for part, width in zip(parts, widths, strict=False)] + parts[len(widths) :]
        yield _GAP.join(padded).rstrip()


def _block(key: str, place: str, value: str, remarks: str, width: int) -> Iterator[str]:
    yield key
    for name, text in (("new", place), ("value", value), ("note", remarks)):
        if text:
            yield from textwrap.wrap(text, max(width, 20), initial_indent=f"    {name:6}", subsequent_indent=" " * 10)


def _wrapped(text: str, width: int) -> list[str]:
    if len(text) > width and text.startswith("x:"):
        text = text.replace("/", " /", 1)  # a property on a line of its own is easier to read than one that is broken
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
