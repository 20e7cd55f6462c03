"""Exchanges with a real server, repeated: what it answered there, the simulator answers here."""

import json
from pathlib import Path

import pytest

ADMIN = ("admin", "Canary-admin-1")
USER = ("olga@lab.test", "canary of olga 1")

LINES = [json.loads(line) for line in (Path(__file__).parent / "recorded" / "session.jsonl").read_text("utf-8").splitlines()]
WHO = {"admin": ADMIN, "user": USER, "wrong": (ADMIN[0], "canary, but another"), None: None}


@pytest.mark.parametrize("line", LINES, ids=[line["label"] for line in LINES])
async def test_recorded_exchange(server, line):
    answer = await server.ask(line["method"], line["target"], line["body"], user=WHO[line["user"]], headers=line["headers"])
    got = answer.json
    if isinstance(got, dict):
        got.pop("sessionState", None)
    assert (answer.status, got) == (line["status"], line["answer"])
    for name, value in line["answerHeaders"].items():
        assert ", ".join(answer.headers.getall(name)) == value
