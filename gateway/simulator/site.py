"""HTTP of the simulated server: which path and method answers what (jmap-management-api 1.1, 4)."""

import asyncio
import re
from collections import Counter, deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from aiohttp import web

from gateway.simulator import monitoring, pages
from gateway.simulator.auth import caller_of
from gateway.simulator.blobs import paths as blob_paths
from gateway.simulator.callers import Caller
from gateway.simulator.dispatch import grammar, run
from gateway.simulator.envelope import limit, read
from gateway.simulator.errors import Cut, Object, Problem
from gateway.simulator.faults import Faults, Rule
from gateway.simulator.live.streams import Live
from gateway.simulator.oauth.paths import OAuth
from gateway.simulator.problems import CORS, PROBLEM, json_answer, not_found, problem_answer, redirect
from gateway.simulator.session import account, schema_hash, session, state
from gateway.simulator.settings.addresses import Doorkeeper
from gateway.simulator.telemetry.words import schema
from gateway.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_CALL = re.compile(rb'\[\s*"((?:x:)?[A-Za-z]+/[A-Za-z]+)"\s*,')
UNAVAILABLE: Object = {"type": "serverUnavailable", "description": "This server is temporarily unavailable. Attempting this same operation later may succeed."}
LARGEST_BODY = 64_000_000
JOURNAL = 1000
SCHEMA_HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: elements of its path after the first, its query, and the fault that strikes it."""

    http: web.Request
    rest: list[str]
    query: str
    rule: Rule | None


class Site:
    """Answers requests for one world."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.journal: deque[Object] = deque(maxlen=JOURNAL)
        self._running: Counter[str] = Counter()
        self._doorkeeper = Doorkeeper(world)
        self._oauth = OAuth(world, self._caller)
        self._live = Live(world.live, world.clock, enterprise=world.enterprise)
        self._parts: dict[str, Callable[[Asked], Awaitable[web.StreamResponse]]] = {
            "jmap": self._jmap,
            "api": self._api,
            "auth": self._oauth_paths,
            ".well-known": self._well_known,
            "healthz": self._health,
            "metrics": self._metrics,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request that is not turned away: what is due first, then a fault if one is planned, then the path."""
        if self._doorkeeper.refuses(request.remote):
            return cut(request)
        answer = await self._handle(request)
        if not answer.prepared:
            settings = self.world.applied("Http")
            if settings["usePermissiveCors"]:
                answer.headers.update(CORS)
            answer.headers.update(settings["responseHeaders"])
        return answer

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        calls = await _named_calls(request, path)
        self.journal.append({"method": request.method, "path": path, "calls": calls})
        rule = self.faults.take(request.method, path, calls)
        self.world.counters["http_request_body"] += 1
        self.world.clock.run_due()
        try:
            return await self._faulty(request, rule, path, query) if rule else await self._answer(request, path, query)
        except Problem as problem:
            return problem_answer(problem)
        except Cut:
            return cut(request)

    async def _faulty(self, request: web.Request, rule: Rule, path: str, query: str) -> web.StreamResponse:
        if rule.do == "cut":
            raise Cut
        if rule.do == "status":
            headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
            phrase = HTTPStatus(rule.status).phrase
            raise Problem(rule.status, phrase, phrase, headers=headers)
        if rule.do == "concurrent":
            raise too_many(self.world.applied("Jmap")["maxConcurrentRequests"] or 1)
        if rule.do == "delay" and not _calls_methods(request, path):
            await asyncio.sleep(rule.seconds)
        answer = await self._answer(request, path, query, rule)
        if answer.prepared:  # a live stream, which has been sent
            return answer
        if rule.do == "lose":
            raise Cut
        if rule.do == "garbage":
            return web.Response(text=rule.body, content_type="text/html")
        if rule.do == "truncate":
            return await _half(request, answer)
        return answer

    async def _answer(self, request: web.Request, path: str, query: str, rule: Rule | None = None) -> web.StreamResponse:
        first, *rest = path.lstrip("/").split("/")
        if first in self._parts:
            return await self._parts[first](Asked(request, rest, query, rule))
        return pages.answer(first, rest)

    async def _jmap(self, asked: Asked) -> web.StreamResponse:
        http, method, rest = asked.http, asked.http.method, asked.rest
        if method == "OPTIONS":
            return web.Response(status=204)
        if method == "GET" and rest == ["session"]:
            return json_answer(session(self.world, self._caller(http) if "Authorization" in http.headers else None))
        if method == "POST" and rest in ([], [""]):
            return await self._calls(http, asked.rule)
        if method == "GET" and rest[:1] == ["download"]:
            return blob_paths.download(self.world, self._caller(http), rest[1:], parse_qs(asked.query))
        if method == "POST" and rest[:1] == ["upload"]:
            return blob_paths.upload(self.world, self._caller(http), rest[1:], await http.read(), http.headers.get("Content-Type"))
        raise not_found()

    async def _calls(self, http: web.Request, rule: Rule | None) -> web.StreamResponse:
        caller = self._caller(http)
        limits = self.world.applied("Jmap")
        most = limits["maxConcurrentRequests"]
        if most is not None and self._running[caller.account_id] >= most:
            raise too_many(most)
        self._running[caller.account_id] += 1
        try:
            parsed = read(await http.read(), http.headers.get("Content-Type"), grammar(self.world), limits)
            self.world.counters["jmap_method_call"] += len(parsed.calls or ())
            if rule and rule.do == "delay":
                await asyncio.sleep(rule.seconds)
            if rule and rule.do == "unavailable":
                answers = [("error", UNAVAILABLE, call.call_id) for call in parsed.calls or ()]
            else:
                answers = run(self.world, caller, parsed)
        finally:
            self._running[caller.account_id] -= 1
        answer: Object = {"methodResponses": [list(one) for one in answers], "sessionState": state(caller)}
        if parsed.created_ids:
            answer["createdIds"] = parsed.created_ids
        return json_answer(answer)

    async def _api(self, asked: Asked) -> web.StreamResponse:
        if asked.http.method == "OPTIONS":
            return web.Response(status=204)
        if asked.http.method == "GET" and asked.rest[:1] == ["account"]:
            return json_answer(account(self.world, self._caller(asked.http)))
        if asked.http.method == "POST" and asked.rest == ["auth"]:
            return await self._oauth.log_in(asked.http)
        if asked.rest[:1] in (["token"], ["live"]):
            breaks = asked.rule is not None and asked.rule.do == "truncate"
            return await self._live.answer(asked.http, asked.rest, asked.query, lambda: self._caller(asked.http), breaks=breaks)
        if asked.http.method == "GET" and asked.rest in (["schema"], ["schema", schema_hash()]):
            self._caller(asked.http)
            return redirect(302, "/api/schema/" + schema_hash()) if len(asked.rest) == 1 else web.Response(body=schema(), headers=SCHEMA_HEADERS)
        if asked.http.method == "GET" and asked.rest[:1] == ["discover"] and len(asked.rest) > 1:
            return pages.discovery()
        raise not_found()

    async def _well_known(self, asked: Asked) -> web.StreamResponse:
        if asked.http.method == "GET" and asked.rest == ["jmap"]:
            return redirect(307, "/jmap/session", {"Cache-Control": "no-cache"})
        if asked.http.method == "GET" and asked.rest:
            return self._oauth.well_known(asked.rest[0])
        raise not_found()

    async def _oauth_paths(self, asked: Asked) -> web.StreamResponse:
        return await self._oauth.answer(asked.http, asked.rest)

    async def _health(self, asked: Asked) -> web.StreamResponse:
        if asked.rest not in (["live"], ["ready"]):
            raise not_found()
        return web.Response(body=b'{"type":"about:blank","title":"OK","status":200,"detail":"OK"}', headers={"Content-Type": PROBLEM})

    async def _metrics(self, asked: Asked) -> web.StreamResponse:
        if asked.rest != ["prometheus"]:
            raise not_found()
        return monitoring.answer(self.world, asked.http.headers.get("Authorization"))

    def _caller(self, request: web.Request) -> Caller:
        try:
            caller = caller_of(self.world, request.headers.get("Authorization"), request.remote)
        except Problem:
            self.world.counters["auth_failed"] += 1
            self.world.tell("login.refused", None)
            raise
        self.world.counters["auth_success"] += 1
        return caller


def too_many(most: int) -> Problem:
    """The refusal of one request more than may run at once: 400, not 429."""
    headers = {
        "RateLimit-Policy": f'"concurrent-requests";q={most};qu="concurrent-requests"',
        "RateLimit": '"concurrent-requests";r=0',
    }
    return limit("maxConcurrentRequests", "The request exceeds the maximum number of concurrent requests.", headers)


def cut(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _half(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """Send the head and half of the body, then close the connection."""
    body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
    half = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", ""), "Content-Length": str(len(body) + 1)})
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


async def _named_calls(request: web.Request, path: str) -> list[str]:
    """Names of the methods that a request calls, read without judging it."""
    if not _calls_methods(request, path):
        return []
    return [name.decode() for name in _CALL.findall(await request.read())]


def _calls_methods(request: web.Request, path: str) -> bool:
    return request.method == "POST" and path.rstrip("/") == "/jmap"
