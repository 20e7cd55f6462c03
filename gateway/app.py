"""One gateway put together and running: wiring, start, and a stop that lets everything under way finish."""

import asyncio
import contextlib
import functools
import gc
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence

from aiohttp import web

from gateway.contract import Contract, PathTable, Spec
from gateway.jmap.client import Upstream
from gateway.legacy.rooms import ROOMS
from gateway.legacy.table import Action, Route, collect
from gateway.settings import Settings, SettingsError, host_port
from gateway.state import State
from gateway.web.handler import Handler
from gateway.web.listener import Listener
from gateway.web.locks import Locks
from gateway.web.webadmin import WebAdmin, files_of

BACKLOG = 1024
COLLECT_AFTER = 50_000
STREAM_GRACE_SECONDS = 1.0


Rooms = Sequence[Sequence[Route]]


@functools.cache
def specification() -> Spec:
    """The contract of the old API, read once."""
    return Spec.load()


class App:
    """A gateway. `start` opens the state, the way to the new server and the listener; `stop` drains."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.time, rooms: Rooms = ROOMS) -> None:
        self.settings = settings
        self._now = now
        self._rooms = rooms
        self._stack = contextlib.AsyncExitStack()
        self._runner: web.ServerRunner | None = None
        self._handler: Handler | None = None
        self.url = ""

    async def start(self) -> None:
        """Begin to listen; SettingsError, StateError or OSError when that cannot be. `url` is known afterwards."""
        settings = self.settings
        tls = tls_context(settings)
        async with contextlib.AsyncExitStack() as stack:
            state = await open_state(settings)
            stack.push_async_callback(state.close)
            await state.tidy()
            upstream = Upstream(settings)
            await upstream.start()
            stack.push_async_callback(upstream.close)
            webadmin = await WebAdmin.open(settings, state.flags)
            self._handler = handler = build_handler(settings, upstream, state, webadmin=webadmin, now=self._now, rooms=self._rooms)
            looking = asyncio.create_task(handler.run())
            stack.callback(looking.cancel)
            # The drain is ours: what aiohttp would wait for is over by then.
            self._runner = runner = web.ServerRunner(Listener(handler, settings), shutdown_timeout=STREAM_GRACE_SECONDS)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            host, port = host_port(settings.listen)
            site = web.TCPSite(runner, host or None, port, ssl_context=tls, backlog=BACKLOG, reuse_port=settings.workers > 1 or None)
            await site.start()
            self.url = _url(runner, secure=tls is not None)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Stop accepting, let requests finish for `timeouts.drain` seconds, then close everything."""
        if self._handler is not None and self._runner is not None:
            for site in tuple(self._runner.sites):
                await site.stop()
            await self._handler.drain(self.settings.timeouts.drain)
        await self._stack.aclose()


@contextlib.asynccontextmanager
async def running(settings: Settings, *, now: Callable[[], float] = time.time, rooms: Rooms = ROOMS) -> AsyncIterator[App]:
    """A gateway while it runs; `url` of the value is where."""
    app = App(settings, now, rooms)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def build_handler(
    settings: Settings, upstream: Upstream, state: State, *, webadmin: WebAdmin | None, now: Callable[[], float], rooms: Rooms
) -> Handler:
    """Contract, rows and web layer, checked against each other; SettingsError for an unknown operation in `validation`."""
    spec = specification()
    paths = PathTable(spec.operations, settings.legacy_version, spec.guards)
    check_operations(settings, spec)
    return Handler(
        settings,
        paths=paths,
        contract=Contract(spec),
        rows=collect_rows(spec, rooms),
        upstream=upstream,
        flags=state.flags,
        memory=state.memory,
        locks=Locks(state.turns),
        now=now,
        webadmin=webadmin,
    )


async def open_state(settings: Settings) -> State:
    """What is remembered, as the settings want it; StateError when it cannot be used."""
    return await State.open(settings.state, settings.upstream, secrets=settings.secrets_memory == "hashes", state_key=settings.state_key)


def check_operations(settings: Settings, spec: Spec) -> None:
    """SettingsError when `validation` names an operation that does not exist."""
    known = {operation.id for operation in spec.operations}
    if unknown := sorted(settings.validation.keys() - known):
        raise SettingsError([f"validation: {', '.join(unknown)}: no such operation; `stalwart-gateway routes` lists them"])


def check_webadmin(settings: Settings) -> None:
    """SettingsError when there is to be an old WebAdmin, and it cannot be served."""
    if settings.webadmin_bundle:
        files_of(settings)


def collect_rows(spec: Spec, rooms: Rooms = ROOMS) -> dict[str, Action]:
    """The row of every operation; TableError when rooms and specification do not fit."""
    return collect(rooms, (operation.id for operation in spec.operations))


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """What the listener speaks TLS with, None without a certificate; SettingsError when the files are not usable."""
    if not settings.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")
    except (OSError, ssl.SSLError) as error:
        files = f"{settings.tls_certificate}, {settings.tls_key}"
        raise SettingsError([f"tls_certificate, tls_key: {files}: not usable as PEM certificate and key ({error.strerror or error})"]) from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def settle_memory() -> None:
    """Keep what was made at start out of garbage collections, and collect less often (design 11)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])


def _url(runner: web.ServerRunner, *, secure: bool) -> str:
    host, port = runner.addresses[0][:2]
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{name}:{port}"
