"""Runs something asynchronous until it is told to stop, on the fastest event loop that is installed."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]  # the extra `speed` is optional

_Value = TypeVar("_Value")


def run(work: Coroutine[Any, Any, _Value]) -> _Value:
    """The result of the work, on an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        return runner.run(work)


def stopped() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    event = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, event.set)
    return event


def reason(error: OSError) -> str:
    """What the system said, in the same words on every event loop."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
