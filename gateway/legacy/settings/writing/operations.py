"""The operations of `POST /settings` as data (legacy-rest-api 2.7, mapping-settings 1.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.legacy.refusals import BadRequest, Unsupported


@dataclass(frozen=True, slots=True)
class Insert:
    """Write keys; with `assert_empty` only where nothing stands below the prefix or, without prefix, under the first key."""

    prefix: str | None
    values: tuple[tuple[str, str], ...]
    assert_empty: bool

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Full keys and their texts: a dot always joins the prefix, even an empty one."""
        for key, text in self.values:
            yield (key if self.prefix is None else f"{self.prefix}.{key}"), text


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove exactly these keys."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove every key that begins with a text and, with a filter, contains it or has it in its value."""

    prefix: str
    filter: str | None

    def hits(self, key: str, text: str) -> bool:
        """Whether the filter lets a key go. Keys and values are lower-cased for it, the filter is not."""
        return not self.filter or self.filter in key.lower() or self.filter in text.lower()


Operation: TypeAlias = Insert | Delete | Clear


def parse(body: Any) -> list[Operation]:
    """All operations in their order; BadRequest for any wrong shape before anything else, Unsupported for a clear of everything."""
    if not isinstance(body, list):
        raise BadRequest
    operations = [_operation(it) for it in body]
    if any(isinstance(it, Clear) and not it.prefix for it in operations):
        raise Unsupported("Clearing all settings is not supported")
    return operations


def weight(operation: Operation) -> int:
    """How many keys and prefixes an operation names."""
    match operation:
        case Insert(_, values):
            return 1 + len(values)
        case Delete(keys):
            return len(keys)
    return 1


def _operation(it: Any) -> Operation:
    match it:
        case {"type": "insert", "values": list(values), "assert_empty": bool(assert_empty)}:
            return Insert(_text_or_none(it.get("prefix")), tuple(map(_pair, values)), assert_empty)
        case {"type": "delete", "keys": list(keys)}:
            return Delete(tuple(map(_text, keys)))
        case {"type": "clear", "prefix": str(prefix)}:
            return Clear(prefix, _text_or_none(it.get("filter")))
    raise BadRequest


def _pair(it: Any) -> tuple[str, str]:
    match it:
        case [str(key), str(text)]:
            return key, text
    raise BadRequest


def _text(it: Any) -> str:
    if not isinstance(it, str):
        raise BadRequest
    return it


def _text_or_none(it: Any) -> str | None:
    return None if it is None else _text(it)
