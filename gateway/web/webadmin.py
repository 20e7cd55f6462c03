"""The old WebAdmin at the root of the site, served as the old server did (clients.md 3.9).

Every method is answered alike; a path that names no file is a page of the application, which `index.html` shows. No cache or condition
headers are sent, as in the old server (legacy-rest-api 1.6).
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict

from gateway.legacy.refusals import InternalError, NotFound
from gateway.settings import Settings, SettingsError
from gateway.state.flags import Flags
from gateway.web import bundle
from gateway.web.bundle import BundleError, File
from gateway.web.stream import cutting_short, end, write

RESERVED = frozenset(
    {
        "api",
        "auth",
        "autodiscover",
        "calendar",
        "dav",
        "form",
        "healthz",
        "jmap",
        "mail",
        "metrics",
        ".well-known",
        "robots.txt",
    }
)
"""First path elements that the old server did not look up."""

LOGIN = "/login"
ASK_SECONDS = 1.0
PIECE = 64 * 1024

_log = logging.getLogger(__name__)


class WebAdmin:
    """The bundle that the setting names. Gateways that share a state read it again when one of them did."""

    def __init__(self, settings: Settings, flags: Flags, files: Mapping[str, File], edition: int) -> None:
        self._place = Path(settings.webadmin_bundle)
        self._stall_seconds = settings.timeouts.idle
        self._flags = flags
        self._files = files
        self._edition = edition
        self._asked = float("-inf")
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, settings: Settings, flags: Flags) -> "WebAdmin | None":
        """The bundle as it is now, None when the setting names none; SettingsError when it cannot be served."""
        if not settings.webadmin_bundle:
            return None
        edition = await flags.webadmin_edition()
        return cls(settings, flags, await asyncio.to_thread(files_of, settings), edition)

    @staticmethod
    def claims(method: str, path: str, query: str) -> bool:
        """Whether a request that the new server could answer, too, is for the application: its login page has no parameters."""
        return path == LOGIN and not query and method in {"GET", "HEAD"}

    async def update(self) -> None:
        """Read the bundle again, here and then everywhere; a bundle that cannot be served leaves the former one: InternalError."""
        async with self._turn:
            if not await self._read():
                raise InternalError
            self._edition = await self._flags.webadmin_updated()

    async def send(self, request: web.BaseRequest, path: str, headers: CIMultiDict[str]) -> web.StreamResponse:
        """The file that a raw path names, else the index; NotFound for what is not the application's. A client that stops reading is cut: CutShort."""
        if path[1:].partition("/")[0] in RESERVED:
            raise NotFound
        await self._follow()
        type_, body = self._files.get(path[1:]) or self._files[bundle.INDEX]
        headers["Content-Type"] = type_
        if len(body) <= PIECE:
            return web.Response(body=body, headers=headers)
        response = web.StreamResponse(headers=headers)
        response.content_length = len(body)
        with cutting_short(request, response):
            await response.prepare(request)
            if request.method != "HEAD":
                for start in range(0, len(body), PIECE):
                    await write(response, body[start : start + PIECE], self._stall_seconds)
            await end(response, self._stall_seconds)
        return response

    async def _follow(self) -> None:
        """Read the bundle again when another process did; asked once a second at most."""
        now = time.monotonic()
        if now - self._asked < ASK_SECONDS or self._turn.locked():
            return
        async with self._turn:
            self._asked = now
            edition = await self._flags.webadmin_edition()
            if edition != self._edition:
                self._edition = edition
                await self._read()

    async def _read(self) -> bool:
        """Exchange the files for those that are there now, all at once; false when they cannot be served."""
        try:
            self._files = await asyncio.to_thread(bundle.read, self._place)
        except BundleError as error:
            _log.error("the former WebAdmin is still served: %s %s", self._place, error)
            return False
        _log.info("WebAdmin was read again: %d files", len(self._files))
        return True


def files_of(settings: Settings) -> Mapping[str, File]:
    """The files of the bundle that the settings name; SettingsError when it cannot be served."""
    try:
        return bundle.read(Path(settings.webadmin_bundle))
    except BundleError as error:
        raise SettingsError([f"webadmin_bundle: {settings.webadmin_bundle} {error}"]) from None
