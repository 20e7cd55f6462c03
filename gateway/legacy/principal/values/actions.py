"""The elements of a PATCH body: their form, and which action goes with which field and value (legacy-rest-api 3.5).

Use: `parse(body)` gives the `Step`s in order; `insist(step, kind)` refuses what cannot be combined.
"""

from dataclasses import dataclass
from typing import Any, Literal

from gateway.legacy.principal.facts import FIELDS, KINDS, Kind
from gateway.legacy.refusals import BadRequest, Other

Action = Literal["set", "addItem", "removeItem"]
Value = str | int | list[str] | list[int]

LONGEST = 512
LARGEST = 2**64 - 1
QUOTA_ENTRIES = 13

_ACTIONS = frozenset({"set", "addItem", "removeItem"})
_TEXTS = frozenset({"name", "description", "picture", "locale", "tenant"})
_LISTS = frozenset(
    {"emails", "memberOf", "lists", "roles", "members", "enabledPermissions", "disabledPermissions", "urls", "externalMembers"}
)
_SECRETS = "secrets"
_QUOTA_KINDS = frozenset({"individual", "group", "tenant"})


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    """One change: `value` is a text, a number, a list of texts or a list of numbers (an empty list counts as texts)."""

    action: Action
    field: str
    value: Value

    @property
    def items(self) -> list[str]:
        """The texts of the value; a single one counts as a list of one."""
        return [self.value] if isinstance(self.value, str) else [str(it) for it in self.value] if isinstance(self.value, list) else []


def parse(body: Any) -> list[Step]:
    """Steps of a body; BadRequest for anything else than a list of actions with field and value."""
    if not isinstance(body, list):
        raise BadRequest
    return [_step(element) for element in body]


def insist(step: Step, kind: Kind) -> None:
    """Refuse (Other) what the old server does not do: the action with this field and value on a principal of this kind."""
    if not _fits(step, kind):
        raise Other("Invalid parameter", f"Invalid value {debug(step.value)} for {step.field}")


def possible(step: Step) -> bool:
    """Whether the old server does this on principals of some kind: the others are refused whatever their values are."""
    return any(_fits(step, kind) for kind in KINDS.values())


def debug(value: Value) -> str:
    """A value as the old server's error texts print it."""
    match value:
        case str():
            return f"String({_quoted(value)})"
        case int():
            return f"Integer({value})"
    if all(isinstance(it, str) for it in value):
        return f"StringList([{', '.join(_quoted(str(it)) for it in value)}])"
    return f"IntegerList([{', '.join(str(it) for it in value)}])"


def _fits(step: Step, kind: Kind) -> bool:
    text = isinstance(step.value, str)
    texts = isinstance(step.value, list) and all(isinstance(it, str) for it in step.value)
    if step.field in _LISTS or step.field == _SECRETS:
        return text if step.action != "set" else texts or (text and step.field == _SECRETS)
    if step.action != "set":
        return False
    if step.field == "quota":
        if isinstance(step.value, int):
            return kind.word in _QUOTA_KINDS
        if isinstance(step.value, str):
            return not step.value and kind.word in _QUOTA_KINDS
        return kind.word == "tenant" and not texts and len(step.value) <= QUOTA_ENTRIES
    return step.field in _TEXTS and text


def _step(element: Any) -> Step:
    if not isinstance(element, dict) or not {"action", "field", "value"} <= element.keys():
        raise BadRequest
    action, field, value = element["action"], element["field"], element["value"]
    if not isinstance(action, str) or action not in _ACTIONS or not isinstance(field, str) or field not in FIELDS or not _is_value(value):
        raise BadRequest
    return Step(action, field, value)  # type: ignore[arg-type]


def _is_value(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_text(it) for it in value) or all(_is_number(it) for it in value)
    return _is_text(value) or _is_number(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value.encode()) <= LONGEST


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def _quoted(text: str) -> str:
    """A text as Rust prints it for debugging: quoted, with escapes for quotes, backslashes and control characters."""
    return '"' + "".join(_ESCAPES.get(it) or (it if it.isprintable() or it == " " else f"\\u{{{ord(it):x}}}") for it in text) + '"'
