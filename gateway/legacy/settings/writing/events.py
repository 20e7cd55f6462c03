"""Lists of events and metrics: patterns, names that one side does not know, and the policy they stand under (mapping-settings 5.4, 6.1)."""

from collections.abc import Sequence

from gateway.knowledge.event_history import GONE_EVENTS, NEW_EVENTS
from gateway.knowledge.event_names import EVENTS, METRICS
from gateway.knowledge.value_forms import members
from gateway.legacy.settings.writing.target import Cell, InvalidValue, ReadOnly, Values

_ANY = "*"
_INCLUDE, _EXCLUDE = "include", "exclude"
_HOOK, _TRACER = "WebHook", "Tracer"


def events(cell: Cell) -> Values:
    """Set of names under the policy of the object; a policy that is not the usual one keeps, and the names are turned round.

    Names that no longer exist are left out beside others that changed; InvalidValue when nothing else would change, and for names that never
    existed. ReadOnly for a tracer that tells what it takes instead of what it leaves out.
    """
    row, target = cell.row, cell.target
    metrics = row.word == "metric-set"
    known = METRICS if metrics else EVENTS
    held_before = members((target.stored or {}).get(row.pointer[1:]) or {})
    # A newer server may have names that are not known here: those that stand there may stay.
    newer = [name for name in held_before if name not in known]
    every = (*known, *newer)
    policy = "metricsPolicy" if metrics else "eventsPolicy"
    usual = _INCLUDE if target.type == _HOOK else _EXCLUDE
    stored = target.stored or {}
    turned = stored.get(policy, usual) != usual
    if turned and target.type == _TRACER:
        if cell.given is None:
            return []
        raise ReadOnly(cell.key)
    names, dropped = _expanded(cell, every)
    if cell.context.keep_events:
        before = cell.context.before.get(cell.key)
        names |= NEW_EVENTS.union(newer).intersection([before] if isinstance(before, str) else before or ())
    held = [name for name in every if (name in names) != turned]
    if dropped and set(held) == set(held_before):
        raise InvalidValue(cell.key, f"'{dropped}' no longer exists")
    values: Values = [(row.pointer, dict.fromkeys(held, True))]
    if target.stored is None and usual == _INCLUDE:
        values.append((f"/{policy}", usual))
    return values


def _expanded(cell: Cell, every: Sequence[str]) -> tuple[set[str], str | None]:
    """Names that the texts mean, and the first text that means nothing any more."""
    names: set[str] = set()
    dropped = None
    for text in cell.texts:
        if found := _matching(text, every):
            names |= found
        elif text in GONE_EVENTS or text in EVENTS or (_ANY in text and _matching(text, tuple(GONE_EVENTS))):
            dropped = dropped or text
        else:
            raise InvalidValue(cell.key, f"'{text}' is not available")
    return names, dropped


def _matching(text: str, every: Sequence[str]) -> set[str]:
    if text.endswith(_ANY):
        return {name for name in every if name.startswith(text[:-1])}
    if text.startswith(_ANY):
        return {name for name in every if name.endswith(text[1:])}
    return {text} if text in every else set()
