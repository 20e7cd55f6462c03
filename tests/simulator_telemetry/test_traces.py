"""The object type Trace."""

import pytest

from gateway.knowledge.ids import decode
from gateway.simulator.sower import Sower

DAY = 86_400


@pytest.fixture
def server(enterprise):
    enterprise.mail("alice@mild.test", "x@ok.test", "fine@temp.test")
    return enterprise


def names(trace):
    return [it["event"] for it in trace["events"].values()]


def test_a_session_and_a_delivery_leave_a_trace_each(server):
    delivery, session = server.call("x:Trace/get", ids=None)["list"]
    assert names(session) == ["smtp.connection-start", "smtp.ehlo", "smtp.mail-from", "smtp.rcpt-to", "smtp.rcpt-to", "queue.message-queued", "smtp.connection-end"]
    assert names(delivery) == [
        "delivery.attempt-start", "delivery.domain-delivery-start", "delivery.domain-delivery-start",
        "delivery.delivered", "delivery.dsn-success", "delivery.delivered", "delivery.dsn-success",
        "delivery.completed", "delivery.attempt-end",
    ]
    assert (session["from"], session["to"], session["timestamp"]) == ("alice@mild.test", "x@ok.test", "2026-11-21T13:06:43Z")
    assert delivery["to"] == "x@ok.test; fine@temp.test"


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"event": "queue.message-queued"}, "s"),
        ({"event": "delivery.attempt-start"}, "d"),
        ({"event": "queue.dsn-queued"}, ""),
        ({"text": "alice@mild.test"}, "ds"),
        ({"text": '"alice@mild.test" TEMP.test'}, "ds"),
        ({"text": "nobody"}, ""),
        ({"timestampIsGreaterThan": "2026-11-21T13:06:42Z"}, "ds"),
        ({"timestampIsGreaterThan": "2026-11-21T13:06:43Z"}, ""),
        ({"timestampIsLessThanOrEqual": "2026-11-21T13:06:43Z"}, "ds"),
    ],
)
def test_filters(server, conditions, found):
    delivery, session = server.ids("x:Trace/query")
    traces = {"d": delivery, "s": session}
    assert set(server.ids("x:Trace/query", filter=conditions)) == {traces[it] for it in found}


def test_a_message_is_found_by_its_number(server):
    server.mail("carol@mild.test", "y@refused.test")
    delivery, session, *_ = server.ids("x:Trace/query")
    (message,) = server.ids("x:QueuedMessage/query")
    assert server.ids("x:Trace/query", filter={"queueId": message}) == [delivery, session]
    assert server.ids("x:Trace/query", filter={"queueId": "a"}) == []


@pytest.mark.parametrize(
    ("recipient", "events"),
    [
        ("bad@temp.test", ["delivery.rcpt-to-rejected", "delivery.dsn-perm-fail"]),
        ("later@temp.test", ["delivery.rcpt-to-rejected", "delivery.dsn-temp-fail"]),
        ("y@refused.test", ["delivery.connect-error"]),
        ("y@x.servfail.test", ["delivery.mx-lookup-failed"]),
        ("olga@lab.test", ["message-ingest.ham", "delivery.dsn-success"]),
    ],
)
def test_how_a_delivery_ends(enterprise, recipient, events):
    Sower(enterprise.world).user("olga", "b", "canary of olga 1")
    enterprise.mail("", recipient)
    delivery = enterprise.call("x:Trace/get", ids=enterprise.ids("x:Trace/query", filter={"event": "delivery.attempt-start"}))["list"][-1]
    assert [it for it in names(delivery)[2:-1] if it != "delivery.completed"] == events


def test_without_a_condition_only_the_last_day_is_looked_at(server):
    before = server.ids("x:Trace/query")
    server.world.clock.advance(DAY + 60)
    assert not set(server.ids("x:Trace/query")) & set(before)
    assert not {it["id"] for it in server.call("x:Trace/get", ids=None)["list"]} & set(before)
    assert server.ids("x:Trace/query", filter={"event": "smtp.ehlo"}) == []
    assert server.ids("x:Trace/query", filter={"timestampIsGreaterThan": "2026-01-01T00:00:00Z"})[-len(before) :] == before
    assert len(server.call("x:Trace/get", ids=before)["list"]) == len(before)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"filter": {"timestampIsLessThan": "2027-01-01T00:00:00Z"}}, "unsupportedFilter"),
        ({"filter": {"timestampIsLessThan": "soon"}}, "unsupportedFilter"),
        ({"filter": {"event": "no.such-event"}}, "unsupportedFilter"),
        ({"filter": {"queueId": "!"}}, "unsupportedFilter"),
        ({"filter": {"text": 7}}, "unsupportedFilter"),
        ({"filter": {"size": 7}}, "unsupportedFilter"),
        ({"sort": [{"property": "from", "isAscending": True}]}, "unsupportedSort"),
    ],
)
def test_what_queries_refuse(server, arguments, kind):
    assert server.call("x:Trace/query", **arguments)["type"] == kind


def test_order_and_pages(server):
    ids = server.ids("x:Trace/query", calculateTotal=True)
    assert [decode(it) for it in ids] == sorted((decode(it) for it in ids), reverse=True)
    assert server.ids("x:Trace/query", sort=[{"property": "id", "isAscending": True}]) == ids[::-1]
    page = server.call("x:Trace/query", sort=[{"property": "id", "isAscending": False}], position=1, limit=1, calculateTotal=True)
    assert (page["ids"], page["total"]) == (ids[1:2], len(ids))


def test_what_is_not_there_is_told(server):
    assert server.call("x:Trace/get", ids=["zzzz", "!"])["notFound"] == ["zzzz", "!"]


def test_nothing_is_kept_without_a_store_or_in_another_edition(enterprise, serve):
    enterprise.call("x:TracingStore/set", update={"singleton": {"@type": "Disabled"}})
    store = enterprise.world.kept("TracingStore")
    store.save("singleton", store.schema.fresh("Disabled"))
    enterprise.world.take_over()
    enterprise.mail("alice@mild.test", "x@ok.test")
    assert enterprise.ids("x:Trace/query") == []
    assert serve("community").call("x:Trace/query")["description"].startswith("This feature is only available in the Enterprise edition.")
