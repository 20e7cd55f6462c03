"""Clients of the old API as programs that send their own headers and read replies as strictly as the strictest of them (clients 1.1, 1.4, 1.5)."""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from yarl import URL

PASSWORD = "Canary-plum-kettle-7-orbit"
KEY = "Canary0123456789abcdefghij:$x"
ANOTHER = "Canary-brook-lantern-4-maple"
JSON = "application/json"
TAGS = {
    "fieldAlreadyExists": {"field", "value"},
    "fieldMissing": {"field"},
    "notFound": {"item"},
    "unsupported": {"details"},
    "assertFailed": set(),
    "other": {"details"},
}
ESCAPED = re.compile(rb"\\u00[23][0-9a-f]|\\/", re.IGNORECASE)


@dataclass
class Program:
    """A client with the headers of its class: the scheme as it spells it (an API key when that is Bearer), and a Content-Type or none."""

    old: Any
    scheme: str = "Basic"
    content_type: str | None = JSON

    async def send(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and bytes of a reply to a value as JSON, or to bytes as they are."""
        encoded = base64.b64encode(":".join(self.old.login).encode()).decode()
        headers = {"Authorization": f"{self.scheme} {encoded}" if self.scheme.lower() == "basic" else f"{self.scheme} api_{encoded}"}
        if body is not None and self.content_type:
            headers["Content-Type"] = self.content_type
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        url = URL(self.old.both.gateway + path, encoded=True)
        async with self.old.http.request(method, url, data=raw, headers=headers, skip_auto_headers=("Content-Type",)) as answer:
            return answer.status, await answer.read()

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        """A reply with status 200: `{"data"}`, or a refusal of a known tag with all its texts, as the strictest readers want it."""
        status, raw = await self.send(method, path, body)
        assert status == 200, (method, path, status, raw)
        assert not ESCAPED.search(raw), "times are read without unescaping"
        answer = json.loads(raw)
        if "error" in answer:
            assert answer.keys() >= TAGS[answer["error"]], answer
            assert all(isinstance(answer[name], str) for name in TAGS[answer["error"]])
            assert "data" not in answer
        else:
            assert answer.keys() == {"data"}
        return answer

    async def data(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.json(method, path, body)
        assert "data" in answer, (method, path, answer)
        return answer["data"]

    async def get(self, path: str) -> Any:
        return await self.data("GET", path)

    async def change(self, name: str, *steps: tuple[str, str, Any]) -> Any:
        body = [{"action": action, "field": field, "value": value} for action, field, value in steps]
        return await self.json("PATCH", f"/api/principal/{quote(name, safe='@')}", body)


def individual(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "individual", "name": name, "emails": [f"{name}@acme.test"], "secrets": [PASSWORD], "roles": ["user"]} | more


async def logs_in(client: Any, login: str, secret: str) -> bool:
    return (await client.as_((login, secret)).call("GET", "/jmap/session"))[0] == 200


async def with_key(old: Any, scheme: str, **headers: Any) -> Program:
    """A program that has an API key of an administrator, whose secret it chose itself; for Basic the login that `old` has."""
    made = Program(old, **headers)
    if scheme.lower() != "basic":
        assert isinstance(await made.data("POST", "/api/principal/deploy", {"type": "apiKey", "name": "robot", "roles": ["admin"], "secrets": [KEY]}), int)
        made = Program(old.as_(("robot", KEY)), **headers)
    made.scheme = scheme
    return made
