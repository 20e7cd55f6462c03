"""Query strings as the old server read them (legacy-rest-api 1.9)."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from gateway.knowledge.ids import decimal


def parse(raw: str) -> dict[str, str]:
    """Parameters by name: form decoding, pairs with an empty value dropped, the last of repeated names wins."""
    return {name: value for name, value in parse_qsl(raw, keep_blank_values=False, encoding="utf-8", errors="replace") if value}


def number(parameters: Mapping[str, str], name: str, default: int = 0) -> int:
    """Unsigned 64-bit parameter; absent or malformed gives the default, never an error."""
    value = decimal(parameters.get(name, ""))
    return default if value is None else value
