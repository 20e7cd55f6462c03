"""The HTTP server under the handler: aiohttp's low-level server, quiet about itself and about what it could not read."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDict

from gateway.settings import Settings
from gateway.web.errors import reply_to
from gateway.web.reply import ANNOUNCED_LENGTH, short_problem

MOST_HEADERS = 128
LINGERING_SECONDS = 3

_log = logging.getLogger(__name__)


class Request(web.BaseRequest):
    """A request whose replies do not name the server software, as those of the old server did not."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        response.headers.popall("Server", None)
        if ANNOUNCED_LENGTH in response:
            response.headers["Content-Length"] = response[ANNOUNCED_LENGTH]


class Connection(web.RequestHandler):
    """A connection that answers unreadable requests without repeating any of them, neither to the client nor to the log."""

    __slots__ = ("when_lost",)

    when_lost: Callable[[], None] | None

    def __init__(self, manager: web.Server, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(manager, loop=loop, **options)
        self.when_lost = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client has left: tell whoever waits for nothing else."""
        super().connection_lost(exc)
        if self.when_lost is not None:
            self.when_lost()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - quotes the request
    ) -> web.StreamResponse:
        """The reply to a request that is no HTTP, or that the handler failed on; the connection ends with it."""
        _log.info("unreadable request from %s: %s", request.remote, type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the reply had already begun")
        reply = short_problem(HTTPStatus(status)) if status < HTTPStatus.INTERNAL_SERVER_ERROR else reply_to(RuntimeError())
        response = reply.response(CIMultiDict())
        response.force_close()
        return response


class Listener(web.Server):
    """Makes connections that hand every request to one handler."""

    def __init__(self, handler: Any, settings: Settings) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(handler, request_factory=self._request, loop=loop)
        self._event_loop = loop
        self._options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": settings.timeouts.idle,
            "lingering_time": LINGERING_SECONDS,
            "max_line_size": settings.limits.path_bytes,
            "max_field_size": settings.limits.header_bytes,
            "max_headers": MOST_HEADERS,
        }

    def __call__(self) -> Connection:
        """A new connection."""
        return Connection(self, loop=self._event_loop, **self._options)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> Request:
        return Request(message, payload, protocol, writer, task, self._event_loop)
