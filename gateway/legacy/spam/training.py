"""The training of the spam filter, which is background work of the new server (mapping-operations 6.2)."""

from typing import Any

from gateway.jmap.calls import Get, Object, Query, Ref
from gateway.knowledge.instants import unix_of
from gateway.legacy.exchange import Exchange
from gateway.legacy.tasks import start

MOST = 100

_TASK = "SpamFilterMaintenance"
_WANTED = {"start": "train", "reset": "retrain", "stop": "abort"}
_TRAININGS = frozenset({"train", "retrain"})
_ALIVE = frozenset({"Pending", "Retry"})


async def control_training(exchange: Exchange) -> Any:
    """Start, reset or stop a training, delete what was learnt, or tell whether one runs; the others answer whether there was something to do."""
    action = exchange.path["action"]
    if action == "delete":
        await start(exchange, _TASK, maintenanceType="reset")
        return True
    if action == "status":
        return await _is_running(exchange)
    async with exchange.locks(("training", "spam filter")):
        if await _is_running(exchange) != (action == "stop"):
            return False
        await start(exchange, _TASK, maintenanceType=_WANTED[action])
    return True


async def _is_running(exchange: Exchange) -> bool:
    """Whether a training runs or is about to; one that is planned for later does not count, nor one that was given up."""
    by_time = Query("Task", [{"property": "due", "isAscending": True}], MOST, filter={"@type": _TASK})
    _, found = await exchange.caller.request(by_time, Get("Task", Ref(0)))
    return any(_runs(task, exchange.now) for task in found["list"])


def _runs(task: Object, now: int) -> bool:
    status = task["status"]
    if task["maintenanceType"] not in _TRAININGS or status["@type"] not in _ALIVE:
        return False
    due = unix_of(status["due"])
    return due is not None and due <= now
