"""The object type Metric."""

import pytest

HOUR = 3600
UP = {"sort": [{"property": "id", "isAscending": True}]}


@pytest.fixture
def server(enterprise):
    """Two hours in which one and then two messages came, the first sample at 14:00."""
    for count in (1, 2):
        for _ in range(count):
            enterprise.mail("alice@sender.test", "x@ok.test")
        enterprise.world.clock.advance(HOUR)
    return enterprise


def samples(server, **arguments):
    return server.call("x:Metric/get", ids=server.ids("x:Metric/query", **{**UP, **arguments}))["list"]


def test_counters_are_increments_and_histograms_totals(server):
    found = samples(server)
    assert [(it["timestamp"], it["count"]) for it in found if it["metric"] == "queue.message-queued"] == [("2026-11-21T14:00:00Z", 1), ("2026-11-21T15:00:00Z", 2)]
    assert [(it["count"], it["sum"]) for it in found if it["@type"] == "Histogram"] == [(1, 5), (3, 15)]
    assert {it["metric"] for it in found if it["@type"] == "Gauge"} == {"server.memory", "queue.count"}


@pytest.mark.parametrize(
    ("conditions", "hours"),
    [
        ({"timestampIsGreaterThanOrEqual": "2026-11-21T15:00:00Z"}, {15}),
        ({"timestampIsLessThan": "2026-11-21T15:00:00Z"}, {14}),
        ({"timestampIsGreaterThan": "2026-11-21T14:00:00Z", "timestampIsLessThanOrEqual": "2027-01-01T00:00:00Z"}, {15}),
    ],
)
def test_periods(server, conditions, hours):
    assert {int(it["timestamp"][11:13]) for it in samples(server, filter=conditions)} == hours


def test_names(server):
    assert {it["metric"] for it in samples(server, filter={"metric": ["queue.count", "no.such-metric"]})} == {"queue.count"}
    for wanted in (["no.such-metric"], [], "queue.count"):
        assert server.call("x:Metric/query", filter={"metric": wanted})["type"] == "unsupportedFilter"
    assert server.call("x:Metric/query", filter={"timestampIsLessThan": "soon"})["type"] == "unsupportedFilter"


def test_order_is_that_of_the_ids_whatever_the_sort_says(server):
    ids = server.ids("x:Metric/query", **UP)
    assert server.ids("x:Metric/query") == ids[::-1]
    assert server.ids("x:Metric/query", sort=[{"property": "count", "isAscending": True}]) == ids
    assert [it["id"] for it in server.call("x:Metric/get", ids=None)["list"]] == ids
    assert server.ids("x:Metric/query", **UP, anchor=ids[2], limit=2, calculateTotal=True) == ids[2:4]


def test_some_properties(server):
    first = server.ids("x:Metric/query", **UP, limit=1, position=0)
    assert server.call("x:Metric/get", ids=[*first, "zzzz"], properties=["count"]) == {
        "accountId": "d333333", "list": [{"id": first[0], "@type": "Counter", "count": 1}], "notFound": ["zzzz"]
    }  # fmt: skip


def test_nothing_is_kept_without_a_store(enterprise):
    store = enterprise.world.kept("MetricsStore")
    store.save("singleton", store.schema.fresh("Disabled"))
    enterprise.world.take_over()
    enterprise.mail("alice@sender.test", "x@ok.test")
    enterprise.world.clock.advance(HOUR)
    assert enterprise.ids("x:Metric/query") == []
