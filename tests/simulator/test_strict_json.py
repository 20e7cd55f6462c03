"""Texts of errors and their places are those of recorded exchanges (`session.method.wrongArguments`, `session.escape`, `session.request`)."""

import json

import pytest

from gateway.simulator import envelope
from gateway.simulator.arguments import And, ResultReference, arguments
from gateway.simulator.errors import Problem
from gateway.simulator.strict_json import value

HEAD = '{"using":["urn:ietf:params:jmap:core","urn:stalwart:jmap"],"methodCalls":['
WIDE = '{"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": ['
LIMITS = {"maxRequestSize": 10_000, "maxMethodCalls": 16}


def read(body):
    verbs = ("get", "query", "set")
    return envelope.read(body.encode(), "application/json", lambda name: arguments(name.split("/")[1]) if name.endswith(verbs) else value, LIMITS)


def calls(text):
    return read(HEAD + text + "]}").calls


FIRST = '["x:Domain/query",{"calculateTotal":true},"c0"],'
SORTED = '["x:Domain/query", {"sort": [{"property": "id"}], "calculateTotal": true}, "c0"], '


@pytest.mark.parametrize(
    ("head", "call", "error"),
    [
        (HEAD, '["x:Domain/query",null,"c0"]', "invalid type: null, expected a JMAP request object at line 1 column 96"),
        (WIDE + SORTED, '["x:Domain/get", {"#ids": "c0"}, "c1"]', 'invalid type: string "c0", expected struct ResultReference at line 1 column 190'),
        (WIDE, '["x:Domain/get", {"ids": "b"}, "c0"]', 'invalid type: string "b", expected a sequence at line 1 column 106'),
        (WIDE, '["x:Domain/get", {"ids": [1]}, "c0"]', "invalid type: integer `1`, expected a string at line 1 column 105"),
        (WIDE, '["x:Domain/query", {"limit": -1}, "c0"]', "invalid value: integer `-1`, expected usize at line 1 column 109"),
        (WIDE, '["x:Domain/query", {"limit": 1.5}, "c0"]', "invalid type: floating point `1.5`, expected usize at line 1 column 110"),
        (WIDE, '["x:Domain/query", {"position": "x"}, "c0"]', 'invalid type: string "x", expected i32 at line 1 column 113'),
        (WIDE, '["x:Domain/query", {"filter": []}, "c0"]', "invalid type: sequence, expected a filter object at line 1 column 110"),
        (WIDE, '["x:Domain/set", {"ifInState": "old"}, "c0"]', "invalid JMAP State at line 1 column 115"),
        (
            HEAD + FIRST,
            '["x:Domain/query",{"accountId":"d\\u0033333333"},"c1"]',
            'invalid type: string "d3333333", expected a borrowed string at line 1 column 168',
        ),
        (
            HEAD + FIRST,
            '["x:Domain/get",{"ids":["b"],"properties":["n\\u0061me"]},"c1"]',
            'invalid type: string "name", expected a borrowed string at line 1 column 176',
        ),
    ],
)
def test_a_wrong_value_at_the_end_of_the_arguments_fails_that_call_only(head, call, error):
    *_, failed, echo = read(head + call + ',["Core/echo",{"after":true},"c9"]]}').calls
    assert (failed.error, failed.arguments) == (error, None)
    assert (echo.name, echo.arguments, echo.error, echo.call_id) == ("Core/echo", {"after": True}, None, "c9")


@pytest.mark.parametrize(
    "call",
    [
        '["x:Domain/get",{"accountId":null,"ids":[]},"c0"]',
        '["x:Domain/get",{"ids":{}},"c0"]',
        '["x:Domain/set",{"create":[{}]},"c0"]',
        '["x:Domain/set",{"update":[]},"c0"]',
        '["x:Domain/query",{"sort":{}},"c0"]',
        '["x:Domain/get",[],"c0"]',
        '["x:Domain/set",{"update":{"\\u0062":{}}},"c0"]',
        '["x:Domain/get",{"\\u0069ds":[]},"c0"]',
        '["Core/echo",{}]',
        '["Core/echo",{},"a","b"]',
        '["Core/echo",{},1]',
        '["Core/echo",{"a":tru},"c0"]',
        '["Core/echo",{"a":NaN},"c0"]',
        '["Core/echo",{"a":1,},"c0"]',
    ],
)
def test_a_wrong_value_elsewhere_fails_the_whole_request_and_echoes_it(call):
    body = HEAD + call + "]}"
    with pytest.raises(Problem) as failure:
        read(body)
    assert failure.value.body == {"type": "urn:ietf:params:jmap:error:notRequest", "status": 400, "detail": body}


def test_bytes_that_are_no_utf_8_fail_the_call():
    body = b'{"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{"a":"\xe4"},"c0"]]}'
    (call,) = envelope.read(body, None, lambda _: value, LIMITS).calls
    assert call.error == "invalid unicode code point at line 1 column 75"


def test_a_lone_surrogate_fails_the_call():
    (call,) = calls('["Core/echo",{"a":"\\ud800"},"c0"]')
    assert call.error.startswith("lone leading surrogate in hex escape")


def test_columns_count_bytes_and_lines_are_counted():
    (call,) = calls('["x:Domain/query",\n{"filter":{"name":"bücher"},"limit":"ü"},"c0"]')
    assert call.error == 'invalid type: string "ü", expected usize at line 2 column 41'


def test_arguments_that_can_be_read():
    text = json.dumps(
        [
            "x:Account/query",
            {
                "filter": {"operator": "AND", "conditions": [{"name": "a"}, {"operator": "OR", "conditions": []}]},
                "sort": [{"property": "id", "isAscending": False}, {}],
                "limit": None,
                "misspelt": [1, {"x": None}],
                "position": -3,
            },
            "c0",
        ]
    )
    (call,) = calls(text)
    assert call.arguments == {
        "filter": And("AND", [{"name": "a"}, And("OR", [])]),
        "sort": [{"property": "id", "isAscending": False}, {"property": "", "isAscending": True}],
        "position": -3,
    }


def test_of_ids_and_its_reference_the_later_one_counts():
    reference = {"resultOf": "c0", "name": "x:Domain/query", "path": "/ids"}
    assert calls(json.dumps(["x:Domain/get", {"#ids": reference, "ids": []}, "c1"]))[0].arguments == {"ids": []}
    assert calls(json.dumps(["x:Domain/get", {"ids": [], "#ids": reference}, "c1"]))[0].arguments == {
        "#ids": ResultReference("c0", "x:Domain/query", "/ids")
    }
