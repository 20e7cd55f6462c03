"""Booleans, numbers, sizes, durations, rates and times of day (mapping-settings 1.8, 6.1)."""

import re
from decimal import Decimal
from typing import Any

from gateway.knowledge.conversions.values import Invalid, Scalar, optional

_LARGEST = 2**64 - 1
_MOST_DIGITS = 30
_LARGEST_COUNT = 1_000_000
_SUNDAY = 7

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_DURATION = re.compile(r"([0-9]+) *(ms|[smhd]?)", re.ASCII)
_SIZE = re.compile(r"([0-9]+) *([kmg]?)b?", re.ASCII | re.IGNORECASE)
_FLOAT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


def _read_bool(value: bool) -> str:
    return "true" if value else "false"


def _write_bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise Invalid("expected true or false")
    return text == "true"


def _bounded(number: int) -> int:
    if number > _LARGEST:
        raise Invalid("number is too large")
    return number


def _write_int(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise Invalid("expected digits")
    return _bounded(int(text.lstrip("0")[:_MOST_DIGITS] or "0"))


def _read_float(value: float) -> str:
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"


def _write_float(text: str) -> float:
    if not _FLOAT.fullmatch(text) or (number := float(text)) in {float("inf"), float("-inf")}:
        raise Invalid("expected a decimal number")
    return number


def _write_size(text: str) -> int:
    if not (match := _SIZE.fullmatch(text)):
        raise Invalid("expected digits with an optional k, m or g")
    return _bounded(_write_int(match[1]) * _SIZES[match[2].lower()])


def _read_duration(milliseconds: int) -> str:
    for unit in ("d", "h", "m", "s"):
        if milliseconds and milliseconds % _UNITS[unit] == 0:
            return f"{milliseconds // _UNITS[unit]}{unit}"
    return f"{milliseconds}ms"


def _write_duration(text: str) -> int:
    if not (match := _DURATION.fullmatch(text)):
        raise Invalid(f"Invalid duration value '{text}'")
    milliseconds = _bounded(_write_int(match[1]) * _UNITS[match[2] or "ms"])
    if milliseconds == 0:
        raise Invalid("a duration is above zero")
    return milliseconds


def _read_rate(value: dict[str, Any]) -> str:
    return f"{value['count']}/{_read_duration(value['period'])}"


def _write_rate(text: str) -> dict[str, int]:
    count, slash, period = text.partition("/")
    if not slash:
        raise Invalid("expected <count>/<duration>")
    rate = {"count": _write_int(count.strip()), "period": _write_duration(period.strip())}
    if not 1 <= rate["count"] <= _LARGEST_COUNT:
        raise Invalid(f"a rate counts from 1 to {_LARGEST_COUNT}")
    return rate


def _read_cron(value: dict[str, Any]) -> str:
    match value["@type"]:
        case "Hourly":
            return f"{value['minute']} * *"
        case "Daily":
            return f"{value['minute']} {value['hour']} *"
        case _:
            return f"{value['minute']} {value['hour']} {value['day'] or _SUNDAY}"


def _write_cron(text: str) -> dict[str, Any]:
    fields = text.split()
    if len(fields) != 3:  # noqa: PLR2004 - minute, hour, weekday
        raise Invalid("expected <minute> <hour> <weekday>")
    minute, hour, day = fields
    time = {"minute": _within(minute, 0, 59, "minute")}
    if hour == "*":
        return {"@type": "Hourly", **time}
    time["hour"] = _within(hour, 0, 23, "hour")
    if day == "*":
        return {"@type": "Daily", **time}
    return {"@type": "Weekly", **time, "day": _within(day, 1, _SUNDAY, "weekday") % _SUNDAY}


def _within(text: str, least: int, most: int, what: str) -> int:
    number = _write_int(text)
    if not least <= number <= most:
        raise Invalid(f"the {what} is from {least} to {most}")
    return number


BOOL = Scalar(_read_bool, _write_bool)
INT = Scalar(str, _write_int)
FLOAT = Scalar(_read_float, _write_float)
SIZE = Scalar(str, _write_size)
DURATION = Scalar(_read_duration, _write_duration)
RATE = Scalar(_read_rate, _write_rate)
RATE_OR_NONE = optional(RATE, frozenset({"", "false", "none", "unlimited"}))
CRON = Scalar(_read_cron, _write_cron)
"""Weekdays are 1 (Monday) to 7 (Sunday) in the old form, 0 (Sunday) to 6 in the new one."""
