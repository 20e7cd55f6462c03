"""When tasks run, are tried again and are given up."""

from typing import Any

import pytest

from gateway.simulator.clock import Clock
from gateway.simulator.tasks.life import Failed, Unfinished, Worker

START = 1_795_266_403  # 2026-11-21T13:06:43Z
ID = "jpsy9t3uajqa"


def pending(due: str = "2026-11-21T13:06:41Z") -> dict[str, Any]:
    return {"@type": "StoreMaintenance", "maintenanceType": "purgeData", "status": {"@type": "Pending", "createdAt": "2026-11-21T13:06:43Z", "due": due}}


@pytest.fixture
def worker() -> Worker:
    return Worker(Clock(START), {})


def add(worker: Worker, **more: Any) -> None:
    worker.objects[ID] = pending(**more)
    worker.plan(ID)


def test_a_task_that_is_due_runs_and_is_gone(worker) -> None:
    ran = []
    worker.runners["StoreMaintenance/purgeData"] = lambda id_, stored: ran.append((id_, stored["@type"]))
    add(worker)
    worker.clock.run_due()
    assert (ran, worker.is_busy(ID)) == ([], True)
    worker.clock.advance(1)
    assert (ran, worker.objects) == ([(ID, "StoreMaintenance")], {})


def test_a_task_without_work_is_gone_too(worker) -> None:
    add(worker)
    worker.clock.advance(1)
    assert worker.objects == {}


def test_a_task_waits_for_its_time(worker) -> None:
    add(worker, due="2026-11-21T14:06:43Z")
    worker.clock.advance(3600)
    assert ID in worker.objects
    worker.clock.advance(1)
    assert worker.objects == {}


def test_what_cannot_be_done_is_given_up_at_once(worker) -> None:
    def fail(_id: str, _stored: object) -> None:
        raise Failed("Domain is not set to automatic DNS management")

    worker.runners["StoreMaintenance/purgeData"] = fail
    add(worker)
    worker.clock.advance(1)
    assert worker.objects[ID]["status"] == {
        "@type": "Failed",
        "createdAt": "2026-11-21T13:06:43Z",
        "failedAt": "2026-11-21T13:06:43Z",
        "failedAttemptNumber": 0,
        "failureReason": "Domain is not set to automatic DNS management",
    }
    assert not worker.is_busy(ID)


def test_what_did_not_work_is_tried_three_times(worker) -> None:
    attempts = []

    def fail(_id: str, stored: Any) -> None:
        attempts.append((stored["status"]["@type"], stored["status"].get("attemptNumber")))
        raise Unfinished("Failed to fetch")

    worker.runners["StoreMaintenance/purgeData"] = fail
    add(worker)
    worker.clock.advance(1)
    status = worker.objects[ID]["status"]
    assert (status["@type"], status["attemptNumber"], status["failureReason"]) == ("Retry", 1, "Failed to fetch")
    assert "2026-11-21T13:07:13Z" <= status["due"] <= "2026-11-21T13:08:13Z"
    worker.clock.advance(600)
    assert attempts == [("Pending", None), ("Retry", 1), ("Retry", 2)]
    assert (worker.objects[ID]["status"]["@type"], worker.objects[ID]["status"]["failedAttemptNumber"]) == ("Failed", 3)


def test_a_forgotten_task_does_not_run(worker) -> None:
    ran = []
    worker.runners["StoreMaintenance/purgeData"] = lambda id_, _stored: ran.append(id_)
    add(worker)
    worker.forget(ID)
    del worker.objects[ID]
    worker.clock.advance(10)
    assert ran == []
