"""Which events of a live stream an old client is sent, and in which form."""

from typing import Any

import pytest

from gateway.jmap.errors import HttpRefusal
from gateway.legacy.live import DROP
from gateway.legacy.refusals import EnterpriseOnly
from gateway.legacy.telemetry import live
from gateway.legacy.telemetry.edition import refusal_of
from gateway.legacy.telemetry.live import Selection


def event(span: int | None = None, name: str = "queue.message-queued", **values: Any) -> dict[str, Any]:
    held = dict(values) | ({} if span is None else {"spanId": {"@type": "UnsignedInt", "value": span}})
    pairs = {str(place): {"key": key, "value": value} for place, (key, value) in enumerate(held.items())}
    return {"event": name, "timestamp": "2026-03-01T11:00:00Z", "keyValues": pairs}


def value(kind: str, content: Any) -> dict[str, Any]:
    return {"@type": kind, "value": content}


def kept(selection: Selection, *events: Any) -> list[Any]:
    shaped = selection.shape("trace", list(events))
    return [] if shaped is DROP else [it["data"] for it in shaped]


def test_without_parameters_everything_is_wanted():
    assert kept(Selection({}), event(), event(domain=value("String", "x"))) == [{}, {"domain": "x"}]


@pytest.mark.parametrize(
    ("key", "wanted", "content", "matches"),
    [
        ("remoteIp", "203.0", value("IpAddr", "203.0.113.9"), True),
        ("accountName", "kim", value("String", "kim@acme.test"), True),
        ("accountName", "KIM", value("String", "kim@acme.test"), False),
        ("due", "2026-03", value("UTCDateTime", "2026-03-01T00:00:00Z"), True),
        ("tls", "true", value("Boolean", True), True),
        ("tls", "true", value("Boolean", False), False),
        ("queueId", "7", value("UnsignedInt", 7), False),
        ("elapsed", "7", value("Duration", 7), False),
        ("to", "x", value("List", {"0": value("String", "x")}), False),
        ("domain", "x", None, False),
    ],
)
def test_values_that_are_compared(key, wanted, content, matches):
    it = event(**({} if content is None else {key: content}))
    assert bool(kept(Selection({key: wanted}), it)) == matches


def test_all_keys_must_match_somewhere_in_the_event():
    selection = Selection({"domain": "x", "from": "y"})
    both = event(domain=value("String", "a"), **{"from": value("String", "y")})
    both["keyValues"]["2"] = {"key": "domain", "value": value("String", "xx")}
    assert kept(selection, both, event(domain=value("String", "x"))) == [{"domain": "a", "from": "y"}]


def test_what_follows_in_a_span_that_matched_is_wanted():
    selection = Selection({"domain": "x"})
    assert kept(selection, event(7), event(7, domain=value("String", "x")), event(8), event(7), event()) == [{"domain": "x"}, {}]


def test_events_have_what_their_connection_began_with():
    selection = Selection({})
    begin = event(7, "smtp.connection-start", remoteIp=value("IpAddr", "::1"), listenerId=value("String", "smtp"), domain=value("String", "first"))
    assert kept(selection, event(7), begin, event(7, domain=value("String", "own")), event(8), event()) == [
        {},
        {"remoteIp": "::1", "listenerId": "smtp", "domain": "first"},
        {"domain": "own", "remoteIp": "::1", "listenerId": "smtp"},
        {},
        {},
    ]
    end = event(7, "smtp.connection-end")
    assert kept(selection, event(7), end, event(7)) == [{"remoteIp": "::1", "listenerId": "smtp", "domain": "first"}] * 2 + [{}]


def test_keys_of_the_connection_select_what_happens_on_it():
    selection = Selection({"remoteIp": "::1", "domain": "x"})
    begin = event(7, "smtp.connection-start", remoteIp=value("IpAddr", "::1"))
    assert kept(selection, begin, event(7, domain=value("String", "y")), event(7, domain=value("String", "x"))) == [{"domain": "x", "remoteIp": "::1"}]


def test_only_so_many_connections_are_remembered(monkeypatch):
    monkeypatch.setattr(live, "MOST_CONNECTIONS", 1)
    selection = Selection({})
    begins = [event(span, "smtp.connection-start", domain=value("String", str(span))) for span in (1, 2)]
    assert kept(selection, *begins, event(1), event(2)) == [{"domain": "1"}, {"domain": "2"}, {}, {"domain": "2"}]


def test_only_so_many_spans_are_remembered(monkeypatch):
    monkeypatch.setattr(live, "MOST_SPANS", 2)
    selection = Selection({"domain": "x"})
    begins = [event(span, domain=value("String", "x")) for span in (1, 2, 3)]
    assert len(kept(selection, begins[0], begins[1], event(1), begins[2])) == 4
    assert kept(selection, event(2), event(1), event(3)) == [{}, {}]


def test_a_stream_of_unwanted_events_gives_a_sign_of_life(monkeypatch):
    selection = Selection({"domain": "x"})
    assert selection.shape("trace", [event()]) is DROP
    monkeypatch.setattr(live, "SILENCE_SECONDS", 0.0)
    assert selection.shape("trace", [event()]) == []


def test_other_events_go_on_as_they_are():
    ping = {"interval": 30000}
    assert Selection({"domain": "x"}).shape("ping", ping) is ping


@pytest.mark.parametrize(("status", "refusal"), [(404, EnterpriseOnly), (401, type(None)), (500, type(None))])
def test_what_the_edition_does_not_have(status, refusal):
    assert isinstance(refusal_of(HttpRefusal(status)), refusal)
