"""What the old server's JSON reader said against a body, for the two endpoints that passed its words on (legacy-rest-api 1.5.1).

`complaint("DkimSignature", raw)` gives the `detail` of the 400 problem, with line and column. The reader stops at the first thing it does not
want, so the place depends on how far it had read: `here` is behind what was read, `ahead` at the byte that it did not want to read. What is
kept of a reader of each type is only what decides about these words; a body it has nothing against may still break the contract.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

Read = Callable[["Reader"], None]

_SPACE = re.compile(rb"[ \t\n\r]*")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?(?![0-9.eE])")
_STRING = re.compile(rb'"(?P<inside>(?:[^"\\\x00-\x1f]|\\.)*)(?P<end>.?)', re.DOTALL)
_IDENTIFIERS = {b"n": (b"null", "null"), b"t": (b"true", "boolean `true`"), b"f": (b"false", "boolean `false`")}
_BRACKETS = {b"[": "sequence", b"{": "map"}
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_NO_VALUE = "EOF while parsing a value"
_LEAST_INTEGER, _MOST_INTEGER = -(2**63), 2**64 - 1


class Complaint(Exception):
    """What is wrong, and where."""


class Puzzled(Exception):
    """Text for which the words of the old reader are not known."""


class Reader:
    """A place in a body."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def here(self, words: str) -> Complaint:
        """A complaint about what was read last."""
        return self._at(self.at, words)

    def ahead(self, words: str) -> Complaint:
        """A complaint about the byte that comes next."""
        return self._at(min(self.at + 1, len(self.raw)), words)

    def _at(self, place: int, words: str) -> Complaint:
        line, start = self.raw.count(b"\n", 0, place) + 1, self.raw.rfind(b"\n", 0, place) + 1
        return Complaint(f"{words} at line {line} column {place - start}")

    def peek(self) -> bytes:
        """The next byte that is no blank, empty at the end."""
        found = _SPACE.match(self.raw, self.at)
        self.at = found.end() if found else self.at
        return self.raw[self.at : self.at + 1]

    def close(self, bracket: bytes) -> None:
        """Read a closing bracket, if that comes next."""
        if self.peek() == bracket:
            self.at += 1

    def string(self) -> str:
        """The text that begins at the place."""
        try:
            return self.characters().decode()
        except UnicodeDecodeError:
            raise self.here("invalid unicode code point") from None

    def characters(self) -> bytes:
        """The bytes of that text, which may be no text at all."""
        found = _STRING.match(self.raw, self.at)
        if found is None or (found["end"] == b"" and found["inside"].endswith(b"\\")):
            raise Puzzled
        self.at = found.end()
        if found["end"] == b"":
            raise self.here("EOF while parsing a string")
        if found["end"] == b"\\":
            raise Puzzled
        if found["end"] != b'"':
            raise self.here("control character (\\u0000-\\u001F) found while parsing a string")
        if b"\\" not in found["inside"]:
            return found["inside"]
        try:
            text: str = json.loads(found[0].decode("utf-8", "surrogateescape"))
            return text.encode("utf-8", "surrogateescape")
        except (ValueError, UnicodeEncodeError):
            raise Puzzled from None

    def unwanted(self, wanted: str) -> NoReturn:
        """Complain about a value of another type than the wanted one; brackets are not read."""
        raise self.here(f"invalid type: {self._scalar()}, expected {wanted}")

    def _scalar(self) -> str:
        first = self.peek()
        if first in _BRACKETS:
            return _BRACKETS[first]
        if first == b'"':
            return f"string {_quoted(self.string())}"
        if first in _IDENTIFIERS:
            word, name = _IDENTIFIERS[first]
            for expected in word:
                if self.at == len(self.raw):
                    raise self.here(_NO_VALUE)
                self.at += 1
                if self.raw[self.at - 1] != expected:
                    raise self.here("expected ident")
            return name
        if first in b"-0123456789" and first:
            return self._number()
        raise self.ahead("expected value" if first else _NO_VALUE)

    def _number(self) -> str:
        number = _NUMBER.match(self.raw, self.at)
        if number is None:
            raise Puzzled
        self.at = number.end()
        text = number[0].decode()
        if (
            not number["fraction"]
            and not number["exponent"]
            and text != "-0"
            and _LEAST_INTEGER <= int(text) <= _MOST_INTEGER
        ):
            return f"integer `{int(text)}`"
        if "e" in (shown := repr(float(text))) or shown == "inf":
            raise Puzzled
        return f"floating point `{shown}`"

    def skip(self) -> None:
        """Read a value of which nothing is wanted."""
        first = self.peek()
        if first == b'"':
            self.characters()
        elif first == b"{":
            self.at += 1
            for _ in members(self):
                self.skip()
            self.at += 1
        elif first == b"[":
            self.at += 1
            for _ in items(self):
                self.skip()
            self.at += 1
        else:
            self._scalar()


def members(reader: Reader) -> Iterator[str]:
    """Names of the members of an object behind its opening bracket; each value is to be read before the next name is asked for."""
    first = True
    while (head := reader.peek()) != b"}":
        if not head:
            raise reader.ahead("EOF while parsing an object")
        if not first:
            if head != b",":
                raise reader.ahead("expected `,` or `}`")
            reader.at += 1
            if (head := reader.peek()) in {b"}", b""}:
                raise reader.ahead("trailing comma" if head else _NO_VALUE)
        first = False
        if head != b'"':
            raise reader.ahead("key must be a string")
        name = reader.string()
        if (head := reader.peek()) != b":":
            raise reader.ahead("expected `:`" if head else "EOF while parsing an object")
        reader.at += 1
        yield name


def items(reader: Reader) -> Iterator[None]:
    """The same for the elements of an array."""
    first = True
    while (head := reader.peek()) != b"]":
        if not head:
            raise reader.ahead("EOF while parsing a list")
        if not first:
            if head != b",":
                raise reader.ahead("expected `,` or `]`")
            reader.at += 1
            if (head := reader.peek()) in {b"]", b""}:
                raise reader.ahead("trailing comma" if head else _NO_VALUE)
        first = False
        yield


def text(reader: Reader) -> None:
    """A string."""
    if reader.peek() != b'"':
        reader.unwanted("a string")
    reader.string()


def nullable(read: Read) -> Read:
    """Either null or what `read` takes."""

    def either(reader: Reader) -> None:
        if reader.peek() == b"n":
            reader.skip()
        else:
            read(reader)

    return either


def word(*known: str) -> Read:
    """One of some words."""

    def read(reader: Reader) -> None:
        head = reader.peek()
        if head == b"{":
            raise Puzzled
        if head != b'"':
            raise reader.ahead("expected value" if head else _NO_VALUE)
        given = reader.string()
        if given not in known:
            raise reader.here(f"unknown variant `{given}`, expected {_choice(known)}")

    return read


def record(name: str, fields: Mapping[str, Read], required: Sequence[str]) -> Read:
    """An object with known members, which may also stand in an array in their order; other members are skipped."""

    def read(reader: Reader) -> None:
        head = reader.peek()
        if head not in _BRACKETS:
            if not head:
                raise reader.ahead(_NO_VALUE)
            reader.unwanted(f"struct {name}")
        reader.at += 1
        fault = _named(reader, fields, required) if head == b"{" else _ordered(reader, name, fields)
        reader.close(b"}" if head == b"{" else b"]")
        if fault:
            raise reader.here(fault)

    return read


def _named(reader: Reader, fields: Mapping[str, Read], required: Sequence[str]) -> str:
    """Read the members of an object; what is wrong with it as a whole, the place of which is behind its closing bracket."""
    seen = set()
    for member in members(reader):
        seen.add(member)
        fields.get(member, Reader.skip)(reader)
    return next((f"missing field `{member}`" for member in required if member not in seen), "")


def _ordered(reader: Reader, name: str, fields: Mapping[str, Read]) -> str:
    """The same for an array that holds them in their order."""
    elements = items(reader)
    for place, read in enumerate(fields.values()):
        if next(elements, reader) is reader:
            return f"invalid length {place}, expected struct {name} with {len(fields)} elements"
        read(reader)
    return ""


READERS: Mapping[str, Read] = {
    "DkimSignature": record(
        "DkimSignature",
        {"id": nullable(text), "algorithm": word("Rsa", "Ed25519"), "domain": text, "selector": nullable(text)},
        ("algorithm", "domain"),
    )
}
"""Readers by the name under which `x-reader` in `openapi.yaml` asks for them."""


def complaint(name: str, raw: bytes) -> str | None:
    """What the reader of a type says against a body, None when nothing, or nothing known."""
    reader = Reader(raw)
    try:
        READERS[name](reader)
        if reader.peek():
            raise reader.ahead("trailing characters")
    except Complaint as found:
        return str(found)
    except (Puzzled, RecursionError):
        return None
    return None


def _choice(known: tuple[str, ...]) -> str:
    shown = [f"`{it}`" for it in known]
    return " or ".join(shown) if len(shown) < 3 else f"one of {', '.join(shown)}"  # noqa: PLR2004 - two words are joined, more are listed


def _quoted(value: str) -> str:
    """A text as the old server's language shows it in messages."""
    shown = (_SHORT.get(it) or (it if it.isprintable() else f"\\u{{{ord(it):x}}}") for it in value)
    return f'"{"".join(shown)}"'
