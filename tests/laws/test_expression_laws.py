"""Expressions of the new server come back from their old spelling, and string literals stay as they are."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.expressions import Untranslatable, read, write
from gateway.knowledge.expressions.dialect import legacy, modern, tokens

ATOMS = st.sampled_from([
    "sender_domain", "rcpt", "'local'", '"it\'s"', "'\\'x'", "25", "1.5", "10m", "[plain, login]", "is_local_domain(rcpt_domain)",
    "is_local_address('a@b')", "system('hostname')", "system('domain')", "system('node_id')", "lower( rcpt )", "disable", "metric('queue.count')",
])
TEXTS = st.lists(ATOMS, min_size=1, max_size=5).flatmap(
    lambda atoms: st.lists(st.sampled_from([" + ", "&&", " || ", " != ", ", "]), min_size=len(atoms) - 1, max_size=len(atoms) - 1).map(
        lambda signs: atoms[0] + "".join(sign + atom for sign, atom in zip(signs, atoms[1:], strict=True)),
    ),
)
VALUES = st.fixed_dictionaries({
    "match": st.lists(st.fixed_dictionaries({"if": TEXTS, "then": TEXTS}), max_size=12).map(
        lambda conditions: {str(place): condition for place, condition in enumerate(conditions)},
    ),
    "else": TEXTS,
})


@given(VALUES)
def test_match_lists_come_back(value):
    assert write("expression(MTA_RCPT_TO)", read("expression(MTA_RCPT_TO)", value)) == value


@given(TEXTS)
def test_texts_come_back(text):
    assert modern(legacy(text), "MTA_RCPT_TO") == text


@given(st.text(max_size=40))
def test_nothing_is_lost_between_the_pieces(text):
    assert "".join(piece for _kind, piece in tokens(text)) == text


@given(st.text(st.sampled_from("'*\"(), config_get is_local_domain system\\[]"), max_size=60))
def test_any_text_is_translated_or_refused(text):
    legacy(text)
    for form in ("expression(HTTP)", "expression-sign(MTA_RCPT_TO)"):
        with suppress(Untranslatable):
            assert set(write(form, {"": text or "x"})) == {"match", "else"}
