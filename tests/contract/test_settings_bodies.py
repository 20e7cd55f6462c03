"""Bodies of `POST /settings`: what the old server refused with 400 and what it took (legacy-rest-api 2.7)."""

import pytest

INSERT = {"type": "insert", "prefix": "http", "values": [["hsts", "true"]], "assert_empty": False}
DELETE = {"type": "delete", "keys": ["http.hsts"]}
CLEAR = {"type": "clear", "prefix": "http."}

ACCEPTED = [
    [],
    [INSERT, DELETE, CLEAR],
    [INSERT | {"prefix": None}],
    [{name: member for name, member in INSERT.items() if name != "prefix"}],
    [INSERT | {"values": []}],
    [INSERT | {"keys": 5, "filter": 7, "further": None}],
    [DELETE | {"keys": []}],
    [DELETE | {"prefix": 5, "values": [1]}],
    [CLEAR | {"prefix": ""}],
    [CLEAR | {"filter": None}],
    [CLEAR | {"filter": "x", "assert_empty": "no"}],
]

REFUSED = [
    None,
    {},
    INSERT,
    "x",
    [None],
    [[]],
    [["key", "value"]],
    [{}],
    [{"type": "insert"}],
    [{name: member for name, member in INSERT.items() if name != "assert_empty"}],
    [{name: member for name, member in INSERT.items() if name != "values"}],
    [INSERT | {"assert_empty": None}],
    [INSERT | {"assert_empty": "false"}],
    [INSERT | {"assert_empty": 0}],
    [INSERT | {"prefix": 5}],
    [INSERT | {"values": None}],
    [INSERT | {"values": {"hsts": "true"}}],
    [INSERT | {"values": [["hsts"]]}],
    [INSERT | {"values": [["hsts", "true", "x"]]}],
    [INSERT | {"values": [["hsts", True]]}],
    [INSERT | {"values": [["hsts", None]]}],
    [INSERT | {"values": [[1, "x"]]}],
    [INSERT | {"type": "Insert"}],
    [INSERT | {"type": "update"}],
    [{"type": "delete"}],
    [DELETE | {"keys": "http.hsts"}],
    [DELETE | {"keys": [5]}],
    [DELETE | {"keys": None}],
    [{"type": "clear"}],
    [CLEAR | {"prefix": None}],
    [CLEAR | {"filter": 5}],
    [INSERT, DELETE | {"keys": None}],
]


@pytest.fixture
def update(table):
    return table.find("POST", "/api/settings")


@pytest.mark.parametrize("body", ACCEPTED, ids=str)
def test_operations_that_are_taken(contract, update, body):
    assert contract.check(update, {}, body) is None
    assert contract.surely_valid(update, {}, body)


@pytest.mark.parametrize("body", REFUSED, ids=str)
def test_operations_that_are_refused(contract, update, body):
    violation = contract.check(update, {}, body)
    assert (violation.where, violation.detail) == ("body", "JSON deserialization failed")


def test_large_bodies_are_judged_quickly(contract, update):
    pairs = [[f"key{number}", "x"] for number in range(20_000)]
    assert contract.surely_valid(update, {}, [INSERT | {"values": pairs}])
    assert contract.check(update, {}, [INSERT | {"values": [*pairs, ["key", 1]]}]).reason == "large and of the wrong form"
