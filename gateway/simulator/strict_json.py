r"""A JSON reader that fails where and how the server's own reader fails.

The server reads arguments while the text goes by. That shows: a wrong value names line and column, a name written with backslash
escapes is refused where the server wants a piece of the text itself ("borrowed string"), and after a wrong value reading goes on
only when nothing but closing brackets follow (jmap-management-api 1.5). This reader works in the same way, so these effects need no
cases of their own.

`Wrong` is a value that the reader understood but did not want; `Broken` is text in which it is lost.
"""

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Parse = Callable[["Reader"], T]

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'"([^"\\\x00-\x1f]*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_UNDECODABLE = re.compile("[\udc80-\udcff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CLOSING = {"{": "}", "[": "]"}


class Broken(Exception):
    """The text is not JSON, or reading cannot go on from here."""


class Wrong(Exception):
    """A value that is not wanted here; `message` ends with its place once `placed`."""

    def __init__(self, message: str, *, placed: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.placed = placed


def _refuse_constant(text: str) -> Any:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class Reader:
    """A position in the text of a request."""

    def __init__(self, body: bytes) -> None:
        self.text = body.decode("utf-8", "surrogateescape")
        self.at = 0

    def place(self, error: Wrong) -> Wrong:
        """Add line and column of the present position (columns count bytes) unless the error has its place already."""
        if not error.placed:
            before = self.text[: self.at].encode("utf-8", "surrogateescape")
            column = len(before) - (before.rfind(b"\n") + 1)
            line = before.count(b"\n") + 1
            error.message += f" at line {line} column {column}"
            error.placed = True
        return error

    def peek(self) -> str:
        """The next character that is no blank, empty at the end."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def end(self, closing: str) -> None:
        """Eat the closing bracket."""
        if self.peek() != closing:
            raise Broken
        self.at += 1

    def raw_string(self) -> tuple[str, bool]:
        """The string at the position, and whether it stands in the text as it is (no escapes)."""
        plain = _PLAIN.match(self.text, self.at)
        if plain:
            self.at = plain.end()
            text, borrowed = plain.group(1), True
        else:
            escaped = _STRING.match(self.text, self.at)
            if not escaped:
                raise Broken
            try:
                text, borrowed = json.loads(escaped.group()), False
            except ValueError:
                raise Broken from None
            self.at = escaped.end()
        if _UNDECODABLE.search(text):
            raise self.place(Wrong("invalid unicode code point"))
        if not borrowed and _LONE_SURROGATE.search(text):
            raise self.place(Wrong("lone leading surrogate in hex escape"))
        return text, borrowed

    def unexpected(self, wanted: str) -> Wrong:
        """The error for a value of another type; scalars are eaten, brackets are not."""
        return self.place(Wrong(f"invalid type: {self._describe()}, expected {wanted}"))

    def _describe(self) -> str:
        first = self.peek()
        if first == '"':
            return f"string {json.dumps(self.raw_string()[0], ensure_ascii=False)}"
        if first in "[{" and first:
            return "sequence" if first == "[" else "map"
        for word, name in (("null", "null"), ("true", "boolean `true`"), ("false", "boolean `false`")):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return name
        number = _NUMBER.match(self.text, self.at)
        if not number:
            raise Broken
        self.at = number.end()
        return f"floating point `{float(number.group())}`" if number.group(1) or number.group(2) else f"integer `{int(number.group())}`"

    def close_after_error(self, opened: int) -> None:
        """After a wrong value: eat the closing brackets of everything opened since `opened`, or be lost."""
        stack: list[str] = []
        position = opened
        while position < self.at:
            character = self.text[position]
            if character == '"':
                string = _STRING.match(self.text, position)
                position = string.end() if string else self.at
                continue
            if character in "{[":
                stack.append(_CLOSING[character])
            elif character in "}]" and stack:
                stack.pop()
            position += 1
        while stack:
            self.end(stack.pop())


def value(reader: Reader) -> Any:
    """Any JSON value."""
    reader.peek()
    start = reader.at
    try:
        found, end = _DECODER.raw_decode(reader.text, start)
    except (ValueError, RecursionError):
        raise Broken from None
    source = reader.text[start:end]
    bad = _UNDECODABLE.search(source)
    if bad:
        string = next((part for part in _STRING.finditer(source) if part.end() > bad.start()), None)
        reader.at = start + (string.end() if string else bad.end())
        error = reader.place(Wrong("invalid unicode code point"))
        reader.close_after_error(start)
        raise error
    if "\\u" in source and _LONE_SURROGATE.search(json.dumps(found, ensure_ascii=False)):
        reader.at = end
        raise reader.place(Wrong("lone leading surrogate in hex escape"))
    reader.at = end
    return found


def string(reader: Reader, wanted: str = "a string") -> str:
    """A string, escaped or not."""
    if reader.peek() != '"':
        raise reader.unexpected(wanted)
    return reader.raw_string()[0]


def borrowed(reader: Reader) -> str:
    """A string without backslash escapes."""
    if reader.peek() != '"':
        raise reader.unexpected("a borrowed string")
    text, plain = reader.raw_string()
    if not plain:
        raise reader.place(Wrong(f"invalid type: string {json.dumps(text, ensure_ascii=False)}, expected a borrowed string"))
    return text


def boolean(reader: Reader) -> bool:
    """One of true and false."""
    if reader.peek() in {"t", "f"}:
        return bool(value(reader))
    raise reader.unexpected("a boolean")


def integer(name: str, least: int, most: int) -> Parse[int]:
    """An integer in a range; `name` is the server's name of the type."""

    def parse(reader: Reader) -> int:
        first = reader.peek()
        number = _NUMBER.match(reader.text, reader.at) if first and first in "-0123456789" else None
        if not number or number.group(1) or number.group(2):
            raise reader.unexpected(name)
        reader.at = number.end()
        found = int(number.group())
        if not least <= found <= most:
            raise reader.place(Wrong(f"invalid value: integer `{found}`, expected {name}"))
        return found

    return parse


def optional(parse: Parse[T]) -> Parse[T | None]:
    """Either null or what `parse` reads."""

    def either(reader: Reader) -> T | None:
        if reader.peek() == "n" and reader.text.startswith("null", reader.at):
            reader.at += 4
            return None
        return parse(reader)

    return either


def sequence(item: Parse[T]) -> Parse[list[T]]:
    """An array."""

    def parse(reader: Reader) -> list[T]:
        if reader.peek() != "[":
            raise reader.unexpected("a sequence")
        reader.at += 1
        found: list[T] = []
        try:
            while reader.peek() != "]":
                if found:
                    comma(reader)
                found.append(item(reader))
        except Wrong as error:
            reader.end("]")
            raise reader.place(error) from None
        reader.at += 1
        return found

    return parse


def comma(reader: Reader) -> None:
    """Eat the comma between two elements; a closing bracket may not follow it."""
    if reader.peek() != ",":
        raise Broken
    reader.at += 1
    if reader.peek() in {"]", "}", ""}:
        raise Broken


def mapping(member: Callable[[Reader, str], None], *, wanted: str, key: Parse[str] = borrowed) -> Parse[None]:
    """An object: `member(reader, name)` reads the value of each member."""

    def parse(reader: Reader) -> None:
        if reader.peek() != "{":
            raise reader.unexpected(wanted)
        reader.at += 1
        first = True
        try:
            while reader.peek() != "}":
                if not first:
                    comma(reader)
                first = False
                if reader.peek() != '"':
                    raise Broken
                name = key(reader)
                if reader.peek() != ":":
                    raise Broken
                reader.at += 1
                member(reader, name)
        except Wrong as error:
            reader.end("}")
            raise reader.place(error) from None
        reader.at += 1

    return parse
