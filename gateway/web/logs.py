"""Log lines: one JSON object each, or text for people. Messages of exceptions are left out, since they may quote a request."""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from gateway.jmap import wire
from gateway.settings import Settings


def configure(settings: Settings) -> None:
    """Send everything that is logged in this process to standard error, in the form that the settings ask for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())


class JsonLines(logging.Formatter):
    """`{"time", "level", "logger", "message", …}`; further members come from `extra={"fields": {…}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", ()))
        if record.exc_info and record.exc_info[1]:
            line["exception"], line["at"] = _where(record.exc_info[1])
        try:
            return wire.dumps(line).decode()
        except ValueError:
            return wire.dumps({name: ascii(value) for name, value in line.items()}).decode()


class TextLines(logging.Formatter):
    """`time LEVEL logger: message name=value …`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of text; what is not printable is escaped."""
        fields = dict(getattr(record, "fields", ()))
        if record.exc_info and record.exc_info[1]:
            fields["exception"], fields["at"] = _where(record.exc_info[1])
        parts = [record.getMessage(), *(f"{name}={value}" for name, value in fields.items())]
        line = f"{_time(record)} {record.levelname} {record.name}: {' '.join(parts)}"
        return line if line.isprintable() else line.encode("unicode_escape").decode()


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _where(error: BaseException) -> tuple[str, list[str]]:
    """Type of an exception and where it was raised, innermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return type(error).__name__, [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
