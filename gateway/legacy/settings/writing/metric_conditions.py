"""Conditions over metrics, whose names were spelled as variables (mapping-settings 6.1: `metric-expression`)."""

import re

from gateway.knowledge.event_names import METRICS
from gateway.knowledge.expressions import tokens
from gateway.legacy.settings.writing.target import Inconvertible

_SIGNS = re.compile(r"[^a-z0-9]", re.ASCII)
_METRICS = {_SIGNS.sub("_", name): name for name in METRICS}


def metric_condition(key: str, text: str) -> dict[str, object]:
    """`queue_count > 10` as an expression of the new server; Inconvertible for a name that is no metric."""
    return {"match": {}, "else": with_metrics(key, text)}


def with_metrics(key: str, text: str) -> str:
    """The text with its metrics called by function; Inconvertible for a name that is no metric."""
    spoken = []
    pieces = list(tokens(text))
    for place, (kind, piece) in enumerate(pieces):
        if kind != "name":
            spoken.append(piece)
        elif piece in _METRICS:
            spoken.append(f"metric('{_METRICS[piece]}')")
        elif "_" in piece and not _called(pieces, place):
            raise Inconvertible(key, f"{piece} is no metric")
        else:
            spoken.append(piece)
    return "".join(spoken)


def _called(pieces: list[tuple[str, str]], place: int) -> bool:
    return next((piece for kind, piece in pieces[place + 1 : place + 3] if kind != "space"), "") == "("
