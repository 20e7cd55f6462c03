"""Every worked example of principals, from the request line to the old answer, one row at a time."""

import json
from pathlib import Path

import pytest

from gateway.contract import PathTable, Spec
from gateway.knowledge import query_string
from gateway.legacy.exchange import Exchange, Listing
from gateway.legacy.principal import ROUTES
from gateway.legacy.principal.context import read
from gateway.legacy.principal.numbers import legacy_id, legacy_key_id, target_of
from gateway.settings import Settings
from gateway.state import Recollection
from gateway.web.errors import reply_to
from gateway.web.locks import Locks
from gateway.web.reply import success

EXAMPLES = json.loads((Path(__file__).parents[2] / "vectors" / "principal.json").read_text())
CONTEXT = (EXAMPLES["contextCalls"], EXAMPLES["contextReply"])
PATHS = PathTable(Spec.load().operations, "0.15")
ROWS = {row.operation: row.action for row in ROUTES}


def found(vector):
    """Operation and path elements of a request, and its query string."""
    path, _, query = vector["legacyRequest"]["path"].partition("?")
    return PATHS.find(vector["legacyRequest"]["method"], path), query


READY = [vector for vector in EXAMPLES["vectors"] if found(vector)[0].operation.id in ROWS]


@pytest.mark.parametrize("vector", READY, ids=lambda vector: vector["id"])
async def test_vector(vector, server):
    warm = vector["context"] == "warm"
    rounds = [(it["calls"], it["answers"]) for it in vector["rounds"]]
    # A refusal that rests on a context of a moment ago is confirmed, which the examples leave out.
    upstream = server(rounds, always=CONTEXT if warm else None)
    memory = Recollection()
    for account, name in vector.get("sideTable", {}).get("appSlots", {}).items():
        await memory.set_app_slot(account, name)
    work = []
    match, query = found(vector)
    exchange = Exchange(
        path=match.elements,
        query=query_string.parse(query),
        body=vector["legacyRequest"].get("body"),
        now=0,
        settings=Settings(name_style=vector.get("nameStyle", "full"), verify_index_writes=False, **vector.get("switches", {})),
        caller=upstream,
        flags=None,
        memory=memory,
        locks=Locks(),
        background=work.append,
    )
    if warm:
        await read(exchange)
    reply = await answer(exchange, match.operation.id)
    for it in work:
        await it
    assert (reply.status, json.loads(reply.body)) == (vector["legacyResponse"]["status"], vector["legacyResponse"]["body"])
    assert upstream.left == [], "not everything that was expected was asked"
    if "sideTableAfter" in vector:
        slots = vector["sideTableAfter"]["appSlots"]
        accounts = {*slots, *vector.get("sideTable", {}).get("appSlots", {})}
        assert await memory.app_slots(accounts) == slots


async def answer(exchange, operation_id):
    """Old reply of the row; a list that comes in pages is put together."""
    try:
        value = await ROWS[operation_id].handle(exchange)
        if isinstance(value, Listing):
            value = {"items": [it async for page in value.pages for it in page], "total": value.total, **value.extra}
        return success(value)
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001 - the table decides about every failure
        return reply_to(error)


@pytest.mark.parametrize("known", EXAMPLES["ids"], ids=lambda known: known["jmapId"])
def test_numbers_say_of_which_type_they_are(known):
    if known["type"] == "apiKey":
        assert legacy_key_id(*known["jmapId"].split(":")) == known["legacyId"]
        return
    type_ = known["type"].removeprefix("x:")
    assert legacy_id(type_, known["jmapId"]) == known["legacyId"]
    assert target_of(known["legacyId"]) == (type_, known["jmapId"])
