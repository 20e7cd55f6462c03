"""Every worked example of the conversion, from the request line to the old answer, one row at a time."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.contract import PathTable, Spec
from gateway.knowledge import query_string
from gateway.legacy.refusals import NotFound
from gateway.settings import Settings
from gateway.web.errors import reply_to
from gateway.web.reply import success

EXAMPLES = json.loads((Path(__file__).parent.parent / "vectors" / "operations.json").read_text())
OPERATIONS = Spec.load().operations


@pytest.mark.parametrize("vector", EXAMPLES["vectors"], ids=lambda vector: vector["id"])
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
                settings={name: value for name, value in config.items() if name in Settings.model_fields},
                running=vector.get("state", {}).get("queue_running"),
                now=vector["now"],
            )
        )
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001 - the table decides about every failure
        reply = reply_to(error)
    assert (reply.status, reply.type.partition(";")[0]) == (expected["status"], expected["content_type"])
    assert json.loads(reply.body) == expected["body"]


def in_own_names(exchange: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Calls and answers of a round with call ids `c0`, `c1`, … as the gateway gives them; they are free."""
    calls = exchange["jmap"]["methodCalls"]
    text = json.dumps([[name, arguments] for name, arguments, _ in calls])
    for position, (_, _, tag) in enumerate(calls):
        text = re.sub(rf'"resultOf": "{tag}"', f'"resultOf": "c{position}"', text)
    return json.loads(text), [[name, arguments] for name, arguments, _ in exchange["reply"]["methodResponses"]]
