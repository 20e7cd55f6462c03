"""Lists: short ones as one body, long ones page by page, and what a failure in the middle looks like."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from gateway.jmap.errors import Unreachable
from gateway.legacy.exchange import Listing
from gateway.legacy.refusals import NotFound
from gateway.legacy.table import Action


def lists(pages, total=None, **extra):
    """A row that lists pages; an exception among them is raised when its turn comes."""

    async def each() -> AsyncIterator[list]:
        for page in pages:
            if isinstance(page, Exception):
                raise page
            yield page

    async def handle(_exchange):
        count = sum(len(page) for page in pages if not isinstance(page, Exception))
        return Listing(count if total is None else total, each(), extra)

    return Action(handle)


@pytest.mark.parametrize(("pages", "items"), [([], []), ([[]], []), ([[1, 2]], [1, 2])])
async def test_one_page_is_an_ordinary_body(start, pages, items):
    client = await start(rows={"listQueue": lists(pages, total=7, status=True)})
    answer = await client("GET", "/api/queue/messages")
    body = json.dumps({"data": {"items": items, "total": 7, "status": True}}, separators=(",", ":")).encode()
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("pages", [[[1], [2]], [[1, 2], [], [3]], [[], [], [1]], [[], []], [[{"id": number} for number in range(1, 251)]] * 3])
async def test_more_pages_are_streamed(start, pages):
    client = await start(rows={"listQueue": lists(pages, total=9, status=False)})
    answer = await client("GET", "/api/queue/messages")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Request-Id"]
    assert answer.json == {"data": {"items": [item for page in pages for item in page], "total": 9, "status": False}}


@pytest.mark.parametrize("pages", [[], [[]], [[1, 2]], [[1], [2, 3]], [[], [], [1]], [[], []]])
async def test_a_list_may_be_all_there_is(start, pages):
    async def each() -> AsyncIterator[list]:
        for page in pages:
            yield page

    async def handle(_exchange):
        return Listing(None, each(), {})

    client = await start(rows={"getMetrics": Action(handle)})
    assert (await client("GET", "/api/telemetry/metrics")).json == {"data": [item for page in pages for item in page]}


@pytest.mark.parametrize(
    ("pages", "status"), [([NotFound()], 404), ([Unreachable()], 503), ([[1], Unreachable()], 503), ([ValueError()], 500)]
)
async def test_failures_before_the_head_have_a_status(start, pages, status):
    client = await start(rows={"listQueue": lists(pages)})
    answer = await client("GET", "/api/queue/messages")
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("failure", [Unreachable(), ValueError("Canary")])
async def test_a_failure_in_the_middle_cuts_the_connection(start, failure, logged):
    client = await start(rows={"listQueue": lists([[1] * 50_000, [2], failure])})
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
        await client("GET", "/api/queue/messages")
    assert "cut short" in logged.getvalue()


async def test_the_next_page_is_fetched_while_one_is_written_and_no_further(start):
    fetched = 0
    page = ["x" * 1000] * 2000

    async def each() -> AsyncIterator[list]:
        nonlocal fetched
        for _ in range(12):
            fetched += 1
            yield page

    async def handle(_exchange):
        return Listing(0, each(), {})

    client = await start(rows={"listQueue": Action(handle)})
    async with client.http.get(client.app.url + "/api/queue/messages", headers={"Authorization": "Basic YWRtaW46Q2FuYXJ5LXB3"}) as answer:
        await answer.content.readany()
        await asyncio.sleep(0.3)
        assert 3 <= fetched <= 7  # what the sockets between both take, but not the whole list
        rest = await answer.content.read()
    assert fetched == 12
    assert rest.endswith(b'],"total":0}}')


async def test_a_client_that_stops_reading_is_let_go(start):
    closed = asyncio.Event()
    page = ["x" * 1000] * 2000

    async def each() -> AsyncIterator[list]:
        try:
            while True:
                yield page
        finally:
            closed.set()

    async def handle(_exchange):
        return Listing(0, each(), {})

    client = await start(rows={"listQueue": Action(handle)}, timeouts={"idle": 0.3})
    async with client.http.get(client.app.url + "/api/queue/messages", headers={"Authorization": "Basic YWRtaW46Q2FuYXJ5LXB3"}):
        await asyncio.wait_for(closed.wait(), 10)


async def test_others_are_answered_while_a_list_is_written(start, giving):
    async def each() -> AsyncIterator[list]:
        for _ in range(40):
            await asyncio.sleep(0.01)
            yield list(range(500))

    async def handle(_exchange):
        return Listing(0, each(), {})

    client = await start(rows={"listQueue": Action(handle), "getQueueStatus": giving(value=True)})
    long = asyncio.create_task(client("GET", "/api/queue/messages"))
    await asyncio.sleep(0.05)
    for _ in range(5):
        assert (await client("GET", "/api/queue/status")).status == 200
    assert not long.done()
    assert len((await long).json["data"]["items"]) == 20_000
