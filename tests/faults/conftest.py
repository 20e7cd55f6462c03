"""A server that answers like the new one until it is told to misbehave."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass

import pytest
from aiohttp import web

from gateway.jmap.client import Upstream
from gateway.settings import Limits, Settings, Timeouts

CORE = {
    "maxSizeUpload": 50000000,
    "maxConcurrentUpload": 4,
    "maxSizeRequest": 10000000,
    "maxConcurrentRequests": 4,
    "maxCallsInRequest": 16,
    "maxObjectsInGet": 500,
    "maxObjectsInSet": 500,
}
SESSION = {
    "capabilities": {"urn:ietf:params:jmap:core": CORE},
    "accounts": {},
    "primaryAccounts": {"urn:stalwart:jmap": "d333333"},
    "username": "admin",
    "apiUrl": "https://mail.example.org/jmap/",
    "downloadUrl": "https://mail.example.org/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
    "uploadUrl": "https://mail.example.org/jmap/upload/{accountId}/",
}


AUTHORIZATION = "Basic Y2FuYXJ5OmNhbmFyeQ=="


@dataclass
class Seen:
    """A request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def calls(self):
        return json.loads(self.body)["methodCalls"]


class Liar:
    """`acts` are played one per request to the path in `stage`, and `then` when they are over; all other requests are answered honestly.

    `under_way` counts the requests on the stage.
    """

    def __init__(self):
        self.seen = []
        self.acts = deque()
        self.then = self.honest
        self.session = SESSION
        self.stage = "/jmap/"
        self.url = ""
        self.under_way = self.most_under_way = 0
        self._news = asyncio.Event()

    @property
    def posts(self):
        return [request for request in self.seen if request.target == "/jmap/"]

    def count(self, target):
        return sum(request.target == target for request in self.seen)

    async def asked(self, count, target="/jmap/"):
        """Wait until so many requests for the target have come in."""
        async with asyncio.timeout(5):
            while self.count(target) < count:
                self._news.clear()
                await self._news.wait()

    async def answer(self, request):
        body = await request.read()
        self.seen.append(Seen(request.method, request.raw_path, dict(request.headers), body))
        self._news.set()
        if request.path != self.stage:
            return await self.ordinary(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            act = self.acts.popleft() if self.acts else self.then
            return await act(request)
        finally:
            self.under_way -= 1

    async def ordinary(self, request):
        if request.path == "/jmap/session":
            return web.json_response(self.session)
        if request.path == "/api/account":
            return web.json_response({"permissions": ["authenticate"], "edition": "oss", "locale": "en_US"})
        return await self.honest(request)

    @staticmethod
    async def honest(request):
        """Finds two objects, gives those asked for, carries every change out."""
        answers = []
        for name, arguments, call_id in (await request.json())["methodCalls"]:
            if name.endswith("/query"):
                answer = {"ids": ["ba", "bb"], "total": 2}
            elif name.endswith("/get"):
                answer = {"list": [{"id": it} for it in arguments.get("ids", ["ba", "bb"])], "notFound": []}
            else:
                answer = {
                    "created": {it: {"id": "zz"} for it in arguments.get("create", ())},
                    "updated": dict.fromkeys(arguments.get("update", ())),
                    "destroyed": arguments.get("destroy", []),
                }
            answers.append([name, {"accountId": "d333333"} | answer, call_id])
        return web.json_response({"methodResponses": answers, "sessionState": "3e25b2a0"})

    @staticmethod
    async def cut(request):
        """The connection ends before an answer."""
        request.transport.abort()
        return web.Response()

    @staticmethod
    async def cut_in_body(request):
        """The connection ends within the body."""
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"methodResponses":[')
        request.transport.abort()
        return response

    @staticmethod
    async def cut_in_chunks(request):
        """The connection ends before the last chunk."""
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b'{"methodResponses":[')
        await asyncio.sleep(0.01)
        request.transport.abort()
        return response

    @staticmethod
    async def silent(_request):
        """No answer for a long time."""
        await asyncio.sleep(60)
        return web.Response()

    @staticmethod
    async def silent_in_body(request):
        """Half an answer, and then nothing for a long time."""
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"methodResponses":[')
        await asyncio.sleep(60)
        return response

    @staticmethod
    async def trickle(request):
        """An answer that never ends, slowly."""
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(600):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    @staticmethod
    async def not_http(request):
        """Bytes that are no HTTP answer."""
        request.transport.write(b"\x16\x03\x01canary\r\n\r\n")
        await asyncio.sleep(0.02)
        request.transport.abort()
        return web.Response()

    @staticmethod
    def says(text, status=200, **headers):
        """Any text with any status."""

        async def act(_request):
            return web.Response(body=text.encode(), status=status, headers={"Content-Type": "application/json", **headers})

        return act

    @staticmethod
    def answers(*responses):
        """These method responses."""
        return Liar.says(json.dumps({"methodResponses": responses, "sessionState": "3e25b2a0"}))

    @staticmethod
    def problem(status, type_="about:blank", **members):
        """A problem document; headers as `h_Retry_After`."""
        headers = {name[2:].replace("_", "-"): members.pop(name) for name in list(members) if name.startswith("h_")}
        return Liar.says(json.dumps({"type": type_, "status": status, "detail": "canary"} | members), status, **headers)

    @staticmethod
    async def echo_not_request(request):
        """What the new server does with a request that it cannot read: all of it comes back."""
        text = (await request.read()).decode()
        return await Liar.problem(400, "urn:ietf:params:jmap:error:notRequest", detail=text)(request)

    @staticmethod
    async def crowded(request):
        """Too many requests of the account at once."""
        return await Liar.problem(400, "urn:ietf:params:jmap:error:limit", limit="maxConcurrentRequests")(request)


@pytest.fixture
async def liar():
    play = Liar()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{rest:.*}", play.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    play.url = f"http://{host}:{port}"
    yield play
    await runner.cleanup()


@pytest.fixture
async def open_upstream():
    """Makes clients with short times: `await open_upstream(url, **settings)`."""
    opened = []

    async def make(url, *, limits=None, timeouts=None, **changes):
        settings = Settings(
            upstream=url,
            limits=Limits(**{"queue_seconds": 0.5} | (limits or {})),
            timeouts=Timeouts(**{"connect": 0.5, "read": 0.3, "total": 1} | (timeouts or {})),
            **changes,
        )
        client = Upstream(settings)
        opened.append(client)
        await client.start()
        return client

    yield make
    for client in opened:
        await client.close()


@pytest.fixture
async def upstream(liar, open_upstream):
    """A client of the liar that has learnt its limits."""
    client = await open_upstream(liar.url)
    await client.discover()
    await liar.asked(2, "/jmap/session")
    liar.seen.clear()
    return client


@pytest.fixture
def caller(upstream):
    return upstream.caller(AUTHORIZATION)
