"""JSON as both APIs write it: UTF-8 without escapes, integers of 64 bits exact; orjson where it is installed, else the standard library.

The new server refuses backslash escapes in most names (jmap-management-api 1.5), so text leaves unescaped.
"""

import json
from typing import Any

try:
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]  # the extra `speed` is optional


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8; ValueError for what JSON cannot say (lone surrogates, numbers beyond 64 bits with orjson)."""
    try:
        if orjson is not None:
            return orjson.dumps(value)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError("not writable as JSON") from error


def loads(body: bytes) -> Any:
    """Value of a JSON text in UTF-8; ValueError for anything else, also for one nested too deeply to read."""
    try:
        if orjson is not None:
            return orjson.loads(body)
        return json.loads(body.decode(), parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def value_of(body: bytes) -> Any:
    """Value of a JSON text of the new server, None for what is none: the error of a reader would hold the text, and it may hold secrets."""
    try:
        return loads(body)
    except ValueError:
        return None
