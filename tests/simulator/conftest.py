"""A simulated server over a real socket, with a clock that stands still."""

import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from gateway.simulator.server import WORLD, build
from gateway.simulator.sower import Sower
from gateway.simulator.world import Config, World

START = 1_795_266_403  # 2026-11-21T13:06:43Z
ADMIN = ("admin", "Canary-admin-1")
USER = ("olga@lab.test", "canary of olga 1")
CORE = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]


@dataclass
class Answer:
    status: int
    headers: Any
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw) if self.raw else None


class Server:
    """What a client does: plain requests, and batches of method calls."""

    def __init__(self, base: str, world: World, http: aiohttp.ClientSession) -> None:
        self.base, self.world, self.http = base, world, http

    async def ask(self, method: str, target: str, body: Any = None, *, user: tuple[str, str] | None = ADMIN, headers: dict[str, str] | None = None) -> Answer:
        sent = dict(headers or {})
        if user:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
        skip = ["Content-Type"] if "Content-Type" not in sent else []
        data = None if body is None else io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        url = URL(self.base + target, encoded=True)
        async with self.http.request(method, url, data=data, headers=sent, skip_auto_headers=skip, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())

    async def batch(self, *calls: tuple[str, Any], user: tuple[str, str] = ADMIN, using: list[str] | None = None) -> list[Any]:
        """Answers as [name, arguments]."""
        sent = {"using": using or CORE, "methodCalls": [[name, arguments, f"c{place}"] for place, (name, arguments) in enumerate(calls)]}
        answer = await self.ask("POST", "/jmap/", sent, user=user)
        assert answer.status == 200, answer.raw
        return [reply[:2] for reply in answer.json["methodResponses"]]

    async def one(self, name: str, arguments: Any, *, user: tuple[str, str] = ADMIN) -> Any:
        """Arguments of the only answer."""
        return (await self.batch((name, arguments), user=user))[0][1]

    async def made(self, kind: str, value: Any) -> str:
        """Id of a new object."""
        answer = await self.one(f"x:{kind}/set", {"create": {"k": value}})
        return answer["created"]["k"]["id"]

    async def refused(self, kind: str, value: Any) -> Any:
        """SetError of a create."""
        return (await self.one(f"x:{kind}/set", {"create": {"k": value}}))["notCreated"]["k"]

    async def changed(self, kind: str, id_: str, patch: Any) -> Any:
        """The object after a patch, or the SetError."""
        answer = await self.one(f"x:{kind}/set", {"update": {id_: patch}})
        if "notUpdated" in answer:
            return answer["notUpdated"][id_]
        return (await self.one(f"x:{kind}/get", {"ids": [id_]}))["list"][0]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A fresh server with the accounts `olga` (b), `hank` (c) and `reports` (d)."""
    app = build(Config(admin=ADMIN, start=START))
    sower = Sower(app[WORLD])
    sower.user("olga", "b", USER[1], description="Olga")
    sower.user("hank", "b", "canary of hank 1", description="Hank")
    sower.user("reports", "b", "canary of reports 1", aliases=("dmarc", "tlsrpt", "abuse"), description="Reports")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Server(f"http://127.0.0.1:{runner.addresses[0][1]}", app[WORLD], http)
    await runner.cleanup()
