"""Names of events and metrics that the new server knows (its enumerations `EventType` and `MetricType`)."""

from importlib import resources


def _names(file: str) -> tuple[str, ...]:
    return tuple((resources.files("gateway.knowledge") / file).read_text(encoding="utf-8").split())


EVENTS = _names("event_names.txt")
"""Names such as `auth.success`, in the order of the new server."""

METRICS = _names("metric_names.txt")
"""Those that are counted, and the gauges such as `queue.count`."""
