import json
from pathlib import Path

import pytest

from gateway.knowledge.ids import LARGEST, decimal, decode, encode, made_at, path_number
from gateway.knowledge.instants import text_of

PAIRS = json.loads((Path(__file__).parent.parent / "vectors" / "operations.json").read_text())["codec"]


@pytest.mark.parametrize("pair", [it for it in PAIRS if it["kind"] == "id"], ids=lambda pair: pair["text"])
def test_number_and_text(pair):
    assert encode(pair["number"]) == pair["text"]
    assert decode(pair["text"]) == pair["number"]


@pytest.mark.parametrize("pair", [it for it in PAIRS if it["kind"] == "id_decode"], ids=lambda pair: repr(pair["text"]))
def test_text_that_may_be_none(pair):
    if pair["number"] is None:
        with pytest.raises(ValueError, match=r".+"):
            decode(pair["text"])
    else:
        assert decode(pair["text"]) == pair["number"]


@pytest.mark.parametrize(
    "text", ["qaaaaaaaaaaaa", "baaaaaaaaaaaaa", "_", "a_a", "+a", "-a", " a", "a\n", "ä", "\u0661", "4", "{"]
)
def test_what_names_no_object_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        decode(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        (str(LARGEST), LARGEST),
        ("0" * 1000 + "7", 7),
        (str(LARGEST + 1), None),
        ("1" * 5000, None),
        ("", None),
        ("+7", None),
        ("-7", None),
        ("7 ", None),
        ("7.0", None),
        ("\u0667", None),
        ("²", None),
    ],
)
def test_decimal(text, number):
    assert decimal(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("+7", 7), ("+007", 7), ("7", 7), ("", None), ("+", None), ("++7", None), ("7+", None), ("-7", None)],
)
def test_number_in_a_path(text, number):
    assert path_number(text) == number


@pytest.mark.parametrize("pair", [it for it in PAIRS if it["kind"] == "snowflake_time"], ids=lambda pair: pair["time"])
def test_when_an_id_was_made(pair):
    assert text_of(made_at(pair["number"])) == pair["time"]
