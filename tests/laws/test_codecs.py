"""What is encoded comes back the same, and what comes back is encoded the same."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.blobs import HASH_BYTES, hash_of, unrestricted_id
from gateway.knowledge.ids import ALPHABET, LARGEST, decimal, decode, encode, path_number
from gateway.knowledge.instants import text_of, unix_of
from gateway.knowledge.pointers import path
from gateway.knowledge.query_string import parse
from gateway.knowledge.report_ids import IncomingId, OutgoingId, incoming, outgoing, outgoing_form

NUMBERS = st.integers(0, LARGEST) | st.sampled_from([0, 31, 32, 2**53 + 1, 2**63, LARGEST])
WRITABLE = st.integers(-62135596800, 253402300799)


@given(NUMBERS)
def test_ids(number):
    assert decode(encode(number)) == number
    assert decode(encode(number).upper()) == number


@given(st.text(ALPHABET, min_size=1, max_size=14))
def test_texts_of_ids(text):
    try:
        number = decode(text)
    except ValueError:
        assert sum(ALPHABET.index(letter) * 32**place for place, letter in enumerate(reversed(text))) > LARGEST
    else:
        assert encode(number) == (text.lstrip("a") or "a")


@given(st.text(max_size=14))
def test_foreign_texts_are_no_ids(text):
    if not text or set(text.lower()) - set(ALPHABET) or not text.isascii():
        with pytest.raises(ValueError, match=r".+"):
            decode(text)


@given(NUMBERS, st.integers(0, 3))
def test_decimals(number, zeros):
    assert decimal("0" * zeros + str(number)) == number
    assert path_number("+" + "0" * zeros + str(number)) == number


@given(st.text(max_size=25))
def test_what_is_no_decimal(text):
    if not text or set(text) - set("0123456789"):
        assert decimal(text) is None


@given(st.binary(min_size=HASH_BYTES, max_size=HASH_BYTES))
def test_blobs(digest):
    assert base64.urlsafe_b64decode(hash_of(unrestricted_id(digest)) + "=") == digest


@given(WRITABLE)
def test_instants(unix):
    assert unix_of(text_of(unix)) == unix
    assert len(text_of(unix)) == len("2026-03-01T12:00:00Z")


@given(st.lists(WRITABLE, min_size=2, max_size=2))
def test_instants_are_ordered_like_their_texts(pair):
    first, second = pair
    assert (first < second) is (text_of(first) < text_of(second))


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_pointers(elements):
    assert [_unescaped(it) for it in _split(path(*elements))] == elements


def _split(pointer):
    """Elements as the new server reads them: a backslash takes the next sign as it is."""
    elements, escaped = [""], False
    for sign in pointer:
        if escaped or sign not in "\\/":
            elements[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            elements.append("")
    return elements


def _unescaped(element):
    return element.replace("~1", "/").replace("~0", "~")


@given(st.text(max_size=20).filter(lambda domain: "!" not in domain and domain), NUMBERS, NUMBERS, NUMBERS)
def test_outgoing_report_ids(domain, number, created, due):
    for kind in ("dmarc", "tls"):
        named = OutgoingId(kind, domain, number, created, due)
        assert outgoing(named.text) == named
        assert outgoing_form(named.text)


@given(NUMBERS, NUMBERS)
def test_received_report_ids(number, expires):
    named = IncomingId(number, expires)
    assert incoming(named.text) == named


@given(st.text(max_size=40))
def test_any_query_string_is_read(text):
    assert "" not in parse(text).values()


@given(st.text(max_size=40))
def test_any_text_may_come_as_an_id(text):
    for read in (outgoing, outgoing_form, incoming, path_number, unix_of):
        read(text)
