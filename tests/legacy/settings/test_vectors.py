"""Every worked example of settings, from the request line to the old answer, one row at a time."""

import json
from pathlib import Path

import pytest

from gateway.contract import PathTable, Spec
from gateway.jmap import replies
from gateway.jmap.calls import request_body
from gateway.jmap.errors import MethodError
from gateway.knowledge import query_string
from gateway.legacy.exchange import Exchange
from gateway.legacy.settings import ROUTES
from gateway.settings import Settings
from gateway.state import Recollection
from gateway.web.errors import reply_to
from gateway.web.locks import Locks
from gateway.web.reply import success

EXAMPLES = json.loads((Path(__file__).parents[2] / "vectors" / "settings.json").read_text())
PATHS = PathTable(Spec.load().operations, "0.15")
ROWS = {row.operation: row.action for row in ROUTES}


def found(vector):
    """Operation and path elements of a request; None for a path that names nothing."""
    return PATHS.find(vector["legacyRequest"]["method"], vector["legacyRequest"]["path"])


READY = [vector for vector in EXAMPLES["vectors"] if (match := found(vector)) and match.operation.id in ROWS]


class Server:
    """A new server that answers the calls of each round whatever their order, and fails on any other."""

    def __init__(self, rounds):
        self.left = [
            list(zip(it["request"]["methodCalls"], it["response"]["methodResponses"], strict=True)) for it in rounds
        ]

    def drop(self, _kind):
        """Nothing is kept here."""

    async def request(self, *calls):
        answers = await self.attempt(*calls)
        for answer in answers:
            if isinstance(answer, MethodError):
                raise answer
        return answers

    async def attempt(self, *calls):
        asked = request_body(calls)["methodCalls"]
        assert self.left, f"nobody expects {asked}"
        expected = self.left.pop(0)
        responses = []
        meant = {}
        for place, (name, arguments, tag) in enumerate(asked):
            known = position({number: it for number, (it, _) in enumerate(expected)}, name, arguments, meant)
            (_, _, meant[tag]), (answered, values, _) = expected.pop(known)
            if name.endswith("/query"):
                values = {"position": 0, "total": len(values["ids"])} | values
            responses.append([answered, values, f"c{place}"])
        assert expected == [], "not everything of the round was asked"
        return replies.read(calls, {"methodResponses": responses})


def position(expected, name, arguments, meant):
    """Place of the expected call that this one is; `meant` are names of earlier calls by the ones given here. Of a change nothing is free."""
    for number, (wanted_name, wanted, _) in expected.items():
        if wanted_name == name and (arguments == wanted if name.endswith("/set") else fits(arguments, wanted, meant)):
            return number
    raise AssertionError(f"nobody expects {name} with {arguments}")


def fits(given, wanted, meant):
    """Whether arguments are the expected ones; members that are not shown are free."""
    return all(same(given.get(member), value, meant) for member, value in wanted.items())


def same(given, wanted, meant):
    if isinstance(wanted, dict) and "resultOf" in wanted:
        return {**given, "resultOf": meant[given["resultOf"]]} == wanted
    return given == wanted


@pytest.mark.parametrize("vector", READY, ids=lambda vector: vector["id"])
async def test_vector(vector):
    server = Server(vector["jmap"])
    match = found(vector)
    memory = Recollection()
    for it in vector.get("sidecar", ()):
        await memory.remember_records(it["object"].removeprefix("x:"), {it["jmapId"]: it["legacyId"]})
    exchange = Exchange(
        path=match.elements,
        query=query_string.parse(vector["legacyRequest"].get("query", "")),
        body=vector["legacyRequest"].get("body"),
        now=0,
        settings=Settings(),
        caller=server,
        flags=None,
        memory=memory,
        locks=Locks(),
        background=None,
    )
    reply = await answer(exchange, match.operation.id)
    expected = vector["legacyResponse"]
    assert (reply.status, json.loads(reply.body)) == (expected["status"], expected["body"])
    items = (expected["body"].get("data") or {}).get("items")
    if items is not None:
        shown = json.loads(reply.body)["data"]["items"]
        assert [list(item) if isinstance(item, dict) else item for item in shown] == [
            list(item) if isinstance(item, dict) else item for item in items
        ]
    assert server.left == [], "not everything that was expected was asked"


async def answer(exchange, operation_id):
    """Old reply of the row."""
    try:
        return success(await ROWS[operation_id].handle(exchange))
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001 - the table decides about every failure
        return reply_to(error)
