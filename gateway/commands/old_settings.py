"""Reading old settings from files: a whole `config.toml`, a JSON dump of the old API, or lines of `key = value`."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

Pair = tuple[str, str | None]
"""A key and its text, None when only the key was given."""

_KEY = re.compile(r"[^\s=\"'#\[]+")
_LINE = re.compile(r"(?P<key>[^\s=\"'#\[][^=]*?)\s*=\s*(?P<text>.*)")
_HEADINGS = {"data", "items", "settings"}


class Unreadable(Exception):
    """Input that is none of the forms; the message says where and holds no value of it."""


def read(text: str, prefix: str = "") -> list[Pair]:
    """Settings of a file, in its order; `prefix` completes the keys of a dump that was taken below one."""
    stripped = text.removeprefix("\ufeff").strip()
    before = f"{prefix.rstrip('.')}." if prefix else ""
    if not stripped:
        raise Unreadable("it is empty")
    try:
        pairs = _json(stripped)
        if pairs is None:
            pairs = _toml(stripped)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    if not pairs:
        raise Unreadable("it holds no settings")
    return [(before + key, value) for key, value in pairs]


def _json(text: str) -> list[Pair] | None:
    """A JSON object or list, None when the text is no JSON."""
    try:
        value = json.loads(text)
    except ValueError as error:
        if text.startswith("{"):
            raise Unreadable(f"it begins like JSON, but is none: {error}") from None
        return None
    while isinstance(value, dict) and (inner := next((value[name] for name in value if name in _HEADINGS and isinstance(value[name], dict | list)), None)) is not None:
        value = inner
    if isinstance(value, dict):
        return list(_flat("", value))
    if isinstance(value, list):
        return [pair for item in value for pair in _item(item)]
    raise Unreadable("it is JSON, but neither an object nor a list")


def _item(item: Any) -> Iterator[Pair]:
    """One element of a list: a pair, or a record or single key as `GET /settings/group` shows them."""
    match item:
        case [str(key), value]:
            yield from _flat(key, value)
        case {"_id": str(key), "_value": value}:
            yield from _flat(key, value)
        case {"_id": str(record), **members}:
            yield from _flat(record, members)
        case _:
            raise Unreadable("it is a JSON list, but not of settings")


def _toml(text: str) -> list[Pair]:
    """TOML, or single lines, which may also be keys alone and texts without quotes, and may set a key that another begins with."""
    try:
        return list(_flat("", tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        lines = [line.strip() for line in text.splitlines()]
        if any(line.startswith("[") for line in lines):
            raise Unreadable(f"it is no TOML: {_place(error)}") from None
    return [pair for number, line in enumerate(lines, 1) if line and not line.startswith("#") for pair in _line(number, line)]


def _line(number: int, line: str) -> Iterator[Pair]:
    if _KEY.fullmatch(line):
        yield line, None
    elif match := _LINE.fullmatch(line):
        try:
            value: Any = tomllib.loads(f"value = {match['text']}")["value"]
        except tomllib.TOMLDecodeError:
            value = match["text"]
        yield from _flat(match["key"], value)
    else:
        raise Unreadable(f"line {number} is neither a key nor `key = value`")


def _flat(key: str, value: Any) -> Iterator[Pair]:
    """Keys and texts of a value as the old server took them: elements of lists under four digits (mapping-settings 1.8)."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _flat(f"{key}.{place:04}", inner)
    elif isinstance(value, bool):
        yield key, "true" if value else "false"
    elif value is not None:
        yield key, str(value)


def _place(error: tomllib.TOMLDecodeError) -> str:
    """Where TOML went wrong, without what stands there."""
    match = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
    return match[1] if match else "it cannot be understood"
