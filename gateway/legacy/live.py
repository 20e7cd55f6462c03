"""Live streams of events: those of the new server, with each event in its old form (legacy-rest-api 5, mapping-operations 7.3)."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from gateway.jmap import wire
from gateway.jmap.errors import Garbled, HttpRefusal
from gateway.jmap.events import Event
from gateway.legacy.exchange import Exchange, Flow
from gateway.legacy.refusals import Refusal

DROP = object()
"""What a shape gives for an event that old clients are not sent."""

Shape = Callable[[str, Any], Any]
"""Old value of an event's name and value; the same value sends the event on as it came. It belongs to one stream and may remember."""

_UNREADABLE = object()


def events(
    exchange: Exchange,
    path: str,
    parameters: Mapping[str, str],
    shape: Shape,
    refuse: Callable[[HttpRefusal], Refusal | None] = lambda _: None,
) -> Flow:
    """The answer of a row that passes a live stream on.

    `path` is raw, `parameters` are what the new server is asked besides the client's token; `refuse` may put an old refusal in the place of one
    of the new server.
    """
    return Flow(_reshaped(exchange, path, parameters, shape, refuse), "text/event-stream", {"Cache-Control": "no-store"}, live=True)


@contextlib.asynccontextmanager
async def _reshaped(
    exchange: Exchange, path: str, parameters: Mapping[str, str], shape: Shape, refuse: Callable[[HttpRefusal], Refusal | None]
) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    """The old stream while the new one is open."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            stream = await _opened(stack, exchange, path, parameters)
        except HttpRefusal as refusal:
            raise refuse(refusal) or refusal from None
        yield _written(stream, shape)


async def _opened(
    stack: contextlib.AsyncExitStack, exchange: Exchange, path: str, parameters: Mapping[str, str]
) -> AsyncGenerator[list[Event], None]:
    """The stream of the new server, for the token when there is one; one that is not good any more leaves the word to the header.

    The old server looked at them the other way round, and at the second only when the first was refused, so that whoever is let in is the same.
    """
    token = exchange.query.get("token")
    if token is not None:
        try:
            return await stack.enter_async_context(exchange.caller.events(_target(exchange, path, {**parameters, "token": token}), anonymous=True))
        except HttpRefusal as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED:
                raise
    return await stack.enter_async_context(exchange.caller.events(_target(exchange, path, parameters)))


def _target(exchange: Exchange, path: str, parameters: Mapping[str, str]) -> str:
    """Path and query; parameters in the order in which the client gave them."""
    given = list(exchange.query)
    order = sorted(parameters, key=lambda name: given.index(name) if name in given else len(given))
    query = "&".join(f"{name}={quote(parameters[name], safe=',:')}" for name in order)
    return f"{path}?{query}" if query else path


async def _written(stream: AsyncGenerator[list[Event], None], shape: Shape) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(stream):
        async for found in stream:
            text = "".join([_old(event, shape) for event in found])
            if text:
                yield text.encode()


def _old(event: Event, shape: Shape) -> str:
    """An event as the old server wrote it, nothing when it is left out: name and one line of JSON."""
    value = _value(event.data)
    shaped = shape(event.name, value)
    if shaped is DROP:
        return ""
    same = shaped is value and "\n" not in event.data
    return f"event: {event.name}\ndata: {event.data if same else wire.dumps(shaped).decode()}\n\n"


def _value(data: str) -> Any:
    value = _UNREADABLE
    with contextlib.suppress(ValueError):
        value = wire.loads(data.encode())
    if value is _UNREADABLE:
        raise Garbled("an event that is no JSON")
    return value
