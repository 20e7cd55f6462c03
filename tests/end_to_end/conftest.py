"""A gateway and a simulated server over real sockets, and an old client for them."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any

import aiohttp
import pytest
from yarl import URL

from gateway.commands.pair import Pair, pair
from gateway.simulator.world import Config

ADMIN = ("admin", "Canary-of-the-admin-1")


@dataclass
class OldClient:
    """What an old client does: a method, a target as it goes over the wire, Basic credentials; gives status and JSON body (None when empty)."""

    http: aiohttp.ClientSession
    both: Pair
    login: tuple[str, str] | None = ADMIN

    def as_(self, login: tuple[str, str] | None) -> "OldClient":
        return OldClient(self.http, self.both, login)

    def at(self, gateway: str) -> "OldClient":
        """The same client of another gateway."""
        return OldClient(self.http, replace(self.both, gateway=gateway), self.login)

    def authorization(self) -> str:
        """Basic credentials of the login."""
        return "Basic " + base64.b64encode(":".join(self.login or ()).encode()).decode()

    async def response(self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any, Any]:
        auth = {"Authorization": self.authorization()} if self.login else {}
        url = URL(self.both.gateway + target, encoded=True)
        async with self.http.request(method, url, headers=auth | (headers or {}), data=body, allow_redirects=False) as answer:
            raw = await answer.read()
            return answer.status, answer.headers.copy(), json.loads(raw) if raw else None

    async def call(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        status, _, value = await self.response(method, target, body)
        return status, value

    async def data(self, method: str, target: str) -> Any:
        """The `data` of a reply that must be a success."""
        status, value = await self.call(method, target)
        assert (status, list(value)) == (200, ["data"]), (method, target, status, value)
        return value["data"]

    async def get(self, target: str) -> Any:
        return await self.data("GET", target)

    async def patch(self, target: str) -> Any:
        return await self.data("PATCH", target)

    async def delete(self, target: str) -> Any:
        return await self.data("DELETE", target)

    def wait(self, seconds: float = 1) -> None:
        """Let time pass on the simulated server."""
        self.both.world.clock.advance(seconds)

    async def send(self, sender: str, *to: str, data: bytes | None = None, **options: list[str]) -> Any:
        """Hand a message to the simulated server as SMTP would, and wait until it had its first attempt; gives the reply codes."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"<{sender}>", ", ".join(to), "A message"
        message.set_content("A line of text.\n")
        envelope = {
            "mail_from": sender, "mail_options": [], "rcpt_to": list(to), "rcpt_options": [], "helo": "client.sender.test", "remote_ip": "127.0.0.1",
            "data": base64.b64encode(data or message.as_bytes()).decode(),
        } | options
        async with self.http.post(self.both.inject, json=envelope) as answer:
            assert answer.status == 200
            codes = await answer.json()
        self.wait()
        return codes


async def _client(edition: str = "oss", start: float | None = None, **settings: Any) -> AsyncIterator[OldClient]:
    config = Config(edition=edition, admin=ADMIN, seed="scenario", start=start)
    async with pair(config, **settings) as both, aiohttp.ClientSession() as http:
        yield OldClient(http, both)


Serving = Callable[..., AbstractAsyncContextManager[OldClient]]


@pytest.fixture
def serving() -> Serving:
    """Starts what the others start, for tests that want several, or other settings: `async with serving("community", start=instant, name=value) as client`."""
    return asynccontextmanager(_client)


@pytest.fixture
async def old() -> AsyncIterator[OldClient]:
    """A client of a gateway that serves the shapes of v0.15.5."""
    async for client in _client(start=float(int(time.time())), legacy_version="0.15"):
        yield client


@pytest.fixture
async def union() -> AsyncIterator[OldClient]:
    """A client of a gateway with its default settings."""
    async for client in _client(start=float(int(time.time()))):
        yield client


@pytest.fixture
async def enterprise() -> AsyncIterator[OldClient]:
    """A client of a gateway with its default settings before a server of the Enterprise edition, whose clock runs."""
    async for client in _client(edition="enterprise"):
        yield client


@pytest.fixture
async def running_clock() -> AsyncIterator[OldClient]:
    """A client of a gateway that serves the shapes of v0.15.5 before a server whose clock runs."""
    async for client in _client(legacy_version="0.15"):
        yield client
