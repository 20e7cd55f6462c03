"""The new server in the gateway's words: one Upstream per process, which makes a Caller for each exchange."""

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Collection, Hashable, Mapping, MutableMapping
from dataclasses import asdict
from typing import Any, TypeVar

from cachetools import LRUCache, TTLCache

from gateway.jmap import wire
from gateway.jmap.caller import Caller, Guest
from gateway.jmap.calls import Object
from gateway.jmap.codes import Codes
from gateway.jmap.connection import OK, Reply, fields
from gateway.jmap.errors import Busy, Garbled, HttpRefusal, MethodError, Unreachable, UpstreamError
from gateway.jmap.event_texts import EventTexts
from gateway.jmap.notes import Notes
from gateway.jmap.refusals import refusal_of
from gateway.jmap.retry import Repeats
from gateway.jmap.session import ACCOUNT_PATH, LOGIN_PATH, SESSION_PATH, Account, Session, account_of, session_of
from gateway.jmap.slots import Slots
from gateway.jmap.transport import Transport
from gateway.settings import Settings, service_header

REFRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0
READY_SECONDS = 2.0
REMEMBERED_CALLERS = 1024
REMEMBERED_ANSWERS = 32
REMEMBERED_NOTES = 64
NOTE_SECONDS = 10.0

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
    cut to these limits; `permissive`: it lets pages of any origin read its answers. `uploads` are the places for contents on their way, `slots`
    those for everything else.
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
        self.uploads = Slots(self.session.limits.concurrent_uploads, limits.queue, limits.queue_seconds)
        self._key = secrets.token_bytes(32)
        seconds = settings.caller_cache_seconds
        self._accounts: TTLCache[bytes, Account] = TTLCache(REMEMBERED_CALLERS, seconds)
        self._sessions: TTLCache[bytes, Session] = TTLCache(REMEMBERED_CALLERS, seconds)
        self._owners: LRUCache[bytes, str] = LRUCache(REMEMBERED_CALLERS)
        self._alike: LRUCache[bytes, Account] = LRUCache(REMEMBERED_ANSWERS)
        self.notes = Notes(REMEMBERED_NOTES, NOTE_SECONDS)
        self.event_texts = EventTexts(self.transport)
        self.codes = Codes(self)
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
        tasks = [task for task in (self._learner, *self._flights.values(), *self.codes.flights) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.transport.close()

    def caller(self, authorization: str, client_address: str | None = None) -> Caller:
        """The server as seen with one credential; HttpRefusal 401 for one that no header can carry.

        `client_address` is passed on only where `forward_client_address` says that the server believes it.
        """
        return Caller(self, *self._identified({"Authorization": authorization}, client_address))

    def service(self) -> Caller | None:
        """The server as seen by the service account, None when the settings name none."""
        header = service_header(self._given.service_credential)
        return self.caller(header) if header else None

    def guest(self, probe: str, rights: Collection[str], client_address: str | None = None) -> Guest:
        """The server as seen with nothing but a token, which is good for some streams; `probe` and `rights` as `Guest` wants them."""
        return Guest(self, *self._identified({}, client_address), probe=probe, rights=frozenset(rights))

    def _identified(self, identity: dict[str, str], client_address: str | None) -> tuple[dict[str, str], bytes, bytes]:
        """Headers that tell who calls: as they are, with all others as they go over the wire, and the key of what is remembered under them."""
        identity |= self.told(client_address)
        own: bytes | None = None
        with contextlib.suppress(ValueError):
            own = fields(identity)
        if own is None:
            raise HttpRefusal(401)
        return identity, _PLAIN + own, hashlib.blake2b(own, key=self._key, digest_size=16).digest()

    def told(self, client_address: str | None) -> dict[str, str]:
        """The header that names the client's address, where the server is told to believe it."""
        return {"X-Forwarded-For": client_address} if client_address and self._given.forward_client_address else {}

    async def log_in(self, given: Mapping[str, Any], client_address: str | None) -> Object:
        """The answer to a login with name and secret in the body (jmap-management-api 4.1); HttpRefusal for another status than 200."""
        headers = _PLAIN + fields(self.told(client_address))
        # A code that nobody hears of does no harm; to agree to a device twice is refused.
        write = given["type"] != "authCode"
        answer = wire.value_of(await self.send("POST", self.transport.target(LOGIN_PATH), headers, wire.dumps(given), write=write))
        if not isinstance(answer, dict) or not isinstance(answer.get("type"), str):
            raise Garbled("no answer to a login")
        return answer

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
        self.uploads.width = session.limits.concurrent_uploads
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

    async def look_up_account(self, caller: Caller) -> Account:
        """Who the caller is, remembered per credential."""
        return await self._looked_up(self._accounts, self._account_url, caller, self._account_of)

    async def look_up_session(self, caller: Caller) -> Session:
        """The caller's session, remembered per credential."""
        return await self._looked_up(self._sessions, self._session_url, caller, lambda body: session_of(wire.value_of(body)))

    def slot_of(self, caller: Caller) -> Hashable:
        """What shares the slots of a caller: all known credentials of one account, else this credential alone."""
        return self._owners.get(caller.key, caller.key)

    def learn_owner(self, caller: Caller, answer: Object | MethodError, slot: Hashable) -> None:
        """Note the account of a credential, which every answer to a call without `accountId` names; `slot` is what was thought before."""
        owner = answer.get("accountId") if isinstance(answer, dict) else None
        if owner != slot and isinstance(owner, str):
            self._owners[caller.key] = owner

    def forget(self, caller: Caller) -> None:
        """Drop what is remembered of a credential that was refused."""
        self._forget(caller.key)
        self.codes.drop(caller.bearer)

    def secrets_changed(self, caller: Caller) -> None:
        """Drop what is remembered under the credentials of an account whose secrets were changed."""
        owner = self._owners.get(caller.key)
        for key in {caller.key, *(key for key, it in self._owners.items() if it == owner)}:
            self._forget(key)
        self.codes.drop()

    def _forget(self, key: bytes) -> None:
        self._accounts.pop(key, None)
        self._sessions.pop(key, None)
        self.notes.forget(key)

    async def _looked_up(
        self, cache: MutableMapping[bytes, _Value], target: str, caller: Caller, read: Callable[[bytes], _Value]
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
        self, cache: MutableMapping[bytes, _Value], target: str, caller: Caller, read: Callable[[bytes], _Value]
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
