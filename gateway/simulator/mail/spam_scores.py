"""What tags weigh: the tag scores and thresholds in force, and the verdict (jmap-management-api 3.16 ClassifySpam)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.simulator.errors import Object


@dataclass(frozen=True, slots=True)
class Weights:
    """Tag objects as they are stored, and thresholds (0 switches reject and discard off)."""

    tags: tuple[Object, ...] = ()
    spam: float = 5.0
    reject: float = 0.0
    discard: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`result` is ham, spam, reject or discard; `rules` the tag object that fits each tag; the score is 0 for reject and discard."""

    result: str
    score: float
    rules: Mapping[str, Object | None]


def judge(tags: Iterable[str], weights: Weights) -> Verdict:
    """Verdict on a message with these tags."""
    rules = {tag: _rule(tag, weights.tags) for tag in sorted(tags)}
    fitting = [rule for rule in rules.values() if rule is not None]
    kinds = {rule["@type"] for rule in fitting}
    score = float(sum(rule.get("score", 0.0) for rule in fitting))
    if "Discard" in kinds or 0 < weights.discard <= score:
        return Verdict("discard", 0.0, rules)
    if "Reject" in kinds or 0 < weights.reject <= score:
        return Verdict("reject", 0.0, rules)
    return Verdict("spam" if score >= weights.spam else "ham", score, rules)


def _rule(tag: str, rules: Iterable[Object]) -> Object | None:
    """The tag object that fits; `*` in its name stands for any text."""
    for rule in rules:
        if re.fullmatch(re.escape(rule["tag"]).replace(r"\*", ".*"), tag):
            return rule
    return None
