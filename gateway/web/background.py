"""Work that goes on after its request was answered."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from gateway.web.logs import origin

_log = logging.getLogger(__name__)


class Background:
    """Keeps tasks alive, notes their failures, and waits for them when the gateway stops."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        """Take work over."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def finish(self, seconds: float) -> None:
        """Wait for everything under way, then give up what is left."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            _log.warning("work behind an answered request was cut off by the stop of the gateway")
        elif error := task.exception():
            _log.error("work behind an answered request failed", extra={"fields": origin(error)})
