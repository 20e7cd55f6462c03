"""Instants as both APIs write them: RFC 3339, UTC, whole seconds (legacy-rest-api 1.10, jmap-management-api 2.2.5)."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
LATEST = 253402300799  # the last second of the year 9999
_WRITABLE = range(-62135596800, LATEST + 1)


def text_of(unix: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` of unix seconds in the years 1 to 9999."""
    return datetime.fromtimestamp(unix, UTC).isoformat().replace("+00:00", "Z")


def unix_of(text: str) -> int | None:
    """Unix seconds of an RFC 3339 instant, a fraction cut off; None when the text is no such instant of the years 1 to 9999 in UTC."""
    match = _RFC3339.fullmatch(text)
    if not match:
        return None
    day, time, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{'+00:00' if zone in 'Zz' else zone}")
        unix = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    return unix if unix in _WRITABLE else None


def seconds(text: str) -> int:
    """Unix seconds of an instant that the new server wrote; ValueError when it is none."""
    unix = unix_of(text)
    if unix is None:
        raise ValueError(f"{text!r} is no instant")
    return unix
