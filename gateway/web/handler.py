"""The way of a request: who asks, what is asked, may it be, what is the answer (design 2)."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus

from aiohttp import web
from multidict import CIMultiDict

from gateway.contract import Contract, Operation, PathTable
from gateway.jmap.caller import Caller, Guest
from gateway.jmap.client import Upstream
from gateway.jmap.errors import HttpRefusal, MethodError, OutcomeUnknown, TooSlow, UpstreamError
from gateway.knowledge import query_string
from gateway.legacy.exchange import Flags, Memory
from gateway.legacy.refusals import ManagementError, NotFound, Unauthorized
from gateway.legacy.table import Action
from gateway.settings import Settings
from gateway.web import auth, own
from gateway.web.answer import Answers, Served, absent
from gateway.web.auth import Credential
from gateway.web.background import Background
from gateway.web.body import Pieces, read_body
from gateway.web.clients import Clients
from gateway.web.deadlines import Deadlines, Late
from gateway.web.errors import reply_to
from gateway.web.evidence import Evidence
from gateway.web.flow import FlowReply, LiveStreams
from gateway.web.locks import Locks
from gateway.web.logins import Logins
from gateway.web.logs import origin
from gateway.web.observe import (
    LOGINS_REFUSED,
    PASSED_THROUGH,
    STREAMS,
    UNDER_WAY,
    WEBADMIN,
    Observer,
    Visit,
    deprecation,
)
from gateway.web.passthrough import Passthrough
from gateway.web.reply import CORS, Reply, preflight
from gateway.web.stream import CutShort, Stream
from gateway.web.webadmin import WebAdmin

COUNT_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Handler:
    """Answers every request."""

    def __init__(
        self,
        settings: Settings,
        *,
        paths: PathTable,
        contract: Contract,
        rows: Mapping[str, Action],
        upstream: Upstream,
        flags: Flags,
        memory: Memory,
        locks: Locks,
        now: Callable[[], float],
        webadmin: WebAdmin | None = None,
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._upstream = upstream
        self._served = {operation.id: self._serve(operation, rows[operation.id]) for operation in paths.operations}
        self._clients = Clients(settings)
        self._observer = Observer(access_log=settings.access_log)
        self._observer.resolve(paths.operations)
        self._pages = own.OwnPages(upstream, self._observer)
        self._background = Background()
        self._streams = LiveStreams()
        self._answers = Answers(
            settings,
            streams=self._streams,
            contract=contract,
            upstream=upstream,
            flags=flags,
            memory=memory,
            locks=locks,
            background=self._background,
            now=now,
            update_webadmin=None if webadmin is None else webadmin.update,
        )
        self._webadmin = webadmin
        self._passthrough = Passthrough(settings, upstream, self._streams)
        self._logins = Logins(memory, upstream, settings)
        self._evidence = Evidence(memory, upstream) if settings.secrets_memory == "hashes" else None
        self._deadlines = Deadlines(settings.timeouts.request)
        self._under_way = 0
        self._drained: asyncio.Event | None = None

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; whatever goes wrong becomes a reply of the table in `web.errors`."""
        target = request.raw_path if request.raw_path.startswith("/") else request.rel_url.raw_path_qs
        path, _, query = target.partition("#")[0].partition("?")
        address = self._clients.address(request)
        visit = self._observer.begin(request, path, address, self._cors())
        self._under_way += 1
        response: web.StreamResponse | None = None
        try:
            response = await self._respond(request, path, query, visit)
        except CutShort as cut:
            level = logging.INFO if isinstance(cut.cause, ConnectionError) else logging.WARNING
            _log.log(level, "a reply was cut short after its head: %s", _describe(cut.cause), extra={"fields": {"id": visit.id}})
            visit.error = "cut"
            response = cut.response
        except Exception as error:  # noqa: BLE001 - the last resort of the table
            response = self._refuse(error, visit)
        finally:
            self._under_way -= 1
            if self._drained is not None and not self._under_way:
                self._drained.set()
            self._observer.done(visit, response.status if response is not None else 0, _length(response))
        if self._drained is not None:
            response.force_close()
        return response

    async def run(self) -> None:
        """Watch the requests under way until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deadlines.run())
            group.create_task(self._count())

    async def drain(self, seconds: float) -> None:
        """Let requests and work behind them finish for so long; connections end with their next reply, live streams at once."""
        ends = time.monotonic() + seconds
        self._drained = asyncio.Event()
        self._streams.stop()
        if self._under_way:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._drained.wait()
        await self._background.finish(max(0.0, ends - time.monotonic()))

    async def _respond(self, request: web.BaseRequest, path: str, query: str, visit: Visit) -> web.StreamResponse:
        if path.startswith("/api/") or path == "/api":
            return await self._api(request, path, query, visit)
        if path in own.PATHS:
            return (await self._pages.reply(path, draining=self._drained is not None)).response(_headers(visit))
        if self._webadmin is not None and (self._webadmin.claims(request.method, path, query) or not self._passthrough.covers(path)):
            return await self._page(self._webadmin, request, path, visit)
        if self._passthrough.allows(request.method, path):
            return await self._pass_through(request, f"{path}?{query}" if query else path, visit)
        raise NotFound

    async def _page(self, webadmin: WebAdmin, request: web.BaseRequest, path: str, visit: Visit) -> web.StreamResponse:
        """A file of the old WebAdmin, for everybody."""
        visit.operation = WEBADMIN
        with self._clients.request(visit.address):
            return await webadmin.send(request, path, _headers(visit))

    async def _api(self, request: web.BaseRequest, path: str, query: str, visit: Visit) -> web.StreamResponse:
        """A call of the old API: 401 and 403 come before everything else, and before the body is read."""
        if request.method == "OPTIONS":
            return preflight(CIMultiDict(self._cors()))
        if "&" in path and self._settings.cli_ampersand == "parse":
            path, _, glued = path.partition("&")
            query = f"{glued}&{query}"
        header, token = request.headers.get("Authorization", ""), auth.token_of(path, query)
        # A header without a blank counts as none, and where there is none the token has the word.
        given = credential = auth.read(header) if token is None or " " in header else None
        visit.challenge = credential is None or credential.challenge
        visit.caller = (credential and credential.login) or "token"
        address = visit.address
        caller: Caller | None = None
        self._clients.may_log_in(address)
        began = self._logins.now()
        with self._clients.request(address):
            try:
                with self._deadlines.watch():
                    credential, caller = await self._caller(credential, token, address)
                    answer = await self._ask(request, path, query, visit, caller, credential=credential)
                    if self._evidence is not None and request.method == "GET" and credential and not isinstance(answer, FlowReply):
                        # A change may just have exchanged the password that it was accepted with, and a token opens streams without it.
                        await self._evidence.accepted(credential, caller)
                if isinstance(answer, Reply):
                    return answer.response(_headers(visit))
                if isinstance(answer, FlowReply) and answer.flow.live:
                    visit.head = time.perf_counter()
                    with STREAMS.labels(visit.operation).track_inprogress():
                        return await answer.send(request, _headers(visit))
                return await answer.send(request, _headers(visit))
            except HttpRefusal as refusal:
                if refusal.status == HTTPStatus.UNAUTHORIZED:
                    self._note_refused_login(visit)
                    if given is not None:
                        await self._logins.refused(given, address, began)
                raise
            except Late:
                # Some calls that the old API took for reads are commands to the new server.
                looked = request.method == "GET" and not (caller is not None and caller.writes)
                raise (TooSlow if looked else OutcomeUnknown) from None

    async def _caller(self, credential: Credential | None, token: auth.Token | None, address: str) -> tuple[Credential | None, Caller]:
        """Who calls, with the credential as it goes upstream, None when it is only a token: without a header, or with the refused one of a bare name."""
        if credential is not None:
            try:
                credential = await self._logins.known(credential, address)
                return credential, self._upstream.caller(credential.header, address)
            except HttpRefusal:
                if token is None:
                    raise
        if token is None:
            raise Unauthorized
        return None, self._upstream.guest(token.probe, token.rights, address)

    async def _ask(
        self, request: web.BaseRequest, path: str, query: str, visit: Visit, caller: Caller, *, credential: Credential | None
    ) -> Reply | Stream | FlowReply:
        match = self._paths.find(request.method, path)
        if match is None:
            guard = self._paths.guard(path)
            await absent(caller, guard.permission if guard else None, enterprise=guard is not None and guard.enterprise)
        served = self._served[match.operation.id]
        visit.operation = match.operation.id
        visit.headers = (*served.headers, *visit.headers)
        body = await self._body(request, served, caller)
        return await self._answers.to(served, match, query_string.parse(query), body, caller, login=partial(auth.login_of, credential))

    async def _body(self, request: web.BaseRequest, served: Served, caller: Caller) -> bytes | Pieces | None:
        """The body as the operation takes it. It is not read for callers who have only a token, as by the old server (legacy-rest-api 2.15)."""
        if isinstance(caller, Guest):
            return None
        if served.operation.body == "raw":
            return Pieces(request, self._settings.timeouts.body)
        return await read_body(request, self._settings.limits.body_bytes, self._settings.timeouts.body)

    async def _pass_through(self, request: web.BaseRequest, target: str, visit: Visit) -> web.StreamResponse:
        visit.operation = PASSED_THROUGH
        visit.challenge = True
        address, authorization = visit.address, request.headers.get("Authorization")
        if authorization is not None:
            self._clients.may_log_in(address)
        with self._clients.passed_through(address):
            status: int = HTTPStatus.INTERNAL_SERVER_ERROR
            try:
                if authorization is not None:
                    authorization = await self._logins.header(authorization, address)
                response = await self._passthrough.forward(request, target, address, authorization, _headers(visit))
                status = response.status
            except HttpRefusal as refusal:
                status = refusal.status
                raise
            finally:
                if authorization is not None and status == HTTPStatus.UNAUTHORIZED:
                    self._upstream.codes.drop(authorization.removeprefix("Bearer "))
                    self._note_refused_login(visit)
            return response

    async def _count(self) -> None:
        while True:
            UNDER_WAY.set(self._under_way)
            await asyncio.sleep(COUNT_SECONDS)

    def _note_refused_login(self, visit: Visit) -> None:
        self._clients.login_refused(visit.address)
        LOGINS_REFUSED.inc()

    def _refuse(self, error: Exception, visit: Visit) -> web.Response:
        reply = reply_to(error, challenge=visit.challenge)
        if isinstance(error, ManagementError):
            visit.error = error.body["error"]
        if reply.status == HTTPStatus.UNAUTHORIZED:
            visit.caller = ""
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            fields = {"id": visit.id, "operation": visit.operation} | ({} if isinstance(error, UpstreamError) else origin(error))
            _log.error("answered %d: %s", reply.status, _describe(error), extra={"fields": fields})
        return reply.response(_headers(visit))

    def _cors(self) -> tuple[tuple[str, str], ...]:
        """What lets pages of other origins read a reply, where the settings of the gateway or those of the new server want it."""
        return CORS if self._settings.permissive_cors or self._upstream.permissive else ()

    def _serve(self, operation: Operation, action: Action) -> Served:
        mode = self._settings.validation.get(operation.id, "enforce")
        return Served(operation, action, mode, deprecation(operation))


def _headers(visit: Visit) -> CIMultiDict[str]:
    headers = CIMultiDict(visit.headers)
    headers["X-Request-Id"] = visit.id
    return headers


def _length(response: web.StreamResponse | None) -> int:
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        return len(response.body)
    return response.body_length if response is not None else 0


def _describe(error: BaseException) -> str:
    """An error in words that quote no request: those of the new server's method errors might."""
    if isinstance(error, MethodError):
        return f"{error.method}: {error.type}"
    return str(error) if isinstance(error, UpstreamError) else type(error).__name__
