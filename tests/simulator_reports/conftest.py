"""A simulated server whose clock stands still, spoken to without HTTP."""

import base64
from typing import Any

import pytest

from gateway.simulator.auth import administrator
from gateway.simulator.callers import Caller
from gateway.simulator.dispatch import run_one
from gateway.simulator.errors import Object
from gateway.simulator.server import WORLD, build
from gateway.simulator.sower import Sower
from gateway.simulator.world import Config

START = 1_795_267_128  # 2026-11-21T13:18:48Z


class Server:
    """The server and its administrator; `olga`, `dmarc`, `tlsrpt` and `abuse` of lab.test have mailboxes."""

    def __init__(self) -> None:
        self.world = build(Config(start=float(START)))[WORLD]
        self.admin = administrator(self.world)
        sower = Sower(self.world)
        (domain,) = [id_ for id_, stored in self.world.kept("Domain").objects.items() if stored["name"] == "lab.test"]
        for name in ("olga", "dmarc", "tlsrpt", "abuse"):
            sower.user(name, domain, "canary of a quiet evening")

    def call(self, method: str, caller: Caller | None = None, **arguments: Any) -> Object:
        """Arguments of the answer to one `x:` method, without the account id."""
        answer = run_one(self.world, caller or self.admin, f"x:{method}", arguments)
        return {name: value for name, value in answer.items() if name != "accountId"}

    def mail(self, sender: str, recipient: str, data: bytes | None = None, helo: str = "client.sender.test") -> None:
        """A message comes in by SMTP."""
        text = data or f"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: test\r\n\r\nHello\r\n".encode()
        self.world.inject({"mail_from": sender, "rcpt_to": [recipient], "helo": helo, "remote_ip": "127.0.0.1", "data": base64.b64encode(text).decode()})

    def advance(self, seconds: float) -> None:
        """Time passes, and what falls due is done."""
        self.world.clock.advance(seconds)

    def ids(self, name: str, **arguments: Any) -> list[str]:
        """Ids of a query with a total, by id in ascending order unless another sort is given."""
        return self.call(f"{name}/query", **({"sort": [{"property": "id", "isAscending": True}], "calculateTotal": True} | arguments))["ids"]

    def one(self, name: str) -> Object:
        """The only object of a type."""
        (found,) = self.call(f"{name}/get")["list"]
        return found


@pytest.fixture
def server() -> Server:
    return Server()
