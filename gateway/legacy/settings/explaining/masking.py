"""Leaving secrets out of what is explained: what is marked secret, and what looks like one inside of other texts."""

import re
from collections.abc import Mapping
from typing import Any

from gateway.knowledge.conversions import MASK
from gateway.knowledge.settings_map import Row

_SECRET_FORMS = frozenset({"secret", "secret-text", "secret-word"})
_OPEN_MEMBERS = ("/username",)
_FREE = frozenset({"store.<id>.config", "store.<id>.options"})
"""Configuration in the language of another program, which may hold its passwords."""

_WORD = r"[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api-?key|access-?key|private-?key|credential)[\w.-]*"
_INSIDE = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"(?<=://)[^/?#\s@]*:[^/?#\s]*@"), f"{MASK}@"),
    (re.compile(r"(?<=://)[^/?#\s@]+@"), f"{MASK}@"),
    (re.compile(rf"(?P<before>[?&;]{_WORD}=)[^&;\s]+", re.IGNORECASE), rf"\g<before>{MASK}"),
    (re.compile(rf"(?P<before>\b{_WORD}[\"']?\s*[=:]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s?$:=][^\s)]*)", re.IGNORECASE), rf"\g<before>{MASK}"),
)
_HEADER = re.compile(r"auth|cookie|key|passw|secret|token", re.IGNORECASE)


def is_secret(row: Row) -> bool:
    """Whether nothing of a value of this row may be shown, except a macro that names where it stands."""
    return row.word in _SECRET_FORMS or row.pattern in _FREE or (row.word == "http-auth" and not row.pointer.endswith(_OPEN_MEMBERS))


def hidden(value: Any) -> Any:
    """A secret as the new server takes it, without its text."""
    if isinstance(value, str):
        return MASK
    return {member: MASK if member == "secret" else it for member, it in value.items()} if isinstance(value, Mapping) else value


def discreet(value: Any) -> Any:
    """A value without the passwords in addresses, header fields, private keys and assignments that its texts may hold."""
    if isinstance(value, str):
        for pattern, instead in _INSIDE:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        return {discreet(member): discreet(it) for member, it in value.items()}
    return value


def discreet_headers(value: Mapping[str, str]) -> dict[str, str]:
    """Header fields without the texts of those that log in."""
    return {name: MASK if _HEADER.search(name) else discreet(text) for name, text in value.items()}
