"""Time of the simulated server: the system's, or one that stands still until it is moved.

Things that happen later (a retry, a task that falls due) are noted with `at` and carried out by `run_due`, which the server
calls before it looks at a request. So no background work is needed: what a client can see is always up to date, and a frozen
clock makes every sequence repeatable.
"""

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_EVENTS = 100_000


@dataclass(order=True, slots=True)
class Timer:
    """One thing to do at an instant; `cancel` makes it never happen."""

    due: float
    number: int
    action: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Forget it."""
        self.cancelled = True


class Clock:
    """Unix seconds as a float. With `start` the clock stands still there and moves by `advance` only."""

    def __init__(self, start: float | None = None) -> None:
        self.frozen = start is not None
        self._now = start or 0.0
        self._offset = 0.0
        self._during: float | None = None
        self._timers: list[Timer] = []
        self._numbers = itertools.count()

    def now(self) -> float:
        """The present instant; inside a timed action the instant it was due."""
        if self._during is not None:
            return self._during
        return self._now if self.frozen else time.time() + self._offset

    def seconds(self) -> int:
        """Whole unix seconds."""
        return int(self.now())

    def at(self, due: float, action: Callable[[], None]) -> Timer:
        """Do `action` at the unix instant `due`, at the next chance when that is past."""
        timer = Timer(due, next(self._numbers), action)
        heapq.heappush(self._timers, timer)
        return timer

    def advance(self, seconds: float) -> None:
        """Move forward and do what falls due on the way, in order of time."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        if self.frozen:
            self._now += seconds
        else:
            self._offset += seconds
        self.run_due()

    def run_due(self) -> None:
        """Do what has fallen due, each thing at its own instant; bounded, so that a thing that always renews itself cannot hang."""
        if self._during is not None:
            return
        present = self.now()
        for _ in range(MOST_EVENTS):
            if not self._timers or self._timers[0].due > present:
                return
            timer = heapq.heappop(self._timers)
            if timer.cancelled:
                continue
            self._during = timer.due
            try:
                timer.action()
            finally:
                self._during = None
