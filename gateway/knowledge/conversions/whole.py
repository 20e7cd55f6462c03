"""Values that stand for several properties of a small object (mapping-settings 6.1: `score-action`, `file-ext`)."""

from typing import Any

from gateway.knowledge.conversions.numbers import FLOAT
from gateway.knowledge.conversions.values import Invalid, Scalar
from gateway.knowledge.value_forms import members

_LARGEST_SCORE = 999_999
_ACTIONS = {"discard": "Discard", "reject": "Reject"}
_FLAGS = {"AR": "isArchive", "NZ": "isNz", "BAD": "isBad"}


def _read_score(tag: dict[str, Any]) -> str | None:
    for word, type_ in _ACTIONS.items():
        if tag["@type"] == type_:
            return word
    return FLOAT.read(tag["score"])


def _write_score(text: str) -> dict[str, Any]:
    if text.lower() in _ACTIONS:
        return {"@type": _ACTIONS[text.lower()]}
    score = FLOAT.write(text)
    if abs(score) > _LARGEST_SCORE:
        raise Invalid(f"a score is from -{_LARGEST_SCORE} to {_LARGEST_SCORE}")
    return {"@type": "Score", "score": score}


def _read_extension(extension: dict[str, Any]) -> str:
    flags = [word for word, member in _FLAGS.items() if extension[member]]
    return "|".join([*flags, *members(extension["contentTypes"])])


def _write_extension(text: str) -> dict[str, Any]:
    words = [word for word in text.split("|") if word]
    flags = {member: word in words for word, member in _FLAGS.items()}
    return {**flags, "contentTypes": {word: True for word in words if word not in _FLAGS}}


SCORE_OR_ACTION = Scalar(_read_score, _write_score)
"""Score of a spam tag, or what becomes of messages with it."""

FILE_EXTENSION = Scalar(_read_extension, _write_extension)
"""`AR`, `NZ`, `BAD` and content types, separated by bars."""
