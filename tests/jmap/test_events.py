"""Server-sent events in any pieces, and what is none."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jmap.errors import Garbled
from gateway.jmap.events import LARGEST_EVENT, Event, Parser

TEXT = b"\xef\xbb\xbf: a comment\r\nevent: trace\r\ndata: [1,\r\ndata:2]\r\nid: 7\r\nretry: 5\r\n\r\ndata: x\n\nevent: lost\n\nevent:a\rdata:  b\r\rdata\n\nevent: unfinished\ndata: y\n"
EVENTS = [Event("trace", "[1,\n2]"), Event("message", "x"), Event("a", " b"), Event("message", "")]


def test_events_are_read_as_the_standard_says() -> None:
    assert Parser().feed(TEXT) == EVENTS


@given(st.lists(st.integers(0, len(TEXT)), max_size=12))
def test_the_pieces_in_which_they_come_make_no_difference(cuts: list[int]) -> None:
    parser, ends = Parser(), sorted({0, len(TEXT), *cuts})
    pieces = [TEXT[start:end] for start, end in pairwise(ends)]
    assert [event for piece in pieces for event in parser.feed(piece)] == EVENTS


def test_an_event_is_there_as_soon_as_its_last_byte() -> None:
    parser = Parser()
    assert parser.feed(b"data: x\n") == []
    assert parser.feed(b"\n") == [Event("message", "x")]
    assert parser.feed(b"data: y\r\r") == [Event("message", "y")]


@pytest.mark.parametrize("line", [b"data: ", b"data: x\n" * 1000])
def test_an_event_without_end_is_no_event(line: bytes) -> None:
    parser = Parser()
    for _ in range(LARGEST_EVENT // len(line)):
        parser.feed(line)
    with pytest.raises(Garbled):
        parser.feed(line * 2)


def test_bytes_that_are_no_text_are_no_event() -> None:
    with pytest.raises(Garbled):
        Parser().feed(b"data: \xff\n\n")
