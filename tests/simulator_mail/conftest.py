"""A queue and its SMTP side without a server around them: a clock that stands still, one own domain with one mailbox."""

import base64
import itertools
from typing import Any

import pytest

from gateway.simulator.clock import Clock
from gateway.simulator.errors import Object
from gateway.simulator.mail.acceptance import Front, read
from gateway.simulator.mail.addresses import Address
from gateway.simulator.mail.facts import Accepted, Attempted
from gateway.simulator.mail.message import Message
from gateway.simulator.mail.queue import Home, Queue
from gateway.simulator.mail.surroundings import Surroundings

START = 1_795_266_403  # 2026-11-21T13:06:43Z


class Lab:
    """What happened is in `accepted`, `attempted` and `mailbox`."""

    def __init__(self, surroundings: Surroundings | None = None) -> None:
        self.clock = Clock(START)
        self.accepted: list[Accepted] = []
        self.attempted: list[Attempted] = []
        self.mailbox: list[bytes] = []
        self.blobs: list[bytes] = []
        numbers = itertools.count(1)
        home = Home(
            is_own=lambda domain: domain == "lab.test",
            deliver=self._deliver,
            store=self._store,
            load=lambda blob_id: self.blobs[int(blob_id)],
            new_id=lambda: f"m{next(numbers)}",
            tell=self.attempted.append,
            host_name="mail.example.org",
            domain="lab.test",
        )
        self.queue = Queue(self.clock, home, surroundings or Surroundings())
        self.front = Front(
            self.queue,
            resolve=lambda address: [address] if address.domain != "lab.test" or address.local == "olga" else None,
            annotate=lambda fact: b"X-Seen: yes\r\n" + fact.data,
            announce=self.accepted.append,
        )

    def _deliver(self, address: Address, data: bytes) -> bool:
        if address.local == "olga":
            self.mailbox.append(data)
        return address.local == "olga"

    def _store(self, data: bytes) -> str:
        self.blobs.append(data)
        return str(len(self.blobs) - 1)

    def inject(self, sender: str, *recipients: str, **more: Any) -> Object:
        body = {"mail_from": sender, "rcpt_to": list(recipients), "data": base64.b64encode(b"Subject: test\r\n\r\nHello\r\n").decode()}
        return self.front.take(read(body | more))

    def queued(self, sender: str, *recipients: str, **more: Any) -> Message:
        """Hand over and let the first attempt happen; the message must stay."""
        before = set(self.queue.messages)
        self.inject(sender, *recipients, **more)
        (new,) = set(self.queue.messages) - before
        message = self.queue.messages[new]
        self.settle()
        return message

    def settle(self) -> None:
        """Let everything happen that is due now, bounces of bounces included."""
        self.clock.advance(2)


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def make_lab() -> type[Lab]:
    return Lab
