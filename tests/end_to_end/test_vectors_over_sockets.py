"""The worked examples of the conversion, played through a whole gateway against an upstream that follows a script."""

import base64
import gzip
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from gateway.app import running
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.settings import Settings

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/operations.json").read_text())
CHOSEN = VECTORS["vectors"]
CORE = {
    "maxSizeUpload": 50_000_000, "maxConcurrentUpload": 4, "maxSizeRequest": 10_000_000, "maxConcurrentRequests": 4, "maxCallsInRequest": 16,
    "maxObjectsInGet": 500, "maxObjectsInSet": 500, "collationAlgorithms": [],
}
BASE = "https://mail.example.org/jmap"
SESSION = {
    "capabilities": {"urn:ietf:params:jmap:core": CORE}, "username": "admin", "state": "a", "primaryAccounts": {"urn:stalwart:jmap": "b"},
    "accounts": {"b": {"name": "admin", "isPersonal": True, "isReadOnly": False, "accountCapabilities": {"urn:stalwart:jmap": {}}}},
    "apiUrl": f"{BASE}/", "downloadUrl": f"{BASE}/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}", "uploadUrl": f"{BASE}/upload/{{accountId}}/",
    "eventSourceUrl": f"{BASE}/eventsource/",
}
PERMISSIONS = ["authenticate", *sorted({right for rights in NEW_RIGHTS.values() for right in rights})]


def renamed(batch: list[Any]) -> list[Any]:
    """Method calls with call ids and creation keys in order of appearance, and destroy lists sorted: what is free to choose."""
    text = json.dumps([[name, arguments] for name, arguments, _ in batch], sort_keys=True)
    for position, (_, _, tag) in enumerate(batch):
        text = text.replace(f'"resultOf": {json.dumps(tag)}', f'"resultOf": {position}')
    calls = json.loads(text)
    for _, arguments in calls:
        if "create" in arguments:
            arguments["create"] = list(arguments["create"].values())
        if "destroy" in arguments:
            arguments["destroy"] = sorted(arguments["destroy"])
    return calls


class Script:
    """An upstream that answers the rounds of one vector in order and notes every request that differs."""

    def __init__(self, rounds: list[Any], state: dict[str, Any]) -> None:
        self.rounds = list(rounds)
        self.edition = "enterprise" if state.get("enterprise", True) else "community"
        self.texts = state.get("schema_events", {})
        self.wrong: list[Any] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/account", self.account)
        app.router.add_get("/api/schema", self.schema_place)
        app.router.add_get("/api/schema/of-this-version", self.schema)
        app.router.add_get("/jmap/session", self.session)
        app.router.add_post("/jmap/", self.jmap)
        app.router.add_route("*", "/{rest:.*}", self.other)
        return app

    async def account(self, _: web.Request) -> web.Response:
        return web.json_response({"permissions": PERMISSIONS, "edition": self.edition, "locale": "en"})

    async def schema_place(self, _: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/api/schema/of-this-version"})

    async def schema(self, _: web.Request) -> web.Response:
        events = [{"name": name, "label": it["text"], "explanation": it["details"]} for name, it in self.texts.items()]
        body = gzip.compress(json.dumps({"objects": {}, "enums": {"EventType": events}}).encode())
        return web.Response(body=body, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})

    async def other(self, request: web.Request) -> web.Response:
        """Requests that are no batches: tokens, streams, downloads."""
        asked = {"method": request.method, "path": request.raw_path}
        expected = self.rounds.pop(0) if self.rounds else {}
        if asked != expected.get("http"):
            self.wrong.append(asked)
            return web.json_response({"type": "about:blank", "status": 500}, status=500)
        reply = expected["reply"]
        return web.Response(status=reply["status"], body=content(reply), headers={"Content-Type": reply["content_type"]} if reply["content_type"] else None)

    async def session(self, _: web.Request) -> web.Response:
        return web.json_response(SESSION)

    async def jmap(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if not self.rounds:
            self.wrong.append(asked)
            return web.json_response({"type": "about:blank", "status": 500}, status=500)
        expected = self.rounds.pop(0)
        if renamed(asked["methodCalls"]) != renamed(expected["jmap"]["methodCalls"]):
            self.wrong.append(asked)
            return web.json_response({"type": "about:blank", "status": 500}, status=500)
        replies = json.loads(json.dumps(expected["reply"]))
        for (_, wanted, _), (_, given, _), reply in zip(expected["jmap"]["methodCalls"], asked["methodCalls"], replies["methodResponses"], strict=True):
            for old_key, new_key in zip(wanted.get("create", {}), given.get("create", {}), strict=True):
                for part in ("created", "notCreated"):
                    if old_key in reply[1].get(part, {}):
                        reply[1][part] = {new_key: reply[1][part][old_key]}
        for reply, call in zip(replies["methodResponses"], asked["methodCalls"], strict=True):
            reply[2] = call[2]
        return web.json_response(replies)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": "Basic " + base64.b64encode(b"admin:Canary-of-vectors").decode()}) as session:
        yield session


async def remember(vector: dict[str, Any], script: Script, http: aiohttp.ClientSession, gateway: str) -> None:
    """Bring the gateway to know what the vector says it knows, by pausing or resuming through it."""
    running_before = vector.get("state", {}).get("queue_running")
    if running_before is None:
        return
    word, action = ("start", "ResumeMtaQueue") if running_before else ("stop", "PauseMtaQueue")
    script.rounds.insert(0, {
        "jmap": {"methodCalls": [["x:Action/set", {"create": {"a": {"@type": action}}}, "c0"]]},
        "reply": {"methodResponses": [["x:Action/set", {"accountId": "b", "created": {"a": {"id": "x"}}}, "c0"]], "sessionState": "a"},
    })
    async with http.patch(f"{gateway}/api/queue/status/{word}") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("vector", CHOSEN, ids=lambda vector: vector["id"])
async def test_vector(vector: dict[str, Any], http, aiohttp_server, tmp_path) -> None:
    script = Script(vector["rounds"], vector.get("state", {}))
    upstream = await aiohttp_server(script.app())
    known = {name: value for name, value in (VECTORS["defaults"] | vector.get("config", {})).items() if name in Settings.model_fields}
    settings = Settings(upstream=str(upstream.make_url("")), listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{tmp_path}/state.db", **known)
    now = int(datetime.fromisoformat(vector["now"]).timestamp())
    async with running(settings, now=lambda: now) as gateway:
        await remember(vector, script, http, gateway.url)
        request = vector["legacy_request"]
        sent = json.dumps(request["body"]) if "body" in request else request.get("body_text")
        async with http.request(request["method"], URL(gateway.url + request["target"], encoded=True), data=sent) as answer:
            raw = await answer.read()

    assert script.wrong == []
    assert script.rounds == []
    assert (answer.status, answer.content_type) == (vector["legacy_reply"]["status"], vector["legacy_reply"]["content_type"])
    if "body" in vector["legacy_reply"]:
        assert json.loads(raw) == vector["legacy_reply"]["body"]
    elif "body_base64" in vector["legacy_reply"]:
        assert raw == content(vector["legacy_reply"])
    else:
        assert frames(raw.decode()) == frames(vector["legacy_reply"]["body_text"])


def content(reply: dict[str, Any]) -> bytes:
    """The body of a reply of an example."""
    if "body_base64" in reply:
        return base64.b64decode(reply["body_base64"])
    return (json.dumps(reply["body"]) if "body" in reply else reply["body_text"]).encode()


def frames(text: str) -> list[tuple[str, Any]]:
    """Events of a stream: name and value."""
    found = [re.fullmatch(r"event: (.*)\ndata: (.*)", frame) for frame in text.removesuffix("\n\n").split("\n\n")]
    assert None not in found, text
    return [(frame[1], json.loads(frame[2])) for frame in found if frame]
