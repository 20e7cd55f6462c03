"""JSON bodies as the old server read them (legacy-rest-api 1.7)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.contract.body import Unreadable, parse

LIMIT = 1_048_576


def read(raw, *, limit=LIMIT, depth=32):
    return parse(raw, limit=limit, depth=depth)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b" [ ] \r\n", []),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"id":18446744073709551615}', {"id": 18446744073709551615}),
        (b"1e2", 100.0),
        (b'"\\u0000\\u00e9 \\ud83d\\ude00"', "\0é 😀"),
        ('"☃"'.encode(), "☃"),
        (b'{"a":{"b":[1]}}', {"a": {"b": [1]}}),
    ],
)
def test_readable(raw, value):
    assert read(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"hello",
        b"[] x",
        b"\xef\xbb\xbf[]",
        '{"name":"é"}'.encode("latin-1"),
        "[]".encode("utf-16"),
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"-1e999",
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b'"line\nbreak"',
        b"{'a':1}",
        b"[1,]",
        b"01",
        b"9" * 5000,
    ],
)
def test_unreadable(raw):
    with pytest.raises(Unreadable):
        read(raw)


def test_a_body_above_the_limit_counts_as_none():
    assert read(b'"' + b"x" * (LIMIT - 2) + b'"') == "x" * (LIMIT - 2)
    with pytest.raises(Unreadable, match="no body"):
        read(b'"' + b"x" * (LIMIT - 1) + b'"')


@pytest.mark.parametrize(("levels", "readable"), [(31, True), (32, True), (33, False), (500, False), (100_000, False)])
def test_nesting_is_bounded(levels, readable):
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        raw = opening * levels + b"1" + closing * levels
        if readable:
            read(raw)
        else:
            with pytest.raises(Unreadable):
                read(raw)


def test_many_brackets_side_by_side_are_not_deep():
    assert len(read(b"[" + b"[],{}," * 1000 + b"[]]")) == 2001


def test_the_error_tells_nothing_of_the_body():
    with pytest.raises(Unreadable) as caught:
        read(b'{"password":"canary-4711"')
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_what_json_can_say_is_read_back(value):
    assert read(json.dumps(value).encode(), depth=100) == value


@given(st.binary(max_size=200))
def test_no_other_error_for_any_bytes(raw):
    try:
        read(raw)
    except Unreadable:
        return
    json.loads(raw)
