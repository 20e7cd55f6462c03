"""Lines of the log, page by page."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.jmap.errors import MethodError
from gateway.jmap.event_texts import EventText
from gateway.knowledge.ids import encode
from gateway.legacy.refusals import Other, Unsupported

TEXTS = {"auth.success": EventText("Authentication successful", "Successful authentication")}
KIND = "logs "


def line(number: int, event: str = "auth.success", second: int = 0) -> dict[str, Any]:
    return {"id": encode(number), "timestamp": f"2026-03-01T11:{number % 60:02}:{second:02}Z", "level": "warn", "event": event, "details": f"n = {number}"}


def query(limit: int, **more: Any) -> list[Any]:
    return ["x:Log/query", {"limit": limit} | more]


def found(*numbers: int) -> list[Any]:
    return ["x:Log/query", {"accountId": "b", "ids": [encode(it) for it in numbers]}]


def get(*numbers: int, **more: Any) -> list[Any]:
    return ["x:Log/get", {"ids": [encode(it) for it in numbers]} | more]


def got(*lines: Any) -> list[Any]:
    return ["x:Log/get", {"accountId": "b", "list": list(lines), "notFound": []}]


REFERENCE = ["x:Log/get", {"#ids": {"resultOf": "c0", "name": "x:Log/query", "path": "/ids"}}]


def details(answer: Any) -> Sequence[str]:
    return [it["details"] for it in answer["items"]]


async def test_names_of_events_are_old_and_titles_the_servers_own(run):
    rounds = [([query(101), REFERENCE], [found(8, 7), got(line(7, "queue.message-queued"), line(8))])]
    assert await run("getLogs", rounds, texts=TEXTS) == {
        "items": [
            {"timestamp": "2026-03-01T11:08:00Z", "level": "WARN", "event": "Authentication successful", "event_id": "auth.success", "details": "n = 8"},
            {"timestamp": "2026-03-01T11:07:00Z", "level": "WARN", "event": "queue.message-queued", "event_id": "queue.queue-message", "details": "n = 7"},
        ],
        "total": 2,
    }


async def test_lines_that_cannot_be_parsed_are_left_out_but_counted(run):
    rounds = [([query(3), REFERENCE], [found(9, 8, 7), got(line(8), line(7))])]
    answer = await run("getLogs", rounds, query={"limit": "2"})
    assert (details(answer), answer["total"]) == (["n = 8"], 4)


async def test_the_next_page_begins_where_the_last_one_ended_while_the_log_grows(run):
    notes: dict[str, Any] = {}
    first = [([query(3), REFERENCE], [found(9, 8, 7), got(line(9), line(8), line(7))])]
    assert details(await run("getLogs", first, query={"limit": "2"}, notes=notes)) == ["n = 9", "n = 8"]
    check = get(8, properties=["timestamp"])
    second = [([query(3, anchor=encode(8)), REFERENCE, check], [found(7, 6, 5), got(line(7), line(6), line(5)), got(line(8))])]
    answer = await run("getLogs", second, query={"limit": "2", "page": "2"}, notes=notes)
    assert (details(answer), answer["total"]) == (["n = 7", "n = 6"], 6)
    third = [([query(3, anchor=encode(6)), REFERENCE, get(6, properties=["timestamp"])], [found(5), got(line(5)), got(line(6))])]
    answer = await run("getLogs", third, query={"limit": "2", "page": "3"}, notes=notes)
    assert (details(answer), answer["total"]) == (["n = 5"], 5)
    again = [([query(3, anchor=encode(8)), REFERENCE, check], [found(7, 6, 5), got(line(7), line(6), line(5)), got(line(8))])]
    assert details(await run("getLogs", again, query={"limit": "2", "page": "2"}, notes=notes)) == ["n = 7", "n = 6"]


async def test_a_page_that_was_skipped_to_is_counted_from_the_nearest_known_end(run):
    notes: dict[str, Any] = {}
    first = [([query(3), REFERENCE], [found(9, 8, 7), got(line(9), line(8), line(7))])]
    await run("getLogs", first, query={"limit": "2"}, notes=notes)
    skipping = [
        ([query(5, anchor=encode(8)), get(8, properties=["timestamp"])], [found(7, 6, 5, 4), got(line(8))]),
        ([get(5, 4)], [got(line(5), line(4))]),
    ]
    answer = await run("getLogs", skipping, query={"limit": "2", "page": "3"}, notes=notes)
    assert (details(answer), answer["total"]) == (["n = 5", "n = 4"], 6)


@pytest.mark.parametrize("known", [[], [line(8, second=59)]], ids=["gone", "another line"])
async def test_after_a_rotation_pages_are_counted_from_the_newest_line_again(run, known):
    notes: dict[str, Any] = {}
    await run("getLogs", [([query(3), REFERENCE], [found(9, 8, 7), got(line(9), line(8))])], query={"limit": "2"}, notes=notes)
    rotated = [
        ([query(3, anchor=encode(8)), REFERENCE, get(8, properties=["timestamp"])], [found(), got(), got(*known)]),
        ([query(5)], [found(4, 3, 2, 1)]),
        ([get(2, 1)], [got(line(2), line(1))]),
    ]
    answer = await run("getLogs", rotated, query={"limit": "2", "page": "2"}, notes=notes)
    assert (details(answer), answer["total"]) == (["n = 2", "n = 1"], 4)


async def test_nothing_is_behind_the_first_line(run):
    notes: dict[str, Any] = {}
    rounds = [([query(2)], [found(1, 0)]), ([get(1, 0)], [got(line(1), line(0))])]
    assert (await run("getLogs", rounds, query={"limit": "4"}, settings={"query_page": 2}, notes=notes))["total"] == 2
    assert await run("getLogs", [], query={"limit": "4", "page": "2"}, notes=notes) == {"items": [], "total": 2}


async def test_readers_of_another_text_do_not_share_pages(run):
    notes: dict[str, Any] = {}
    await run("getLogs", [([query(2), REFERENCE], [found(9, 8), got(line(9), line(8))])], query={"limit": "1"}, notes=notes)
    other = [([query(3, filter={"text": "x"})], [found(9, 6)]), ([get(6)], [got(line(6))])]
    answer = await run("getLogs", other, query={"limit": "1", "page": "2", "filter": "x"}, notes=notes)
    assert (details(answer), answer["total"]) == (["n = 6"], 2)


async def test_a_page_behind_the_end_is_empty_and_tells_how_many_lines_there_are(run):
    assert await run("getLogs", [([query(51)], [found(3, 2, 1)])], query={"limit": "10", "page": "5"}) == {"items": [], "total": 3}


async def test_many_lines_are_found_and_read_in_pieces(run):
    numbers = list(range(9, 0, -1))
    rounds = [
        ([query(4)], [found(9, 8, 7, 6)]),
        ([query(4, anchor=encode(6))], [found(5, 4, 3, 2)]),
        ([query(1, anchor=encode(2))], [found(1)]),
        ([get(9, 8, 7)], [got(line(9), line(8), line(7))]),
        ([get(6, 5, 4)], [got(line(6), line(5), line(4))]),
        ([get(3, 2)], [got(line(3), line(2))]),
    ]
    answer = await run("getLogs", rounds, query={"limit": "8"}, settings={"query_page": 4, "get_page": 3})
    assert (details(answer), answer["total"]) == ([f"n = {it}" for it in numbers[:8]], 16)


@pytest.mark.parametrize(("parameters", "wanted"), [({"limit": "0"}, 5001), ({"limit": "0", "page": "7"}, 5001), ({"limit": "x"}, 101), ({"page": "1"}, 101)])
async def test_how_many_lines_are_asked_for(run, parameters, wanted):
    asked = [([query(wanted), REFERENCE], [found(), got()])] if wanted <= 500 else [([query(5000)], [found()])]
    assert await run("getLogs", asked, query=parameters) == {"items": [], "total": 0}


@pytest.mark.parametrize("parameters", [{"limit": "10", "page": "6000"}, {"limit": "18446744073709551615", "page": "3"}])
async def test_pages_far_behind_everything_are_empty_without_a_call(run, parameters):
    assert await run("getLogs", [], query=parameters) == {"items": [], "total": 50_000}


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ({"type": "invalidArguments", "description": "No log tracers configured on the server"}, Unsupported("Tracer log path not configured")),
        ({"type": "serverUnavailable", "description": "Later."}, Other("Failed to read log files", "Later.")),
        ({"type": "serverFail"}, Other("Failed to read log files", None)),
    ],
)
async def test_logs_that_cannot_be_read(run, error, refusal):
    with pytest.raises(type(refusal)) as refused:
        await run("getLogs", [([query(101), REFERENCE], [["error", error], ["error", {"type": "invalidResultReference"}]])])
    assert refused.value.body == refusal.body


async def test_other_failures_stay_what_they_are(run):
    with pytest.raises(MethodError, match="forbidden"):
        await run("getLogs", [([query(101), REFERENCE], [["error", {"type": "forbidden"}], ["error", {"type": "invalidResultReference"}]])])
