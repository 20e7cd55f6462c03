"""The life of a task after it was created: it runs when it is due, is gone when it is done, is tried again or given up when it fails.

Facts: jmap-management-api 3.15 (retry policy `x:TaskManager`), recordings `tasks.*.life`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.knowledge.instants import text_of, unix_of
from gateway.simulator.clock import Clock, Timer
from gateway.simulator.errors import Object
from gateway.simulator.text_ids import number_of

RUN_SECONDS = 0.005
MOST_ATTEMPTS = 3
FIRST_DELAY = 60
LONGEST_DELAY = 1800
LONGEST_LIFE = 6 * 3600
NEVER = 2**63

Runner: TypeAlias = Callable[[str, Object], None]
"""Does the work of a task, given its id and stored form; raises Failed when it cannot be done, Unfinished when it may work later."""


class Failed(Exception):
    """The task cannot be done; the text is the reason that is shown."""


class Unfinished(Exception):
    """The task did not work this time; the text is the reason that is shown."""


@dataclass(slots=True)
class Worker:
    """Runs tasks when they are due.

    `objects` are the stored tasks by id; `runners` do the work of a kind (`kind_of`), a kind without a runner needs nothing done;
    `durations` tell how many seconds a kind takes that takes longer than most.
    The server has a fault that is kept here: an entry of its plan can be damaged, and then stands in the way of all later ones.
    """

    clock: Clock
    objects: dict[str, Object]
    runners: dict[str, Runner] = field(default_factory=dict)
    durations: dict[str, Callable[[], float]] = field(default_factory=dict)
    _timers: dict[str, Timer] = field(default_factory=dict)
    _damaged: dict[str, int] = field(default_factory=dict)

    def plan(self, id_: str) -> None:
        """Have a task run when it is due, after it was created or changed."""
        self._stop(id_)
        due = due_of(self.objects[id_])
        if due != NEVER:
            seconds = self.durations.get(kind_of(self.objects[id_]), lambda: RUN_SECONDS)()
            self._timers[id_] = self.clock.at(max(due, self.clock.now()) + seconds, lambda: self._run(id_))

    def forget(self, id_: str) -> None:
        """Not run it; when its entry was what held up all others, they go on."""
        self._stop(id_)
        if self._damaged.pop(id_, None) is not None:
            for other in self.objects:
                if other != id_:
                    self.plan(other)

    def damage(self, id_: str, due: int) -> None:
        """Put a task at `due` in a form that nobody can read: from then on no task runs until it is gone (jmap-management-api 3.21)."""
        self._stop(id_)
        self._damaged[id_] = due

    def place(self, id_: str) -> int:
        """Unix seconds by which a task is listed: when it is due, or where its damaged entry stands."""
        return self._damaged.get(id_, due_of(self.objects[id_]))

    def is_busy(self, id_: str) -> bool:
        """Whether the task is just being worked on."""
        return due_of(self.objects[id_]) <= self.clock.now()

    def _stop(self, id_: str) -> None:
        timer = self._timers.pop(id_, None)
        if timer:
            timer.cancel()

    def _run(self, id_: str) -> None:
        if any(due <= self.clock.now() for due in self._damaged.values()):
            return
        stored = self.objects[id_]
        runner = self.runners.get(kind_of(stored))
        try:
            if runner:
                runner(id_, stored)
        except Failed as failure:
            self._give_up(stored, _attempts(stored), str(failure))
            self.forget(id_)
        except Unfinished as failure:
            self._again(id_, stored, str(failure))
        else:
            self.objects.pop(id_, None)
            self.forget(id_)

    def _again(self, id_: str, stored: Object, reason: str) -> None:
        now, attempt = self.clock.seconds(), _attempts(stored) + 1
        due = now + _delay(id_, attempt)
        began = unix_of(stored["status"]["createdAt"]) or now
        if attempt >= MOST_ATTEMPTS or due - began > LONGEST_LIFE:
            self._give_up(stored, attempt, reason)
        else:
            created = stored["status"]["createdAt"]
            stored["status"] = {"@type": "Retry", "createdAt": created, "due": text_of(due), "attemptNumber": attempt, "failureReason": reason}
        self.plan(id_)

    def _give_up(self, stored: Object, attempt: int, reason: str) -> None:
        now, created = text_of(self.clock.seconds()), stored["status"]["createdAt"]
        stored["status"] = {"@type": "Failed", "createdAt": created, "failedAt": now, "failedAttemptNumber": attempt, "failureReason": reason}


def kind_of(stored: Object) -> str:
    """`StoreMaintenance/purgeData`, or only the type where there is no choice."""
    kind = stored["@type"]
    return f"{kind}/{stored['maintenanceType']}" if "maintenanceType" in stored else str(kind)


def due_of(stored: Object) -> int:
    """Unix seconds when a task will run; NEVER for one that was given up."""
    due = unix_of(stored["status"].get("due") or "")
    return NEVER if due is None else due


def spread(id_: str, seconds: int) -> int:
    """A number below `seconds` that looks random and is always the same for the same id."""
    return (number_of(id_) >> 9) * 2_654_435_761 % 2**32 * seconds >> 32


def _attempts(stored: Object) -> int:
    return int(stored["status"].get("attemptNumber", 0))


def _delay(id_: str, attempt: int) -> int:
    """Seconds until the next try: doubled each time, with a jitter of half in both directions."""
    delay: int = min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY)
    return delay // 2 + spread(id_, delay)
