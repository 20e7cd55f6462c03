"""Messages that are handed on while they come in: what becomes of them when one side stops, goes, or has had enough."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from gateway.knowledge.permissions import NEW_RIGHTS

PATH = "/api/spam-filter/upload/spam"
PIECE = b"Subject: x\r\n\r\n" + b"x" * 65_522
RIGHTS = sorted({right for rights in NEW_RIGHTS.values() for right in rights})
CORE = {"maxSizeUpload": 50_000_000, "maxConcurrentUpload": 4, "maxConcurrentRequests": 4, "maxCallsInRequest": 16, "maxObjectsInGet": 500, "maxObjectsInSet": 500}
SESSION = {
    "capabilities": {"urn:ietf:params:jmap:core": CORE}, "primaryAccounts": {"urn:stalwart:jmap": "k/1"}, "username": "kim", "apiUrl": "/jmap/",
    "uploadUrl": "https://elsewhere.test/jmap/upload/{accountId}/",
}  # fmt: skip
LOST = {"detail": "The mail server cannot be reached. Please try again."}


class Store:
    """A new server that takes uploads: contents that came whole, those that broke off, and the samples made of them."""

    def __init__(self) -> None:
        self.whole: list[int] = []
        self.broken = 0
        self.under_way = self.most_under_way = 0
        self.paths: list[str] = []
        self.samples: list[Any] = []
        self.rights = RIGHTS
        self.status = 200
        self.refusal: dict[str, Any] = {}
        self.hold = asyncio.Event()
        self.hold.set()
        self.reads = asyncio.Event()
        self.reads.set()
        self.cut_after = 0
        self.news = asyncio.Condition()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "Authorization" not in request.headers or self.status == 401:
            return web.Response(status=401)
        if request.path == "/api/account":
            return web.json_response({"permissions": self.rights, "edition": "oss", "locale": "en_US"})
        if request.path == "/jmap/session":
            return web.json_response(SESSION)
        if request.path == "/jmap/":
            (call,) = (await request.json())["methodCalls"]
            self.samples.append(call[1]["create"]["s"])
            return web.json_response({"methodResponses": [[call[0], {"accountId": "k", "created": {"s": {"id": "c"}}}, "c0"]], "sessionState": "a"})
        self.paths.append(request.raw_path)
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        await self._tell()
        try:
            return await self._take(request)
        finally:
            self.under_way -= 1
            await self._tell()

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        size = 0
        await self.reads.wait()
        try:
            async for piece in request.content.iter_any():
                size += len(piece)
                if self.cut_after and size > self.cut_after:
                    assert request.transport is not None
                    request.transport.abort()
                    return web.Response()
        except (ConnectionError, web.RequestPayloadError, asyncio.CancelledError):
            self.broken += 1
            return web.Response()
        self.whole.append(size)
        await self._tell()
        await self.hold.wait()
        if self.refusal:
            return web.json_response(self.refusal, status=400)
        return web.json_response({"accountId": "k", "blobId": "eblob", "type": "message/rfc822", "size": size})

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self.news:
            await self.news.wait_for(condition)


@pytest.fixture(autouse=True)
def store(server) -> Store:
    store = Store()
    server.other = store.answer
    return store


async def pieces(count: int, stop: Callable[[], Any] | None = None) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield PIECE
    if stop is not None:
        await stop()


@pytest.mark.parametrize("announced", [True, False])
async def test_a_large_message_is_handed_on_before_it_becomes_a_sample(store, start, announced):
    client = await start(limits={"upload_bytes": 10_000_000})
    length = {"Content_Length": str(20 * len(PIECE))} if announced else {}
    answer = await client("POST", PATH, data=pieces(20), **length)
    assert answer.json == {"data": None}
    assert store.whole == [20 * len(PIECE)]
    assert store.paths == ["/jmap/upload/k%2F1/"]
    assert store.samples == [{"blobId": "eblob", "isSpam": True, "deleteAfterUse": False}]


async def test_of_a_message_of_60_mb_only_a_little_is_held(store, start):
    client = await start(limits={"upload_bytes": 100_000_000})
    await client("POST", PATH, data=pieces(4))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    answer = await client("POST", PATH, data=pieces(920))
    # Client, gateway and new server together.
    more = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert answer.json == {"data": None}
    assert store.whole[1] == 920 * len(PIECE) > 60_000_000
    assert more < 3_000_000


async def test_no_more_is_taken_from_a_client_than_the_new_server_takes(store, start):
    store.reads.clear()
    client = await start(limits={"upload_bytes": 100_000_000})
    taken = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal taken
        async for piece in pieces(920):
            yield piece
            taken += len(piece)

    sending = asyncio.create_task(client("POST", PATH, data=counted()))
    await store.until(lambda: store.under_way == 1)
    await asyncio.sleep(0.5)
    # What lies on the way, most of it with the system.
    assert taken < 30_000_000
    store.reads.set()
    assert (await sending).json == {"data": None}
    assert store.whole == [920 * len(PIECE)]


async def test_a_client_that_goes_leaves_nothing(store, start):
    client = await start(limits={"upload_bytes": 10_000_000})
    leaving = asyncio.create_task(client("POST", PATH, data=pieces(20, lambda: asyncio.sleep(60))))
    await store.until(lambda: store.under_way == 1)
    leaving.cancel()
    await store.until(lambda: store.broken == 1)
    assert (store.whole, store.samples) == ([], [])


async def test_a_client_that_stops_sending_is_told_and_leaves_nothing(store, start):
    client = await start(limits={"upload_bytes": 10_000_000}, timeouts={"body": 0.3})
    answer = await client("POST", PATH, data=pieces(20, lambda: asyncio.sleep(2)))
    assert (answer.status, answer.json["title"]) == (408, "Request Timeout")
    await store.until(lambda: store.broken == 1)
    assert (store.whole, store.samples) == ([], [])


async def test_what_turns_out_too_large_leaves_nothing(store, start):
    client = await start(limits={"upload_bytes": 1_000_000})
    answer = await client("POST", PATH, data=pieces(20))
    assert answer.json == {"error": "other", "details": "Failed to parse message.", "reason": None}
    await store.until(lambda: store.broken == 1)
    assert (store.whole, store.samples) == ([], [])


async def test_what_is_announced_as_too_large_is_not_even_begun(store, start):
    client = await start()
    answer = await client("POST", PATH, data=pieces(20), Content_Length=str(20 * len(PIECE)))
    assert answer.json == {"error": "other", "details": "Failed to parse message.", "reason": None}
    assert store.paths == []


async def test_a_new_server_that_breaks_off_has_stored_nothing(store, start):
    store.cut_after = 200_000
    client = await start(limits={"upload_bytes": 10_000_000})
    answer = await client("POST", PATH, data=pieces(20))
    assert (answer.status, answer.json["detail"]) == (503, LOST["detail"])
    assert store.samples == []


async def test_an_upload_whose_answer_does_not_come_has_stored_nothing(store, start):
    store.hold.clear()
    client = await start(limits={"upload_bytes": 10_000_000}, timeouts={"read": 0.3, "connect": 0.2})
    assert (await client("POST", PATH, data=pieces(3))).status == 503
    assert store.samples == []
    store.hold.set()


@pytest.mark.parametrize(
    ("limit", "status", "title"), [("maxSizeUpload", 200, None), ("maxConcurrentUpload", 503, "Service Unavailable"), ("maxSizeRequest", 500, "Internal Server Error")]
)
async def test_limits_of_the_new_server_are_told_in_the_old_words(store, start, limit, status, title):
    store.refusal = {"type": "urn:ietf:params:jmap:error:limit", "limit": limit, "detail": "canary"}
    client = await start(limits={"upload_bytes": 10_000_000})
    answer = await client("POST", PATH, data=pieces(3))
    assert (answer.status, answer.json.get("title"), answer.json.get("details")) == (status, title, None if title else "Failed to parse message.")
    assert b"canary" not in answer.body
    assert store.samples == []


async def test_who_is_not_known_or_may_not_train_sends_nothing_on(store, start):
    client = await start(limits={"upload_bytes": 10_000_000})
    store.rights = ["authenticate"]
    assert (await client("POST", PATH, data=pieces(3))).status == 403
    store.status = 401
    assert (await client("POST", PATH, data=pieces(3), authorization="Basic d3Jvbmc6d3Jvbmc=")).status == 401
    assert store.paths == []


async def test_no_more_are_under_way_than_the_new_server_takes(store, start):
    store.hold.clear()
    client = await start(limits={"upload_bytes": 10_000_000})
    sending = [asyncio.create_task(client("POST", PATH, data=pieces(3))) for _ in range(6)]
    await store.until(lambda: len(store.whole) == 4)
    store.hold.set()
    answers = await asyncio.gather(*sending)
    assert [json.loads(answer.body) for answer in answers] == [{"data": None}] * 6
    assert (store.most_under_way, len(store.samples)) == (4, 6)
