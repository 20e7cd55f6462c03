"""Tokens and streams over HTTP."""

import asyncio
import contextlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.simulator.callers import Caller
from gateway.simulator.clock import Clock
from gateway.simulator.problems import forbidden, not_found, unauthorized

TOKEN_SECONDS = 60
TOKEN_BYTES = 45
LOOK_SECONDS = 0.05
BARE = web.ResponseKey("bare", bool)
"""Marks answers without a `Content-Type`, which the library would add."""

Stages = AsyncIterator[tuple[str, Any]]
"""Events: name and value; a value that is text already is sent as it is."""


@dataclass(frozen=True, slots=True)
class LiveStream:
    """A kind of stream: the permission it needs, and what makes its events of the path elements behind its name and the query.

    `takes_path`: there must be such elements, else none; `enterprise`: only that edition has it.
    """

    permission: str
    events: Callable[[Sequence[str], Mapping[str, str]], Stages]
    takes_path: bool = False
    enterprise: bool = False


class Live:
    """Answers `/api/token/…` and `/api/live/…` for one server."""

    def __init__(self, streams: Mapping[str, LiveStream], clock: Clock, *, enterprise: bool) -> None:
        self._streams = streams
        self._clock = clock
        self._enterprise = enterprise
        self._tokens: dict[str, tuple[str, float]] = {}

    async def answer(
        self, request: web.Request, rest: Sequence[str], query: str, caller_of: Callable[[], Caller], *, breaks: bool = False
    ) -> web.StreamResponse:
        """The answer to `/api/{rest}`; `caller_of` gives the caller by the header of the request, or raises a Problem.

        A stream that `breaks` does so after its first event.
        """
        if rest[0] == "token":
            return self._token(caller_of(), rest[1:])
        return await _sent(request, self._events(request, rest[1:], query, caller_of), breaks=breaks)

    def _token(self, caller: Caller, rest: Sequence[str]) -> web.Response:
        """A token for one kind of stream, valid for a minute; Problem 404 for a kind that is not offered, 403 without the right."""
        stream = self._offered(rest[0]) if len(rest) == 1 else None
        if stream is None:
            raise not_found()
        if not caller.may(stream.permission):
            raise forbidden()
        now = self._clock.now()
        self._tokens = {text: held for text, held in self._tokens.items() if held[1] > now}
        owner = urlsafe_b64encode(caller.login.encode()).decode().rstrip("=")
        text = f"sw1.{secrets.token_urlsafe(TOKEN_BYTES)}.{owner}"
        self._tokens[text] = (rest[0], now + TOKEN_SECONDS)
        response = web.Response(body=text.encode(), headers={"Cache-Control": "no-cache"})
        response[BARE] = True
        return response

    def _events(self, request: web.Request, rest: Sequence[str], query: str, caller_of: Callable[[], Caller]) -> Stages:
        """The events of a stream, or Problem. A token goes before the header of the request; a bad one is 401."""
        name = rest[0] if rest else ""
        given = dict(parse_qsl(query, keep_blank_values=False))
        caller = None
        if "token" in given:
            kind, expires = self._tokens.get(given["token"], ("", 0.0))
            if kind != name or expires <= self._clock.now():
                raise unauthorized()
        else:
            caller = caller_of()
        stream = self._offered(name)
        if stream is None or request.method != "GET" or stream.takes_path != (len(rest) > 1):
            raise not_found()
        if caller is not None and not caller.may(stream.permission):
            raise forbidden()
        return stream.events(rest[1:], given)

    def _offered(self, name: str) -> LiveStream | None:
        stream = self._streams.get(name)
        return stream if stream is not None and (self._enterprise or not stream.enterprise) else None


async def strip(_request: web.Request, response: web.StreamResponse) -> None:
    """Take the `Content-Type` off answers that have none; to be called before their head is sent."""
    if BARE in response:
        del response.headers["Content-Type"]


async def _sent(request: web.Request, events: Stages, *, breaks: bool) -> web.StreamResponse:
    """Send events until their end, or until the client leaves."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    pump = asyncio.create_task(_pump(response, events, breaks=breaks))
    try:
        while not (await asyncio.wait([pump], timeout=LOOK_SECONDS))[0]:
            if request.transport is None:
                break
    finally:
        pump.cancel()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await pump
    if breaks and request.transport is not None:
        request.transport.abort()
    return response


async def _pump(response: web.StreamResponse, events: Stages, *, breaks: bool) -> None:
    async for name, value in events:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        await response.write(f"event: {name}\ndata: {text}\n\n".encode())
        if breaks:
            break
