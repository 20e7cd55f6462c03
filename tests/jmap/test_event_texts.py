"""What the new server calls its events, out of its schema document."""

import gzip
import json

import pytest

from gateway.jmap.errors import Garbled
from gateway.jmap.event_texts import EventText, texts_of

ENTRIES = [{"name": "auth.success", "label": "Authentication successful", "explanation": "It worked.", "color": "green"}, {"name": "auth.failed", "label": "Authentication failed"}]
TEXTS = {"auth.success": EventText("Authentication successful", "It worked."), "auth.failed": EventText("Authentication failed", "")}


def document(**enums):
    return json.dumps({"objects": {"enums": {}}, "enums": enums}).encode()


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_texts_of_a_schema(pack):
    assert texts_of(pack(document(Other=[], EventType=ENTRIES))) == TEXTS


@pytest.mark.parametrize("body", [document(), document(EventType={"auth.success": {}}), document(EventType=[{"name": "a"}]), document(EventType=7), b"[]", b"null"])
def test_a_schema_without_events(body):
    with pytest.raises(Garbled, match="without events"):
        texts_of(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff"])
def test_what_is_no_schema(body):
    with pytest.raises(ValueError, match=r"Expecting value|can't decode"):
        texts_of(body)


@pytest.mark.parametrize(("body", "why"), [(gzip.compress(b"x" * 100)[:-12], "endless"), (b"\x1f\x8b" + b"x" * 100, "damaged")])
def test_a_schema_that_cannot_be_unpacked(body, why):
    with pytest.raises(Garbled, match=why):
        texts_of(body)


def test_a_schema_that_grows_without_end_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("gateway.jmap.event_texts.LARGEST_DOCUMENT", 1000)
    with pytest.raises(Garbled, match="endless"):
        texts_of(gzip.compress(b" " * 1001))
