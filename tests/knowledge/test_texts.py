"""Pointers, instants, query strings, report ids and containers."""

import json
from pathlib import Path

import pytest

from gateway.knowledge import report_ids
from gateway.knowledge.ids import encode
from gateway.knowledge.instants import seconds, text_of, unix_of
from gateway.knowledge.pointers import path
from gateway.knowledge.query_string import number, parse
from gateway.knowledge.value_forms import in_order, members

PAIRS = json.loads((Path(__file__).parent.parent / "vectors" / "operations.json").read_text())["codec"]


def of(kind):
    return [it for it in PAIRS if it["kind"] == kind]


@pytest.mark.parametrize("pair", of("pointer"), ids=lambda pair: pair["address"])
def test_pointer(pair):
    assert path("recipients", pair["address"], "retryDue") == pair["path"]


@pytest.mark.parametrize("pair", of("query"), ids=lambda pair: repr(pair["text"]))
def test_query_string(pair):
    assert parse(pair["text"]) == pair["params"]


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("a=1&a=", {"a": "1"}),
        ("a=1&=2", {"a": "1", "": "2"}),
        ("a=%C3%A4&b=%FF", {"a": "ä", "b": "\ufffd"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("%61=%20+%2B", {"a": "  +"}),
    ],
)
def test_query_string_in_odd_forms(text, parameters):
    assert parse(text) == parameters


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("-1", 9), ("1.0", 9), ("abc", 9), (str(2**64), 9), ("0", 0)])
def test_number_of_a_query(text, value):
    assert number({"n": text}, "n", 9) == value
    assert number({}, "n", 9) == 9


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("2026-03-01T12:00:00Z", 1772366400),
        ("2026-03-01t12:00:00z", 1772366400),
        ("2026-03-01T13:00:00+01:00", 1772366400),
        ("2026-03-01T12:00:00.987Z", 1772366400),
        ("0001-01-01T00:00:00Z", -62135596800),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59Z", 253402300799),
        ("9999-12-31T23:59:59-00:01", None),
        ("2026-03-01", None),
        ("2026-03-01T12:00:00", None),
        ("2026-02-30T12:00:00Z", None),
        ("2026-03-01T12:00:00 01:00", None),
        ("1772366400", None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_instant(text, unix):
    assert unix_of(text) == unix


def test_instants_are_written_with_four_digits_of_the_year():
    assert text_of(-62135596800) == "0001-01-01T00:00:00Z"
    assert text_of(1772366400) == "2026-03-01T12:00:00Z"


def test_an_instant_of_the_new_server_is_never_something_else():
    assert seconds("2026-03-01T12:00:00Z") == 1772366400
    with pytest.raises(ValueError, match="no instant"):
        seconds("soon")


@pytest.mark.parametrize("pair", of("report_id"), ids=lambda pair: pair["text"])
def test_outgoing_report_id(pair):
    named = report_ids.outgoing(pair["text"])
    if pair["value"] is None:
        assert named is None
    else:
        assert named is not None
        assert named.text == pair["text"]
        assert encode(named.number) == pair["value"]["id"]
        assert (named.kind, named.domain) == (pair["value"]["type"], pair["value"]["domain"])
        assert (named.created, named.due) == (pair["value"]["createdAt"], pair["value"]["deliverAt"])


def test_parts_behind_an_outgoing_report_id_do_not_count():
    assert report_ids.outgoing("d!a.example!1!2!3!4!x") == report_ids.OutgoingId("dmarc", "a.example", 1, 2, 3)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("d!!1!2!3", True),
        ("t!a.example!1!2!3!4", True),
        ("d!a.example!1!2", False),
        ("x!a.example!1!2!3", False),
        ("d!a.example!-1!2!3", False),
        ("d!a.example!1!b!3", False),
        ("zz", False),
        ("", False),
    ],
)
def test_what_the_old_server_took_for_an_outgoing_report_id(text, taken):
    assert report_ids.outgoing_form(text) is taken


@pytest.mark.parametrize("pair", of("incoming_id"), ids=lambda pair: pair["text"])
def test_received_report_id(pair):
    named = report_ids.incoming(pair["text"])
    if pair["value"] is None:
        assert named is None
    else:
        assert named is not None
        assert named.text == pair["text"]
        assert encode(named.number) == pair["value"]["id"]
        assert named.expires == pair["value"]["expires"]


def test_containers():
    assert members({"b": True, "a": True, "c": False}) == ["b", "a"]
    assert in_order({"10": "k", "2": "c", "0": "a"}) == ["a", "c", "k"]
