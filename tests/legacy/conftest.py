"""Rows with a new server that follows a script: it fails on any request that differs from the one expected."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any

import pytest

from gateway.jmap import replies
from gateway.jmap.calls import Call, Object, request_body
from gateway.jmap.errors import MethodError
from gateway.jmap.event_texts import EventText
from gateway.jmap.session import Session
from gateway.knowledge.instants import unix_of
from gateway.legacy.exchange import Answer, Exchange, Listing, Login
from gateway.legacy.refusals import Refusal
from gateway.legacy.rooms import ROOMS
from gateway.settings import Settings
from gateway.state import Recollection
from gateway.web.locks import Locks

from .scripted import Caller

NOW = "2026-03-01T12:00:00Z"
HANDLERS = {row.operation: row.action.handle for room in ROOMS for row in room}

Round = tuple[Sequence[Any], Sequence[Any]]
"""Method calls `[name, arguments]` that are expected, and their answers in the same form (`error` as the name of a refusal)."""


class Script(Caller):
    """A caller whose server knows its part by heart. The order inside a destroy list is free."""

    def __init__(self, rounds: Sequence[Round], rights: Collection[str] = (), edition: str = "oss", texts: Mapping[str, EventText] | None = None) -> None:
        super().__init__(rights, edition, texts)
        self.left = list(rounds)

    async def session(self) -> Session:
        return Session(account="b")

    async def attempt(self, *calls: Call) -> list[Object | MethodError]:
        asked = [[name, arguments] for name, arguments, _ in request_body(calls)["methodCalls"]]
        assert self.left, f"nobody expects {asked}"
        expected, answers = self.left.pop(0)
        assert [_free(it) for it in asked] == [_free(list(it)) for it in expected]
        responses = [[name, arguments, f"c{position}"] for position, (name, arguments) in enumerate(answers)]
        return replies.read(calls, {"methodResponses": responses})


class Upload:
    """A raw body that comes in pieces."""

    def __init__(self, *pieces: bytes, announced: bool = True) -> None:
        self.pieces = pieces
        self.announced = sum(map(len, pieces)) if announced else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


class Memory:
    """Remembered switches."""

    def __init__(self, running: bool | None = None) -> None:
        self.running = True if running is None else running

    async def queue_running(self) -> bool:
        return self.running

    async def set_queue_running(self, *, running: bool) -> None:
        self.running = running


class Background:
    """Work behind the answer: held until it is asked for."""

    def __init__(self) -> None:
        self.work: list[Coroutine[Any, Any, None]] = []

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        self.work.append(work)

    async def finish(self) -> None:
        while self.work:
            await self.work.pop(0)


class Rows:
    """Plays operations: `await run("getQueueMessage", rounds, path={"id": "7"})` gives the answer, or raises the refusal.

    All rounds must have been asked for, those behind the answer too; a list that comes in pages is put together.
    """

    def __init__(self) -> None:
        self.memory = Memory()

    async def __call__(
        self,
        operation: str,
        rounds: Sequence[Round] = (),
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        running: bool | None = None,
        now: str = NOW,
        memory: Recollection | None = None,
        rights: Collection[str] = (),
        edition: str = "oss",
        texts: Mapping[str, EventText] | None = None,
        notes: dict[str, Any] | None = None,
        body: Any = None,
        objection: Refusal | None = None,
        update_webadmin: Callable[[], Awaitable[None]] | None = None,
        login: Login | None = None,
        service: Sequence[Round] | None = None,
    ) -> Answer:
        script, background, unix = Script(rounds, rights, edition, texts), Background(), unix_of(now)
        helper = None if service is None else Script(service)
        script.notes = script.notes if notes is None else notes
        assert unix is not None
        self.memory = Memory(running)
        exchange = Exchange(
            path=path or {},
            query=query or {},
            body=Upload(body) if isinstance(body, bytes) else body,
            now=unix,
            settings=Settings(**(settings or {})),
            caller=script,
            flags=self.memory,
            memory=memory or Recollection(),
            locks=Locks(),
            background=background,
            objection=objection,
            update_webadmin=update_webadmin,
            login=lambda: login,
            service=lambda: helper,
        )
        try:
            answer = await HANDLERS[operation](exchange)
            if isinstance(answer, Listing):
                items = [item async for page in answer.pages for item in page]
                answer = items if answer.total is None else {"items": items, "total": answer.total, **answer.extra}
        finally:
            await background.finish()
        assert script.left == [], "not everything that was expected was asked"
        assert helper is None or helper.left == [], "not everything that was expected of the service account was asked"
        return answer


@pytest.fixture
def uploaded() -> type[Upload]:
    return Upload


@pytest.fixture
def run() -> Rows:
    return Rows()


def _free(call: list[Any]) -> list[Any]:
    """The call without what may differ: the order of a destroy list."""
    name, arguments = call
    return [name, arguments | ({"destroy": sorted(arguments["destroy"])} if "destroy" in arguments else {})]
