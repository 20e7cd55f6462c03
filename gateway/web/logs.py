"""Log lines: one JSON object each, or text for people. Messages of exceptions are left out, since they may quote a request."""

import asyncio
import logging
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

from gateway.jmap import wire
from gateway.settings import Settings

TOGETHER_SECONDS = 0.05


def configure(settings: Settings) -> None:
    """Send everything that is logged in this process to standard error, in the form that the settings ask for."""
    # What records would note of threads and processes stands in no line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    lines = Lines(sys.stderr)
    lines.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(settings.log_level.upper())


class Lines(logging.Handler):
    """Writes lines to a stream: warnings and worse at once, others together a moment later."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._waiting: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, and write it or see to it that it will be written."""
        try:
            self._waiting.append(self.format(record))
        except Exception:  # noqa: BLE001 - what logging asks of its handlers
            self.handleError(record)
            return
        if record.levelno >= logging.WARNING:
            self.flush()
        elif len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self.acquire()
        try:
            if self._waiting:
                self._stream.write("\n".join(self._waiting) + "\n")
                self._waiting.clear()
                self._stream.flush()
        finally:
            self.release()


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
            line.update(origin(record.exc_info[1]))
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
            fields.update(origin(record.exc_info[1]))
        parts = [record.getMessage(), *(f"{name}={value}" for name, value in fields.items())]
        line = f"{_time(record)} {record.levelname} {record.name}: {' '.join(parts)}"
        return line if line.isprintable() else line.encode("unicode_escape").decode()


def _time(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(maxsize=4)
def _second(unix: int) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def origin(error: BaseException) -> dict[str, Any]:
    """Fields that tell the type of an exception and where it was raised, innermost first, but not its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"exception": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]}
