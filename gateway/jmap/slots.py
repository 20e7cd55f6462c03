"""Places for requests under way: a few at once per key, a bounded queue behind them, a deadline for those who wait.

The new server refuses the fifth request of an account (jmap-management-api 1.6); waiting here keeps clients from seeing that.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Hashable

from gateway.jmap.errors import Busy


class _Line:
    """The requests of one key: how many are under way and who waits, first come first served."""

    __slots__ = ("taken", "waiting")

    def __init__(self) -> None:
        self.taken = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class Slots:
    """At most `width` holders per key, at most `queue` more waiting, each no longer than `seconds`; Busy for everybody else.

    `width` may be changed at any time; holders beyond a smaller one finish, and nobody is let in until they have.
    """

    def __init__(self, width: int, queue: int, seconds: float) -> None:
        self.width = width
        self._queue = queue
        self._seconds = seconds
        self._lines: dict[Hashable, _Line] = {}

    def __len__(self) -> int:
        """Number of keys with a holder or a waiter."""
        return len(self._lines)

    async def acquire(self, key: Hashable) -> None:
        """Take a place; every success must be followed by one `release` of the same key. Busy when the queue is full or the time is up."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line()
        if line.taken < self.width and not line.waiting:
            line.taken += 1
            return
        if len(line.waiting) >= self._queue:
            raise Busy
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.release(key)
            else:
                with contextlib.suppress(ValueError):  # a release in between has passed over it already
                    line.waiting.remove(turn)
                self._forget(key, line)
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def release(self, key: Hashable) -> None:
        """Give a place back; the longest waiter gets it."""
        line = self._lines[key]
        line.taken -= 1
        while line.waiting and line.taken < self.width:
            turn = line.waiting.popleft()
            if not turn.done():
                line.taken += 1
                turn.set_result(None)
        self._forget(key, line)

    def _forget(self, key: Hashable, line: _Line) -> None:
        if not line.taken and not line.waiting and self._lines.get(key) is line:
            del self._lines[key]
