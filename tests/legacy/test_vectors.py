"""Every worked example of the conversion, from the request line to the old answer, one row at a time."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.contract import PathTable, Spec
from gateway.jmap.event_texts import EventText
from gateway.knowledge import query_string
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.refusals import NotFound
from gateway.settings import Settings
from gateway.web.errors import reply_to
from gateway.web.reply import success

EXAMPLES = json.loads((Path(__file__).parent.parent / "vectors" / "operations.json").read_text())
OPERATIONS = Spec.load().operations
EVERY_RIGHT = [name for names in NEW_RIGHTS.values() for name in names]


def stays_in_the_row(vector: dict[str, Any]) -> bool:
    """Whether the row alone gives the answer: other requests than batches, and methods that only look, take the whole gateway."""
    request = vector["legacy_request"]
    match = PathTable(OPERATIONS).find(request["method"], request["target"].partition("?")[0])
    return all("jmap" in it for it in vector["rounds"]) and not (match and match.probe)


CHOSEN = [vector for vector in EXAMPLES["vectors"] if stays_in_the_row(vector)]


@pytest.mark.parametrize("vector", CHOSEN, ids=lambda vector: vector["id"])
async def test_vector(vector, run):
    expected = vector["legacy_reply"]
    request, config = vector["legacy_request"], EXAMPLES["defaults"] | vector.get("config", {})
    raw_path, _, raw_query = request["target"].partition("?")
    match = PathTable(OPERATIONS, config["legacy_version"]).find(request["method"], raw_path)
    if match is None:
        assert vector["rounds"] == []
        assert expected["body"] == NotFound().body
        return
    try:
        reply = success(
            await run(
                match.operation.id,
                [in_own_names(it) for it in vector["rounds"]],
                path=match.elements,
                query=query_string.parse(raw_query),
                body=request["body_text"].encode() if "body_text" in request else request.get("body"),
                settings={name: value for name, value in config.items() if name in Settings.model_fields},
                running=vector.get("state", {}).get("queue_running"),
                now=vector["now"],
                rights=EVERY_RIGHT,
                edition=edition(vector),
                texts=event_texts(vector),
            )
        )
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001 - the table decides about every failure
        reply = reply_to(error)
    assert (reply.status, reply.type.partition(";")[0]) == (expected["status"], expected["content_type"])
    assert json.loads(reply.body) == expected["body"]


def edition(vector: dict[str, Any]) -> str:
    """Edition of the new server."""
    return "enterprise" if vector.get("state", {}).get("enterprise", True) else "community"


def event_texts(vector: dict[str, Any]) -> dict[str, EventText]:
    """What the new server calls its events."""
    known = vector.get("state", {}).get("schema_events", {})
    return {name: EventText(it["text"], it["details"]) for name, it in known.items()}


def in_own_names(exchange: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Calls and answers of a round with call ids `c0`, `c1`, … as the gateway gives them; they are free."""
    calls = exchange["jmap"]["methodCalls"]
    own = {tag: f"c{position}" for position, (_, _, tag) in enumerate(calls)}
    text = json.dumps([[name, arguments] for name, arguments, _ in calls])
    text = re.sub(r'"resultOf": "(\w+)"', lambda found: f'"resultOf": "{own[found[1]]}"', text)
    return json.loads(text), [[name, arguments] for name, arguments, _ in exchange["reply"]["methodResponses"]]
