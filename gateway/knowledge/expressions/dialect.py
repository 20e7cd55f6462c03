"""The language of expressions: what was renamed between the old server and the new one, outside of string literals (mapping-settings 6.3)."""

import re
from collections.abc import Iterator, Mapping

_TOKEN = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*") | (?P<open>['"].*) | (?P<number>[0-9][\w.]*) | (?P<name>[A-Za-z_][\w.]*) | (?P<space>\s+) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)

_LOCAL = frozenset({"is_local_domain", "is_local_address"})
_ANY_DIRECTORY = "*"
_SETTINGS = {
    "server.hostname": "hostname",
    "lookup.default.hostname": "hostname",
    "report.domain": "domain",
    "lookup.default.domain": "domain",
}
_KEYS = {"hostname": "server.hostname", "domain": "report.domain"}

_SPELLINGS = {"ehlo_domain": "helo_domain", "auth_as": "authenticated_as"}
_OFF = {"disabled": "disable", "never": "disable", "none": "disable"}
_RENAMED: Mapping[str, Mapping[str, str]] = {
    "HTTP": {"url_path": "path"},
    "MTA_VERIFY": _OFF,
    "MTA_AGGREGATE": {**_OFF, "hour": "hourly", "day": "daily", "week": "weekly"},
    "MTA_REQUIRE": {**_OFF, "required": "require"},
    "SPAM_GENERIC": {"input": "value", "result": "value"},
    "SPAM_IP": {"input": "value", "result": "value"},
}
"""Older names of variables and constants, by the sets of words that a property knows."""


class Untranslatable(ValueError):
    """An expression that the new server has no words for; the message is the reason."""


Token = tuple[str, str]


def tokens(text: str) -> Iterator[Token]:
    """Kind and text of every piece, in order: nothing is lost. A literal that does not end is `open`, together with all that follows."""
    for match in _TOKEN.finditer(text):
        yield match.lastgroup or "other", match[0]


def modern(text: str, words: str) -> str:
    """The new server's spelling of an old text; `words` are the sets that its property knows, Untranslatable when there is none."""
    names = dict(_SPELLINGS)
    for group in re.split(r"[+|]", words):
        names |= _RENAMED.get(group, {})
    pieces = list(tokens(text))
    spoken: list[str] = []
    place = 0
    while place < len(pieces):
        kind, piece = pieces[place]
        if kind == "name" and piece in _LOCAL:
            place = _local(pieces, place, spoken)
        elif kind == "name" and piece == "config_get":
            place = _setting(pieces, place, spoken)
        else:
            spoken.append(names.get(piece, piece) if kind == "name" else piece)
            place += 1
    return "".join(spoken)


def legacy(text: str) -> str:
    """The old spelling of a text of the new server, as far as there is one; the rest stays as it is."""
    pieces = list(tokens(text))
    spoken: list[str] = []
    place = 0
    while place < len(pieces):
        kind, piece = pieces[place]
        if kind == "name" and piece in _LOCAL and _opens(pieces, place):
            spoken += [piece, "(", f"'{_ANY_DIRECTORY}', "]
            place = _after(pieces, place, "(")
            place = _skip(pieces, place)
        elif kind == "name" and piece == "system" and (found := _only_literal(pieces, place)) and found[0] in _KEYS:
            spoken.append(f"config_get('{_KEYS[found[0]]}')")
            place = found[1]
        else:
            spoken.append(piece)
            place += 1
    return "".join(spoken)


def literal(text: str) -> str | None:
    """Content of a text that is nothing but one string literal."""
    pieces = list(tokens(text.strip()))
    return pieces[0][1][1:-1] if len(pieces) == 1 and pieces[0][0] == "string" else None


def _local(pieces: list[Token], place: int, spoken: list[str]) -> int:
    """Leave out the directory of a look-up; gives the place behind what was read."""
    spoken.append(pieces[place][1])
    if not _opens(pieces, place):
        return place + 1
    start = _skip(pieces, _after(pieces, place, "("))
    if start < len(pieces) and pieces[start][0] == "string":
        comma = _skip(pieces, start + 1)
        if comma < len(pieces) and pieces[comma][1] == ",":
            directory = pieces[start][1][1:-1]
            if directory != _ANY_DIRECTORY:
                raise Untranslatable(f"{pieces[place][1]} in directory '{directory}' has no counterpart")
            spoken.append("(")
            return _skip(pieces, comma + 1)
    return place + 1


def _setting(pieces: list[Token], place: int, spoken: list[str]) -> int:
    """Replace the look-up of a setting; gives the place behind it."""
    found = _only_literal(pieces, place)
    if found is None:
        raise Untranslatable("config_get of a computed key has no counterpart")
    key, behind = found
    if key not in _SETTINGS:
        raise Untranslatable(f"config_get({key}) has no counterpart")
    spoken.append(f"system('{_SETTINGS[key]}')")
    return behind


def _only_literal(pieces: list[Token], place: int) -> tuple[str, int] | None:
    """The one literal that a function is called with, and the place behind the call."""
    if not _opens(pieces, place):
        return None
    start = _skip(pieces, _after(pieces, place, "("))
    end = _skip(pieces, start + 1)
    if end < len(pieces) and pieces[start][0] == "string" and pieces[end][1] == ")":
        return pieces[start][1][1:-1], end + 1
    return None


def _skip(pieces: list[Token], place: int) -> int:
    while place < len(pieces) and pieces[place][0] == "space":
        place += 1
    return place


def _opens(pieces: list[Token], place: int) -> bool:
    bracket = _skip(pieces, place + 1)
    return bracket < len(pieces) and pieces[bracket][1] == "("


def _after(pieces: list[Token], place: int, bracket: str) -> int:
    while pieces[place][1] != bracket:
        place += 1
    return place + 1
