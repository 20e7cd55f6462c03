"""Replies that are written while they come in: live streams and contents (legacy-rest-api 5)."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator

from aiohttp import web
from multidict import CIMultiDict

from gateway.legacy.exchange import Flow
from gateway.web.listener import Connection
from gateway.web.stream import cutting_short, end, write

END_SECONDS = 1.0
"""How long the end of a stream may take that was cut off because the gateway stops: a client that reads has it at once."""


class LiveStreams:
    """The tasks whose replies have no end of their own: they end when the client leaves, or when the gateway stops."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[object], bool] = {}
        self._stopped = False

    def __len__(self) -> int:
        """How many run."""
        return len(self._tasks)

    def stop(self) -> None:
        """End all of them, and further ones as soon as they begin; their clients come back by themselves."""
        self._stopped = True
        for task in tuple(self._tasks):
            self._end(task)

    @contextlib.contextmanager
    def until_stopped(self) -> Iterator[asyncio.Task[object]]:
        """What the current task does, cut off without an error when the gateway stops; gives the task."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker: this runs in the task of a request
        self._tasks[task] = False
        if self._stopped:
            self._end(task)
        try:
            yield task
        except asyncio.CancelledError:
            if not self._tasks[task] or task.uncancel():
                raise
        finally:
            del self._tasks[task]

    @contextlib.contextmanager
    def until_left(self, request: web.BaseRequest) -> Iterator[None]:
        """The same, and when the client of the request leaves."""
        connection = request.protocol
        with self.until_stopped() as task:
            if request.transport is None:
                self._end(task)
            if isinstance(connection, Connection):
                connection.when_lost = lambda: self._end(task)
            try:
                yield
            finally:
                if isinstance(connection, Connection):
                    connection.when_lost = None

    def _end(self, task: "asyncio.Task[object]") -> None:
        if not self._tasks[task]:
            self._tasks[task] = True
            task.cancel()


class FlowReply:
    """The answer to one `Flow`: `open` decides about its form, `send` writes it, and one of `send` and `close` must follow `open`."""

    def __init__(self, flow: Flow, stall_seconds: float, live: LiveStreams) -> None:
        self.flow = flow
        self._stall_seconds = stall_seconds
        self._live = live
        self._open = contextlib.AsyncExitStack()
        self._pieces: AsyncGenerator[bytes, None] | None = None

    async def open(self) -> None:
        """Enter the source, or raise what it raises."""
        self._pieces = await self._open.enter_async_context(self.flow.source)

    async def close(self) -> None:
        """Leave the source."""
        await self._open.aclose()

    async def send(self, request: web.BaseRequest, headers: CIMultiDict[str]) -> web.StreamResponse:
        """Write everything. A source that fails, or a client that stops reading, cuts the connection: CutShort."""
        headers["Content-Type"] = self.flow.type
        headers.update(self.flow.headers)
        response = web.StreamResponse(headers=headers)
        response.content_length = self.flow.length
        async with self._open:
            with cutting_short(request, response):
                await response.prepare(request)
                if self.flow.live:
                    patience = END_SECONDS
                    with self._live.until_left(request), contextlib.suppress(ConnectionError):
                        await self._write(response)
                        patience = self._stall_seconds
                    await end(response, patience)
                else:
                    await self._write(response)
                    await end(response, self._stall_seconds)
        return response

    async def _write(self, response: web.StreamResponse) -> None:
        assert self._pieces is not None  # noqa: S101 - for the type checker: it was opened
        async with contextlib.aclosing(self._pieces) as pieces:
            async for piece in pieces:
                await write(response, piece, self._stall_seconds)
