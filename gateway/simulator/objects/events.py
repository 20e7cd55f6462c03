"""Queries that walk an index of events ordered by time: queued messages and tasks (jmap-management-api 2.4.4; recordings `queue.list`, `tasks.query`).

Pages are cut while walking, which shows at the edges: with `calculateTotal` a negative position counts from the end of what was collected
for the page, an anchor makes the walk begin there, `limit` 0 collects nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.knowledge.instants import unix_of
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.objects.lookup import MOST_IDS, flat
from gateway.simulator.text_ids import canonical

FOREVER = 2**63
NO_ANCHOR = "An anchor argument was supplied, but it cannot be found in the results of the query."

_SUFFIXES = {"IsGreaterThanOrEqual": (0, None), "IsLessThanOrEqual": (None, 0), "IsGreaterThan": (1, None), "IsLessThan": (None, -1)}


class Due:
    """Unix seconds, both ends included, in which an event has to lie."""

    def __init__(self) -> None:
        self.first, self.last = 0, FOREVER

    def narrow(self, suffix: str, value: Any) -> bool:
        """Take a condition in; False when its value is no instant or nothing is left."""
        instant = unix_of(value) if isinstance(value, str) else None
        if instant is None:
            return False
        after, before = _SUFFIXES.get(suffix, (0, 0))
        self.first = self.first if after is None else max(self.first, instant + after)
        self.last = self.last if before is None else min(self.last, instant + before)
        return self.first <= self.last

    def __contains__(self, due: int) -> bool:
        return self.first <= due <= self.last


def conditions(given: Any, names: Iterable[str], known: Iterable[str]) -> list[tuple[str, str, Any]]:
    """Conditions of a filter as (name, suffix, value); MethodError for a name that is none of `names`; `known` are all names of properties."""
    found = []
    for name, value in flat(given):
        suffix = next((ending for ending in _SUFFIXES if name.endswith(ending)), "")
        base = name.removesuffix(suffix)
        if base not in names:
            raise MethodError("unsupportedFilter", unsupported(base).description if base in known else name)
        found.append((base, suffix, value))
    return found


def unsupported(name: str) -> MethodError:
    """The refusal of a condition whose value cannot be used."""
    return MethodError("unsupportedFilter", f"Filter on property {name} is not supported or invalid")


def ascending(arguments: Object, objects: str) -> bool:
    """Direction of the walk, latest first when nothing is said; only `due` can be sorted by. `objects` is how the refusal calls them."""
    if not arguments.get("sort"):
        return False
    first = arguments["sort"][0]
    if first["property"] != "due":
        raise MethodError("unsupportedSort", f"Only sorting by 'due' is supported for {objects}")
    return bool(first["isAscending"])


def walk(arguments: Object, ids: Sequence[str]) -> Object:
    """Answer for the ids in the order of the walk."""
    start = arguments.get("position") or 0
    if arguments.get("anchor") is not None:
        anchor = canonical(arguments["anchor"])
        if anchor not in ids:
            raise MethodError("anchorNotFound", NO_ANCHOR)
        ids = ids[ids.index(anchor) :]
        start = max(0, arguments.get("anchorOffset") or 0)
    counted = bool(arguments.get("calculateTotal"))
    asked = arguments.get("limit")
    limit = MOST_IDS if asked is None else min(asked, MOST_IDS)
    collected = ids[: max(start, 0) + limit] if counted else ids
    if start < 0:
        start = max(0, len(collected) + start)
    page = collected[start : start + limit] if limit or counted else collected[start:]
    answer: Object = {
        "accountId": arguments["accountId"],
        "queryState": "n",
        "canCalculateChanges": True,
        "position": start if page else 0,
        "ids": list(page),
    }
    if counted:
        answer["total"] = len(ids)
    if asked is not None and limit <= len(ids) and (limit or ids):
        answer["limit"] = limit
    return answer
