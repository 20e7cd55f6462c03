"""The new server in the gateway's words: an Upstream per process, a Caller per exchange."""

import asyncio
import contextlib
import hashlib
import logging
import re
import secrets
import time
from collections.abc import Callable, Coroutine, Hashable, Mapping, MutableMapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar, cast

from cachetools import LRUCache, TTLCache

from gateway.jmap import batch, replies, wire
from gateway.jmap.calls import Call, Object, Other, request_body
from gateway.jmap.connection import OK, Reply, fields
from gateway.jmap.errors import Busy, Garbled, HttpRefusal, MethodError, OutcomeUnknown, Unreachable, UpstreamError
from gateway.jmap.event_texts import EventText, EventTexts
from gateway.jmap.notes import Notes
from gateway.jmap.retry import Repeats, after_race, nothing_written
from gateway.jmap.session import ACCOUNT_PATH, SESSION_PATH, Account, Session, account_of, session_of
from gateway.jmap.slots import Slots
from gateway.jmap.transport import Transport
from gateway.settings import Settings

REFRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0
READY_SECONDS = 2.0
REMEMBERED_CALLERS = 1024
REMEMBERED_ANSWERS = 32
REMEMBERED_NOTES = 64
NOTE_SECONDS = 10.0

BAD_REQUEST = 400
LONGEST_WAIT = 86_400

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_RATE_LIMIT = re.compile(r";\s*t=([0-9]{1,9})", re.ASCII)
_LIMITS = ("maxSizeRequest", "maxSizeUpload", "maxCallsInRequest", "maxConcurrentRequests", "maxConcurrentUpload")
_REFUSED = frozenset({401, 402, 403})
_PLAIN = fields(
    {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": "stalwart-legacy-gateway",
    }
)

_log = logging.getLogger(__name__)
_Value = TypeVar("_Value")


class Upstream:
    """One new server: connections, limits, slots per account and what is remembered of callers for a few seconds.

    `session` is the anonymous session: limits and paths that hold for everybody; `settings` are the given ones with page sizes
    cut to these limits; `permissive`: it lets pages of any origin read its answers. Uploads, downloads and live streams of a caller belong beside `Caller.request`, on `transport`.
    """

    def __init__(self, settings: Settings) -> None:
        self.transport = Transport(settings)
        self.session = Session()
        self.permissive = False
        self.settings = settings
        self._given = settings
        self.api = self.transport.target(self.session.api)
        self._session_url = self.transport.target(SESSION_PATH)
        self._account_url = self.transport.target(ACCOUNT_PATH)
        limits = settings.limits
        self.slots = Slots(limits.concurrency, limits.queue, limits.queue_seconds)
        self._key = secrets.token_bytes(32)
        seconds = settings.caller_cache_seconds
        self._accounts: TTLCache[bytes, Account] = TTLCache(REMEMBERED_CALLERS, seconds)
        self._sessions: TTLCache[bytes, Session] = TTLCache(REMEMBERED_CALLERS, seconds)
        self._owners: LRUCache[bytes, str] = LRUCache(REMEMBERED_CALLERS)
        self._alike: LRUCache[bytes, Account] = LRUCache(REMEMBERED_ANSWERS)
        self.notes = Notes(REMEMBERED_NOTES, NOTE_SECONDS)
        self.event_texts = EventTexts(self.transport)
        self._flights: dict[tuple[str, bytes], asyncio.Task[Any]] = {}
        self._learner: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._ready = False

    async def start(self) -> None:
        """Open the client and begin to learn the server's limits in the background; the server need not be there yet."""
        await self.transport.start()
        self._learner = asyncio.create_task(self._keep_learning())

    async def close(self) -> None:
        """Stop background work and close every connection."""
        tasks = [task for task in (self._learner, *self._flights.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.transport.close()

    def caller(self, authorization: str, client_address: str | None = None) -> "Caller":
        """The server as seen with one credential; HttpRefusal 401 for one that no header can carry.

        `client_address` is passed on only where `forward_client_address` says that the server believes it.
        """
        address = client_address if self._given.forward_client_address else None
        identity = {"Authorization": authorization}
        if address:
            identity["X-Forwarded-For"] = address
        try:
            own = fields(identity)
        except ValueError:
            own = b""
        if not own:
            raise HttpRefusal(401)
        return Caller(self, _PLAIN + own, hashlib.blake2b(own, key=self._key, digest_size=16).digest())

    async def discover(self) -> Session:
        """Read the anonymous session object, whose limits and paths hold for everybody, and go by it from now on."""
        reply = await self._answer("GET", self._session_url, _PLAIN)
        session = session_of(wire.value_of(reply.body))
        self.permissive = (b"access-control-allow-origin", b"*") in ((name.lower(), value) for name, value in reply.raw)
        if session.limits != self.session.limits:
            _log.info("limits of the new server: %s", asdict(session.limits))
        self.session = session
        self.api = self.transport.target(session.api)
        self.slots.width = min(self._given.limits.concurrency, session.limits.concurrent_requests)
        most = session.limits.objects_in_get
        pages = {name: min(getattr(self._given, name), most) for name in ("get_page", "optimistic_get", "report_scan_page")}
        self.settings = self._given.model_copy(update=pages)
        return session

    async def ready(self) -> bool:
        """Whether the server gives its session object in time; asked at most every `READY_SECONDS`."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= READY_SECONDS:
                self._ready = False
                with contextlib.suppress(UpstreamError, TimeoutError):
                    async with asyncio.timeout(READY_SECONDS):
                        await self.discover()
                    self._ready = True
                self._asked_at = time.monotonic()
        return self._ready

    async def send(self, method: str, target: str, headers: bytes, body: bytes | None = None, *, write: bool = False) -> bytes:
        """Body of an answer with status 200, after the repeats that the rules allow (`jmap.retry`).

        Raises HttpRefusal for any other status, Busy when the server stays crowded beyond the deadline, else as `Transport.exchange`.
        """
        return (await self._answer(method, target, headers, body, write=write)).body

    async def _answer(self, method: str, target: str, headers: bytes, body: bytes | None = None, *, write: bool = False) -> Reply:
        repeats = None
        while True:
            try:
                reply = await self.transport.exchange(method, target, headers, body, write=write)
            except Unreachable as failure:
                repeats = repeats or Repeats(self._given.limits.queue_seconds)
                pause = repeats.after_failure(failure)
                if pause is None:
                    raise
            else:
                if reply.status == OK:
                    return reply
                refusal = refusal_of(reply)
                if refusal.limit != "maxConcurrentRequests":
                    raise refusal
                repeats = repeats or Repeats(self._given.limits.queue_seconds)
                pause = repeats.after_crowd()
                if pause is None:
                    raise Busy
            await asyncio.sleep(pause)

    async def look_up_account(self, caller: "Caller") -> Account:
        """Who the caller is, remembered per credential."""
        return await self._looked_up(self._accounts, self._account_url, caller, self._account_of)

    async def look_up_session(self, caller: "Caller") -> Session:
        """The caller's session, remembered per credential."""
        return await self._looked_up(self._sessions, self._session_url, caller, lambda body: session_of(wire.value_of(body)))

    def slot_of(self, caller: "Caller") -> Hashable:
        """What shares the slots of a caller: all known credentials of one account, else this credential alone."""
        return self._owners.get(caller.key, caller.key)

    def learn_owner(self, caller: "Caller", answer: Object | MethodError, slot: Hashable) -> None:
        """Note the account of a credential, which every answer to a call without `accountId` names; `slot` is what was thought before."""
        owner = answer.get("accountId") if isinstance(answer, dict) else None
        if owner != slot and isinstance(owner, str):
            self._owners[caller.key] = owner

    def forget(self, caller: "Caller") -> None:
        """Drop what is remembered of a credential that was refused."""
        self._accounts.pop(caller.key, None)
        self._sessions.pop(caller.key, None)
        self.notes.forget(caller.key)

    async def _looked_up(
        self, cache: MutableMapping[bytes, _Value], target: str, caller: "Caller", read: Callable[[bytes], _Value]
    ) -> _Value:
        known = cache.get(caller.key)
        if known is not None:
            return known
        name = (target, caller.key)
        flight = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = asyncio.create_task(self._look_up(cache, target, caller, read))
            flight.add_done_callback(lambda done: self._landed(name, done))
        # A client that leaves must not take the answer away from others who wait for it.
        value: _Value = await asyncio.shield(flight)
        return value

    async def _look_up(
        self, cache: MutableMapping[bytes, _Value], target: str, caller: "Caller", read: Callable[[bytes], _Value]
    ) -> _Value:
        value = read(await self.send("GET", target, caller.headers))
        cache[caller.key] = value
        return value

    def _landed(self, name: tuple[str, bytes], flight: asyncio.Task[Any]) -> None:
        del self._flights[name]
        if not flight.cancelled():
            flight.exception()  # seen, even if everybody who waited has left

    def _account_of(self, body: bytes) -> Account:
        """Account of an answer; equal answers, which most administrators get, share one object."""
        account = self._alike.get(body)
        if account is None:
            account = self._alike[body] = account_of(wire.value_of(body))
        return account

    async def _keep_learning(self) -> None:
        trouble = ""
        while True:
            try:
                await self.discover()
            except UpstreamError as error:
                if str(error) != trouble:
                    trouble = str(error)
                    _log.warning("limits of the new server not read, the usual ones hold: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                trouble = ""
                await asyncio.sleep(REFRESH_SECONDS)


class Caller:
    """The new server with one caller's credential, for one exchange.

    `heard`: it accepted this credential meanwhile; `wrote`: with a call that writes; `writes`: such a call may have been sent.
    """

    __slots__ = ("_upstream", "headers", "heard", "key", "writes", "wrote")

    def __init__(self, upstream: Upstream, headers: bytes, key: bytes) -> None:
        self._upstream = upstream
        self.headers = headers
        self.key = key
        self.heard = self.wrote = self.writes = False

    async def request(self, *calls: Call) -> list[Object]:
        """Send one batch and give the arguments of each answer in order; the first method error is raised.

        One round trip, unless the batch exceeds the server's limits: then it goes in parts, and nothing follows a failed part.
        Raises any of `jmap.errors`.
        """
        if batch.fits(calls, self._upstream.session.limits):
            return _sound(await self._send(calls))
        return _sound(await self._in_parts(calls, all_parts=False))

    async def attempt(self, *calls: Call) -> list[Object | MethodError]:
        """Send one batch and give the arguments of each answer, or its method error, in order.

        For calls that can do without each other; all parts of a batch that exceeds the server's limits are sent. Raises any other of
        `jmap.errors`.
        """
        if batch.fits(calls, self._upstream.session.limits):
            return await self._send(calls)
        return await self._in_parts(calls, all_parts=True)

    async def account(self) -> Account:
        """Rights, edition and locale of the caller; remembered for `caller_cache_seconds`, a failure never."""
        return await self._own(self._upstream.look_up_account(self))

    async def session(self) -> Session:
        """The caller's session: own account id, limits, paths; remembered like the account."""
        return await self._own(self._upstream.look_up_session(self))

    def recall(self, kind: str) -> Any | None:
        """What was kept under this credential a moment ago, None when there is nothing."""
        return self._upstream.notes.get(self.key, kind)

    def edition(self, kind: str) -> int:
        """To be taken before the calls whose result is going to be kept."""
        return self._upstream.notes.edition(kind)

    def keep(self, kind: str, value: Any, edition: int, seconds: float | None = None) -> None:
        """Remember a value for this credential for some seconds, or so many, unless its kind was dropped since `edition`."""
        self._upstream.notes.keep(self.key, kind, value, edition, seconds)

    async def event_texts(self) -> Mapping[str, EventText]:
        """What the new server calls its events, by name; empty while it cannot be told."""
        return await self._upstream.event_texts.read(self.headers)

    async def look_again(self) -> None:
        """Learn what the server's settings say for everybody, after they took effect; no matter when it cannot be learnt now."""
        with contextlib.suppress(UpstreamError):
            await self._upstream.discover()

    def drop(self, kind: str) -> None:
        """Forget a kind under every credential, after a change."""
        self._upstream.notes.drop(kind)

    async def _own(self, looking: Coroutine[Any, Any, _Value]) -> _Value:
        try:
            value = await looking
        except HttpRefusal as refusal:
            self._note(refusal)
            raise
        self.heard = True
        return value

    async def _in_parts(self, calls: Sequence[Call], *, all_parts: bool) -> list[Object | MethodError]:
        """Answer or error of each call of a batch that exceeds the limits."""
        answers: list[tuple[int, Object | MethodError]] = []
        for part in batch.divide(calls, self._upstream.session.limits):
            positions, pieces = zip(*part, strict=True)
            found = await self._send(pieces)
            answers += zip(positions, found if all_parts else _sound(found), strict=True)
        return batch.join(calls, answers)

    async def _send(self, calls: Sequence[Call]) -> list[Object | MethodError]:
        """Answer or error of each call of one request, which is sent again while it only loses races."""
        upstream = self._upstream
        body = wire.dumps(request_body(calls))
        write = any(call.writes for call in calls)
        lost = 0
        slot = upstream.slot_of(self)
        await upstream.slots.acquire(slot)
        try:
            self.writes = self.writes or write
            while True:
                reply = await upstream.send("POST", upstream.api, self.headers, body, write=write)
                self.heard = True
                self.wrote = self.wrote or write
                answers = self._read(calls, reply, write=write)
                if not isinstance(calls[0], Other):  # which may be answered for another account
                    upstream.learn_owner(self, answers[0], slot)
                if not nothing_written(calls, answers):
                    return answers
                lost += 1
                pause = after_race(lost)
                if pause is None:
                    return answers
                await asyncio.sleep(pause)
        except HttpRefusal as refusal:
            self._note(refusal)
            raise
        finally:
            upstream.slots.release(slot)

    def _read(self, calls: Sequence[Call], reply: bytes, *, write: bool) -> list[Object | MethodError]:
        try:
            return replies.read(calls, wire.value_of(reply))
        except Garbled as garbled:
            if not write:
                raise
            _log.warning("%s, to %s", garbled, " ".join(call.name for call in calls))
        raise OutcomeUnknown

    def _note(self, refusal: HttpRefusal) -> None:
        if refusal.status in _REFUSED:
            self._upstream.forget(self)


def _sound(answers: list[Object | MethodError]) -> list[Object]:
    """The answers when there is no error among them; else the first one is raised."""
    for answer in answers:
        if isinstance(answer, MethodError):
            raise answer
    return cast("list[Object]", answers)


def refusal_of(reply: Reply) -> HttpRefusal:
    """Refusal of an answer other than 200 (jmap-management-api 1.9); of the body only the name of a known limit is kept."""
    limit = None
    if reply.status == BAD_REQUEST:
        problem = wire.value_of(reply.body)
        named = problem.get("limit") if isinstance(problem, dict) else None
        limit = named if named in _LIMITS else None
    return HttpRefusal(reply.status, limit, _retry_after(reply.headers))


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds of `Retry-After`, else of the `t` of `RateLimit`, None without either."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        match = _RATE_LIMIT.search(headers.get("RateLimit", ""))
        text = match[1] if match else ""
    return min(int(text), LONGEST_WAIT) if _SECONDS.fullmatch(text) else None
