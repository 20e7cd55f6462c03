"""A simulated server of some edition, asked without a network; its clock stands still."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from gateway.simulator.auth import administrator
from gateway.simulator.dispatch import run_one
from gateway.simulator.rooms import INSTALL
from gateway.simulator.sower import handed_over
from gateway.simulator.world import Config, World

START = 1_795_266_403.0  # 2026-11-21T13:06:43Z


class Server:
    """`call` asks as the administrator; `mail` lets a message come in and be tried."""

    def __init__(self, edition: str) -> None:
        self.world = World(Config(edition=edition, start=START))
        for install in INSTALL:
            install(self.world)

    def call(self, method: str, **arguments: Any) -> Any:
        return run_one(self.world, administrator(self.world), method, arguments)

    def ids(self, method: str, **arguments: Any) -> list[str]:
        return self.call(method, **arguments)["ids"]

    def mail(self, sender: str, *to: str) -> None:
        message = EmailMessage()
        message["From"] = sender
        message.set_content("Hello\n")
        self.world.inject(handed_over(sender, to, message.as_bytes()))
        self.world.clock.advance(1)


@pytest.fixture
def serve() -> Callable[[str], Server]:
    return Server


@pytest.fixture
def enterprise() -> Server:
    return Server("enterprise")
