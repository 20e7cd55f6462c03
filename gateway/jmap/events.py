"""Server-sent events, read while they come in (WHATWG HTML 9.2.6)."""

import re
from typing import NamedTuple

from gateway.jmap.errors import Garbled

LARGEST_EVENT = 2**20

_END_OF_LINE = re.compile(rb"\r\n|\n|\r")
_MARK = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its name (`message` when the server gave none) and its data, lines joined by line feeds."""

    name: str
    data: str


class Parser:
    """Turns pieces of a stream into events. Comments, ids and retry times mean nothing here; an unfinished event at the end is dropped."""

    def __init__(self) -> None:
        self._rest = b""
        self._behind_return = False
        self._begun = False
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[Event]:
        """The events that the piece completes; Garbled when one grows beyond `LARGEST_EVENT` bytes or is no UTF-8."""
        if self._behind_return and piece:
            self._behind_return = False
            piece = piece.removeprefix(b"\n")
        text = self._rest + piece
        events: list[Event] = []
        start = 0
        for end in _END_OF_LINE.finditer(text, len(self._rest)):
            self._line(text[start : end.start()], events)
            start = end.end()
        self._behind_return = start == len(text) and text.endswith(b"\r")
        self._rest = text[start:]
        if self._size + len(self._rest) > LARGEST_EVENT:
            raise Garbled("an event without end")
        return events

    def _line(self, line: bytes, events: list[Event]) -> None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_MARK)
        if not line:
            if self._data:
                events.append(Event(self._name or "message", "\n".join(self._data)))
            self._name, self._data, self._size = "", [], 0
            return
        self._size += len(line) + 1
        try:
            field, _, value = line.decode().partition(":")
        except UnicodeDecodeError:
            raise Garbled("an event that is no text") from None
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
