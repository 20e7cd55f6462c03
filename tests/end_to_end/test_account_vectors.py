"""The worked examples of the own account and of OAuth, played through a whole gateway against an upstream that follows a script."""

import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.app import running
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.settings import Settings

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/account.json").read_text())["vectors"]
PERMISSIONS = ["authenticate", *sorted({right for rights in NEW_RIGHTS.values() for right in rights})]
SERVICE = ("service@example.org", "Canary-of-the-service-1")
CORE = {
    "maxSizeUpload": 50_000_000, "maxConcurrentUpload": 4, "maxSizeRequest": 10_000_000, "maxConcurrentRequests": 4, "maxCallsInRequest": 16,
    "maxObjectsInGet": 500, "maxObjectsInSet": 500, "collationAlgorithms": [],
}  # fmt: skip


def basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


def meaning(calls: list[Any]) -> list[Any]:
    """Calls without their ids; the order of properties is free."""
    return [[name, arguments | ({"properties": sorted(arguments["properties"])} if "properties" in arguments else {})] for name, arguments, _ in calls]


class Script:
    """An upstream that answers the rounds of one example in order, notes what differs, and says who the caller is whenever it is asked."""

    def __init__(self, vector: dict[str, Any]) -> None:
        self.account_id = vector.get("caller", "c")
        self.authorization = vector["request"]["headers"]["Authorization"]
        told = [it["reply"] for it in vector["rounds"] if it.get("http", {}).get("path") == "/api/account"]
        self.account_reply = told[0] if told else {"status": 200, "body": {"permissions": PERMISSIONS, "edition": "oss", "locale": "en_US"}}
        self.rounds = [it for it in vector["rounds"] if it.get("http", {}).get("path") != "/api/account"]
        self.wrong: list[Any] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/account", self.account)
        app.router.add_get("/jmap/session", self.session)
        app.router.add_post("/jmap/", self.jmap)
        app.router.add_post("/api/auth", self.log_in)
        return app

    async def account(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != self.authorization:
            self.wrong.append(request.headers.get("Authorization"))
        return web.json_response(self.account_reply["body"], status=self.account_reply["status"])

    async def session(self, _: web.Request) -> web.Response:
        path = "https://mail.example.org/jmap"
        own = {"urn:stalwart:jmap": self.account_id}
        urls = {"apiUrl": f"{path}/", "downloadUrl": f"{path}/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}", "uploadUrl": f"{path}/upload/{{accountId}}/"}
        return web.json_response({"capabilities": {"urn:ietf:params:jmap:core": CORE}, "username": "", "state": "a", "primaryAccounts": own, "accounts": {}} | urls)

    async def jmap(self, request: web.Request) -> web.Response:
        asked = (await request.json())["methodCalls"]
        expected = self.rounds.pop(0) if self.rounds else {"calls": [], "as": ""}
        who = basic(SERVICE) if expected["as"] == "service" else self.authorization
        if meaning(asked) != meaning(expected.get("calls", [])) or request.headers.get("Authorization") != who:
            self.wrong.append(asked)
            return web.json_response({}, status=500)
        answers = [[name, arguments, call[2]] for (name, arguments, _), call in zip(expected["answers"], asked, strict=True)]
        return web.json_response({"methodResponses": answers, "sessionState": "a"})

    async def log_in(self, request: web.Request) -> web.Response:
        asked = await request.json()
        expected = self.rounds.pop(0) if self.rounds else {}
        if asked != expected.get("http", {}).get("body") or "Authorization" in request.headers:
            self.wrong.append(asked)
            return web.json_response({}, status=500)
        return web.json_response(expected["reply"]["body"], status=expected["reply"]["status"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
async def test_vector(vector: dict[str, Any], aiohttp_server: Any, tmp_path: Path) -> None:
    script = Script(vector)
    upstream = await aiohttp_server(script.app())
    service = ":".join(SERVICE) if any(it["as"] == "service" for it in vector["rounds"]) else ""
    settings = Settings(
        upstream=str(upstream.make_url("")), listen="127.0.0.1:0", state=f"sqlite+aiosqlite:///{tmp_path}/state.db", service_credential=service
    )
    request = vector["request"]
    async with running(settings) as gateway, aiohttp.ClientSession() as http:
        body = json.dumps(request["body"]) if "body" in request else None
        async with http.request(request["method"], gateway.url + request["path"], headers=request["headers"], data=body) as answer:
            reply = await answer.json(content_type=None)
    assert script.wrong == []
    assert script.rounds == []
    assert (answer.status, reply) == (vector["reply"]["status"], vector["reply"]["body"])
