"""A queued message and its recipients; instants are unix seconds."""

from dataclasses import dataclass, field

from gateway.simulator.errors import Object
from gateway.simulator.mail import statuses
from gateway.simulator.mail.addresses import Address
from gateway.simulator.mail.options import RcptOptions
from gateway.simulator.mail.schedules import Schedule


@dataclass(slots=True)
class Recipient:
    """One recipient. It ends `lifetime` seconds after the message came in, or after so many `attempts`; exactly one of them is set."""

    address: Address
    schedule: Schedule
    options: RcptOptions
    retry_due: int
    notify_due: int
    lifetime: int | None
    attempts: int | None
    orcpt: str | None = None
    retry_count: int = 0
    notify_count: int = 0
    status: Object = field(default_factory=lambda: dict(statuses.SCHEDULED))
    told: bool = False

    @property
    def queue(self) -> str:
        """Name of the virtual queue."""
        return self.schedule.queue

    @property
    def pending(self) -> bool:
        """Whether something is still to happen."""
        return statuses.is_pending(self.status)

    @property
    def failed(self) -> bool:
        """Whether it was given up."""
        return bool(self.status["@type"] == "PermanentFailure")

    def is_over(self, created: int, now: int) -> bool:
        """Whether its time, or its number of tries, is used up."""
        if self.lifetime is not None:
            return created + self.lifetime <= now
        return self.attempts is not None and self.retry_count >= self.attempts

    def next_event(self, created: int) -> int:
        """The next thing to happen: a try, a notice or the end."""
        ends = [] if self.lifetime is None else [created + self.lifetime]
        return min(self.retry_due, self.notify_due, *ends)


@dataclass(slots=True)
class Message:
    """One queued message with its content; the null sender is the empty `return_path`; `recipients` in the order in which they are listed."""

    id: str
    created: int
    return_path: str
    recipients: list[Recipient]
    blob_id: str
    data: bytes
    flags: frozenset[str]
    received_from: str = "127.0.0.1"
    received_port: int = 25
    envelope_id: str | None = None
    priority: int = 0
    headers_only: bool = False

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.data)

    def pending(self, queue: str | None = None) -> list[Recipient]:
        """Recipients for whom something is still to happen, in one virtual queue or in all."""
        return [recipient for recipient in self.recipients if recipient.pending and queue in {None, recipient.queue}]

    def next_event(self, queue: str | None = None) -> int | None:
        """The next thing to happen to the message; None when nothing is pending."""
        return min((recipient.next_event(self.created) for recipient in self.pending(queue)), default=None)

    def next_retry(self, queue: str | None = None) -> int | None:
        """The next delivery attempt; None when nothing is pending."""
        return min((recipient.retry_due for recipient in self.pending(queue)), default=None)

    def next_notify(self) -> int | None:
        """The next notice of delay; None when nothing is pending."""
        return min((recipient.notify_due for recipient in self.pending()), default=None)
