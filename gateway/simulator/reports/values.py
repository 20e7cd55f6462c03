"""Values of received reports in the forms of the new API (jmap-management-api 2.2): sets, lists, numbers, addresses, instants."""

import ipaddress
import math
import re
import struct
from collections.abc import Iterable
from typing import Any

from gateway.knowledge.instants import text_of, unix_of

LARGEST_COUNT = 2**32 - 1
_LAST_INSTANT = 32_503_679_999  # end of the year 2999, the last that the server stores

_DIGITS = re.compile(r"\+?[0-9]+", re.ASCII)


def members(values: Iterable[str]) -> dict[str, bool]:
    """A set: the values as keys, in the order of their first appearance."""
    return dict.fromkeys(values, True)


def entries(values: Iterable[Any]) -> dict[str, Any]:
    """A list: values under the keys `0`, `1` and so on."""
    return {str(position): value for position, value in enumerate(values)}


def count(text: str | None, default: int = 0) -> int:
    """Unsigned 32-bit number of a text; the default when it is absent or no such number."""
    if text is None or not _DIGITS.fullmatch(text) or len(text) > 11 or int(text) > LARGEST_COUNT:  # noqa: PLR2004 - digits of the largest, and a sign
        return default
    return int(text)


def single_precision(text: str | None) -> float:
    """A number of single precision, widened (legacy-rest-api 1.10); 0.0 when it is absent or no number."""
    try:
        value = float(text or "")
        return float(struct.unpack("f", struct.pack("f", value))[0]) if math.isfinite(value) else 0.0
    except (ValueError, OverflowError):
        return 0.0


def address(text: str | None) -> str | None:
    """An IP address in its usual form, None when the text is none."""
    try:
        return str(ipaddress.ip_address(text or ""))
    except ValueError:
        return None


def instant(unix: int | None) -> str:
    """RFC 3339 text of unix seconds; the beginning of 1970 when there are none or the server could not store them."""
    return text_of(unix if unix is not None and 0 <= unix <= _LAST_INSTANT else 0)


def unix_seconds(text: str | None) -> int | None:
    """Unix seconds written as digits, None when the text is no such number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004 - digits of 64 bits


def instant_of(text: str) -> str:
    """The instant of an RFC 3339 text, normalised; the beginning of 1970 when it is none."""
    return instant(unix_of(text))
