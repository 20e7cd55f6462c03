"""Circuit breaker: after several failed connects in a row nobody waits for another one until a probe gets through."""

import logging
import math
import time
from collections.abc import Callable

from gateway.jmap.errors import Unreachable

FAILURES = 5
OPEN_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Breaker:
    """Closed: everything passes. Open: Unreachable at once, for `OPEN_SECONDS`. Then one request probes; its connect decides.

    Call `admit` before connecting, then exactly one of `good` (something answered, or at least the connection stood), `bad`
    (no connection) and `abandon` (given up for a reason that says nothing, such as a client that left).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether ordinary requests are refused at the moment."""
        return self._open_until is not None

    def admit(self) -> None:
        """Let a request pass, or raise Unreachable with the seconds until the next probe."""
        if self._open_until is None:
            return
        remaining = self._open_until - self._clock()
        if remaining > 0 or self._probing:
            raise Unreachable(max(1, math.ceil(remaining)))
        self._probing = True

    def good(self) -> None:
        """The new server answered."""
        self._failures = 0
        if self._open_until is not None:
            _log.warning("the new server can be reached again")
            self._open_until = None
            self._probing = False

    def bad(self) -> None:
        """No connection could be made."""
        self._failures += 1
        if self._failures < FAILURES:
            return
        if self._open_until is None:
            _log.warning("the new server cannot be reached; waiting %g s before the next attempt", OPEN_SECONDS)
        self._open_until = self._clock() + OPEN_SECONDS
        self._probing = False

    def abandon(self) -> None:
        """Nothing was learnt; another request may probe."""
        self._probing = False
