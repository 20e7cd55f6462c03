"""Work that the new server does in the background (mapping-operations 5.2, 5.6, jmap-management-api 3.15).

Use: `route("purgeBlobStore", runs_task("StoreMaintenance", maintenanceType="purgeBlob"))` for a call that is answered with null as soon as the
work is queued; an argument may be a function of the exchange (`accountId=account_named("account")`). Whoever has to wait:

    id_ = await start(exchange, "AccountMaintenance", accountId=account, maintenanceType="recalculateQuota")
    answers = await finished(exchange, id_, Get("Account", [account], ["id", "usedDiskQuota"]))
"""

import asyncio
import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.jmap.calls import Call, Get, Object, Set
from gateway.knowledge.instants import text_of, unix_of
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import settle
from gateway.legacy.refusals import Other
from gateway.legacy.table import Action

KEY = "t"
FIRST_PAUSES = (0.2, 0.4, 0.8)
PAUSE = 1.0

Argument = str | Callable[[Exchange], str | Awaitable[str]]


class NothingToDo(Exception):
    """What a call is about holds nothing that work could be done on; the old server said that it was done."""


def runs_task(kind: str, **arguments: Argument) -> Action:
    """Row that queues a task and answers null, as the old server did before the work was done.

    An argument is a text, or a function that gives one, or raises why there is none. The kind of maintenance is always named: without one
    the new server takes the first that it knows.
    """

    async def run(exchange: Exchange) -> Any:
        with contextlib.suppress(NothingToDo):
            await start(exchange, kind, **{name: await _value(exchange, argument) for name, argument in arguments.items()})

    return Action(run, (f"x:Task/set {kind}",), changes=True)


def creation(exchange: Exchange, kind: str, **arguments: str) -> Set:
    """The call that queues a task, to be started at once; its answer is for `queued`."""
    status = {"@type": "Pending", "due": text_of(exchange.now)}
    return Set("Task", create={KEY: {"@type": kind, **arguments, "status": status}})


def queued(answer: Object) -> str:
    """Id of the task that a creation made; Refusal when it made none."""
    settle(answer, "created", KEY)
    id_: str = answer["created"][KEY]["id"]
    return id_


async def start(exchange: Exchange, kind: str, **arguments: str) -> str:
    """Queue a task and give its id; Refusal when the new server declines."""
    (answer,) = await exchange.caller.request(creation(exchange, kind, **arguments))
    return queued(answer)


async def finished(exchange: Exchange, id_: str, *calls: Call) -> list[Object]:
    """Wait for a task, and give the answers to further calls that were sent together with the last look at it.

    A task that is done has disappeared. One that takes longer than the settings allow, or is tried again only after that, is left to itself.
    Other when it failed for good.
    """
    settings = exchange.settings
    began, looks = time.monotonic(), 0
    while True:
        await asyncio.sleep(FIRST_PAUSES[looks] if looks < len(FIRST_PAUSES) else PAUSE)
        found, *answers = await exchange.caller.request(Get("Task", [id_]), *calls)
        looks += 1
        if not found["list"]:
            return answers
        status, left = found["list"][0]["status"], settings.task_wait_seconds - (time.monotonic() - began)
        if status["@type"] == "Failed":
            raise Other("Task failed", status["failureReason"])
        if left <= 0 or looks == settings.task_wait_polls or _due(status) > exchange.now + settings.task_wait_seconds:
            return answers


def _due(status: Object) -> int:
    """Unix seconds when a task is tried again, 0 for one that runs or waits for a worker."""
    return (unix_of(status["due"]) or 0) if status["@type"] == "Retry" else 0


async def _value(exchange: Exchange, argument: Argument) -> str:
    if isinstance(argument, str):
        return argument
    value = argument(exchange)
    return await value if inspect.isawaitable(value) else value
