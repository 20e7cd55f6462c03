"""Kinds, numbers, and texts that hold two things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.ids import encode
from gateway.legacy.principal.combined import SEPARATOR, joined, parted
from gateway.legacy.principal.facts import FIELDS, KINDS, PROPERTIES, kind_of, right_of, word_of
from gateway.legacy.principal.numbers import legacy_id, legacy_key_id, target_of
from gateway.legacy.principal.words import words

TYPES = st.sampled_from(sorted(PROPERTIES))


def test_every_kind_is_read_whole():
    assert {kind.object for kind in KINDS.values()} == PROPERTIES.keys()
    assert all(kind.fields <= FIELDS for kind in KINDS.values())
    others = [it for it in KINDS.values() if it.word != "apiKey"]
    assert [kind_of(it.object, {"@type": it.variant} if it.variant else {}) for it in others] == others


@pytest.mark.parametrize(
    ("text", "word", "right"),
    [("individual", "individual", "individual"), ("superuser", "individual", "individual"), ("list", "list", "mailing-list"),
     ("apiKey", "apiKey", "api-key"), ("location", "location", "principal"), ("oauthClient", "oauthClient", "oauth-client")],
)  # fmt: skip
def test_words_of_clients(text, word, right):
    assert word_of(text) == word
    assert right_of(word) == right


@pytest.mark.parametrize("text", ["other", "Individual", " group", "", "User"])
def test_words_that_are_no_types(text):
    assert word_of(text) is None


@given(TYPES, st.integers(0, 2**48 - 1))
def test_a_number_tells_type_and_id(type_, number):
    legacy = legacy_id(type_, encode(number))
    assert target_of(legacy) == (type_, encode(number))
    assert legacy < (2**31 if number < 2**28 else 2**53)


@given(st.integers(0, 2**32), st.integers(0, 2**16))
def test_numbers_of_keys_are_nobody_elses(account, credential):
    number = legacy_key_id(encode(account), encode(credential))
    assert target_of(number) is None
    assert number < (2**31 if account < 2**20 and credential < 2**8 else 2**53)


@pytest.mark.parametrize("number", [-1, 0x70000000, 2**52 + 7 * 2**48])
def test_numbers_of_nothing(number):
    assert target_of(number) is None


@given(st.text().filter(lambda it: SEPARATOR not in it and not it.endswith((" ", " |"))), st.text(min_size=1) | st.none())
def test_name_and_description_come_apart_again(name, description):
    assert parted(joined(name, description)) == (name, description)


def test_a_text_of_somebody_else_is_all_name():
    assert parted("System Administrator") == ("System Administrator", None)
    assert parted("a|b") == ("a|b", None)
    assert joined("a", "") == "a"


@pytest.mark.parametrize(
    ("text", "found"),
    [("Kim-L@a.Test", ["kim", "test"]), ("ü", ["ü"]), ("a b_c 1", []), ("x1_22", ["x1", "22"]), ("日本 語", ["日本", "語"]), ("", [])],
)
def test_words(text, found):
    assert words(text) == found
