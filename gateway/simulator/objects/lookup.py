"""Queries: filters, sorting and the two ways of paging (jmap-management-api 2.4)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from gateway.knowledge.instants import unix_of
from gateway.simulator.arguments import And
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.text_ids import canonical, number_of

MOST_IDS = 5000

_SUFFIXES: tuple[tuple[str, Callable[[Any, Any], bool]], ...] = (
    ("IsGreaterThanOrEqual", lambda a, b: a >= b),
    ("IsLessThanOrEqual", lambda a, b: a <= b),
    ("IsGreaterThan", lambda a, b: a > b),
    ("IsLessThan", lambda a, b: a < b),
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Field:
    """Something to filter or sort by.

    `kind` is words, keyword, id, enum, instant or number; `values` gives what an object (id, stored) holds there, comparable values
    as `key` makes them; words have no ranges and no order.
    """

    kind: str
    values: Callable[[str, Object], Iterable[Any]]
    order: tuple[str, ...] = ()

    def key(self, value: Any) -> Any:
        """What is compared, None when the JSON value cannot be read for this kind."""
        if self.kind == "number":
            return value if type(value) is int and value >= 0 else None
        if not isinstance(value, str):
            return None
        if self.kind == "id":
            known = canonical(value)
            return None if known is None else number_of(known)
        if self.kind == "instant":
            return unix_of(value)
        if self.kind == "enum":
            return self.order.index(value) if value in self.order else None
        return value


@dataclass(frozen=True, slots=True)
class Condition:
    """One readable condition of a filter."""

    field: Field
    name: str
    wanted: Any
    compare: Callable[[Any, Any], bool] | None = None

    def __call__(self, id_: str, stored: Object) -> bool:
        """Whether an object meets it."""
        found = [self.field.key(value) for value in self.field.values(id_, stored)]
        return any(value is not None and (self.compare(value, self.wanted) if self.compare else value == self.wanted) for value in found)


def words(text: str) -> list[str]:
    """Searchable words: split at everything that is no letter or digit, lower case, none of a single byte."""
    return [word for word in _WORD.findall(text.lower()) if len(word.encode()) > 1]


def flat(given: Any) -> list[tuple[str, Any]]:
    """Conditions of a filter in order; only AND may combine them."""
    if given is None:
        return []
    if isinstance(given, And):
        if given.operator != "AND":
            raise MethodError("unsupportedFilter", "Only AND is supported in filters")
        return [condition for part in given.conditions for condition in flat(part)]
    return list(given.items())


def conditions(given: Any, fields: Mapping[str, Field], known: Iterable[str], ranges: Iterable[str] | None = None) -> list[Condition]:
    """Readable conditions; MethodError `unsupportedFilter` for others. `known` are names of properties, `ranges` fields that may have suffixes."""
    found = []
    for name, value in flat(given):
        base, compare = _suffix(name)
        if base not in fields or (compare and (fields[base].kind == "words" or (ranges is not None and base not in ranges))):
            raise MethodError("unsupportedFilter", f"Filter on property {base} is not supported or invalid" if base in known else name)
        wanted = fields[base].key(value)
        if wanted is None:
            raise MethodError("unsupportedFilter", f"Filter on property {base} is not supported or invalid")
        found.append(Condition(fields[base], base, wanted, compare))
    return found


def _suffix(name: str) -> tuple[str, Callable[[Any, Any], bool] | None]:
    for suffix, compare in _SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix), compare
    return name, None


def matching(objects: Mapping[str, Object], wanted: Sequence[Condition]) -> list[str]:
    """Ids of the objects that meet all conditions, in ascending order."""
    ids = sorted(objects, key=number_of)
    for condition in wanted:
        if condition.field.kind == "words":
            ids = _with_words(ids, objects, condition)
        else:
            ids = [id_ for id_ in ids if condition(id_, objects[id_])]
    return ids


def _with_words(ids: list[str], objects: Mapping[str, Object], condition: Condition) -> list[str]:
    """Every word must be there; words before the first that is found anywhere are passed over, as the server does."""
    held = {id_: {word for value in condition.field.values(id_, objects[id_]) for word in words(value)} for id_ in ids}
    present = set().union(*held.values())
    wanted = list(dropwhile(lambda word: word not in present, words(condition.wanted)))
    return [id_ for id_ in ids if wanted and held[id_].issuperset(wanted)]


def sort_of(arguments: Object, fields: Mapping[str, Field]) -> tuple[str, bool]:
    """Property and direction of the first comparator; without one the newest come first."""
    if not arguments.get("sort"):
        return "id", False
    first = arguments["sort"][0]
    if first["property"] != "id" and (first["property"] not in fields or fields[first["property"]].kind == "words"):
        raise MethodError("unsupportedSort", f"Property {first['property']} is not supported for sorting")
    return first["property"], first["isAscending"]


def find(objects: Mapping[str, Object], arguments: Object, filters: Sequence[Condition], sorts: Mapping[str, Field]) -> Object:
    """Answer to a query over objects by id, in the way of paging that the arguments ask for."""
    prop, ascending = sort_of(arguments, sorts)
    ids = matching(objects, filters)
    position = arguments.get("position")
    whole = arguments.get("calculateTotal") or arguments.get("anchorOffset") or prop != "id" or (position is not None and position <= 0)
    if not whole:
        ranged = [condition for condition in filters if condition.compare]
        if len(ranged) == 1:
            ids = _ordered(ids, objects, ranged[0].field)
        return by_index(arguments, ids, ascending=ascending)
    if prop != "id":
        ids = _ordered(ids, objects, sorts[prop])
    return full(arguments, ids if ascending else ids[::-1])


def _ordered(ids: list[str], objects: Mapping[str, Object], field: Field) -> list[str]:
    """Ids by the value of a field, once for each value; without a value not at all."""
    keyed = [(key, id_) for id_ in ids for value in field.values(id_, objects[id_]) if (key := field.key(value)) is not None]
    return [id_ for _, id_ in sorted(keyed, key=lambda pair: (pair[0], number_of(pair[1])))]


def full(arguments: Object, ids: Sequence[str]) -> Object:
    """Paging A: a window of the sorted result (jmap-management-api 2.4.4)."""
    total = len(ids)
    position = arguments.get("position") or 0
    if arguments.get("anchor") is not None:
        anchor = canonical(arguments["anchor"])
        if anchor not in ids:
            raise MethodError("anchorNotFound", "An anchor argument was supplied, but it cannot be found in the results of the query.")
        start = max(0, ids.index(anchor) + (arguments.get("anchorOffset") or 0))
    else:
        start = max(0, total + position) if position < 0 else position
    limit = min(arguments.get("limit", MOST_IDS), MOST_IDS)
    page = ids[start : start + limit] if limit else ids[start:]
    answer = _head(arguments) | {"position": start if start < total else 0, "ids": list(page)}
    if arguments.get("calculateTotal"):
        answer["total"] = total
    if total > limit:
        answer["limit"] = limit
    return answer


def by_index(arguments: Object, ids: Sequence[str], *, ascending: bool) -> Object:
    """Paging B: a page of the ascending result, reversed afterwards when the newest come first."""
    rest: Sequence[str] = ids
    if arguments.get("anchor") is not None:
        anchor = canonical(arguments["anchor"])
        after = number_of(anchor) if anchor else 0
        rest = [id_ for id_ in ids if number_of(id_) > after]
    rest = rest[arguments.get("position") or 0 :]
    page = list(rest[: max(1, min(arguments.get("limit", MOST_IDS), MOST_IDS))])
    return _head(arguments) | {"position": 0, "ids": page if ascending else page[::-1]}


def _head(arguments: Object) -> Object:
    return {"accountId": arguments["accountId"], "queryState": "n", "canCalculateChanges": True}
