"""Bodies of principals: what a real old server refused with 400 and what it took (legacy-rest-api 3.4, 3.5)."""

import pytest

from gateway.legacy.principal.facts import FIELDS, word_of
from gateway.legacy.principal.values import actions, inputs
from gateway.legacy.refusals import BadRequest

LISTS = ("secrets", "emails", "memberOf", "members", "roles", "lists", "enabledPermissions", "disabledPermissions", "urls", "externalMembers")
TEXTS = ("description", "picture", "tenant", "locale")
LARGEST = 2**64 - 1
E512, E513 = "é" * 256, "é" * 256 + "x"

QUOTAS = [0, 5, "7", "abc", "", [], [1024], [1024, 5, 6], ["1024", "3"], [1] * 14, LARGEST, "x" * 512]
NO_QUOTAS = [-1, 1.5, True, None, LARGEST + 1, {}, [1, "2"], [True], [-1], [None], [[]], "x" * 513]

ACCEPTED = [
    {},
    {"type": "group"},
    {"name": ""},
    {"name": "x" * 512},
    {"name": E512},
    {"id": 999999, "usedQuota": 77},
    {"id": None, "usedQuota": {"a": [1.5]}},
    *({"type": word} for word in ("individual", "superuser", "group", "resource", "location", "list", "domain", "tenant", "role", "apiKey", "oauthClient")),
    *({text: value} for text in TEXTS for value in (None, "", "x" * 512)),
    *({"quota": value} for value in QUOTAS),
    *({name: value} for name in LISTS for value in ("one", "", [], ["a", "b"])),
    *({name: value} for name in LISTS for value in (None, 5, True, {"a": 1}, 1.5)),
    *({name: value} for name in LISTS for value in (["a", 5, None, "b"], ["x" * 520], [[]])),
]

REFUSED = [
    None,
    5,
    "x",
    [],
    [None],
    {"zz": 1},
    {"Name": "x"},
    {"name": "x", "": None},
    {"name": 5},
    {"name": None},
    {"name": ["x"]},
    {"name": "x" * 513},
    {"name": E513},
    {"type": None},
    {"type": 0},
    *({"type": word} for word in ("other", "Individual", "api-key", "zz", "", "mailing-list", "user", "account")),
    *({text: value} for text in TEXTS for value in (5, True, [], ["x"], "x" * 513, E513)),
    *({"quota": value} for value in NO_QUOTAS),
    *({name: value} for name in LISTS for value in ("x" * 513, E513)),
]


def short(value):
    return str(value)[:60]


@pytest.fixture(params=["POST /api/principal", "POST /api/principal/deploy"])
def create(request, table):
    return table.find(*request.param.split(" "))


@pytest.mark.parametrize("body", ACCEPTED, ids=short)
def test_creates_that_are_taken(contract, create, body):
    assert contract.check(create, {}, body) is None
    assert contract.surely_valid(create, {}, body)
    inputs.parse(body)


@pytest.mark.parametrize("body", REFUSED, ids=short)
def test_creates_that_are_refused(contract, create, body):
    violation = contract.check(create, {}, body)
    assert (violation.where, violation.detail) == ("body", "JSON deserialization failed")


def change(value, field="description", action="set"):
    return {"action": action, "field": field, "value": value}


VALUES = ["", "x" * 512, E512, 0, 5, LARGEST, [], ["a"], ["a", "b"], [5, 6], [0], ["x" * 512]]
NO_VALUES = [None, True, -1, 1.5, {}, {"a": 1}, ["a", 1], [None], [[]], [True], [1.5], [-1], "x" * 513, E513, ["x" * 513], [E513], LARGEST + 1, [LARGEST + 1]]

CHANGES = [
    [],
    [change("x"), change("y", "name")],
    [change("x") | {"extra": 1, "more": None}],
    *([change(value, field)] for field in ("description", "emails", "quota", "type", "usedQuota") for value in VALUES),
    *([change("x", field, action)] for field in sorted(FIELDS) for action in ("set", "addItem", "removeItem")),
]

NO_CHANGES = [
    None,
    5,
    "x",
    {},
    change("x"),
    [None],
    [5],
    ["x"],
    [{}],
    *([{name: value for name, value in change("x").items() if name != left_out}] for left_out in ("action", "field", "value")),
    *([change("x", action=action)] for action in ("zz", "Set", "additem", "", None, 5)),
    *([change("x", field)] for field in ("id", "zz", "Name", "", "superuser", None, 5)),
    *([change(value, field)] for field in ("description", "emails", "quota") for value in NO_VALUES),
    [change("x"), change(None)],
]


@pytest.fixture(scope="module")
def patch(table):
    return table.find("PATCH", "/api/principal/kim")


@pytest.mark.parametrize("body", CHANGES, ids=short)
def test_changes_that_are_taken(contract, patch, body):
    assert contract.check(patch, {}, body) is None
    assert contract.surely_valid(patch, {}, body)
    actions.parse(body)


@pytest.mark.parametrize("body", NO_CHANGES, ids=short)
def test_changes_that_are_refused(contract, patch, body):
    violation = contract.check(patch, {}, body)
    assert (violation.where, violation.detail) == ("body", "JSON deserialization failed")
    with pytest.raises(BadRequest):
        actions.parse(body)


def test_the_words_are_those_of_the_rooms(spec):
    schemas = spec.document["components"]["schemas"]
    assert set(schemas["PrincipalChanges"]["items"]["properties"]["field"]["enum"]) == FIELDS
    types = schemas["PrincipalInput"]["properties"]["type"]["enum"]
    assert all(word_of(word) for word in types)
    assert {word_of(word) for word in types} == {*schemas["Principal"]["oneOf"][0]["properties"]["type"]["enum"], *schemas["Principal"]["oneOf"][1]["properties"]["type"]["enum"]} - {"other"}
    assert FIELDS | {"id"} == set(schemas["Principal"]["properties"])
    assert FIELDS | {"id"} == set(schemas["PrincipalInput"]["properties"])


def test_reasons_tell_members_and_no_values(contract, create, patch):
    for violation in (
        contract.check(create, {}, {"secrets": "canary" * 100}),
        contract.check(create, {}, {"name": "x", "canary": "canary"}),
        contract.check(patch, {}, [change(["canary", 1], "secrets")]),
        contract.check(patch, {}, [change("canary" * 100, "secrets")]),
    ):
        assert "canary" not in repr(violation)
