"""The spam filter as an old client uses it: samples, training, a test of a message."""

import asyncio
import io
import json

import pytest

from gateway.simulator.mail.training import TrainingSamples

MESSAGE = "From: seller@sender.test\r\nTo: kim@lab.test\r\nSubject: Cheap pills\r\n\r\nBuy now\r\n"
TEST = {"message": MESSAGE, "remoteIp": "127.0.0.1", "ehloDomain": "mx.sender.test", "isTls": True, "envFrom": "seller@sender.test", "envFromFlags": 0, "envRcptTo": ["kim@lab.test"]}


async def post(old, target, body):
    """Body of the answer with status 200 to a text, or to a value as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    status, answer = await old.call("POST", target, io.BytesIO(text.encode()))
    assert status == 200, answer
    return answer


def samples(union) -> TrainingSamples:
    return union.both.world.types["SpamTrainingSample"]


async def prepare(union) -> None:
    """A domain and an account."""
    for body in ({"type": "domain", "name": "acme.test"}, {"type": "individual", "name": "kim", "emails": ["kim@acme.test"], "secrets": ["Canary-of-kim-1"], "roles": ["user"]}):
        assert (await post(union, "/api/principal", body))["data"]


@pytest.mark.parametrize("path", ["train", "upload"])
async def test_samples_are_kept_for_everybody_or_for_one_account(union, path):
    await prepare(union)
    assert await post(union, f"/api/spam-filter/{path}/spam", MESSAGE) == {"data": None}
    assert await post(union, f"/api/spam-filter/{path}/ham/kim", MESSAGE) == {"data": None}
    kept = [(it["isSpam"], it["subject"], it["accountId"] is None) for it in samples(union).objects.values()]
    assert kept == [(True, "Cheap pills", True), (False, "Cheap pills", False)]
    assert await post(union, f"/api/spam-filter/{path}/spam/nobody", MESSAGE) == {"error": "notFound", "item": "nobody"}
    assert await post(union, f"/api/spam-filter/{path}/spam", "no message") == {"error": "other", "details": "Failed to parse message.", "reason": None}
    assert len(samples(union).objects) == 2


async def test_a_large_message_is_kept_as_a_small_one_is(union):
    large = MESSAGE + "x" * 900_000
    assert await post(union, "/api/spam-filter/upload/spam", large) == {"data": None}
    (kept,) = samples(union).objects.values()
    assert kept["subject"] == "Cheap pills"
    refused = {"error": "other", "details": "Failed to parse message.", "reason": None}
    assert await post(union, "/api/spam-filter/upload/spam", "x" * 900_000) == refused
    assert await post(union, "/api/spam-filter/upload/spam", large + "x" * 200_000) == refused
    assert len(samples(union).objects) == 1


async def test_who_may_not_train_is_refused_whatever_he_sends(union):
    await prepare(union)
    kim = union.as_(("kim", "Canary-of-kim-1"))
    for size in (10, 200_000, 2_000_000):
        assert (await kim.call("POST", "/api/spam-filter/upload/spam", io.BytesIO((MESSAGE + "x" * size).encode())))[0] == 403
    assert samples(union).objects == {}
    assert (await union.as_(("kim", "wrong")).call("POST", "/api/spam-filter/upload/spam", MESSAGE))[0] == 401
    assert (await kim.call("GET", "/api/spam-filter/train/status"))[0] == 403
    assert (await kim.call("POST", "/api/spam-filter/classify", b"{}"))[0] == 403


async def test_a_training_is_started_once_and_watched(union):
    few = [[f"spam-filter.classifier.samples.min-{kind}", "1"] for kind in ("ham", "spam")]
    assert await post(union, "/api/settings", [{"type": "insert", "prefix": None, "values": few, "assert_empty": False}]) == {"data": None}
    await union.get("/api/reload")
    assert await union.get("/api/spam-filter/train/status") is False
    assert await union.get("/api/spam-filter/train/stop") is False
    for kind in ("spam", "ham"):
        await post(union, f"/api/spam-filter/upload/{kind}", MESSAGE)
    # Started by two at once.
    assert sorted(await asyncio.gather(union.get("/api/spam-filter/train/start"), union.get("/api/spam-filter/train/reset"))) == [False, True]
    assert await union.get("/api/spam-filter/train/status") is True
    assert await union.get("/api/spam-filter/train/stop") is True
    union.wait(5)
    assert await union.get("/api/spam-filter/train/status") is False
    assert await union.get("/api/spam-filter/train/reset") is True
    assert await union.get("/api/spam-filter/train/delete") is True
    assert (await union.call("GET", "/api/spam-filter/train/pause"))[0] == 404


async def test_a_message_is_classified(union):
    answer = (await post(union, "/api/spam-filter/classify", TEST))["data"]
    assert answer["disposition"]["action"] == "allow"
    assert answer["tags"]["MISSING_DATE"] == {"action": "allow", "value": 0.0}
    assert ": Yes" not in answer["disposition"]["value"]
    assert list(answer["tags"]) == sorted(answer["tags"])
    assert (await post(union, "/api/spam-filter/classify", TEST | {"message": "x"})) == {"error": "other", "details": "Failed to parse message.", "reason": None}
    for wrong in ({"remoteIp": "0.0.0.0"}, {"remoteIp": "::1%lo"}, {"envFrom": "a@b.example"}, {"envRcptTo": ["x"]}, {"envFromFlags": -1}, {"isTls": None}):  # noqa: S104 - a value like any other
        assert (await union.call("POST", "/api/spam-filter/classify", json.dumps(TEST | wrong)))[0] == 400, wrong
    assert "disposition" in (await post(union, "/api/spam-filter/classify", TEST | {"envFrom": "", "ehloDomain": ""}))["data"]
