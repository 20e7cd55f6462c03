"""The list of queued messages: which questions the new server is asked, and what is made of the answers."""

import json
import logging
from pathlib import Path

import pytest

from gateway.knowledge.ids import encode
from gateway.knowledge.instants import seconds
from gateway.legacy.queue.message import queued_message
from gateway.legacy.queue.selection import future

PAIRS = json.loads((Path(__file__).parent.parent / "vectors" / "operations.json").read_text())["codec"]
NOW = "2026-03-01T12:00:00Z"
SORT = [{"property": "due", "isAscending": True}]
BLOB = "edfevwp2vaq99unwahmmpyaglkhejl9g12wmj33ienq2izx2h77s9333333q333333333333333qc"


def message(number, sender="kim@acme.test", **recipients):
    return {
        "id": encode(number),
        "createdAt": "2026-03-01T11:00:00Z",
        "blobId": BLOB,
        "returnPath": sender,
        "recipients": {
            f"{name}@far.test": {
                "retryCount": 0,
                "retryDue": due,
                "notifyDue": NOW,
                "expires": {"@type": "Attempts", "expiresAttempts": 5},
                "queueName": "remote",
                "status": {"@type": "Scheduled"},
                "orcpt": None,
            }
            for name, due in (recipients or {"lee": "2026-03-01T12:30:00Z"}).items()
        },
        "envId": None,
        "priority": 0,
        "size": 912,
    }


def query(limit=5000, position=0, wanted=None):
    chosen = {} if wanted is None else {"filter": wanted}
    return [
        "x:QueuedMessage/query",
        {**chosen, "sort": SORT, "position": position, "limit": limit, "calculateTotal": True},
    ]


def found(numbers, total=None):
    return [
        "x:QueuedMessage/query",
        {"ids": [encode(it) for it in numbers], "total": len(numbers) if total is None else total},
    ]


def get(numbers):
    return ["x:QueuedMessage/get", {"ids": [encode(it) for it in numbers]}]


def got(*messages):
    return ["x:QueuedMessage/get", {"list": list(messages), "notFound": []}]


FOUND_GET = ["x:QueuedMessage/get", {"#ids": {"resultOf": "c0", "name": "x:QueuedMessage/query", "path": "/ids"}}]


def once(numbers, wanted=None):
    return [([query(wanted=wanted)], [found(numbers)])]


async def test_ids_in_numeric_order_with_the_state_of_the_queue(run):
    assert await run("listQueue", once([40, 31, 32, 1000])) == {"items": [31, 32, 40, 1000], "total": 4, "status": True}
    assert await run("listQueue", once([]), running=False) == {"items": [], "total": 0, "status": False}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({}, None),
        ({"text": "acme"}, {"text": "acme"}),
        ({"text": "acme", "from": "a", "to": "b"}, {"text": "acme"}),
        ({"from": "a"}, {"returnPath": "a"}),
        ({"to": "b"}, {"to": "b"}),
        ({"from": "a", "to": "b"}, {"returnPath": "a", "to": "b"}),
        ({"before": "2026-03-02T00:00:00Z"}, {"text": "", "dueIsLessThan": "2026-03-02T00:00:00Z"}),
        ({"after": "2026-03-02T01:00:00.7+01:00"}, {"text": "", "dueIsGreaterThan": "2026-03-02T00:00:00Z"}),
        (
            {"before": "2026-03-03T00:00:00Z", "after": "2026-03-02T00:00:00Z", "to": "b"},
            {"to": "b", "dueIsLessThan": "2026-03-03T00:00:00Z", "dueIsGreaterThan": "2026-03-02T00:00:00Z"},
        ),
        ({"before": "2026-03-01T11:59:59Z", "after": "yesterday"}, None),
        ({"before": NOW}, {"text": "", "dueIsLessThan": NOW}),
        ({"queue": "remote"}, {"text": "", "queueName": "remote"}),
        ({"queue": "remote", "from": "a"}, {"returnPath": "a", "queueName": "remote"}),
        ({"queue": "toolong99"}, None),
        ({"queue": "fünfüü8"}, None),
        ({"filter": "x", "zz": "1", "subject": "x"}, None),
    ],
)
async def test_filters(run, parameters, wanted):
    assert (await run("listQueue", once([7], wanted), query=parameters))["items"] == [7]


async def test_an_impossible_window_is_not_asked_for(run):
    at = "2026-03-02T00:00:00Z"
    assert await run("listQueue", query={"before": at, "after": at, "values": "1"}) == {
        "items": [],
        "total": 0,
        "status": True,
    }


@pytest.mark.parametrize(
    ("parameters", "items", "total"),
    [
        ({"page": "2", "limit": "2"}, [3, 4], 5),
        ({"page": "0", "limit": "2"}, [1, 2], 5),
        ({"page": "x", "limit": "2"}, [1, 2], 5),
        ({"page": "3", "limit": "2"}, [5], 5),
        ({"page": "99", "limit": "2"}, [], 5),
        ({"page": "2", "limit": "0"}, [1, 2, 3, 4, 5], 5),
        ({"page": "2", "limit": "-1"}, [1, 2, 3, 4, 5], 5),
        ({"page": "2"}, [1, 2, 3, 4, 5], 5),
        ({"page": str(2**63 + 1), "limit": "2"}, [1, 2], 5),
        ({"page": str(2**63 + 2), "limit": "2"}, [3, 4], 5),
        ({"limit": str(2**64 - 1), "page": "2"}, [], 5),
        ({"max-total": "3"}, [1, 2, 3], 3),
        ({"max-total": "0"}, [1, 2, 3, 4, 5], 5),
        ({"max-total": "9"}, [1, 2, 3, 4, 5], 5),
        ({"max-total": "3", "page": "2", "limit": "2"}, [3], 3),
        ({"max-total": "2", "page": "2", "limit": "2"}, [], 2),
        ({"range-start": "2"}, [2, 3, 4, 5], 4),
        ({"range-end": "4"}, [1, 2, 3, 4], 4),
        ({"range-start": "2", "range-end": "4", "max-total": "2"}, [2, 3], 2),
        ({"range-start": "4", "range-end": "2"}, [], 0),
        ({"range-start": "x", "range-end": "y"}, [1, 2, 3, 4, 5], 5),
    ],
)
async def test_pages_and_ranges(run, parameters, items, total):
    answer = await run("listQueue", once([5, 3, 1, 4, 2]), query=parameters)
    assert (answer["items"], answer["total"]) == (items, total)


async def test_more_ids_than_one_query_gives(run):
    rounds = [
        ([query(2)], [found([9, 2], 5)]),
        ([query(2, 2), query(2, 4)], [found([7, 2], 5), found([1], 5)]),
    ]
    assert await run("listQueue", rounds, settings={"query_page": 2}) == {
        "items": [1, 2, 7, 9],
        "total": 4,
        "status": True,
    }


async def test_fifteen_queries_a_request_and_none_behind_the_end_of_a_shrunken_queue(run):
    rounds = [
        ([query(1)], [found([0], 40)]),
        ([query(1, at) for at in range(1, 16)], [*(found([at], 20) for at in range(1, 15)), found([], 14)]),
    ]
    answer = await run("listQueue", rounds, settings={"query_page": 1})
    assert answer["items"] == list(range(15))


async def test_more_messages_than_may_be_looked_at(run, caplog):
    rounds = [([query(2)], [found([9, 2], 5)]), ([query(2, 2)], [found([7, 1], 5)])]
    with caplog.at_level(logging.WARNING):
        answer = await run("listQueue", rounds, settings={"query_page": 2, "max_scan_messages": 3})
    assert answer == {"items": [1, 2, 7, 9], "total": 6, "status": True}
    assert "only the 3 due first" in caplog.text


async def test_values_of_a_small_queue_in_one_round_trip(run):
    messages = [message(9), message(2), message(5)]
    rounds = [([query(100), FOUND_GET], [found([9, 2, 5]), got(*messages)])]
    answer = await run("listQueue", rounds, query={"values": "0", "limit": "2"}, settings={"legacy_version": "0.15"})
    shape = {it["id"]: queued_message(it, version="0.15", now=NOW) for it in messages}
    assert answer == {"items": [shape[encode(2)], shape[encode(5)]], "total": 3, "status": True}


async def test_a_message_that_left_meanwhile_is_left_out(run):
    rounds = [([query(100), FOUND_GET], [found([9, 2]), got(message(9))])]
    answer = await run("listQueue", rounds, query={"values": "1"})
    assert ([it["id"] for it in answer["items"]], answer["total"]) == ([9], 2)


async def test_values_of_a_large_queue(run):
    rounds = [
        ([query(2), FOUND_GET], [found([9, 2], 4), got(message(9), message(2))]),
        ([query(3, 2)], [found([5, 1], 4)]),
        ([get([2, 5])], [got(message(5))]),
    ]
    answer = await run(
        "listQueue",
        rounds,
        query={"values": "1", "range-start": "2", "limit": "2"},
        settings={"optimistic_get": 2, "query_page": 3},
    )
    assert ([it["id"] for it in answer["items"]], answer["total"]) == ([5], 3)


async def test_a_long_list_comes_page_by_page(run):
    numbers = [5, 4, 3, 2, 1]
    rounds = [
        ([query(2), FOUND_GET], [found([5, 4], 5), got(message(5), message(4))]),
        ([query(5000, 2)], [found([3, 2, 1], 5)]),
        ([get([1, 2])], [got(message(2), message(1))]),
        ([get([3, 4])], [got(message(3), message(4))]),
        ([get([5])], [got(message(5))]),
    ]
    answer = await run("listQueue", rounds, query={"values": "1"}, settings={"optimistic_get": 2, "get_page": 2})
    assert [it["id"] for it in answer["items"]] == sorted(numbers)
    assert (answer["total"], answer["status"]) == (5, True)


async def test_recipients_of_a_queue_in_any_state_when_asked_for_exactly(run):
    elsewhere, delivered = message(1), message(2)
    for it in elsewhere["recipients"].values():
        it["queueName"] = "local"
    for it in delivered["recipients"].values():
        it["status"] = {
            "@type": "Completed",
            "responseHostname": None,
            "responseCode": 250,
            "responseEnhanced": None,
            "responseMessage": None,
        }
    seen = ["id", "returnPath", "recipients"]
    found_get = ["x:QueuedMessage/get", FOUND_GET[1] | {"properties": seen}]
    second = ["x:QueuedMessage/get", {"#ids": {**FOUND_GET[1]["#ids"], "resultOf": "c2"}, "properties": seen}]
    rounds = [
        ([query(1, 0, {"to": "lee"}), found_get], [found([1], 3), got(elsewhere)]),
        (
            [query(1, 1, {"to": "lee"}), found_get, query(1, 2, {"to": "lee"}), second],
            [found([2], 3), got(delivered), found([3], 3), got(message(3))],
        ),
    ]
    settings = {"exact_queue_filter": True, "get_page": 1}
    assert await run("listQueue", rounds, query={"queue": "remote", "to": "lee"}, settings=settings) == {
        "items": [2, 3],
        "total": 2,
        "status": True,
    }


@pytest.mark.parametrize("pair", [it for it in PAIRS if it["kind"] == "future_time"], ids=lambda pair: pair["text"])
def test_instants_that_are_not_past(pair):
    assert future(pair["text"], seconds(pair["now"])) == pair["value"]
