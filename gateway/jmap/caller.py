"""The new server as one caller sees it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast
from urllib.parse import quote

from gateway.jmap import batch, replies, streams, wire
from gateway.jmap.calls import Call, Object, Other, request_body
from gateway.jmap.errors import Garbled, HttpRefusal, MethodError, OutcomeUnknown, UpstreamError
from gateway.jmap.event_texts import EventText
from gateway.jmap.events import Event
from gateway.jmap.retry import after_race, nothing_written
from gateway.jmap.session import ENTERPRISE, Account, Session
from gateway.jmap.streams import Download

if TYPE_CHECKING:
    from gateway.jmap.client import Upstream

UNAUTHORIZED = 401
VERIFIED = "verified"
ACCEPTED = frozenset({VERIFIED, "authenticated"})
FORBIDDEN = 403

_REFUSED = frozenset({401, 402, 403})

_log = logging.getLogger(__name__)
_Value = TypeVar("_Value")


class Caller:
    """The new server with one caller's credential, for one exchange.

    `heard`: it accepted this credential meanwhile; `wrote`: with a call that writes; `writes`: such a call may have been sent.
    """

    __slots__ = ("_identity", "_upstream", "headers", "heard", "key", "writes", "wrote")

    def __init__(self, upstream: "Upstream", identity: Mapping[str, str], headers: bytes, key: bytes) -> None:
        self._upstream = upstream
        self._identity = identity
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

    async def text(self, path: str) -> str:
        """The text of a plain answer, a token for example; HttpRefusal for another status than 200."""
        upstream = self._upstream
        return (await self._own(upstream.send("GET", upstream.transport.target(path), self.headers))).decode("utf-8", "replace")

    @contextlib.asynccontextmanager
    async def events(self, path: str, *, anonymous: bool = False) -> AsyncIterator[AsyncGenerator[list[Event], None]]:
        """A live stream while it is open, as `streams.events`; `anonymous` for a path that holds a token, which stands for a credential."""
        upstream = self._upstream
        identity = {name: value for name, value in self._identity.items() if not anonymous or name != "Authorization"}
        opening = streams.events(upstream.transport, path, identity, upstream.settings.timeouts.read)
        async with contextlib.AsyncExitStack() as stack:
            yield await self._own(stack.enter_async_context(opening))

    @contextlib.asynccontextmanager
    async def download(self, blob_id: str) -> AsyncIterator[Download]:
        """A content while it comes in, as `streams.download`; HttpRefusal 404 for one that is not there, or not for the caller."""
        upstream, session = self._upstream, await self.session()
        target = session.download_of(blob_id)
        opening = streams.download(upstream.transport, target, self._identity, upstream.settings.limits.queue_seconds)
        async with contextlib.AsyncExitStack() as stack:
            yield await self._own(stack.enter_async_context(opening))

    async def upload(self, pieces: AsyncIterator[bytes], type_: str, length: int | None) -> str:
        """Store a content in the caller's own account while it comes in, and give its `blobId`; as `streams.upload`, Busy when too many are under way."""
        upstream, session = self._upstream, await self.session()
        headers = {**self._identity, "Content-Type": type_} | ({} if length is None else {"Content-Length": str(length)})
        slot = upstream.slot_of(self)
        await upstream.uploads.acquire(slot)
        try:
            target = session.upload.replace("{accountId}", quote(session.account, safe=""))
            return await self._own(streams.upload(upstream.transport, target, headers, pieces))
        finally:
            upstream.uploads.release(slot)

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

    async def log_in(self, given: Mapping[str, Any]) -> Object:
        """The answer to a login with name and secret in the body, whose `type` is a text, as `Upstream.log_in`."""
        answer = await self._upstream.log_in(given, self._identity.get("X-Forwarded-For"))
        self.heard = self.heard or answer["type"] in ACCEPTED
        self.wrote = self.wrote or answer["type"] == VERIFIED
        return answer

    def secrets_changed(self) -> None:
        """Forget what is kept under credentials of this account, whose secrets were changed."""
        self._upstream.secrets_changed(self)

    @property
    def bearer(self) -> str:
        """The token of the credential, "" when it is none."""
        scheme, _, token = self._identity.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""

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


class Guest(Caller):
    """A caller whose only credential is the token of a live stream, which the new server knows there and nowhere else (legacy-rest-api 1.2).

    `probe` is the raw path and query of such a stream, `rights` are the new rights that the token stands for.
    """

    __slots__ = ("_probe", "_rights")

    def __init__(
        self, upstream: "Upstream", identity: Mapping[str, str], headers: bytes, key: bytes, *, probe: str, rights: frozenset[str]
    ) -> None:
        super().__init__(upstream, identity, headers, key)
        self._probe = probe
        self._rights = rights

    async def account(self) -> Account:
        """What the token allows, found out by opening its stream for a moment; HttpRefusal 401 when it is not, or no longer, good for that."""
        try:
            async with self.events(self._probe):
                # Streams that only one edition has come from that one; nobody asks for the edition behind any other.
                return Account(self._rights, ENTERPRISE, "")
        except HttpRefusal:
            raise HttpRefusal(UNAUTHORIZED) from None

    async def _send(self, calls: Sequence[Call]) -> NoReturn:  # noqa: ARG002 - whatever it is
        """Refuse: no token is good for anything but streams. HttpRefusal 401 when it is not even good for these."""
        await self.account()
        raise HttpRefusal(FORBIDDEN)


def _sound(answers: list[Object | MethodError]) -> list[Object]:
    """The answers when there is no error among them; else the first one is raised."""
    for answer in answers:
        if isinstance(answer, MethodError):
            raise answer
    return cast("list[Object]", answers)
