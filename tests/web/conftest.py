"""A small stand-in for the new server on a real socket, and gateways in front of it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from gateway.app import ROOMS, App, running
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.table import Action, Route
from gateway.settings import Settings

EVERYTHING = frozenset(right for rights in NEW_RIGHTS.values() for right in rights)
SECRET = "Canary-pw"
ADMIN = "Basic " + base64.b64encode(f"admin:{SECRET}".encode()).decode()
SESSION = {
    "capabilities": {"urn:ietf:params:jmap:core": {"maxConcurrentRequests": 4}},
    "primaryAccounts": {},
    "username": "",
    "apiUrl": "https://elsewhere.test/jmap/",
}


@dataclass
class Server:
    """What the new server answers: rights by Authorization header, a status instead, replies of JMAP methods, anything else."""

    rights: dict[str, frozenset[str]] = field(default_factory=lambda: {ADMIN: EVERYTHING})
    status: int | None = None
    jmap: Callable[[list[Any]], list[Any] | web.StreamResponse] | None = None
    other: Callable[[web.Request], Any] | None = None
    gone: set[str] = field(default_factory=set)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.raw_path, dict(request.headers)))
        if request.path == "/jmap/session" and request.method == "GET" and "Authorization" not in request.headers:
            return web.json_response(SESSION)
        if request.path in self.gone:
            return web.Response(status=404)
        if self.other is not None:
            return await self.other(request)
        rights = self.rights.get(request.headers.get("Authorization", ""))
        status = self.status or (401 if rights is None else 403 if "authenticate" not in rights else 200)
        if rights is None or status != 200:
            return web.Response(status=status, text="{}")
        if request.path == "/api/account":
            return web.json_response({"permissions": sorted(rights), "edition": "oss", "locale": "en_US"})
        assert self.jmap is not None, f"nobody expected {request.method} {request.path}"
        answers = self.jmap((await request.json())["methodCalls"])
        return answers if isinstance(answers, web.StreamResponse) else web.json_response({"methodResponses": answers, "sessionState": "a"})

    def calls(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(seen == path for _, seen, _ in self.seen)


@dataclass
class Answer:
    """A reply as the client saw it."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Speaks to one gateway as an old client would."""

    app: App
    http: aiohttp.ClientSession

    async def __call__(self, method: str, target: str, *, authorization: str | None = ADMIN, data: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if authorization is not None:
            sent["Authorization"] = authorization
        url = URL(self.app.url + target, encoded=True)
        async with self.http.request(method, url, headers=sent, data=data, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())


Start = Callable[..., Any]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """The stand-in."""
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def start(server, tmp_path) -> AsyncIterator[Start]:
    """Starts gateways: `await start(rows={"listQueue": action}, permissive_cors=True)` gives a client."""
    async with AsyncExitStack() as stack:

        async def started(rows: dict[str, Action] | None = None, **settings: Any) -> Client:
            chosen = {"upstream": server.url, "listen": "127.0.0.1:0", "state": f"sqlite+aiosqlite:///{tmp_path}/state.db"} | settings
            app = await stack.enter_async_context(running(Settings(**chosen), rooms=replaced(rows or {})))
            http = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0, ssl=False)))
            return Client(app, http)

        yield started


def replaced(rows: dict[str, Action]) -> Sequence[Sequence[Route]]:
    """The rooms, some rows exchanged."""
    return [[Route(route.operation, rows.get(route.operation, route.action)) for route in room] for room in ROOMS]


@pytest.fixture
def raising() -> Callable[[Exception], Action]:
    """Makes a row that fails without having asked the new server."""

    def made(error: Exception) -> Action:
        async def fail(_exchange: Any) -> Any:
            raise error

        return Action(fail)

    return made


@pytest.fixture
def giving() -> Callable[[Any], Action]:
    """Makes a row that answers by itself."""

    def made(value: Any) -> Action:
        async def give(_exchange: Any) -> Any:
            return value

        return Action(give)

    return made


@pytest.fixture
def raw() -> Callable[[Client, bytes], Any]:
    """Sends bytes on a connection of their own and gives everything that comes back until it closes."""

    async def sent(client: Client, request: bytes) -> bytes:
        host, _, port = client.app.url.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    return sent
