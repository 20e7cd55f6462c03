"""Rows of principals against a new server that answers by what is asked, not by how the asking is split into calls."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gateway.jmap import replies
from gateway.jmap.calls import Call, Object, request_body
from gateway.jmap.errors import MethodError
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.exchange import Exchange
from gateway.settings import Settings
from gateway.state import Recollection
from gateway.web.locks import Locks
from tests.legacy.scripted import Caller

RANDOM = re.compile(r"^(aliases|credentials)/\d{7,10}$")

EVERY_RIGHT = frozenset(right for rights in NEW_RIGHTS.values() for right in rights)

Asked = tuple[str, str]
"""Method and arguments of a call in a form that does not depend on call ids and the order of keys."""


class Server(Caller):
    """A new server whose part is written down in rounds of calls and answers.

    What is asked in a round must be what that round expects, in any order; references are compared by what they refer to. `always` holds
    calls that may be asked for at any time in a round of their own.
    """

    def __init__(
        self,
        rounds: Sequence[tuple[list[Any], list[Any]]],
        always: tuple[list[Any], list[Any]] | None = None,
        rights: frozenset[str] | None = None,
    ) -> None:
        super().__init__(EVERY_RIGHT if rights is None else rights)
        self.left = [_answers(*one) for one in rounds]
        self.always = _answers(*always) if always else {}
        self.rounds = 0

    async def attempt(self, *calls: Call) -> list[Object | MethodError]:
        wire = request_body(calls)["methodCalls"]
        asked = [meaning(wire, position) for position in range(len(wire))]
        if self.always and sorted(asked) == sorted(self.always):
            expected = self.always
        else:
            assert self.left, f"nobody expects {asked}"
            expected = self.left.pop(0)
            self.rounds += 1
        assert sorted(asked) == sorted(expected)
        responses = [[*expected[it], f"c{position}"] for position, it in enumerate(asked)]
        return replies.read(calls, {"methodResponses": responses})


def meaning(calls: list[Any], position: int) -> Asked:
    """A call in words that do not depend on its place."""
    name, arguments, _ = calls[position]
    told = {key: _free(key, value) for key, value in arguments.items() if (key, value) != ("position", 0)}
    for key in [key for key in told if key.startswith("#")]:
        source = next(at for at, call in enumerate(calls) if call[2] == arguments[key]["resultOf"])
        told[key] = [*meaning(calls, source), arguments[key]["path"]]
    return name, json.dumps(told, sort_keys=True)


def _free(key: str, value: Any) -> Any:
    """An argument without what may differ: the order of destroyed ids and of properties, indices that are chosen at random."""
    if key in ("destroy", "properties") and isinstance(value, list):
        return sorted(value)
    if isinstance(value, dict):
        return {RANDOM.sub(r"\1/<integer>", name): _free("", it) for name, it in value.items()}
    return value


def _answers(calls: list[Any], answers: list[Any]) -> dict[Asked, tuple[str, Any]]:
    return {meaning(calls, at): (answer[0], answer[1]) for at, answer in enumerate(answers)}


@pytest.fixture
def server() -> type[Server]:
    return Server


@pytest.fixture
def exchange_with() -> Callable[..., Exchange]:
    """`exchange_with(caller, query={…}, get_page=2)` is an exchange whose settings differ from the defaults as told."""

    def build(
        caller: Any, *, path: dict[str, str] | None = None, query: dict[str, str] | None = None, memory: Any = None, **settings: Any
    ) -> Exchange:
        return Exchange(
            path=path or {},
            query=query or {},
            body=None,
            now=0,
            settings=Settings(**settings),
            caller=caller,
            flags=None,
            memory=memory or Recollection(),
            locks=Locks(),
            background=None,
        )

    return build
