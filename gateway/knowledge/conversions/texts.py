"""Texts, and texts that the new server keeps to itself or looks up elsewhere (mapping-settings 6.2, 7)."""

import re
from typing import Any

from gateway.knowledge.conversions.values import OFF_WORDS, Invalid, Scalar, optional

MASK = "****"
"""What secrets read as; in a write it means "unchanged" and must never reach the new server."""

_MACRO = re.compile(r"%\{(env|file):([^}]+)\}%", re.ASCII)
_MACRO_BEGINS = re.compile(r"%\{(?:env|file|cfg):", re.ASCII)
_PLACES = {"env": ("EnvironmentVariable", "variableName"), "file": ("File", "filePath")}


def has_macro(text: str) -> bool:
    """Whether the old server would have replaced a part of the text."""
    return _MACRO_BEGINS.search(text) is not None


def _macro_of(value: dict[str, Any]) -> str | None:
    for word, (type_, member) in _PLACES.items():
        if value["@type"] == type_:
            return f"%{{{word}:{value[member]}}}%"
    return None


def _from_macro(text: str) -> dict[str, str] | None:
    if match := _MACRO.fullmatch(text):
        type_, member = _PLACES[match[1]]
        return {"@type": type_, member: match[2]}
    if has_macro(text):
        raise Invalid("a macro has to be the whole value")
    return None


def _plain(text: str) -> str:
    if not text:
        raise Invalid("the value is empty")
    if has_macro(text):
        raise Invalid("macros are for secrets only")
    return text


def _hidden(type_: str) -> Scalar:
    """A secret of the given variant, whose text is in `secret`."""

    def read(value: dict[str, Any]) -> str | None:
        return None if value["@type"] == "None" else _macro_of(value) or MASK

    def write(text: str) -> dict[str, str]:
        _unmasked(text)
        if not text:
            return {"@type": "None"}
        return _from_macro(text) or {"@type": type_, "secret": text}

    return Scalar(read, write)


def _shown(type_: str) -> Scalar:
    """A readable text of the given variant, whose text is in `value`."""

    def read(value: dict[str, Any]) -> str | None:
        return None if value["@type"] == "None" else _macro_of(value) or value["value"]

    def write(text: str) -> dict[str, str]:
        if not text:
            return {"@type": "None"}
        return _from_macro(text) or {"@type": type_, "value": text}

    return Scalar(read, write)


def _unmasked(text: str) -> None:
    if text == MASK:
        raise Invalid("the mask is no secret")


def _write_word(text: str) -> str | None:
    _unmasked(text)
    return _plain(text) if text else None


STRING = Scalar(str, _plain)
STRING_OR_NONE = optional(STRING, frozenset({""}))
STRING_OR_OFF = optional(STRING, OFF_WORDS)
SECRET = _hidden("Value")
SECRET_TEXT = _hidden("Text")
SECRET_WORD = Scalar(lambda value: None if value is None else MASK, _write_word)
"""A plain string that the new server masks."""
PUBLIC_STRING = _shown("Value")
PUBLIC_TEXT = _shown("Text")


def read_auth(member: str, value: dict[str, Any]) -> str | None:
    """Text of one member (`username`, `secret`, `bearerToken`) of HTTP credentials, None when their kind has no such member."""
    if member not in value:
        return None
    return str(value[member]) if member == "username" else SECRET.read(value[member])


def write_auth(username: str | None, secret: str | None, token: str | None) -> dict[str, Any]:
    """HTTP credentials of what stands under the three old keys: a token goes before a user name (mapping-settings 6.1)."""
    if token:
        return {"@type": "Bearer", "bearerToken": SECRET.write(token)}
    if username:
        return {"@type": "Basic", "username": _plain(username), "secret": SECRET.write(secret or "")}
    return {"@type": "Unauthenticated"}
