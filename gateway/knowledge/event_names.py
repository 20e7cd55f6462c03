"""Names of events and metrics that the new server knows (its enumerations `EventType` and `MetricType`), and those that had another name before."""

from importlib import resources


def _names(file: str) -> tuple[str, ...]:
    return tuple((resources.files("gateway.knowledge") / file).read_text(encoding="utf-8").split())


EVENTS = _names("event_names.txt")
"""Names such as `auth.success`, in the order of the new server."""

METRICS = _names("metric_names.txt")
"""Those that are counted, and the gauges such as `queue.count`."""

TRACE_KEYS = frozenset(_names("trace_keys.txt"))
"""Names of the values of an event: the only ones that readers of the old API take (clients 3.8)."""

_RENAMED = _names("renamed_events.txt")
_OLD = dict(zip(_RENAMED[::2], _RENAMED[1::2], strict=True))
_NEW = {old: new for new, old in _OLD.items()}


def old_event(name: str) -> str:
    """Name that the old server had for an event of the new one; most have kept theirs, and new ones pass (mapping-operations 8.6)."""
    return _OLD.get(name, name)


def new_event(name: str) -> str:
    """Name that the new server has for an event of the old one, whether there still is one or not."""
    return _NEW.get(name, name)
