"""A whole simulated server whose clock stands still, asked like over HTTP but without it."""

import base64
import json
from typing import Any

import pytest

from gateway.simulator import dispatch, envelope
from gateway.simulator.auth import caller_of
from gateway.simulator.callers import Caller
from gateway.simulator.problems import Problem
from gateway.simulator.server import WORLD, build
from gateway.simulator.world import Config

START = 1_795_266_403  # 2026-11-21T13:06:43Z
ADMIN = ("admin", "Canary-admin-1")
PASSWORD = "long pass phrase 42"


class Server:
    """A fresh server: the domain lab.test (b), the default roles (b to e), no accounts."""

    def __init__(self, edition: str = "oss") -> None:
        self.world = build(Config(edition=edition, admin=ADMIN, start=float(START)))[WORLD]

    def caller(self, login: str, secret: str) -> Caller:
        """Who comes with a login; Problem when it is refused."""
        return caller_of(self.world, "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode())

    def status(self, login: str, secret: str = PASSWORD) -> int:
        """What a login is answered with."""
        try:
            self.caller(login, secret)
        except Problem as problem:
            return int(problem.status)
        return 200

    def batch(self, *calls: tuple[str, Any], user: tuple[str, str] = ADMIN) -> list[Any]:
        """Answers of one request as [name, arguments, call id]."""
        self.world.clock.run_due()
        named = [[call[0], call[1], call[2] if len(call) > 2 else str(place)] for place, call in enumerate(calls)]
        body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": named}
        request = envelope.read(json.dumps(body, ensure_ascii=False).encode(), "application/json", dispatch.grammar(self.world), self.world.applied("Jmap"))
        return [list(answer) for answer in dispatch.run(self.world, self.caller(*user), request)]

    def one(self, name: str, arguments: Any, user: tuple[str, str] = ADMIN) -> Any:
        """Arguments of the only answer, without the account id."""
        ((_, answer, _),) = self.batch((name, arguments), user=user)
        return {key: content for key, content in answer.items() if key != "accountId"}

    def made(self, kind: str, value: Any) -> str:
        """Id of a new object."""
        answer = self.one(f"x:{kind}/set", {"create": {"k": value}})
        return str(answer["created"]["k"]["id"])

    def user(self, name: str, domain: str = "b", **more: Any) -> str:
        """Id of a new account with a password."""
        credentials = {"0": {"@type": "Password", "secret": PASSWORD}}
        return self.made("Account", {"@type": "User", "name": name, "domainId": domain, "credentials": credentials} | more)

    def changed(self, kind: str, id_: str, patch: Any, user: tuple[str, str] = ADMIN) -> Any:
        """None, or the SetError of an update."""
        answer = self.one(f"x:{kind}/set", {"update": {id_: patch}}, user)
        return answer["updated"][id_] if "updated" in answer else answer["notUpdated"][id_]

    def shown(self, kind: str, id_: str) -> Any:
        """The object."""
        return self.one(f"x:{kind}/get", {"ids": [id_]})["list"][0]

    def found(self, kind: str, filter_: Any) -> list[str]:
        """Ids of the objects that meet a filter, ascending."""
        sort = [{"property": "id", "isAscending": True}]
        ids: list[str] = self.one(f"x:{kind}/query", {"filter": filter_, "sort": sort, "calculateTotal": True})["ids"]
        return ids


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def make_server() -> type[Server]:
    return Server
