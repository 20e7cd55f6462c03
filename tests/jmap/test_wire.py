import importlib
import json
import sys

import pytest

from gateway.jmap import wire


@pytest.fixture(params=["orjson", "json"])
def codec(request, monkeypatch):
    """The module as it is with and without the fast library."""
    if request.param == "orjson":
        pytest.importorskip("orjson")
    else:
        monkeypatch.setitem(sys.modules, "orjson", None)
    yield importlib.reload(wire)
    monkeypatch.undo()
    importlib.reload(wire)


def test_text_leaves_without_escapes(codec):
    assert codec.dumps({"name": "ü/€ 😀", "quote": 'a"b'}) == '{"name":"ü/€ 😀","quote":"a\\"b"}'.encode()


@pytest.mark.parametrize("number", [2**53 + 1, 217700302698266624, 2**64 - 1])
def test_ids_stay_exact(codec, number):
    assert codec.dumps({"id": number}) == b'{"id":%d}' % number
    assert codec.loads(b'{"id":%d}' % number) == {"id": number}


@pytest.mark.parametrize("value", ["\ud800", {1, 2}, object()])
def test_what_json_cannot_say_is_a_value_error(codec, value):
    with pytest.raises(ValueError, match=r".+"):
        codec.dumps({"x": value})


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,]", b"nope", b"NaN", b"[Infinity]", b'"\xff"', "{}".encode("utf-16"), b"[" * 100_000]
)
def test_what_is_no_json_is_a_value_error(codec, body):
    with pytest.raises(ValueError, match=r".+"):
        codec.loads(body)
    assert codec.value_of(body) is None


def test_value_of_reads_json(codec):
    assert codec.value_of(json.dumps({"a": [1, None, True]}).encode()) == {"a": [1, None, True]}
