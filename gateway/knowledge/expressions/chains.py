"""Chains of conditions: `K.0.if`, `K.0.then`, `K.1.else` or plain `K`, and match lists (mapping-settings 1.8, 6.3)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from gateway.knowledge.expressions.dialect import legacy, modern
from gateway.knowledge.expressions.signing import domain_of, signatures
from gateway.knowledge.value_forms import in_order

SIGNING = "expression-sign"
SINGLE = "expression-single"

_ALWAYS = "true"
_STEP = re.compile(r"([0-9]+)\.(if|then|else)", re.ASCII)


class Incomplete(ValueError):
    """A part of a chain is missing; `part` is the rest of its key, such as `0.then` or `else`."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def read(form: str, value: Mapping[str, Any]) -> dict[str, str]:
    """Old texts of a match list by the rest of their keys, which is empty for an expression without conditions.

    Nothing stands for a condition that always holds, nor for a text that the new server leaves empty.
    """
    word = form.partition("(")[0]
    result = signatures if word == SIGNING else legacy
    conditions = in_order(value["match"])
    otherwise = value["else"]
    if not conditions:
        absent = not otherwise or (word == SINGLE and otherwise == _ALWAYS)
        return {} if absent else {"": result(otherwise)}
    width = len(str(len(conditions)))
    chain: dict[str, str] = {}
    for place, condition in enumerate(conditions):
        chain[f"{place:0{width}}.if"] = legacy(condition["if"])
        chain[f"{place:0{width}}.then"] = result(condition["then"])
    chain[f"{len(conditions)}.else"] = result(otherwise)
    return chain


def write(form: str, chain: Mapping[str, str]) -> dict[str, Any]:
    """Match list of old texts by the rest of their keys; a plain text wins over conditions.

    Incomplete when a part is missing, Untranslatable when the new server has no words for it.
    """
    word, _, words = form.removesuffix(")").partition("(")
    result: Callable[[str], str] = (lambda text: domain_of(text, words)) if word == SIGNING else (lambda text: modern(text, words))
    if plain := chain.get(""):
        return {"match": {}, "else": result(plain)}
    if word == SINGLE and not chain:
        return {"match": {}, "else": _ALWAYS}
    steps: dict[int, dict[str, str]] = {}
    for rest, text in chain.items():
        if match := _STEP.fullmatch(rest):
            steps.setdefault(int(match[1]), {})[match[2]] = text
    conditions: dict[str, dict[str, str]] = {}
    for place, step in sorted(steps.items()):
        if "if" not in step and "else" in step:
            return {"match": conditions, "else": result(step["else"])}
        for part in ("if", "then"):
            if part not in step:
                raise Incomplete(f"{place}.{part}")
        conditions[str(len(conditions))] = {"if": modern(step["if"], words), "then": result(step["then"])}
    raise Incomplete("else")
