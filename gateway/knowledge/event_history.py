"""Names of events that only one of the servers knows (mapping-settings 5.4, 6.1: `event-set`)."""

from importlib import resources


def _names(file: str) -> frozenset[str]:
    return frozenset((resources.files("gateway.knowledge") / file).read_text(encoding="utf-8").split())


GONE_EVENTS = _names("gone_events.txt")
"""Names that old lists may hold and the new server does not take, some because the event has another name now."""

NEW_EVENTS = _names("new_events.txt")
"""Names that the pages of the old WebAdmin cannot show."""
