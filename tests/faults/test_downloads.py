"""Contents of blobs from a failing server: an old client gets all of a part, a refusal, or a connection that breaks, and never a part that looks whole."""

import asyncio
import json

import aiohttp
import pytest
from aiohttp import web

from gateway.app import running
from gateway.settings import Limits, Settings, Timeouts

BLOB = "/api/store/blobs/" + "A" * 43
CONTENT = bytes(range(256)) * 4
RIGHTS = ["authenticate", "fetchAnyBlob"]
LARGE = 60_000_000
MOST_HELD = 20_000_000


class Broken(Exception):
    """The reply broke off."""


class Store:
    """A new server that gives one content, in the way that `act` says; `given` counts its bytes, `left` tells that the gateway went away."""

    def __init__(self):
        self.act = self.whole
        self.rights = RIGHTS
        self.asked = self.given = 0
        self.left = asyncio.Event()

    async def answer(self, request):
        if request.path == "/api/account":
            return web.json_response({"permissions": self.rights, "edition": "oss", "locale": "en_US"})
        if request.path == "/jmap/session":
            return web.json_response({"capabilities": {"urn:ietf:params:jmap:core": {}}, "username": "kim", "primaryAccounts": {"urn:stalwart:jmap": "b"}})
        assert request.path.startswith("/jmap/download/b/e")
        assert request.raw_path.endswith("/blob?accept=application%2Foctet-stream")
        self.asked += 1
        return await self.act(request)

    @staticmethod
    async def whole(_request):
        return web.Response(body=CONTENT, headers={"Content-Type": "application/octet-stream", "Cache-Control": "private", "Content-Disposition": "attachment"})

    @staticmethod
    async def in_chunks(request):
        """Nobody says how long it is."""
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for at in range(0, len(CONTENT), 100):
            await response.write(CONTENT[at : at + 100])
        await response.write_eof()
        return response

    @staticmethod
    def half(*, chunked=False, silent=False):
        """Half of it, and then the connection ends, or nothing more comes."""

        async def act(request):
            response = web.StreamResponse(headers={} if chunked else {"Content-Length": str(len(CONTENT))})
            if chunked:
                response.enable_chunked_encoding()
            await response.prepare(request)
            await response.write(CONTENT[: len(CONTENT) // 2])
            await asyncio.sleep(30 if silent else 0.05)
            request.transport.abort()
            return response

        return act

    @staticmethod
    def says(status, **headers):
        async def act(_request):
            return web.Response(status=status, body=b'{"detail": "canary"}', headers=headers)

        return act

    async def large(self, request):
        """60 MB, as fast as they are taken."""
        response = web.StreamResponse(headers={"Content-Length": str(LARGE)})
        await response.prepare(request)
        piece = bytes(50_000)
        try:
            for _ in range(LARGE // len(piece)):
                await response.write(piece)
                self.given += len(piece)
        finally:
            self.left.set()
        return response


@pytest.fixture
async def store(aiohttp_server):
    play = Store()
    app = web.Application()
    app.router.add_get("/{rest:.*}", play.answer)
    play.server = await aiohttp_server(app)
    return play


@pytest.fixture
async def gateway(store, tmp_path):
    settings = Settings(
        upstream=str(store.server.make_url("")),
        listen="127.0.0.1:0",
        state=f"sqlite+aiosqlite:///{tmp_path}/state.db",
        limits=Limits(queue_seconds=0.5),
        timeouts=Timeouts(connect=0.5, read=0.3, total=1, idle=0.5),
    )
    async with running(settings) as running_one:
        yield running_one.url


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth("kim", "canary")}) as session:
        yield session


@pytest.fixture
def get(gateway, http):
    async def get(query=""):
        async with http.get(f"{gateway}{BLOB}{query}") as answer:
            try:
                body = await answer.read()
            except aiohttp.ClientPayloadError:
                raise Broken from None
            return answer, body

    return get


PARTS = {
    "": CONTENT,
    "?limit=10": CONTENT[:10],
    "?offset=5&limit=20": CONTENT[5:25],
    "?offset=1000&limit=100": CONTENT[1000:],
    "?limit=100000": CONTENT,
    "?limit=x": CONTENT,
    "?offset=-1&limit=4": CONTENT[:4],
    "?limit=18446744073709551615": CONTENT,
    "?offset=0": CONTENT,
    "?offset=5": b"",
    "?offset=5&limit=18446744073709551615": b"",
    "?offset=1024&limit=5": b"",
    "?offset=1000000&limit=5": b"",
    "?limit=0": b"",
}


@pytest.mark.parametrize(("query", "part"), PARTS.items(), ids=PARTS)
async def test_the_part_that_was_asked_for(get, query, part):
    answer, body = await get(query)
    assert (answer.status, body) == (200, part)
    assert answer.headers["Content-Length"] == str(len(part))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "Content-Disposition" not in answer.headers
    assert "Cache-Control" not in answer.headers


@pytest.mark.parametrize(("query", "part"), PARTS.items(), ids=PARTS)
async def test_the_same_without_knowing_how_long_it_is(get, store, query, part):
    store.act = store.in_chunks
    answer, body = await get(query)
    assert (answer.status, body) == (200, part)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("silent", [False, True])
async def test_what_breaks_off_is_not_taken_for_whole(get, store, chunked, silent):
    store.act = store.half(chunked=chunked, silent=silent)
    with pytest.raises(Broken):
        await get()
    with pytest.raises(Broken):
        await get("?offset=500&limit=100")


@pytest.mark.parametrize("silent", [False, True])
async def test_a_part_that_came_is_whole_whatever_happens_behind_it(get, store, silent):
    store.act = store.half(silent=silent)
    assert (await get("?offset=100&limit=400"))[1] == CONTENT[100:500]


@pytest.mark.parametrize(
    ("status", "expected", "title"),
    [(401, 401, "Unauthorized"), (402, 402, "TOTP code required"), (403, 403, "Forbidden"), (429, 429, "Too Many Requests"), (500, 500, "Internal Server Error"), (503, 500, "Internal Server Error"), (206, 500, "Internal Server Error"), (302, 500, "Internal Server Error")],
)
async def test_a_refusal_comes_in_the_old_form(get, store, status, expected, title):
    store.act = store.says(status)
    answer, body = await get()
    assert (answer.status, answer.content_type, json.loads(body)["title"]) == (expected, "application/problem+json", title)
    assert b"canary" not in body


async def test_what_is_not_there_and_what_may_not_be_seen(get, store):
    store.act = store.says(404)
    answer, body = await get()
    assert (answer.status, json.loads(body)) == (200, {"error": "notFound", "item": ""})


async def test_who_lacks_the_right_is_told_so_and_not_that_it_is_missing(get, store):
    store.act = store.says(404)
    store.rights = ["authenticate"]
    answer, _ = await get()
    assert answer.status == 403


@pytest.mark.parametrize(("hash_", "status"), [("", 200), ("AAAA", 200), ("A" * 44, 200), ("A" * 42 + "B", 400), ("A" * 42 + "%3D", 400), ("%2B" * 43, 400), ("***", 400), ("A" * 41, 400)])
async def test_a_hash_that_is_none_is_not_asked_for(gateway, http, store, hash_, status):
    async with http.get(f"{gateway}/api/store/blobs/{hash_}") as answer:
        body = await answer.json(content_type=None)
    assert answer.status == status
    assert body == {"error": "notFound", "item": ""} if status == 200 else body["detail"] == "Base64 decoding failed"
    assert store.asked == 0


async def test_an_encoded_content_is_not_passed_on_as_the_content(get, store):
    store.act = store.says(200, **{"Content-Encoding": "gzip"})
    assert (await get())[0].status == 500


async def test_a_server_that_does_not_answer(get, store):
    async def silent(_request):
        await asyncio.sleep(30)

    store.act = silent
    answer, _ = await get()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_a_connection_that_breaks_before_the_answer_is_made_again(get, store):
    async def cut(request):
        if store.asked < 3:
            request.transport.abort()
        return await store.whole(request)

    store.act = cut
    assert (await get())[1] == CONTENT
    assert store.asked == 3


async def test_no_more_is_held_than_the_client_takes(gateway, http, store):
    """What lies between server and client does not grow with the content; most of it is in the buffers of the operating system, twice."""
    store.act = store.large
    taken, held = 0, 0
    async with http.get(gateway + BLOB) as answer:
        async for piece in answer.content.iter_any():
            taken += len(piece)
            held = max(held, store.given - taken)
    assert taken == LARGE
    assert held < MOST_HELD


async def test_a_client_that_goes_ends_the_download(gateway, http, store):
    store.act = store.large
    async with http.get(gateway + BLOB) as answer:
        await answer.content.readexactly(100_000)
        answer.close()
    async with asyncio.timeout(5):
        await store.left.wait()
    assert store.given < LARGE


async def test_a_client_that_stops_reading_is_cut(gateway, http, store):
    store.act = store.large
    async with http.get(gateway + BLOB) as answer:
        await answer.content.readexactly(100_000)
        async with asyncio.timeout(10):
            await store.left.wait()
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
    assert store.given < LARGE


async def test_many_at_once(gateway, http, store):
    async def read():
        async with http.get(gateway + BLOB) as answer:
            return await answer.read()

    async with asyncio.timeout(20):
        assert await asyncio.gather(*(read() for _ in range(40))) == [CONTENT] * 40
    assert store.asked == 40
