"""The declared object types, read once (notation: objects/language.py)."""

from functools import cache
from importlib.resources import files

from gateway.knowledge.event_names import EVENTS, METRICS
from gateway.simulator.objects.language import Vocabulary, read
from gateway.simulator.permissions import everything

SETTINGS = tuple(f"settings_{subject}" for subject in ("server", "access", "stores", "mta", "reports", "spam", "mailbox", "telemetry"))
FOLDERS = {
    "gateway.simulator.declared": ("names", "enums", "common", "directory", *SETTINGS),
    "gateway.simulator.mail": ("objects",),
    "gateway.simulator.tasks": ("objects",),
    "gateway.simulator.actions": ("objects",),
}


@cache
def vocabulary() -> Vocabulary:
    """Everything declared, here and in the rooms."""
    found = Vocabulary(enums={"Permission": list(everything()), "EventType": list(EVENTS), "MetricType": list(METRICS)})
    for folder, names in FOLDERS.items():
        for name in names:
            read((files(folder) / f"{name}.txt").read_text("utf-8"), found)
    return found


@cache
def setting_names() -> tuple[str, ...]:
    """Names of the object types that are settings."""
    lines = (line for name in SETTINGS for line in (files(__name__) / f"{name}.txt").read_text("utf-8").splitlines())
    return tuple(line.split()[1] for line in lines if line.startswith("object "))
