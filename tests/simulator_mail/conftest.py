"""Two surroundings, both with a clock that stands still.

`lab` is a queue and its SMTP side without a server around them: one own domain with one mailbox. `server` is a whole world, asked
like over HTTP but without it.
"""

import base64
import dataclasses
import itertools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from gateway.simulator import dispatch, envelope
from gateway.simulator.callers import Caller
from gateway.simulator.clock import Clock
from gateway.simulator.errors import Object
from gateway.simulator.mail.acceptance import Front, read
from gateway.simulator.mail.addresses import Address
from gateway.simulator.mail.message import Message
from gateway.simulator.mail.queue import Home, Queue
from gateway.simulator.mail.queued_messages import room_of
from gateway.simulator.mail.surroundings import Surroundings
from gateway.simulator.permissions import everything
from gateway.simulator.rooms import INSTALL
from gateway.simulator.world import Config, World

if TYPE_CHECKING:
    from gateway.simulator.mail.facts import Accepted, Attempted, AttemptsMade, Queued

START = 1_795_266_403  # 2026-11-21T13:06:43Z


class Lab:
    """What happened is in `accepted`, `attempted`, `notes` and `mailbox`."""

    def __init__(self, surroundings: Surroundings | None = None) -> None:
        self.clock = Clock(START)
        self.accepted: list[Accepted] = []
        self.attempted: list[Attempted] = []
        self.notes: list[Queued | AttemptsMade] = []
        self.mailbox: list[bytes] = []
        self.blobs: list[bytes] = []
        numbers = itertools.count(1)
        home = Home(
            is_own=lambda domain: domain == "lab.test",
            deliver=self._deliver,
            store=self._store,
            new_id=lambda: f"m{next(numbers)}",
            tell=self.attempted.append,
            note=self.notes.append,
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


class Server:
    """A world with the accounts olga and hank; `ask` sends one method call, `batch` several, as the administrator unless said otherwise."""

    def __init__(self, **config: Any) -> None:
        self.world = World(Config(start=START, admin=("admin", "secret"), **config))
        for install in INSTALL:
            install(self.world)
        self.callers = {"admin": Caller("admin", "d333333", frozenset(everything()))}
        accounts = self.world.kept("Account")
        for name in ("olga", "hank"):
            made = accounts.create(self.callers["admin"], {"accountId": "d333333"}, {"@type": "User", "name": name, "domainId": "b"}, {})
            self.callers[name] = Caller(f"{name}@lab.test", made["id"], frozenset())

    def allow(self, name: str, *permissions: str) -> None:
        self.callers[name] = dataclasses.replace(self.callers[name], permissions=frozenset(permissions))

    def batch(self, *calls: tuple[str, Any], user: str = "admin", using: Sequence[str] = ()) -> list[tuple[str, Any]]:
        self.world.clock.run_due()
        body = {"using": ["urn:ietf:params:jmap:core", *using], "methodCalls": [[name, given, f"c{number}"] for number, (name, given) in enumerate(calls)]}
        request = envelope.read(json.dumps(body, ensure_ascii=False).encode(), "application/json", dispatch.grammar(self.world), self.world.applied("Jmap"))
        return [(name, {key: value for key, value in answer.items() if key != "accountId"}) for name, answer, _ in dispatch.run(self.world, self.callers[user], request)]

    def ask(self, name: str, given: Any, user: str = "admin") -> Any:
        ((_, answer),) = self.batch((name, given), user=user)
        return answer

    def inject(self, sender: str, *recipients: str, **more: Any) -> Object:
        data = f"From: <{sender or 'mailer@sender.test'}>\r\nTo: <{recipients[0]}>\r\nSubject: test\r\n\r\nHello\r\n"
        return self.world.inject({"mail_from": sender, "rcpt_to": list(recipients), "data": base64.b64encode(data.encode()).decode()} | more)

    def queued(self, sender: str, *recipients: str, **more: Any) -> str:
        """Id of a new message after its first attempt."""
        queue = room_of(self.world).queue
        before = set(queue.messages)
        self.inject(sender, *recipients, **more)
        (new,) = set(queue.messages) - before
        self.world.clock.advance(2)
        return new

    def message(self, message_id: str) -> Any:
        (found,) = self.ask("x:QueuedMessage/get", {"ids": [message_id]})["list"]
        return found

    def change(self, message_id: str, patch: Any) -> Any:
        return self.ask("x:QueuedMessage/set", {"update": {message_id: patch}})

    def found(self, **arguments: Any) -> Any:
        return self.ask("x:QueuedMessage/query", {"sort": [{"property": "due"}], "calculateTotal": True} | arguments)["ids"]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def make_server() -> type[Server]:
    return Server


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def make_lab() -> type[Lab]:
    return Lab
