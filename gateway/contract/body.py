"""JSON bodies as the old server read them (legacy-rest-api 1.7)."""

import json
from typing import Any, NoReturn


class Unreadable(Exception):
    """The body is no JSON value: 400 where the value is used. The text never holds a part of the body."""


def parse(raw: bytes, *, limit: int, depth: int) -> Any:
    """The JSON value of a body; of repeated members the last one wins.

    A body above `limit` bytes counts as no body. Refused (Unreadable): no body, bytes that are not UTF-8, a byte order mark, text after the
    value, numbers that no JSON number can be, halves of surrogate pairs, nesting deeper than `depth`.
    """
    if not raw or len(raw) > limit:
        raise Unreadable("no body")
    try:
        text = raw.decode()
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from None
    if raw.count(b"[") + raw.count(b"{") > depth and _deeper(value, depth):
        raise Unreadable("too deep")
    return value


def _refuse(_constant: str) -> NoReturn:
    raise ValueError


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def _deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return any(isinstance(node, dict | list) for node in level)
