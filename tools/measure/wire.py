"""HTTP/1.1 with as little work as possible, so that neither the stub nor the load generator is what is measured."""

import asyncio
import base64
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

Answer = Callable[[bytes, bytes], bytes]
"""Takes head and body of a request and gives the whole response."""


def request(method: str, target: str, login: str) -> bytes:
    """A request without a body, as a user of that name."""
    credential = base64.b64encode(f"{login}:secret".encode()).decode()
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credential}\r\nAccept: */*\r\n\r\n".encode()


def response(body: bytes, content_type: str = "application/json; charset=utf-8") -> bytes:
    """A response with status 200."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _body_length(head: bytes) -> int:
    place = head.lower().find(b"\r\ncontent-length:")
    return int(head[place + 17 :].split(b"\r\n", 1)[0]) if place >= 0 else 0


class Stub(asyncio.Protocol):
    """Serves one connection: every complete request is answered with what `answer` makes of it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            stop = end + 4 + _body_length(head)
            if len(self._received) < stop:
                return
            body, self._received = self._received[end + 4 : stop], self._received[stop:]
            self._transport.write(self._answer(head, body))


class _Client(asyncio.Protocol):
    """Keeps sending the same request on one connection, the next as soon as the answer is complete (or after a pause), until told to stop."""

    def __init__(self, request: bytes, pause: float) -> None:
        self.latencies: deque[float] = deque()
        self.wrong = 0
        self.stopped = False
        self.finished = asyncio.get_running_loop().create_future()
        self._request = request
        self._pause = pause
        self._tail = b""
        self._left: int | None = None
        self._ok = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionResetError("the connection was closed"))

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._left is None:
            self._tail += data
            end = self._tail.find(b"\r\n\r\n")
            if end < 0:
                return
            head, data, self._tail = self._tail[:end], self._tail[end + 4 :], b""
            self._ok = head.startswith(b"HTTP/1.1 200")
            self._left = -1 if b"chunked" in head.lower() else _body_length(head)
        if self._left < 0:
            self._tail = (self._tail + data)[-5:]
            done = self._tail == b"0\r\n\r\n"
        else:
            self._left -= len(data)
            done = self._left == 0
        if done:
            self._complete()

    def _complete(self) -> None:
        self.latencies.append(time.perf_counter() - self._began)
        self.wrong += not self._ok
        self._left, self._tail = None, b""
        if self.stopped:
            self.finished.set_result(None)
            self._transport.close()
        elif self._pause:
            asyncio.get_running_loop().call_later(self._pause, self._send)
        else:
            self._send()


async def load(port: int, requests: Sequence[bytes], *, seconds: float, pause: float = 0) -> list[float]:
    """Latencies in seconds of all requests answered within the time, one connection for each of `requests`; RuntimeError when a status other than 200 came."""
    loop = asyncio.get_running_loop()
    clients = [(await loop.create_connection(partial(_Client, request, pause), "127.0.0.1", port))[1] for request in requests]
    await asyncio.sleep(seconds)
    for client in clients:
        client.stopped = True
    latencies = [latency for client in clients for latency in client.latencies]
    await asyncio.wait_for(asyncio.gather(*(client.finished for client in clients)), 60)
    if wrong := sum(client.wrong for client in clients):
        raise RuntimeError(f"{wrong} of {len(latencies)} answers had another status than 200")
    return latencies
