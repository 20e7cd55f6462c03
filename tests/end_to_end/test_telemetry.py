"""Logs, traces, metrics and their streams, as an old client sees them of a simulated server in each of its editions."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from gateway.simulator.sower import Sower

UNSUPPORTED = {"error": "unsupported", "details": "Enterprise feature"}
PLAIN = ("pia@example.org", "Canary-of-pia-1")


OF_HOUR = 600


def soon_after_the_hour() -> float:
    return float(int(time.time()) // 3600 * 3600 + OF_HOUR)


def plain(client: Any) -> Any:
    """The same client with the login of somebody who has an ordinary account."""
    sower = Sower(client.both.world)
    domain = next(id_ for id_, it in client.both.world.kept("Domain").objects.items() if it["name"] == "example.org")
    sower.user("pia", domain, PLAIN[1])
    return client.as_(PLAIN)


@pytest.fixture
async def enterprise(serving) -> AsyncIterator[Any]:
    """A client before a server of the Enterprise edition, whose clock stands."""
    async with serving("enterprise", start=soon_after_the_hour()) as client:
        yield client


@contextlib.asynccontextmanager
async def stream(client: Any, target: str) -> AsyncIterator[aiohttp.StreamReader]:
    """A live stream that an old client opens: with its credentials, or with none when it has a token."""
    headers = {"Authorization": aiohttp.encode_basic_auth(*client.login)} if client.login else {}
    async with client.http.get(URL(client.both.gateway + target, encoded=True), headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream"), await answer.text()
        yield answer.content


async def event(content: aiohttp.StreamReader) -> tuple[str, Any]:
    async with asyncio.timeout(5):
        text = (await content.readuntil(b"\n\n")).decode()
    name, data = text.removesuffix("\n\n").split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


ROUTES = ("traces", "traces/live", "trace/1", "trace/x", "trace?id=1,2", "live/tracing-token", "live/metrics-token", "metrics", "metrics?before=2001-01-01T00:00:00Z", "metrics/live")
OTHERS = ("", "/", "/zz", "/live/zz", "/metrics/", "/traces/x")


@pytest.mark.parametrize("edition", ["oss", "community"])
async def test_an_edition_without_telemetry_says_so_for_everything_below(serving, edition) -> None:
    async with serving(edition) as client:
        pia = plain(client)
        for method in ("GET", "PATCH", "POST", "DELETE", "PUT"):
            for route in ROUTES:
                assert await client.call(method, f"/api/telemetry/{route}") == (200, UNSUPPORTED), (method, route)
                assert (await pia.call(method, f"/api/telemetry/{route}"))[0] == 403, (method, route)
                assert (await client.as_(None).call(method, f"/api/telemetry/{route}"))[0] == 401, (method, route)
            for rest in OTHERS:
                assert await pia.call(method, f"/api/telemetry{rest}") == (200, UNSUPPORTED), (method, rest)
        assert (await client.call("GET", "/api/telemetries"))[0] == 404
        for kind in ("metrics", "traces"):
            assert (await client.as_(None).call("GET", f"/api/telemetry/{kind}/live?token=x"))[0] == 401


async def test_the_edition_with_telemetry_has_no_other_routes_and_methods(enterprise) -> None:
    pia = plain(enterprise)
    for route in ROUTES:
        for method in ("PATCH", "POST", "DELETE", "PUT"):
            assert (await enterprise.call(method, f"/api/telemetry/{route}"))[0] == 404, (method, route)
        assert (await pia.call("GET", f"/api/telemetry/{route}"))[0] == 403, route
    for rest in OTHERS:
        assert (await enterprise.call("GET", f"/api/telemetry{rest}"))[0] == 404, rest


async def test_a_message_leaves_traces(enterprise) -> None:
    await enterprise.send("alice@sender.test", "x@ok.test")
    listed = await enterprise.get("/api/telemetry/traces?page=1&limit=10&values=1")
    delivery, session = listed["items"]
    assert (listed["total"], delivery["type"], session["type"]) == (2, "delivery.attempt-start", "queue.queue-message")
    assert session["data"]["from"] == "alice@sender.test"
    assert delivery["data"]["queueId"] == session["data"]["queueId"]
    spans = [delivery["data"]["spanId"], session["data"]["spanId"]]
    assert await enterprise.get("/api/telemetry/traces") == {"items": spans, "total": 2}
    for condition in (f"queue_id={session['data']['queueId']}", "filter=alice@sender.test%20ok.test", "filter=%22alice@sender.test%22&type=", "after=2021-01-01T00:00:00Z"):
        assert (await enterprise.get(f"/api/telemetry/traces?{condition}"))["items"] == spans, condition
    assert (await enterprise.get("/api/telemetry/traces?type=queue.queue-message"))["items"] == spans[1:]
    assert (await enterprise.get("/api/telemetry/traces?filter=nobody"))["items"] == []
    assert (await enterprise.get("/api/telemetry/traces?limit=1&page=2"))["items"] == spans[1:]
    events = await enterprise.get(f"/api/telemetry/trace/{spans[1]}")
    assert [it["type"] for it in events][:2] == ["smtp.connection-start", "smtp.ehlo"]
    assert events[0]["text"] == "Smtp connection start"
    assert events[0]["data"] == {"listenerId": "smtp", "localPort": 25, "remoteIp": "127.0.0.1", "remotePort": 49152}
    both = await enterprise.get(f"/api/telemetry/trace/{spans[1]},7,{spans[0]}")
    assert [bool(it) for it in both] == [True, False, True]
    assert both[0] == events
    assert await enterprise.get(f"/api/telemetry/trace?id={spans[1]}") == [events]


async def test_the_history_of_metrics_grows_by_the_hour(enterprise) -> None:
    begins = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(enterprise.both.world.clock.now()))
    for count in (1, 2):
        for _ in range(count):
            await enterprise.send("alice@sender.test", "or-box@example.org")
        enterprise.wait(3600)
    samples = await enterprise.get(f"/api/telemetry/metrics?after={begins}")
    assert [it["value"] for it in samples if it["id"] == "queue.queue-message"] == [1, 2]
    assert {it["value"] for it in samples if it["id"] == "queue.count"} == {0}
    assert [(it["count"], it["type"]) for it in samples if it["id"] == "message-ingest.time"] == [(2, "histogram")]
    assert samples == sorted(samples, key=lambda it: it["timestamp"])
    middle = samples[-1]["timestamp"]
    later = await enterprise.get(f"/api/telemetry/metrics?after={middle}")
    assert {it["timestamp"] for it in later} == {middle}
    assert {it["timestamp"] for it in await enterprise.get(f"/api/telemetry/metrics?before={middle}")} == {samples[0]["timestamp"]}


async def test_events_are_seen_as_they_happen_with_a_token_alone(enterprise) -> None:
    token = await enterprise.get("/api/telemetry/live/tracing-token")
    async with stream(enterprise.as_(None), f"/api/telemetry/traces/live?remote-ip=203.0.113&token={token}") as content:
        assert await event(content) == ("ping", {"interval": 30000})
        await enterprise.send("carol@sender.test", "or-box@example.org")
        await enterprise.send("alice@sender.test", "or-box@example.org", remote_ip="203.0.113.9")
        name, events = await event(content)
    assert name == "trace"
    assert events[0] == {
        "text": "Smtp connection start",
        "details": "The simulated server reports smtp.connection-start.",
        "createdAt": events[0]["createdAt"],
        "type": "smtp.connection-start",
        "data": {"listenerId": "smtp", "localPort": 25, "remoteIp": "203.0.113.9", "remotePort": 49152},
    }
    assert "queue.queue-message" in [it["type"] for it in events]
    assert "carol" not in json.dumps(events)


async def test_a_text_selects_events_too(enterprise) -> None:
    async with stream(enterprise, "/api/telemetry/traces/live?filter=alice&account-name=nobody") as content:
        assert (await event(content))[0] == "ping"
        await enterprise.send("carol@sender.test", "or-box@example.org")
        await enterprise.send("alice@sender.test", "or-box@example.org")
        _, events = await event(content)
    assert "alice" in json.dumps(events)
    assert "carol" not in json.dumps(events)


async def test_metrics_are_seen_as_they_stand(enterprise) -> None:
    await enterprise.send("alice@sender.test", "or-box@example.org")
    token = await enterprise.get("/api/telemetry/live/metrics-token")
    target = f"/api/telemetry/metrics/live?metrics=queue.queue-message,%20server.memory&interval=1&token={token}"
    async with stream(enterprise.as_(None), target) as content:
        assert await event(content) == ("metrics", [{"id": "queue.queue-message", "type": "counter", "value": 1}, {"id": "server.memory", "type": "gauge", "value": 180_000_000}])
        await enterprise.send("alice@sender.test", "or-box@example.org")
        assert (await event(content))[1][0] == {"id": "queue.queue-message", "type": "counter", "value": 2}


async def test_a_token_is_good_for_its_streams_only(enterprise) -> None:
    guest = enterprise.as_(None)
    token = await enterprise.get("/api/telemetry/live/tracing-token")
    for target in ("traces", "traces?values=1"):
        assert (await guest.call("GET", f"/api/telemetry/{target}{'&' if '?' in target else '?'}token={token}"))[0] == 403
    for target in (f"/api/telemetry/metrics/live?token={token}", f"/api/telemetry/trace/1?token={token}", "/api/telemetry/traces/live?token=junk", f"/api/logs?token={token}"):
        assert (await guest.call("GET", target))[0] == 401, target
    enterprise.wait(61)
    assert (await guest.call("GET", f"/api/telemetry/traces/live?token={token}"))[0] == 401
    async with stream(enterprise, f"/api/telemetry/traces/live?token={token}") as content:
        assert (await event(content))[0] == "ping"


async def test_without_stores_there_is_nothing_and_with_the_switch_the_old_words(serving) -> None:
    async with serving("enterprise", check_store_config=True) as client:
        for name in ("TracingStore", "MetricsStore"):
            kept = client.both.world.kept(name)
            kept.save("singleton", kept.schema.fresh("Disabled"))
        client.both.world.take_over()
        assert await client.call("GET", "/api/telemetry/traces") == (200, {"error": "unsupported", "details": "No tracing store has been configured"})
        assert (await client.call("GET", "/api/telemetry/metrics"))[1]["details"] == "No metrics store has been defined"


# logs


def lines(data: Any) -> list[tuple[str, str]]:
    return [(it["event_id"], it["details"]) for it in data["items"]]


async def test_pages_of_the_log_do_not_repeat_while_it_grows(old) -> None:
    await old.send("alice@sender.test", "or-box@example.org")
    whole = lines(await old.get("/api/logs?limit=0"))
    seen = []
    page = 1
    while items := (answer := await old.get(f"/api/logs?page={page}&limit=3"))["items"]:
        assert answer["total"] >= 3 * (page - 1) + len(items)
        seen += lines(answer)
        page += 1
        await old.send("carol@sender.test", "or-box@example.org")
    assert seen == whole
    assert ("server.startup", 'hostname = "mail.example.org", version = "0.16.16"') in seen


async def test_lines_are_found_by_a_part_of_them(old) -> None:
    await old.send("alice@sender.test", "or-box@example.org")
    assert (await old.get("/api/logs?filter=alice@sender&limit=1"))["total"] == 2
    assert {it["event_id"] for it in (await old.get("/api/logs?filter=queue.message-queued"))["items"]} == {"queue.queue-message"}
    assert await old.get("/api/logs?filter=ALICE") == {"items": [], "total": 0}
    assert all(it["level"] == "INFO" for it in (await old.get("/api/logs?filter=INFO"))["items"])


async def test_after_a_rotation_the_pages_are_those_of_the_new_file(old) -> None:
    await old.send("alice@sender.test", "or-box@example.org")
    await old.get("/api/logs?limit=2")
    old.wait(86_400)
    await old.send("carol@sender.test", "or-box@example.org")
    second = await old.get("/api/logs?limit=2&page=2")
    assert "carol" in json.dumps(second)
    assert "alice" not in json.dumps(second)


async def test_without_a_tracer_there_is_no_log(old) -> None:
    tracers = old.both.world.kept("Tracer")
    for id_, stored in tuple(tracers.objects.items()):
        tracers.save(id_, stored | {"enable": False})
    assert (await old.get("/api/logs?limit=1"))["items"]
    await old.get("/api/reload")
    assert await old.call("GET", "/api/logs") == (200, {"error": "unsupported", "details": "Tracer log path not configured"})


async def test_logs_are_for_those_who_may_see_them(old) -> None:
    pia = plain(old)
    for target in ("/api/logs", "/api/logs?page=6000&limit=100"):
        assert (await pia.call("GET", target))[0] == 403
        assert (await old.call("GET", target))[0] == 200
