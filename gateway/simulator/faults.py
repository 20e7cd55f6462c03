"""Faults on demand: a server that is slow, refuses, cuts the line or talks nonsense.

A plan is a list of rules: `{"do": …, "path": "/jmap/", "method": "POST", "call": "x:QueuedMessage/set", "after": 0, "count": 1, …}`.
A rule meets requests whose path begins with `path`, with this HTTP `method`, that make the JMAP `call` (all three may be left out);
it lets `after` of them pass and is used up after `count` (null: never).

| do | effect |
|---|---|
| `delay` | the answer comes `seconds` later; the request counts as running meanwhile |
| `status` | answer `status` with a problem document, without carrying anything out; `retryAfter` adds the header |
| `concurrent` | refuse as the fifth request at once |
| `unavailable` | every method call answers `serverUnavailable`, nothing is carried out |
| `cut` | close the connection before anything is carried out |
| `lose` | carry it out and close the connection instead of answering |
| `truncate` | carry it out and close the connection in the middle of the answer, of a live stream after its first event |
| `garbage` | carry it out and answer `body` (default: no JSON) with status 200 |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DOES = frozenset({"delay", "status", "concurrent", "unavailable", "cut", "lose", "truncate", "garbage"})


@dataclass(slots=True)
class Rule:
    """One rule of a plan, as above."""

    do: str
    path: str = "/"
    method: str = ""
    call: str = ""
    after: int = 0
    count: int | None = 1
    seconds: float = 0.0
    status: int = 503
    retry_after: int | None = None
    body: str = "<html>garbage</html>"

    def meets(self, method: str, path: str, calls: Iterable[str]) -> bool:
        """Whether the rule is about this request."""
        return path.startswith(self.path) and self.method in {"", method} and (not self.call or self.call in calls)


class Faults:
    """The plan in force."""

    def __init__(self, rules: Iterable[Mapping[str, Any]] = ()) -> None:
        self.rules: list[Rule] = []
        self.plan(rules)

    def plan(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Replace the plan; ValueError or TypeError for a rule that cannot be understood."""
        if not all(isinstance(rule, Mapping) for rule in rules):
            raise TypeError("a plan is a list of objects")
        made = [Rule(**{"retry_after" if name == "retryAfter" else name: content for name, content in rule.items()}) for rule in rules]
        for rule in made:
            if rule.do not in DOES:
                raise ValueError(f"no such fault: {rule.do}")
        self.rules = made

    def take(self, method: str, path: str, calls: Iterable[str]) -> Rule | None:
        """The rule that strikes this request, if any."""
        for rule in self.rules:
            if rule.count == 0 or not rule.meets(method, path, calls):
                continue
            if rule.after > 0:
                rule.after -= 1
                continue
            if rule.count is not None:
                rule.count -= 1
            return rule
        return None
