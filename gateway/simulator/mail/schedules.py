"""When a queued message is tried again, when its sender is told about a delay, when it is given up (settings.defaults, MtaDeliverySchedule)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seconds to the next try after the first, second … failure (the last one repeats), likewise for notices; end by time or by number of tries."""

    queue: str
    retry: tuple[int, ...] = (2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR)
    notify: tuple[int, ...] = (DAY, 3 * DAY)
    lifetime: int | None = 3 * DAY
    attempts: int | None = None

    def retry_after(self, failures: int) -> int:
        """Seconds to wait after so many failures (at least one)."""
        return self.retry[min(failures, len(self.retry)) - 1]

    def notify_after(self, notices: int) -> int | None:
        """Seconds to the next notice after so many; None when there is no further one."""
        return self.notify[notices] if notices < len(self.notify) else None


DSN = Schedule("dsn", retry=(15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR), lifetime=None, attempts=10)


@dataclass(slots=True)
class Schedules:
    """Schedule per kind of mail: to own domains, to others, delivery reports. Aggregate reports have none of their own and go as mail to others."""

    by_name: Mapping[str, Schedule] = field(
        default_factory=lambda: {"local": Schedule("local"), "remote": Schedule("remote"), "dsn": DSN}
    )

    def choose(self, *, local: bool, source: str) -> Schedule:
        """Schedule of a recipient; `source` is `smtp`, `dsn` or `report`."""
        return self.by_name.get("local" if local else source) or self.by_name.get("remote") or Schedule("remote")
