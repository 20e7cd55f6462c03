"""What every caller with a scripted server has in common: who it is, what it keeps, and that a failed answer is raised."""

from collections.abc import Collection, Mapping
from typing import Any

from gateway.jmap.calls import Call, Object
from gateway.jmap.errors import MethodError
from gateway.jmap.event_texts import EventText
from gateway.jmap.session import Account


class Caller:
    """A caller with these rights, who keeps notes for as long as the test lasts; `attempt` is the script's."""

    def __init__(self, rights: Collection[str], edition: str = "oss", texts: Mapping[str, EventText] | None = None) -> None:
        self.rights = frozenset(rights)
        self.edition_name = edition
        self.texts = texts or {}
        self.notes: dict[str, Any] = {}

    async def account(self) -> Account:
        return Account(self.rights, self.edition_name, "en_US")

    def recall(self, kind: str) -> Any | None:
        return self.notes.get(kind)

    def edition(self, _kind: str) -> int:
        return 0

    def keep(self, kind: str, value: Any, _edition: int, _seconds: float | None = None) -> None:
        self.notes[kind] = value

    async def look_again(self) -> None:
        self.notes.clear()

    async def event_texts(self) -> Mapping[str, EventText]:
        return self.texts

    def drop(self, kind: str) -> None:
        self.notes.pop(kind, None)

    def secrets_changed(self) -> None:
        self.notes.clear()

    async def request(self, *calls: Call) -> list[Object]:
        answers = await self.attempt(*calls)
        for answer in answers:
            if isinstance(answer, MethodError):
                raise answer
        return answers

    async def attempt(self, *calls: Call) -> list[Object | MethodError]:
        raise NotImplementedError
