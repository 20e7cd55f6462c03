"""Traces and the history of metrics."""

from typing import Any

import pytest

from gateway.jmap.errors import MethodError
from gateway.jmap.event_texts import EventText
from gateway.knowledge.event_names import TRACE_KEYS
from gateway.knowledge.ids import EPOCH_MS, encode
from gateway.knowledge.instants import unix_of
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.refusals import EnterpriseOnly, Forbidden, Other, Unsupported
from gateway.legacy.telemetry.events import full_event, short_event
from gateway.legacy.telemetry.metrics import History

BY_NUMBER = [{"property": "id", "isAscending": False}]
REFERENCE = {"resultOf": "c0", "name": "x:Trace/query", "path": "/ids"}
PROPERTIES = ["id", "timestamp", "events"]
EVERY_RIGHT = [name for names in NEW_RIGHTS.values() for name in names]
TEXTS = {"spf.none": EventText("No SPF record", "There was none.")}


def pairs(**values: Any) -> dict[str, Any]:
    return {str(place): {"key": key, "value": value} for place, (key, value) in enumerate(values.items())}


def text(value: str) -> dict[str, Any]:
    return {"@type": "String", "value": value}


def event(name: str, **values: Any) -> dict[str, Any]:
    return {"event": name, "timestamp": "2026-03-01T11:00:00Z", "keyValues": pairs(**values)}


def query(limit: int, position: int = 0, **conditions: Any) -> list[Any]:
    more = {"filter": conditions} if conditions else {}
    return ["x:Trace/query", {"sort": BY_NUMBER, "position": position, "limit": limit, "calculateTotal": True} | more]


def found(*numbers: int, total: int | None = None) -> list[Any]:
    return ["x:Trace/query", {"ids": [encode(it) for it in numbers], "total": len(numbers) if total is None else total}]


def got(*traces: Any, kind: str = "Trace") -> list[Any]:
    return [f"x:{kind}/get", {"list": list(traces), "notFound": []}]


def trace(number: int, *events: Any) -> dict[str, Any]:
    return {"id": encode(number), "timestamp": "2026-03-01T11:00:00Z", "events": {str(place): it for place, it in enumerate(events)}}


def test_an_event_in_full():
    shown = full_event(
        event(
            "auth.mfa-required",
            accountName=text("kim"),
            remotePort={"@type": "UnsignedInt", "value": 2**53 + 1},
            elapsed={"@type": "Duration", "value": 7},
            tls={"@type": "Boolean", "value": False},
            remoteIp={"@type": "IpAddr", "value": "::1"},
            reason={"@type": "Null"},
            spanId={"@type": "UnsignedInt", "value": 1},
            newKey=text("unknown to old readers"),
            to={"@type": "List", "value": {"1": text("b"), "0": text("a"), "2": {"@type": "Null"}}},
            result={"@type": "Event", "event": "spf.none", "value": pairs(details={"@type": "Float", "value": 0.5}, other=text("x"))},
        ),
        TEXTS,
    )
    assert shown == {
        "text": "auth.mfa-required",
        "details": "",
        "createdAt": "2026-03-01T11:00:00Z",
        "type": "auth.missing-totp",
        "data": {
            "accountName": "kim", "remotePort": 2**53 + 1, "elapsed": 7, "tls": False, "remoteIp": "::1", "to": ["a", "b"],
            "result": {"type": "spf.none", "text": "No SPF record", "details": "There was none.", "data": {"details": 0.5}},
        },
    }


def test_an_event_in_a_list_is_short_and_names_its_span():
    nested = {"@type": "Event", "event": "spf.none", "value": {}}
    assert short_event(event("queue.message-queued", result=nested), 7) == {
        "createdAt": "2026-03-01T11:00:00Z",
        "type": "queue.queue-message",
        "data": {"result": {"type": "spf.none", "data": {}}, "spanId": 7},
    }


def test_the_first_of_a_repeated_key_wins():
    values = {"0": {"key": "to", "value": text("first")}, "1": {"key": "to", "value": text("second")}, "10": {"key": "from", "value": text("z")}, "9": {"key": "from", "value": text("y")}}
    assert short_event({"event": "x.y", "timestamp": "t", "keyValues": values}, 1)["data"] == {"to": "first", "from": "y", "spanId": 1}


def test_old_readers_know_every_key_that_the_server_has():
    values = {key: text("x") for key in sorted(TRACE_KEYS)}
    assert full_event(event("x.y", **values), {})["data"].keys() == TRACE_KEYS - {"spanId"}


@pytest.mark.parametrize(
    ("parameters", "conditions"),
    [
        ({"type": "purge.auto-expunge"}, {"event": "store.auto-expunge"}),
        ({"type": "config.fetch-error"}, {}),
        ({"queue_id": "18446744073709551615"}, {"queueId": "p333333333333"}),
        ({"queue_id": "18446744073709551616"}, {}),
        ({"queue_id": "-1", "filter": "  "}, {}),
        ({"filter": 'erin "two words"'}, {"text": 'erin "two words"'}),
        ({"after": "2026-03-01T12:00:00+02:00"}, {"timestampIsGreaterThan": "2026-03-01T10:00:00Z"}),
        ({"after": "2026-03-01T12:00:01Z", "before": "yesterday"}, {}),
        ({"after": "1970-01-01T00:00:00Z", "before": "2026-03-01T12:00:00Z"}, {"timestampIsGreaterThan": "2021-09-22T03:06:40Z", "timestampIsLessThan": "2026-03-01T12:00:00Z"}),
    ],
)
async def test_parameters_of_the_list(run, parameters, conditions):
    assert await run("listTraces", [([query(5000, **conditions)], [found(9)])], query=parameters) == {"items": [9], "total": 1}


async def test_a_list_of_numbers_goes_on_until_everything_is_there(run):
    rounds = [([query(2)], [found(9, 8, total=5)]), ([query(2, 2), query(2, 4)], [found(7, 6, total=5), found(5, total=5)])]
    assert await run("listTraces", rounds, settings={"query_page": 2}) == {"items": [9, 8, 7, 6, 5], "total": 5}


async def test_a_page_of_numbers(run):
    assert await run("listTraces", [([query(2, 2)], [found(7, 6, total=9)])], query={"limit": "2", "page": "2"}) == {"items": [7, 6], "total": 9}
    rounds = [([query(2, 3)], [found(6, 5, total=9)]), ([query(2, 5)], [found(4, 3, total=9)])]
    assert await run("listTraces", rounds, query={"limit": "3", "page": "2"}, settings={"query_page": 2}) == {"items": [6, 5, 4], "total": 9}


@pytest.mark.parametrize("parameters", [{}, {"values": "1"}])
async def test_a_page_that_no_position_reaches_is_empty(run, parameters):
    rounds = [([query(1)], [found(9, total=3)])]
    assert await run("listTraces", rounds, query={"limit": "3000000000", "page": "2"} | parameters) == {"items": [], "total": 3}


async def test_traces_without_a_beginning_are_left_out_of_a_list_with_values(run):
    begun = trace(9, event("smtp.connection-start"), event("queue.authenticated-message-queued", size={"@type": "UnsignedInt", "value": 5}), event("queue.message-queued"))
    rounds = [([query(2), ["x:Trace/get", {"#ids": REFERENCE, "properties": PROPERTIES}]], [found(9, 8, total=4), got(trace(8, event("http.request-url")), begun)])]
    assert await run("listTraces", rounds, query={"values": "true", "limit": "2"}) == {
        "items": [{"createdAt": "2026-03-01T11:00:00Z", "type": "queue.queue-message-authenticated", "data": {"size": 5, "spanId": 9}}],
        "total": 4,
    }


async def test_a_long_list_with_values_is_read_page_by_page(run):
    def page(numbers: list[int], limit: int, position: int = 0) -> Any:
        calls = [query(limit, position), ["x:Trace/get", {"#ids": REFERENCE, "properties": PROPERTIES}]]
        return calls, [found(*numbers, total=9), got(*(trace(it, event("delivery.attempt-start")) for it in numbers))]

    rounds = [page([9, 8], 2), page([7, 6], 2, 2), page([5, 4], 2, 4)]
    answer = await run("listTraces", rounds, query={"values": "1", "limit": "5"}, settings={"get_page": 2})
    assert ([it["data"]["spanId"] for it in answer["items"]], answer["total"]) == ([9, 8, 7, 6, 5], 9)


async def test_a_list_with_values_and_no_limit_stops_at_one_page(run, logged):
    calls = [query(2), ["x:Trace/get", {"#ids": REFERENCE, "properties": PROPERTIES}]]
    rounds = [(calls, [found(9, 8, total=4), got(trace(9, event("delivery.attempt-start")), trace(8, event("delivery.attempt-start")))])]
    answer = await run("listTraces", rounds, query={"values": "1"}, settings={"get_page": 2})
    assert (len(answer["items"]), answer["total"]) == (2, 4)
    assert "only 2 of 4 traces" in logged.getvalue()


@pytest.mark.parametrize(
    ("setting", "refused"),
    [([{"id": "singleton", "@type": "Disabled"}], True), ([{"id": "singleton", "@type": "Default"}], False), ({"type": "forbidden"}, False)],
)
async def test_looking_whether_traces_are_kept(run, setting, refused):
    answer = ["error", setting] if isinstance(setting, dict) else got(*setting, kind="TracingStore")
    rounds = [([["x:TracingStore/get", {"ids": ["singleton"]}], query(5000)], [answer, found(9)])]
    listing = run("listTraces", rounds, settings={"check_store_config": True})
    if refused:
        with pytest.raises(Unsupported) as error:
            await listing
        assert error.value.body == {"error": "unsupported", "details": "No tracing store has been configured"}
    else:
        assert await listing == {"items": [9], "total": 1}


async def test_failures_are_told_in_the_order_of_the_calls(run):
    calls = [["x:TracingStore/get", {"ids": ["singleton"]}], query(5000)]
    rounds = [(calls, [["error", {"type": "serverFail"}], ["error", {"type": "forbidden"}]])]
    with pytest.raises(MethodError, match="TracingStore/get: serverFail"):
        await run("listTraces", rounds, settings={"check_store_config": True})
    rounds = [(calls, [["error", {"type": "forbidden"}], ["error", {"type": "unsupportedFilter"}]])]
    with pytest.raises(MethodError, match="Trace/query: unsupportedFilter"):
        await run("listTraces", rounds, settings={"check_store_config": True})


GET = ["x:Trace/get", {"ids": [encode(7), encode(5)], "properties": ["id", "events"]}]


@pytest.mark.parametrize(
    ("operation", "path", "parameters", "expected"),
    [
        ("getTrace", {"id": "7,x,+05,7"}, {}, [["a.b"], [], ["c.d"], ["a.b"]]),
        ("getTraces", {}, {"id": "007,5"}, [["a.b"], ["c.d"]]),
    ],
)
async def test_several_traces(run, operation, path, parameters, expected):
    rounds = [([GET], [got(trace(5, event("c.d")), trace(7, event("a.b")))])]
    answer = await run(operation, rounds, path=path, query=parameters)
    assert [[it["type"] for it in events] for events in answer] == expected


@pytest.mark.parametrize(("operation", "path", "expected"), [("getTrace", {"id": ""}, []), ("getTrace", {"id": "x,y"}, [[], []]), ("getTraces", {}, [[]])])
async def test_what_is_no_number_is_no_trace(run, operation, path, expected):
    assert await run(operation, [], path=path, rights=EVERY_RIGHT, edition="enterprise") == expected


@pytest.mark.parametrize(("operation", "more"), [("getTrace", {"path": {"id": "x"}}), ("getMetrics", {"query": {"after": "2026-03-01T12:00:00Z", "before": "2026-03-01T11:00:00Z"}})])
async def test_without_a_call_rights_and_edition_are_looked_at_all_the_same(run, operation, more):
    with pytest.raises(Forbidden):
        await run(operation, [], **more, edition="enterprise")
    with pytest.raises(EnterpriseOnly):
        await run(operation, [], **more, rights=EVERY_RIGHT, edition="community")


# metrics


def sample(hour: int, type_: str, metric: str, **values: int) -> dict[str, Any]:
    unix = unix_of(f"2026-03-01T{hour:02}:00:00Z")
    assert unix is not None
    number = (unix * 1000 - EPOCH_MS) << 21 | values.pop("node", 1)
    return {"id": encode(number), "@type": type_, "metric": metric, "timestamp": f"2026-03-01T{hour:02}:00:00Z"} | values


def history(**more: Any) -> History:
    return History(0, 2**40, rising=True) if not more else History(**more)


def sums(samples: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(it["count"], it["sum"]) for it in samples]


def test_totals_of_histograms_become_what_was_added():
    samples = [sample(hour, "Histogram", "dns.lookup-time", count=count, sum=total) for hour, count, total in ((1, 5, 50), (2, 7, 80), (3, 7, 80), (4, 2, 9), (5, 3, 10))]
    assert sums(history().samples(samples)) == [(2, 30), (0, 0), (2, 9), (1, 1)]


def test_each_server_has_series_of_its_own():
    samples = [sample(hour, "Histogram", "dns.lookup-time", count=count, sum=count, node=node) for hour, node, count in ((1, 1, 5), (1, 2, 100), (2, 1, 6), (2, 2, 103))]
    assert sums(history().samples(samples)) == [(1, 1), (3, 3)]


def test_series_go_on_over_pages_and_into_the_period():
    it = history(start=unix_of("2026-03-01T02:00:00Z"), end=unix_of("2026-03-01T04:00:00Z"), rising=True)
    pages = [[sample(1, "Histogram", "dns.lookup-time", count=1, sum=1)], [sample(hour, "Histogram", "dns.lookup-time", count=hour * 2, sum=hour) for hour in (2, 3, 4)]]
    assert [sums(it.samples(page)) for page in pages] == [[], [(3, 1), (2, 1)]]


def test_histograms_as_they_are():
    it = history(start=0, end=2**40, rising=False)
    assert it.samples([sample(1, "Histogram", "dns.lookup-time", count=5, sum=50)]) == [
        {"type": "histogram", "id": "dns.lookup-time", "timestamp": "2026-03-01T01:00:00Z", "count": 5, "sum": 50}
    ]


def test_the_end_of_the_period_is_not_in_it():
    it = history(start=unix_of("2026-03-01T02:00:00Z"), end=unix_of("2026-03-01T03:00:00Z"), rising=True)
    kept = it.samples([sample(hour, "Gauge", "queue.count", count=hour) for hour in (1, 2, 3)])
    assert kept == [{"type": "gauge", "id": "queue.count", "timestamp": "2026-03-01T02:00:00Z", "value": 2}]


METRIC = {"resultOf": "c0", "name": "x:Metric/query", "path": "/ids"}


def metrics(limit: int, position: int = 0, **conditions: Any) -> list[Any]:
    more = {"filter": conditions} if conditions else {}
    return ["x:Metric/query", {"sort": [{"property": "id", "isAscending": True}], "position": position, "limit": limit, "calculateTotal": True} | more]


async def test_the_whole_history_comes_in_pages(run):
    everything = [sample(hour, "Counter", "queue.dsn-queued", count=hour) for hour in range(5)]

    def page(*places: int) -> tuple[list[Any], list[Any]]:
        ids = ["x:Metric/query", {"ids": [everything[it]["id"] for it in places], "total": 5}]
        return ids, got(*(everything[it] for it in places), kind="Metric")

    def reference(place: int) -> list[Any]:
        return ["x:Metric/get", {"#ids": METRIC | {"resultOf": f"c{place}"}}]

    rounds = [
        ([metrics(2), reference(0)], [*page(0, 1)]),
        ([metrics(2, 2), reference(0), metrics(2, 4), reference(2)], [*page(2, 3), *page(4)]),
    ]
    answer = await run("getMetrics", rounds, settings={"get_page": 2})
    assert [(it["id"], it["value"]) for it in answer] == [("queue.queue-dsn", hour) for hour in range(5)]


@pytest.mark.parametrize(
    ("parameters", "conditions"),
    [
        ({"after": "2026-03-01T09:00:00.5+01:00"}, {"timestampIsGreaterThanOrEqual": "2026-03-01T07:59:59Z"}),
        ({"before": "2027-03-01T09:00:00Z"}, {"timestampIsLessThanOrEqual": "2027-03-01T09:00:01Z"}),
        ({"after": "0001-01-01T00:00:00Z"}, {"timestampIsGreaterThanOrEqual": "2021-09-22T03:06:40Z"}),
        ({"before": "9999-12-31T23:59:59Z"}, {"timestampIsLessThanOrEqual": "9999-12-31T23:59:59Z"}),
        ({"before": "soon", "after": "later"}, {}),
    ],
)
async def test_the_period_is_asked_for_a_second_wider(run, parameters, conditions):
    asked = [metrics(500, **conditions), ["x:Metric/get", {"#ids": METRIC}]]
    assert await run("getMetrics", [(asked, [["x:Metric/query", {"ids": [], "total": 0}], got(kind="Metric")])], query=parameters) == []


@pytest.mark.parametrize(
    "parameters",
    [{"after": "2026-03-01T11:00:00Z", "before": "2026-03-01T11:00:00Z"}, {"before": "2021-09-22T03:06:40Z"}, {"before": "1970-01-01T00:00:00Z"}],
)
async def test_a_period_that_holds_nothing_is_not_asked_for(run, parameters):
    assert await run("getMetrics", [], query=parameters, rights=EVERY_RIGHT, edition="enterprise") == []


async def test_looking_whether_metrics_are_kept(run):
    calls = [["x:MetricsStore/get", {"ids": ["singleton"]}], metrics(500), ["x:Metric/get", {"#ids": METRIC | {"resultOf": "c1"}}]]
    answers = [got({"id": "singleton", "@type": "Disabled"}, kind="MetricsStore"), ["x:Metric/query", {"ids": [], "total": 0}], got(kind="Metric")]
    with pytest.raises(Other, match="other") as refused:
        await run("getMetrics", [(calls, answers)], settings={"check_store_config": True})
    assert refused.value.body["details"] == "No metrics store has been defined"
