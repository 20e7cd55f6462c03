"""The body of a create: one principal as old clients write it (legacy-rest-api 3.4).

Use: `parse(body)` gives an `Input` or raises BadRequest; `given.stray(kind)` names the members that this kind does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.legacy.principal.facts import Kind, word_of
from gateway.legacy.principal.values.actions import LARGEST, LONGEST
from gateway.legacy.refusals import BadRequest, Unsupported

_TEXTS = ("description", "picture", "tenant", "locale")
_LISTS = (
    "secrets", "emails", "memberOf", "members", "roles", "lists", "enabledPermissions", "disabledPermissions", "urls", "externalMembers",
)  # fmt: skip
_IGNORED = ("id", "usedQuota")
_MEMBERS = frozenset({"type", "name", "quota", *_TEXTS, *_LISTS, *_IGNORED})
_WITHOUT_EFFECT = {"oauthClient": frozenset({"emails"})}


@dataclass(frozen=True, slots=True, repr=False)
class Input:
    """A principal to be made.

    `word` is its old type; `name` is in lower case and "" when missing. `texts` holds single texts, `lists` lists of texts without
    doubles, neither anything empty. `quota` is a number or the old array, 0 when absent.
    """

    word: str
    name: str
    texts: Mapping[str, str]
    lists: Mapping[str, list[str]]
    quota: int | list[int]

    def text(self, name: str) -> str:
        """A single text, "" when absent."""
        return self.texts.get(name, "")

    def items(self, name: str) -> list[str]:
        """A list of texts, empty when absent."""
        return self.lists.get(name, [])

    def stray(self, kind: Kind) -> list[str]:
        """Members with a value that principals of this kind do not have on the new server."""
        given = [*self.texts, *self.lists, *(("quota",) if _any(self.quota) else ())]
        ignored = _WITHOUT_EFFECT.get(kind.word, frozenset())
        return [it for it in given if it not in kind.fields and it not in ignored]


def not_available(field: str, word: str) -> Unsupported:
    """Refusal of a field that principals of a kind do not have."""
    return Unsupported(f'Field "{field}" is not available for type "{word}" in Stalwart 0.16')


def parse(body: Any) -> Input:
    """The principal in a body; BadRequest for another shape, an unknown member or type, a long text or a number that is none."""
    if not isinstance(body, dict) or not _MEMBERS.issuperset(body):
        raise BadRequest
    word = word_of(_text(body.get("type", "individual")))
    if word is None:
        raise BadRequest
    texts = {name: _text(body[name]) for name in _TEXTS if body.get(name) is not None}
    lists = {name: _list(body[name]) for name in _LISTS if name in body}
    return Input(
        word,
        _text(body.get("name", "")).lower(),
        {name: text for name, text in texts.items() if text},
        {name: found for name, found in lists.items() if found},
        _quota(body["quota"]) if "quota" in body else 0,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value.encode()) > LONGEST:
        raise BadRequest
    return value


def _list(value: Any) -> list[str]:
    """Texts of a list or a single text; what is no text, or too long, is left out of a list."""
    if isinstance(value, str):
        return [_text(value)]
    if not isinstance(value, list):
        return []
    return list(dict.fromkeys(it for it in value if isinstance(it, str) and len(it.encode()) <= LONGEST))


def _quota(value: Any) -> int | list[int]:
    return [_number(it) for it in value] if isinstance(value, list) else _number(value)


def _number(value: Any) -> int:
    """A number or its text; a text that is none counts as 0."""
    if isinstance(value, str):
        number = int(value) if value.isascii() and value.isdigit() else 0
        return number if number <= LARGEST else 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise BadRequest
    return value


def _any(quota: int | list[int]) -> bool:
    return any(quota) if isinstance(quota, list) else bool(quota)
