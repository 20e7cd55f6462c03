"""Bodies of creates and changes: forms that are refused, and what is made of the others."""

import pytest

from gateway.legacy.principal.facts import FIELDS, KINDS
from gateway.legacy.principal.values.actions import Step, debug, insist, parse
from gateway.legacy.principal.values.inputs import not_available
from gateway.legacy.principal.values.inputs import parse as parse_input
from gateway.legacy.refusals import BadRequest, Other

LARGEST = 2**64 - 1


def step(value="x", action="set", field="description"):
    return {"action": action, "field": field, "value": value}


@pytest.mark.parametrize(
    "value", [None, True, -1, 1.5, {}, {"a": 1}, ["a", 1], [None], [[]], "x" * 513, ["x" * 513], ["ü" * 257], 2**64, [2**64], [True]]
)
@pytest.mark.parametrize("field", ["description", "emails", "quota"])
def test_values_that_are_none(value, field):
    with pytest.raises(BadRequest):
        parse([step(value, field=field)])


@pytest.mark.parametrize(
    "body",
    [
        None, {}, 5, "x", step(), [5], [None], ["x"], [{}],
        [{"action": "set", "field": "description"}], [{"action": "set", "value": "x"}], [{"field": "description", "value": "x"}],
        [step(action="zz")], [step(action="Set")], [step(action=5)], [step(field="id")], [step(field="zz")], [step(field=None)],
        [step(), step(field="zz")],
    ],
)  # fmt: skip
def test_bodies_of_another_shape(body):
    with pytest.raises(BadRequest):
        parse(body)


def test_bodies_in_shape():
    assert parse([]) == []
    assert parse([step() | {"extra": 1}]) == [Step("set", "description", "x")]
    assert parse([step("x" * 512)])[0].items == ["x" * 512]
    assert parse([step(LARGEST, field="quota")])[0].value == LARGEST
    assert parse([step([1, 2], field="quota"), step([], field="emails")])[1].items == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", 'String("x")'),
        ('a"b\\c\n\t\0\x1f', r'String("a\"b\\c\n\t\0\u{1f}")'),
        ("Grüße ☃", 'String("Grüße ☃")'),
        (5, "Integer(5)"),
        (LARGEST, f"Integer({LARGEST})"),
        (["a", "b"], 'StringList(["a", "b"])'),
        ([], "StringList([])"),
        ([1, 2], "IntegerList([1, 2])"),
    ],
)
def test_values_in_refusals(value, text):
    assert debug(value) == text


TEXT, TEXTS, NUMBER, NUMBERS, NOTHING = "x", ["x"], 5, [5, 6], []
EVERYTHING = (TEXT, TEXTS, NUMBER, NUMBERS, NOTHING)
ONE_OR_ALL = {("set", "list"), ("set", "nothing"), ("addItem", "text"), ("removeItem", "text")}
FITS = {
    **dict.fromkeys(("name", "description", "picture", "locale", "tenant"), frozenset({("set", "text")})),
    **dict.fromkeys(
        ("emails", "memberOf", "members", "lists", "roles", "enabledPermissions", "disabledPermissions", "urls", "externalMembers"), ONE_OR_ALL
    ),
    "secrets": ONE_OR_ALL | {("set", "text")},
    "quota": {("set", "number")},
    "type": set(),
    "usedQuota": set(),
}


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_what_goes_together(field):
    for action in ("set", "addItem", "removeItem"):
        for word, value in zip(("text", "list", "number", "numbers", "nothing"), EVERYTHING, strict=True):
            one = Step(action, field, value)
            if (action, word) in FITS[field]:
                insist(one, KINDS["individual"])
                continue
            with pytest.raises(Other) as refusal:
                insist(one, KINDS["individual"])
            assert refusal.value.body["reason"] == f"Invalid value {debug(value)} for {field}"


def test_quotas_of_kinds():
    insist(Step("set", "quota", ""), KINDS["group"])
    insist(Step("set", "quota", [1] * 13), KINDS["tenant"])
    for value, kind in ((5, "list"), ("", "role"), ([1], "group"), ([1] * 14, "tenant"), ([], "tenant"), ("5", "tenant")):
        with pytest.raises(Other):
            insist(Step("set", "quota", value), KINDS[kind])


@pytest.mark.parametrize(
    "body",
    [
        None, [], 5, {"zz": 1}, {"type": "other"}, {"type": "zz"}, {"type": 5}, {"name": 5}, {"name": None}, {"name": "x" * 513},
        {"description": 5}, {"description": "x" * 513}, {"secrets": "x" * 513},
        {"quota": -1}, {"quota": 1.5}, {"quota": True}, {"quota": None}, {"quota": [None]}, {"quota": {}}, {"quota": 2**64},
    ],
)  # fmt: skip
def test_creates_that_are_none(body):
    with pytest.raises(BadRequest):
        parse_input(body)


def test_creates():
    given = parse_input(
        {
            "id": {}, "usedQuota": None, "type": "superuser", "name": " Kim ", "description": None, "locale": "", "picture": "p",
            "emails": "a@b", "memberOf": ["x", 5, "x", None, "y" * 513], "roles": None, "lists": {}, "members": 5, "urls": [],
            "quota": "12",
        }
    )  # fmt: skip
    assert (given.word, given.name, given.texts, given.quota) == ("individual", " kim ", {"picture": "p"}, 12)
    assert given.lists == {"emails": ["a@b"], "memberOf": ["x"]}
    assert (given.text("picture"), given.text("locale"), given.items("roles")) == ("p", "", [])
    assert parse_input({}).name == ""
    assert parse_input({"quota": ["5", 6, "x", "-1"]}).quota == [5, 6, 0, 0]


def test_fields_that_a_kind_does_not_have():
    given = parse_input({"name": "x", "quota": 5, "picture": "p", "secrets": ["x"], "emails": ["a@b"]})
    assert sorted(given.stray(KINDS["domain"])) == ["emails", "quota", "secrets"]
    assert sorted(given.stray(KINDS["individual"])) == ["picture"]
    assert sorted(given.stray(KINDS["oauthClient"])) == ["quota", "secrets"]
    assert parse_input({"quota": [0, 0]}).stray(KINDS["domain"]) == []
    assert not_available("secrets", "group").body == {
        "error": "unsupported",
        "details": 'Field "secrets" is not available for type "group" in Stalwart 0.16',
    }
