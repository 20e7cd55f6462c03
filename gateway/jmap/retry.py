"""What may be sent a second time, how often, and after which pause.

A change is never sent twice unless the new server said that it did not carry it out.

| what happened                                   | reads              | changes            |
|---|---|---|
| no connection                                   | once               | once               |
| connection lost before the answer was complete  | twice              | never              |
| method error `serverUnavailable`                | never              | three times, when nothing of the batch was written |
| 400 `maxConcurrentRequests`                     | until the deadline | until the deadline |
"""

import random
import time
from collections.abc import Sequence

from gateway.jmap.calls import Call, Set
from gateway.jmap.errors import MethodError, Unreachable

RACES = 3
CUTS = 2
CONNECTS = 1


class NoConnection(Unreachable):
    """A connect failed; not one byte was sent."""


class Cut(Unreachable):
    """The connection broke while a read was under way."""


class Repeats:
    """How often one HTTP request has been repeated, by reason; `seconds` bound the time spent waiting for a crowd to pass."""

    __slots__ = ("_connects", "_crowds", "_cuts", "_deadline")

    def __init__(self, seconds: float) -> None:
        self._connects = self._cuts = self._crowds = 0
        self._deadline = time.monotonic() + seconds

    def after_failure(self, failure: Unreachable) -> float | None:
        """Seconds to wait before sending again, None when it is not to be tried again."""
        if isinstance(failure, Cut) and self._cuts < CUTS:
            self._cuts += 1
            return _about(0.02 * self._cuts)
        if isinstance(failure, NoConnection) and self._connects < CONNECTS:
            self._connects += 1
            return _about(0.1)
        return None

    def after_crowd(self) -> float | None:
        """Seconds to wait after the server refused because of too many requests of the account, None when the time is up."""
        self._crowds += 1
        pause = _about(min(0.02 * 2**self._crowds, 0.5))
        return pause if time.monotonic() + pause < self._deadline else None


def after_race(lost: int) -> float | None:
    """20 to 100 ms as seconds after a change lost a race for the `lost`-th time, None when it was lost too often (mapping-principals 3.0)."""
    return None if lost > RACES else _about(0.06)


def nothing_written(calls: Sequence[Call], answers: Sequence[object]) -> bool:
    """Whether a batch may be sent again after its answers: a race was lost and no change of it was carried out.

    `answers` has one entry per call, a MethodError where it failed. A `/set` that fails as a whole may have written the objects
    before the failing one (jmap-management-api 1.10), so only those of a single object count as not done.
    """
    lost = False
    for call, answer in zip(calls, answers, strict=True):
        if call.writes:
            lost = isinstance(answer, MethodError) and answer.type == "serverUnavailable" and isinstance(call, Set) and call.objects == 1
            if not lost:
                return False
    return lost


def _about(seconds: float) -> float:
    """Between a third and five thirds of the pause, so that rivals part."""
    return seconds * random.uniform(1 / 3, 5 / 3)  # noqa: S311 - spreads load, protects nothing
