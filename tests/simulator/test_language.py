import pytest

from gateway.knowledge.schema.notation import UniqueRule
from gateway.simulator.objects.language import Vocabulary
from gateway.simulator.objects.shapes import ListOf, MapOf, SetOf
from gateway.simulator.objects.values import Choice, Id, Write

TEXT = """
# A remark.
enum Colour  red
  green blue
names elsewhere other

schema Wheel
  size      uint min 1 max 30 = 16
  colour    enum Colour = "blue"

schema Drive = Pedals
  * Pedals
  * Motor Steam
    power   uint !
    fuel    text trim ?

object Bike sequence tenant
  name      text trim !
  wheels    list Wheel length 1 2
  parts     map enum Colour Wheel
  owners    set id Account
  drive     Drive
  secret    secret ? hidden
  madeAt    instant server
  weight    float computed
  : filter name keyword
  : filter text words name owners
  : sort madeAt
  : unique name
"""


@pytest.fixture
def words():
    found = Vocabulary()
    found.read(TEXT)
    return found


def test_what_a_declaration_says(words):
    bike = words.objects["Bike"]
    assert (bike.ids, bike.marks, bike.sorts, bike.unique) == ("sequence", {"tenant"}, ["madeAt"], [UniqueRule(["name"], "Bike")])
    assert [(rule.name, rule.kind, rule.over) for rule in bike.filters] == [("name", "keyword", ["name"]), ("text", "words", ["name", "owners"])]
    properties = bike.schema.variants[None]
    kinds = {name: prop.kind for name, prop in properties.items()}
    assert isinstance(kinds["wheels"], ListOf)
    assert kinds["wheels"].item is words.schemas["Wheel"]
    assert isinstance(kinds["parts"], MapOf)
    assert kinds["parts"].names == Choice(("red", "green", "blue"), default="red")
    assert kinds["owners"] == SetOf(Id("Account"))
    assert (properties["wheels"].shortest, properties["wheels"].longest) == (1, 2)
    assert (properties["secret"].nullable, properties["secret"].hidden, properties["madeAt"].mutability, properties["weight"].computed) == (
        True,
        True,
        "server",
        True,
    )
    assert {"elsewhere", "other", "fuel", "wheels"} <= words.known
    assert list(words.schemas["Drive"].variants) == ["Pedals", "Motor", "Steam"]


def test_a_fresh_object(words):
    assert words.objects["Bike"].schema.fresh(None) == {
        "name": None,
        "wheels": {},
        "parts": {},
        "owners": {},
        "drive": {"@type": "Pedals"},
        "secret": None,
        "madeAt": None,
    }


def test_reading_and_showing(words):
    schema = words.objects["Bike"].schema
    given = {"name": " b ", "wheels": {"4": {}, "2": {"size": 20}}, "drive": {"@type": "Motor", "power": 5}, "secret": "canary"}
    stored = schema.parse(given, "", Write(creating=True))
    assert schema.show(stored) == {
        "name": "b",
        "wheels": {"4": {"size": 16, "colour": "blue"}, "2": {"size": 20, "colour": "blue"}},
        "parts": {},
        "owners": {},
        "drive": {"power": 5, "fuel": None, "@type": "Motor"},
        "secret": "****",
        "madeAt": None,
    }
    assert list(schema.errors(stored)) == []
    stored["wheels"], stored["drive"]["power"] = {"0": {"size": 0, "colour": "red"}, "1": {}, "2": {"size": 31}}, None
    assert list(schema.errors(stored)) == [
        {"type": "MaxLength", "property": "wheels", "required": 2},
        {"type": "MinValue", "property": "size", "required": 1},
        {"type": "MaxValue", "property": "size", "required": 30},
        {"type": "Required", "property": "power"},
    ]


def test_a_word_that_is_none():
    with pytest.raises(ValueError, match="'shiny' in the declaration"):
        Vocabulary().read("object X snowflake\n  name text shiny\n")
