"""The declared object types, read once (notation: knowledge/schema/notation.py).

What is common to gateway and simulator is declared in `knowledge`; here and in the rooms stands what only the simulator has.
"""

from functools import cache
from importlib.resources import files

from gateway.knowledge.schema import ENUMS, TEXTS
from gateway.simulator.objects.language import Vocabulary
from gateway.simulator.permissions import everything

_NAMES = "gateway.simulator.declared.names"
_ROOMS = tuple(f"gateway.simulator.{room}.objects" for room in ("mail", "tasks", "archive", "actions"))


@cache
def vocabulary() -> Vocabulary:
    """Everything declared, here and in the rooms."""
    found = Vocabulary(enums={"Permission": list(everything()), **{name: list(values) for name, values in ENUMS.items()}})
    for name in (_NAMES, *TEXTS, *_ROOMS):
        folder, _, file = name.rpartition(".")
        found.read((files(folder) / f"{file}.txt").read_text("utf-8"))
    return found
