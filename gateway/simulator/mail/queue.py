"""The outgoing queue: messages, their timers, attempts and ends (jmap-management-api 3.14).

What happens to a message, happens a moment (`ATTEMPT_SECONDS`) after it falls due, as it does where a mail host has to be spoken to.
A paused queue keeps everything as it is until it is resumed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.simulator.clock import Clock, Timer
from gateway.simulator.mail import attempts, bounces, statuses
from gateway.simulator.mail.addresses import Address, read
from gateway.simulator.mail.facts import Attempted, AttemptsMade, Outcome, Queued
from gateway.simulator.mail.message import Message, Recipient
from gateway.simulator.mail.options import RcptOptions
from gateway.simulator.mail.schedules import Schedules
from gateway.simulator.mail.surroundings import Surroundings

ATTEMPT_SECONDS = 0.3


@dataclass(slots=True)
class Home:
    """What the queue needs of the server around it.

    `is_own` tells whether a domain is ours, `deliver` puts a message into the mailbox of an own address (False: there is none),
    `store` keeps a content and gives its blob id, `new_id` gives queue ids, `tell` hears of sessions with mail hosts, `note` of the life of
    each message.
    """

    is_own: Callable[[str], bool]
    deliver: Callable[[Address, bytes], bool]
    store: Callable[[bytes], str]
    new_id: Callable[[], str]
    tell: Callable[[Attempted], None]
    note: Callable[[Queued | AttemptsMade], None]
    host_name: str
    domain: str


@dataclass(slots=True)
class Submission:
    """A message on its way into the queue; `source` is `smtp`, `dsn` or `report`.

    `notices` False: its sender is never told about a delay.
    """

    return_path: str
    recipients: list[tuple[Address, RcptOptions]]
    data: bytes
    flags: frozenset[str]
    source: str = "smtp"
    hold: int = 0
    notices: bool = True
    received_from: str = "127.0.0.1"
    envelope_id: str | None = None
    priority: int = 0
    headers_only: bool = False
    helo: str = ""


@dataclass(slots=True)
class Queue:
    """All queued messages by id."""

    clock: Clock
    home: Home
    surroundings: Surroundings = field(default_factory=Surroundings)
    schedules: Schedules = field(default_factory=Schedules)
    messages: dict[str, Message] = field(default_factory=dict)
    paused: bool = False
    _timers: dict[str, Timer] = field(default_factory=dict)

    def submit(self, submission: Submission) -> Message:
        """Put a message into the queue; its first attempt is due at once, or when the sender wants it."""
        now = self.clock.seconds()
        message = Message(
            id=self.home.new_id(),
            created=now,
            return_path=submission.return_path,
            recipients=sorted((self._recipient(address, options, submission, now) for address, options in submission.recipients), key=lambda each: each.address),
            blob_id=self.home.store(submission.data),
            data=submission.data,
            flags=submission.flags,
            received_from=submission.received_from,
            envelope_id=submission.envelope_id,
            priority=submission.priority,
            headers_only=submission.headers_only,
        )
        self.messages[message.id] = message
        self.home.note(_told(message, submission.source, submission.helo))
        self.changed(message)
        return message

    def changed(self, message: Message) -> None:
        """Plan the next thing to happen to a message after it was changed."""
        self._forget_timer(message.id)
        event = message.next_event()
        if event is None or self.paused:
            return
        self._timers[message.id] = self.clock.at(max(event, self.clock.now()) + ATTEMPT_SECONDS, lambda: self._work(message))

    def remove(self, message_id: str) -> bool:
        """Drop a message without telling anybody; False when there is none."""
        self._forget_timer(message_id)
        return self.messages.pop(message_id, None) is not None

    def pause(self) -> None:
        """Let nothing happen until `resume`."""
        self.paused = True
        for message_id in self.messages:
            self._forget_timer(message_id)

    def resume(self) -> None:
        """Go on; what fell due meanwhile happens now."""
        self.paused = False
        for message in self.messages.values():
            self.changed(message)

    def _work(self, message: Message) -> None:
        """Do what is due: expiries, attempts, delivery reports; a message with nothing left to do is gone."""
        now = self.clock.seconds()
        sessions: list[Attempted] = []
        tried: list[Recipient] = []
        for recipient in message.pending():
            if recipient.is_over(message.created, now):
                recipient.status = statuses.expired(recipient.status)
            elif recipient.retry_due <= now:
                self._attempt(recipient, message.data, now, sessions)
                tried.append(recipient)
        for session in dict.fromkeys(sessions):  # one for all recipients of a domain
            self.home.tell(session)
        if tried:
            self._note(message, tried)
        told = bounces.due(message, now)
        if not message.pending():
            self.remove(message.id)
        else:
            self.changed(message)
        if told:
            self._bounce(message, told, now)

    def _note(self, message: Message, tried: list[Recipient]) -> None:
        outcomes = tuple(Outcome(str(it.address), self.home.is_own(it.address.domain), it.status) for it in tried)
        self.home.note(AttemptsMade(_told(message), tried[0].queue, outcomes, not message.pending()))

    def _attempt(self, recipient: Recipient, content: bytes, now: int, sessions: list[Attempted]) -> None:
        address = recipient.address
        if self.home.is_own(address.domain):
            recipient.status = attempts.own(address, self.home.deliver(address, content))
        else:
            recipient.status = attempts.other(address, self.surroundings, sessions.append)
        if recipient.pending:
            recipient.retry_count += 1
            recipient.retry_due = now + recipient.schedule.retry_after(recipient.retry_count)
            # Each attempt takes the end from the schedule again, whatever a client had put there (recorded of v0.15.5).
            recipient.lifetime, recipient.attempts = recipient.schedule.lifetime, recipient.schedule.attempts

    def _bounce(self, message: Message, told: bounces.Told, now: int) -> None:
        sender = read(message.return_path)
        if sender is None:
            return
        report = bounces.text(message, told, host_name=self.home.host_name, domain=self.home.domain, now=now)
        self.submit(Submission("", [(sender, RcptOptions())], report, frozenset({"dsn"}), source="dsn"))

    def _recipient(self, address: Address, options: RcptOptions, submission: Submission, now: int) -> Recipient:
        local = self.home.is_own(address.domain)
        schedule = self.schedules.choose(local=local, source=submission.source)
        first = now + submission.hold
        return Recipient(
            address=address,
            schedule=schedule,
            options=options,
            retry_due=first,
            notify_due=first + schedule.notify[0] if submission.notices else first + now,
            lifetime=None if schedule.lifetime is None else schedule.lifetime + submission.hold,
            attempts=schedule.attempts,
            orcpt=options.original,
        )

    def _forget_timer(self, message_id: str) -> None:
        timer = self._timers.pop(message_id, None)
        if timer:
            timer.cancel()


def _told(message: Message, source: str = "", helo: str = "") -> Queued:
    return Queued(message.id, message.return_path, tuple(str(it.address) for it in message.recipients), message.size, source, helo, message.received_from)
