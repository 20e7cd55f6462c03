"""What the simulated server calls its events: words made of their names. The schema document holds nothing else."""

import gzip
import json
from functools import cache

from gateway.knowledge.event_names import EVENTS

_PARTS = ("objects", "schemas", "fields", "forms", "lists")


def label(name: str) -> str:
    """Title of an event: `Delivery attempt start` for `delivery.attempt-start`."""
    return name.replace(".", " ").replace("-", " ").capitalize()


@cache
def schema() -> bytes:
    """The schema document, compressed."""
    events = [{"name": name, "label": label(name), "explanation": f"The simulated server reports {name}."} for name in EVENTS]
    document = {**{part: {} for part in _PARTS}, "enums": {"EventType": events}, "dashboards": [], "layouts": []}
    return gzip.compress(json.dumps(document).encode(), mtime=0)
