"""What was read with a credential a moment ago and may be used again, kept apart by credential and kind."""

import time
from collections import OrderedDict
from typing import Any


class Notes:
    """At most `most` notes, none older than `seconds` unless said otherwise; the one that was not asked for the longest goes first.

    A kind has an edition, which changes with `drop`: what was asked for in an earlier edition may be outdated and is not kept.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._kept: OrderedDict[tuple[bytes, str], tuple[float, Any]] = OrderedDict()
        self._editions: dict[str, int] = {}

    def __len__(self) -> int:
        """Number of notes."""
        return len(self._kept)

    def edition(self, kind: str) -> int:
        """The edition to name when something is kept that is asked for from now on."""
        return self._editions.get(kind, 0)

    def keep(self, key: bytes, kind: str, value: Any, edition: int, seconds: float | None = None) -> None:
        """Remember a value, unless its kind was dropped since `edition`; `seconds` for how long, when not as all others."""
        if edition != self.edition(kind):
            return
        self._kept[key, kind] = (time.monotonic() + (self._seconds if seconds is None else seconds), value)
        self._kept.move_to_end((key, kind))
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: bytes, kind: str) -> Any | None:
        """The value, None when there is none or it is too old."""
        ends, value = self._kept.get((key, kind), (0.0, None))
        if value is None:
            return None
        if time.monotonic() >= ends:
            del self._kept[key, kind]
            return None
        self._kept.move_to_end((key, kind))
        return value

    def drop(self, kind: str) -> None:
        """Forget everything of a kind, whoever read it: what one caller changes, others see changed."""
        self._editions[kind] = self.edition(kind) + 1
        for name in [name for name in self._kept if name[1] == kind]:
            del self._kept[name]

    def forget(self, key: bytes) -> None:
        """Forget everything that was read with one credential."""
        for name in [name for name in self._kept if name[0] == key]:
            del self._kept[name]
