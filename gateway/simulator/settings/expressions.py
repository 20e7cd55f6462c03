"""Expressions are compiled when they are written: what they may name, and what is found wrong (jmap-management-api 3.43; recordings `settings.kinds`)."""

import re
from collections.abc import Iterator
from functools import cache

from gateway.simulator.data import text as data
from gateway.simulator.errors import Object

EXPRESSIONS = frozenset({"Expression", "OptionalExpression"})

_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?P<name>[A-Za-z_]\w*(?:\.\w+)?)|[0-9]+[a-z]*|[()]|.", re.DOTALL)


@cache
def _scopes() -> dict[str, frozenset[str]]:
    """Names by place, `Object.property` or `Object/Variant.property`; those that are known everywhere under ""."""
    sets: dict[str, frozenset[str]] = {}
    places: dict[str, frozenset[str]] = {}
    for line in re.sub(r"\n +", " ", data("expressions.txt")).splitlines():
        head, _, content = line.partition(" : ")
        if head.startswith("#"):
            continue
        word, *others = head.replace(" + ", " ").split()
        listed = content.split()
        if word == "functions":
            sets[word] = places[""] = frozenset(listed)
        elif word == "names":
            sets[others[0]] = frozenset(listed).union(*(sets[name] for name in others[1:]))
        else:
            places |= dict.fromkeys(listed, sets["functions"].union(*(sets[name] for name in others)))
    return places


def problems(type_: str, variant: str | None, prop: str, stored: Object) -> Iterator[str]:
    """What is wrong with the expression in a property of an object type: in its conditions, in order, then in `else`."""
    known = _scopes().get(f"{type_}/{variant}.{prop}" if variant else f"{type_}.{prop}", _scopes()[""])
    for place in sorted(stored["match"], key=int):
        condition = stored["match"][place]
        for part in ("if", "then"):
            yield from _problems(condition[part], f"'{part}' expression in condition #{int(place) + 1}", known)
    yield from _problems(stored["else"], "'else' expression", known)


def _problems(text: str | None, where: str, known: frozenset[str]) -> Iterator[str]:
    depth = 0
    for token in _TOKEN.finditer(text or ""):
        name = token.group("name")
        if name and not _is_known(name, known):
            yield f'Error parsing {where}: Invalid variable or constant "{name}"'
            return
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth < 0:
            yield f"Error parsing {where}: Unmatched close parenthesis"
            return
    if depth:
        yield f"Error parsing {where}: Unmatched open parenthesis"


def _is_known(name: str, known: frozenset[str]) -> bool:
    """Whether it may stand there; a number behind a dot is a part of what a variable holds."""
    base, _, part = name.partition(".")
    return name in known or (part.isdigit() and base in known)
