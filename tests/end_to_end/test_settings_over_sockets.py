"""The worked examples of settings, played through a whole gateway against a server that knows its part by heart."""

import base64
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from gateway.app import running
from gateway.contract import PathTable, Spec
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.rooms import ROOMS
from gateway.settings import Settings
from gateway.state import State

EXAMPLES = json.loads((Path(__file__).parents[1] / "vectors" / "settings.json").read_text())
PATHS = PathTable(Spec.load().operations, "0.15")
STATUS = {row.operation: row.action.status for room in ROOMS for row in room}
RIGHTS = ["authenticate", *NEW_RIGHTS["settings-list"], *NEW_RIGHTS["settings-update"], *NEW_RIGHTS["settings-delete"]]
LIMITS = {
    "maxSizeUpload": 50_000_000, "maxConcurrentUpload": 4, "maxSizeRequest": 10_000_000, "maxConcurrentRequests": 4,
    "maxCallsInRequest": 16, "maxObjectsInGet": 500, "maxObjectsInSet": 500,
}  # fmt: skip


def served(vector):
    match = PATHS.find(vector["legacyRequest"]["method"], vector["legacyRequest"]["path"])
    return match is not None and STATUS[match.operation.id] == "ready"


READY = [vector for vector in EXAMPLES["vectors"] if served(vector)]


class Server:
    """A new server that answers the calls of each round whatever their order, and notes what it did not expect."""

    def __init__(self, rounds):
        self.left = [list(zip(it["request"]["methodCalls"], it["response"]["methodResponses"], strict=True)) for it in rounds]
        self.wrong = []

    async def answer(self, request):
        if request.path == "/api/account":
            return web.json_response({"permissions": RIGHTS, "edition": "oss", "locale": "en_US"})
        if request.path == "/jmap/session":
            session = {"capabilities": {"urn:ietf:params:jmap:core": LIMITS}, "accounts": {}, "primaryAccounts": {}, "username": "admin"}
            return web.json_response(session | dict.fromkeys(("apiUrl", "downloadUrl", "uploadUrl", "eventSourceUrl"), "https://x.test/jmap/"))
        asked = (await request.json())["methodCalls"]
        expected = self.left.pop(0) if self.left else []
        responses = []
        meant = {}
        for name, arguments, tag in asked:
            part = next((it for it in expected if same(it[0], name, arguments, meant)), None)
            if part is None:
                self.wrong.append([name, arguments])
                continue
            expected.remove(part)
            meant[tag] = part[0][2]
            kind, values, _ = part[1]
            if name.endswith("/query"):
                values = {"position": 0, "total": len(values["ids"])} | values
            responses.append([kind, values, tag])
        self.wrong += expected
        return web.json_response({"methodResponses": responses, "sessionState": "a"})


def same(expected, name, arguments, meant):
    """Whether a call is the expected one; `meant` are names of earlier calls by the ones given here. Of a change nothing is free."""
    known, wanted, _ = expected
    if known != name or name.endswith("/set"):
        return known == name and arguments == wanted
    return all(same_value(arguments.get(member), value, meant) for member, value in wanted.items())


def same_value(given, wanted, meant):
    if isinstance(wanted, dict) and "resultOf" in wanted:
        return {**given, "resultOf": meant.get(given["resultOf"])} == wanted
    return given == wanted


@pytest.mark.parametrize("vector", READY, ids=lambda vector: vector["id"])
async def test_vector(vector, aiohttp_server, tmp_path):
    server = Server(vector["jmap"])
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", server.answer)
    upstream = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
    await remember(url, upstream, vector.get("sidecar", ()))
    request = vector["legacyRequest"]
    target = request["path"] + ("?" + request["query"] if request.get("query") else "")
    login = "Basic " + base64.b64encode(b"admin:Canary-of-vectors").decode()
    async with (
        running(Settings(upstream=upstream, listen="127.0.0.1:0", state=url)) as gateway,
        aiohttp.ClientSession(headers={"Authorization": login}) as http,
        http.request(request["method"], URL(gateway.url + target, encoded=True), json=request.get("body")) as answer,
    ):
        body = await answer.json(content_type=None)
    assert server.wrong == []
    assert server.left == []
    assert (answer.status, body) == (vector["legacyResponse"]["status"], vector["legacyResponse"]["body"])


async def remember(url, upstream, records):
    """Bring the state to hold the record ids that the example says are known."""
    state = await State.open(url, upstream)
    for it in records:
        await state.memory.remember_records(it["object"].removeprefix("x:"), {it["jmapId"]: it["legacyId"]})
    await state.close()
