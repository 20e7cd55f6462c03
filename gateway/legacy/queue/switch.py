"""Pause and resume of the queue (mapping-operations 2.8).

The new server cannot say whether its queue is paused: the gateway remembers what it told it last.
"""

from typing import Any

from gateway.jmap.calls import Set
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import settle


async def get_queue_status(exchange: Exchange) -> Any:
    """Whether the queue runs, as far as the gateway knows."""
    return await exchange.flags.queue_running()


async def patch_queue_status(exchange: Exchange) -> Any:
    """Pause for the word `stop`, resume for any other word, even an empty one; gives the state before."""
    run = exchange.path["action"] != "stop"
    before = await exchange.flags.queue_running()
    (answer,) = await exchange.caller.request(
        Set("Action", create={"a": {"@type": "ResumeMtaQueue" if run else "PauseMtaQueue"}})
    )
    settle(answer, "created", "a")
    await exchange.flags.set_queue_running(running=run)
    return before
