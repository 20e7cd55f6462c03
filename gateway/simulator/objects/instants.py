"""Instants that a new value leaves open mean now (recordings `queue.status.wholeMap`, `tasks.store.default`)."""

from typing import Any

from gateway.simulator.objects.shapes import ListOf, MapOf, Schema
from gateway.simulator.objects.values import Instant, Kind


def fill(kind: Kind, stored: Any, now: str) -> None:
    """Set every instant in the stored value that may not be null but is, to `now`."""
    if isinstance(kind, Schema) and stored is not None:
        for name, prop in kind.properties(stored).items():
            if isinstance(prop.kind, Instant) and not prop.nullable and stored.get(name) is None:
                stored[name] = now
            else:
                fill(prop.kind, stored.get(name), now)
    elif isinstance(kind, MapOf | ListOf) and stored:
        for content in stored.values():
            fill(kind.item, content, now)
