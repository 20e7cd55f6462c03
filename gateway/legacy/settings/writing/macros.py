"""Macros in texts of the old settings (mapping-settings 1.8, 6.2): the old server replaced them when it read a value."""

import re

from gateway.knowledge.conversions import MASK, has_macro
from gateway.knowledge.settings_map import SETTINGS, Found
from gateway.legacy.refusals import Unsupported
from gateway.legacy.settings.writing.target import Cells, Given

_OTHER_KEY = re.compile(r"%\{cfg:([^{}]*)\}%", re.ASCII)
_KEPT = frozenset({"http-auth", "public-string", "public-text", "secret", "secret-text"})
"""Forms whose value the new server looks up itself, in its environment or in a file."""


class MacroRefused(Unsupported):
    """A macro that the new server would store as text."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"Macro in setting '{key}' cannot be converted: {reason}")


def macro_keys(text: str) -> list[str]:
    """Keys whose values stand in a text as `%{cfg:…}%`."""
    return _OTHER_KEY.findall(text)


def resolved(word: str, key: str, given: str, cells: Cells) -> str:
    """The text of a form with the values of other keys put in; MacroRefused for what the new server cannot look up."""

    def value(match: re.Match[str]) -> str:
        text = _value(match[1], cells)
        if text is None:
            raise MacroRefused(key, f"'{match[1]}' has no value")
        if text == MASK:
            raise MacroRefused(key, f"the value of '{match[1]}' cannot be read")
        return text

    text = _OTHER_KEY.sub(value, given)
    if has_macro(text) and not (word in _KEPT and text.count("%{") == 1 and text.startswith("%{") and text.endswith("}%")):
        raise MacroRefused(key, "only the whole value of a secret or a certificate can be a macro")
    return text


def listed(found: Found) -> str:
    """The key without index under the name that is listed."""
    row = SETTINGS.by_pattern[found.row.alias] if found.row.alias else found.row
    return row.base.replace("<id>", found.id or "").replace("<key>", found.key or "")


def _value(key: str, cells: Cells) -> str | None:
    found = SETTINGS.find(key)
    given: Given = cells.get(listed(found) if found else key)
    if isinstance(given, list):
        place = (found.place if found else None) or 0
        indexed = found is not None and found.place is not None
        return given[place] if place < len(given) and (indexed or len(given) == 1) else None
    if isinstance(given, dict):
        return given.get("")
    return given
