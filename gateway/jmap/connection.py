"""One HTTP/1.1 connection to the new server, which carries one request after the other (RFC 9112)."""

import asyncio
import re
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict

LARGEST_ANSWER = 256 * 2**20
LARGEST_REFUSAL = 64 * 2**10
LARGEST_HEAD = 64 * 2**10
OK = 200
FIRST_FINAL = 200

_NO_TEXT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NONE: Mapping[str, str] = {}
_FRAMED = frozenset({b"content-length", b"transfer-encoding"})


class Broken(Exception):
    """The connection ended before the answer was complete."""


class Unreadable(Exception):
    """What came is no HTTP answer, or one without end."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; `headers` are those of a refusal, whose body is cut to what its problem document can need, `raw` those of any."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    raw: Sequence[tuple[bytes, bytes]] = ()


def fields(headers: Mapping[str, str]) -> bytes:
    """Header lines as they stand on the wire, text in UTF-8; ValueError for what would break out of its line, or cannot be encoded."""
    lines = [f"{name}: {value}".encode() for name, value in headers.items()]
    if any(map(_NO_TEXT.search, lines)):
        raise ValueError("a header with control characters")
    return b"".join([line + b"\r\n" for line in lines])


class Connection(asyncio.Protocol):
    """A connection and the request under way on it.

    `usable` is false as soon as it cannot carry another request. `began`, `heard` and `since` are instants of the monotonic clock: of
    the request, of its last sign of life, and of the moment from which it lies idle. `sending`: the request is not all sent yet.
    """

    __slots__ = (
        "_answer", "_complete", "_events", "_headers", "_parser", "_pieces", "_received", "_size", "_status", "_transport",
        "began", "heard", "sending", "since", "usable",
    )  # fmt: skip

    def __init__(self) -> None:
        self.usable = True
        self.sending = False
        self.began = self.heard = self.since = 0.0
        self._answer: asyncio.Future[Reply] | None = None
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._events = select.poll()
        self._complete = False
        self._forget()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; it tells when the last byte of a request has left."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)
        self._events.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def quiet(self) -> bool:
        """Whether an idle connection may be used again: still open, and the server has sent neither an end nor anything else.

        The system is asked as well, because the event loop may not have come round to what has already arrived.
        """
        return self.usable and not self._transport.is_closing() and not self._events.poll(0)

    def ask(self, request: bytes, began: float) -> "asyncio.Future[Reply]":
        """Send a request whose life began at that instant; the future ends with the reply, Broken, Unreadable or what `give_up` says."""
        self.began = began
        self.heard = time.monotonic()
        self._answer = answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return answer

    def give_up(self, error: Exception) -> None:
        """End the request under way and the connection. A refusal whose body does not come is a reply all the same: its status says enough."""
        self.abort()
        answer = self._answer
        if answer is None or answer.done():
            return
        if self._status in (0, OK):
            answer.set_exception(error)
        else:
            answer.set_result(self._reply())

    def abort(self) -> None:
        """Close the connection at once; a request under way hears of it as Broken."""
        self.usable = False
        self._transport.abort()

    def pause_writing(self) -> None:
        """The system takes no more at the moment."""
        self.sending = True

    def resume_writing(self) -> None:
        """Everything has left; from now on the server is waited for."""
        self.sending = False
        self.heard = time.monotonic()

    def data_received(self, data: bytes) -> None:
        """Read on; bytes that nobody asked for end the connection."""
        answer, parser = self._answer, self._parser
        if answer is None or parser is None or answer.done():
            self.abort()
            return
        self.heard = time.monotonic()
        self._received += len(data)
        readable = True
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            readable = self.usable = False
        if self._complete:
            self._end(answer)
        elif not readable or self._endless():
            self.give_up(Unreadable())

    def eof_received(self) -> None:
        """The server sends nothing more; the transport closes by itself."""
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, which completes an answer without a length."""
        self.usable = False
        self._parser = None  # it holds this connection
        answer = self._answer
        if answer is None or answer.done():
            return
        if self._status and not any(name.lower() in _FRAMED for name, _ in self._headers) and not exc:
            answer.set_result(self._reply())
        else:
            self.give_up(Broken())

    def on_message_begin(self) -> None:
        """Parser: an answer begins. One behind that which was asked for is not looked at."""
        if self._complete:
            self.usable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser: a header, or a trailer, which nobody needs."""
        if not self._status:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Parser: the head is complete; interim answers (RFC 9110 15.2) are passed over."""
        if self._complete or self._parser is None:
            return
        status = self._parser.get_status_code()
        if status >= FIRST_FINAL:
            self._status = status
        else:
            self._headers.clear()

    def on_body(self, body: bytes) -> None:
        """Parser: a piece of the body."""
        if not self._complete:
            self._pieces.append(body)
            self._size += len(body)

    def on_message_complete(self) -> None:
        """Parser: an answer is complete."""
        if self._status and not self._complete and self._parser is not None:
            self._complete = True
            self.usable = self.usable and self._parser.should_keep_alive()

    def _endless(self) -> bool:
        """Whether more has come than any answer has."""
        if not self._status:
            return self._received > LARGEST_HEAD
        return self._received > LARGEST_ANSWER or (self._status != OK and self._size > LARGEST_REFUSAL)

    def _end(self, answer: "asyncio.Future[Reply]") -> None:
        if self.sending:
            self.usable = False  # the server has answered without reading everything
        reply = self._reply()
        self._answer = None
        self._forget()
        if not self.usable:
            self.abort()
        answer.set_result(reply)

    def _reply(self) -> Reply:
        pieces = self._pieces
        headers = _NONE if self._status == OK else CIMultiDict((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._headers)
        return Reply(self._status, headers, pieces[0] if len(pieces) == 1 else b"".join(pieces), self._headers)

    def _forget(self) -> None:
        self._status = self._received = self._size = 0
        self._complete = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
