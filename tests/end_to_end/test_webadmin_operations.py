"""A walk through every operations page of the old WebAdmin: the calls each of them sends, read as strictly as it reads the replies (clients 3.6 to 3.8).

Both editions of the new server are walked through. What the page of an edition does not show is not asked for.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from gateway.simulator.reports.samples import samples
from gateway.simulator.sower import handed_over

from . import readers as read

UNSUPPORTED = {"error": "unsupported", "details": "Enterprise feature"}
LETTER = b"From: kim@acme.test\r\nTo: or-box@example.org\r\nSubject: Offer\r\n\r\nEarn money\r\n"
DAY = 86_400


class WebAdmin:
    """The old WebAdmin in the browser of an administrator."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.world = client.both.world

    async def ask(self, reader: read.Reader, method: str, target: str, body: Any = None) -> Any:
        """What a page reads of a reply that it can show."""
        status, answer = await self.client.call(method, target, body)
        assert status == 200, (method, target, status, answer)
        read.expect(isinstance(answer, dict) and answer.keys() == {"data"}, answer, f"reply to {method} {target}")
        reader(answer["data"])
        return answer["data"]

    async def get(self, reader: read.Reader, target: str) -> Any:
        return await self.ask(reader, "GET", target)

    async def bytes(self, target: str) -> bytes:
        """A raw reply."""
        headers = {"Authorization": aiohttp.encode_basic_auth(*self.client.login)}
        async with self.client.http.get(self.client.both.gateway + target, headers=headers) as answer:
            assert answer.status == 200
            return await answer.read()

    async def jmap(self, *calls: Any) -> list[Any]:
        """Answers of the new server itself, for what a user of it does meanwhile."""
        using = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap", "urn:ietf:params:jmap:mail"]
        body = {"using": using, "methodCalls": [[name, given, str(at)] for at, (name, given) in enumerate(calls)]}
        _, _, answer = await self.client.response("POST", "/jmap/", json.dumps(body), {"Content-Type": "application/json"})
        return [arguments for _, arguments, _ in answer["methodResponses"]]

    @contextlib.asynccontextmanager
    async def events(self, target: str) -> AsyncIterator[Any]:
        """The event source of a page, which has nothing but its token: an async function that gives the next event's name and value."""
        async with self.client.http.get(URL(self.client.both.gateway + target, encoded=True), headers={"Accept": "text/event-stream"}) as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")

            async def following() -> tuple[str, list[Any]]:
                async with asyncio.timeout(10):
                    name, data = (await answer.content.readuntil(b"\n\n")).decode().removesuffix("\n\n").split("\n")
                value = json.loads(data.removeprefix("data: "))
                return name.removeprefix("event: "), value

            yield following


@pytest.fixture(params=["oss", "enterprise"])
async def admin(serving, request) -> AsyncIterator[WebAdmin]:
    """WebAdmin before a server of an edition, whose clock stands; mail waits in its queue."""
    async with serving(request.param, start=float(int(time.time()) // 3600 * 3600 + 600)) as client:
        await client.send("or-box@example.org", "kunde@temp.test", "fine.box@temp.test")
        yield WebAdmin(client)


@pytest.fixture
def full(admin) -> WebAdmin:
    """WebAdmin, where the edition shows all pages."""
    if not admin.world.enterprise:
        pytest.skip("this edition shows no such page")
    return admin


async def test_queue(admin) -> None:
    listed = await admin.get(read.page(read.message, status=read.flag), "/api/queue/messages?page=1&limit=10&values=1&max-total=100")
    (message,) = listed["items"]
    assert listed["total"] == 1
    found = await admin.get(read.page(read.message, status=read.flag), "/api/queue/messages?page=1&limit=10&values=1&max-total=100&text=kunde")
    assert found["items"] == [message]
    one = f"/api/queue/messages/{message['id']}"
    await admin.get(read.message, one)
    assert b"Subject: A message" in await admin.bytes(f"/api/store/blobs/{message['blob_hash']}?limit=10240")
    status, traces = await admin.client.call("GET", f"/api/telemetry/traces?page=1&limit=10&queue_id={message['id']}&values=1")
    assert status == 200
    if admin.world.enterprise:
        read.page(read.event)(traces["data"])
        assert {it["data"]["queueId"] for it in traces["data"]["items"]} == {message["id"]}
    else:
        assert traces == UNSUPPORTED
    assert await admin.ask(read.flag, "PATCH", one) is True
    assert await admin.ask(read.flag, "PATCH", f"{one}?filter={quote('kunde@temp.test')}") is True
    assert await admin.ask(read.flag, "PATCH", "/api/queue/messages?filter=") is True
    for action, running in (("stop", False), ("start", True)):
        assert (await admin.client.call("PATCH", f"/api/queue/status/{action}"))[0] == 200
        assert (await admin.get(read.page(read.message, status=read.flag), "/api/queue/messages?page=1&limit=10&values=1&max-total=100"))["status"] is running
    assert await admin.ask(read.flag, "DELETE", f"{one}?filter={quote('kunde@temp.test')}") is True
    assert (await admin.client.call("GET", one))[0] == 404
    await admin.client.send("or-box@example.org", "other@temp.test")
    assert (await admin.client.call("DELETE", "/api/queue/messages?text=other"))[0] == 200
    assert (await admin.get(read.page(read.message, status=read.flag), "/api/queue/messages?page=1&limit=10&values=1&max-total=100"))["items"] == []


async def test_reports_on_their_way(admin) -> None:
    listed = await admin.get(read.page(read.outgoing_id), "/api/queue/reports?page=1&limit=10&max-total=100")
    await admin.client.send("kim@sender.test", "or-box@example.org")
    await admin.client.send("or-box@example.org", "x@ok.test")
    listed = await admin.get(read.page(read.outgoing_id), "/api/queue/reports?page=1&limit=10&max-total=100")
    assert {it[0] for it in listed["items"]} == {"d", "t"}
    assert (await admin.get(read.page(read.outgoing_id), "/api/queue/reports?page=1&limit=10&max-total=100&domain=ok.test"))["total"] == 1
    for id_ in listed["items"]:
        await admin.get(read.outgoing, f"/api/queue/reports/{quote(id_, safe='')}")
    assert await admin.ask(read.flag, "DELETE", f"/api/queue/reports/{quote(listed['items'][0], safe='')}") is True
    assert (await admin.client.call("DELETE", "/api/queue/reports?filter=ok.test"))[0] == 200
    assert (await admin.get(read.page(read.outgoing_id), "/api/queue/reports?page=1&limit=10&max-total=100&domain=ok.test"))["total"] == 0


async def test_received_reports(admin) -> None:
    for sample in samples("example.org", admin.world.clock.seconds()):
        admin.world.inject(handed_over(sample.return_path, (sample.recipient,), sample.data))
    admin.client.wait()
    for kind in ("dmarc", "tls", "arf"):
        listed = await admin.get(read.page(read.text), f"/api/reports/{kind}?page=1&limit=10&max-total=100")
        assert listed["items"], kind
        for id_ in listed["items"]:
            number, _, expires = id_.partition("_")
            assert number.isdecimal()
            assert expires.isdecimal()
            report = await admin.get(read.received[kind], f"/api/reports/{kind}/{id_}")
        found = await admin.get(read.page(read.text), f"/api/reports/{kind}?page=1&limit=10&max-total=100&filter={quote(report['from'])}")
        assert set(found["items"]) <= set(listed["items"])
        assert await admin.ask(read.flag, "DELETE", f"/api/reports/{kind}/{listed['items'][0]}") is True
        assert (await admin.client.call("DELETE", f"/api/reports/{kind}"))[0] == 200
        assert (await admin.get(read.page(read.text), f"/api/reports/{kind}?page=1&limit=10&max-total=100"))["items"] == []


async def test_logs(admin) -> None:
    first = await admin.get(read.page(read.line), "/api/logs?page=1&limit=50&")
    assert first["items"]
    assert first["total"] >= len(first["items"])
    found = await admin.get(read.page(read.line), "/api/logs?page=1&limit=50&filter=kunde%40temp.test")
    assert {"kunde@temp.test" in it["details"] for it in found["items"]} == {True}


async def test_spam_filter(admin) -> None:
    for kind in ("spam", "ham"):
        await admin.ask(lambda _: None, "POST", f"/api/spam-filter/train/{kind}", LETTER)
        await admin.ask(lambda _: None, "POST", f"/api/spam-filter/train/{kind}/or-box", LETTER)
        await admin.ask(lambda _: None, "POST", f"/api/spam-filter/upload/{kind}", LETTER)
    question = {
        "message": LETTER.decode(), "remoteIp": "192.0.2.1", "ehloDomain": "mail.acme.test", "authenticatedAs": None, "isTls": True,
        "envFrom": "kim@acme.test", "envFromFlags": 0, "envRcptTo": ["or-box@example.org"],
    }  # fmt: skip
    await admin.ask(read.classified, "POST", "/api/spam-filter/classify", json.dumps(question))


@pytest.mark.parametrize("target", ["ok.test", "someone@temp.test", "refused.test", "x.servfail.test", "not a domain"])
async def test_a_delivery_is_tried(admin, target) -> None:
    token = await admin.get(read.text, "/api/troubleshoot/token")
    async with admin.events(f"/api/troubleshoot/delivery/{quote(target)}?token={quote(token, safe='')}") as following:
        kinds = []
        while kinds[-1:] != ["completed"]:
            name, value = await following()
            assert name == "event"
            kinds += [read.stage(it)["type"] for it in value]
    assert kinds[0] == "mxLookupStart"


async def test_a_sender_is_checked(admin) -> None:
    question = {"remoteIp": "192.0.2.1", "ehloDomain": "mail.acme.test", "mailFrom": "kim@acme.test"}
    await admin.ask(read.dmarc_test, "POST", "/api/troubleshoot/dmarc", json.dumps(question))
    await admin.ask(read.dmarc_test, "POST", "/api/troubleshoot/dmarc", json.dumps(question | {"body": LETTER.decode()}))


async def test_maintenance(admin) -> None:
    for target in ("/api/reload", "/api/reload?dry-run=true", "/api/reload/certificate", "/api/reload/lookup", "/api/reload/server.blocked-ip"):
        assert await admin.get(read.reloaded, target) == {"warnings": {}, "errors": {}}
    for target in ("update/spam-filter", "update/webadmin", "store/reindex", "store/purge/in-memory/default/bayes-global"):
        await admin.get(read.done, f"/api/{target}")
    assert await admin.client.call("GET", "/api/restart") == (200, {"error": "unsupported", "details": "Restart is not yet supported"})


async def test_what_the_list_of_accounts_offers_to_do(admin) -> None:
    await admin.get(lambda _: None, "/api/store/purge/account/or-box")
    told = {"error": "unsupported", "details": "Per-account spam classifier models do not exist on this server"}
    assert await admin.client.call("GET", "/api/store/purge/in-memory/default/bayes-account/or-box") == (200, told)


# The Enterprise edition shows more


async def test_dashboard(full) -> None:
    begins = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(full.world.clock.now()))
    full.client.wait(7200)
    samples_ = await full.get(read.each(read.sample_with_time), f"/api/telemetry/metrics?after={begins}")
    assert {it["type"] for it in samples_} == {"counter", "gauge", "histogram"}
    token = await full.get(read.text, "/api/telemetry/live/metrics-token")
    wanted = "server.memory,queue.count,message-ingest.time,smtp.connection-start"
    async with full.events(f"/api/telemetry/metrics/live?token={quote(token, safe='')}&interval=1&metrics={wanted}") as following:
        for _ in range(2):
            name, value = await following()
            assert name == "metrics"
            assert {read.sample(it)["id"] for it in value} >= {"server.memory", "queue.count", "smtp.connection-start"}


@pytest.mark.parametrize("type_", ["delivery.attempt-start", "smtp.connection-start"])
async def test_tracing(full, type_) -> None:
    listed = await full.get(read.page(read.event), f"/api/telemetry/traces?type={type_}&page=1&limit=10&values=1")
    (trace,) = listed["items"]
    found = await full.get(read.page(read.event), f"/api/telemetry/traces?type={type_}&page=1&limit=10&values=1&filter=kunde%40temp.test&queue_id={trace['data']['queueId']}")
    assert found["items"] == [trace]
    events = await full.get(read.each(read.event), f"/api/telemetry/trace/{trace['data']['spanId']}")
    assert events[0]["type"] == type_
    assert all(it["text"] and it["details"] for it in events)


async def test_live_tracing(full) -> None:
    token = await full.get(read.text, "/api/telemetry/live/tracing-token")
    async with full.events(f"/api/telemetry/traces/live?token={quote(token, safe='')}&filter=late.test") as following:
        await full.client.send("or-box@example.org", "x@late.test")
        while (found := await following())[0] != "trace":
            pass
        for it in found[1]:
            read.event(it)


async def test_undelete(full) -> None:
    retention, account = full.world.kept("DataRetention"), full.world.kept("Account")
    retention.save("singleton", retention.value() | {"archiveDeletedItemsFor": 30 * DAY * 1000})
    full.world.take_over()
    await full.client.send("kim@acme.test", "or-box@example.org")
    (id_,) = [id_ for id_, it in account.objects.items() if it["name"] == "or-box"]
    (mail,) = await full.jmap(("Email/query", {"accountId": id_}))
    await full.jmap(("Email/set", {"accountId": id_, "destroy": mail["ids"]}))
    listed = await full.get(read.page(read.archived), "/api/store/undelete/or-box?page=1&limit=20")
    (item,) = listed["items"]
    assert b"Subject: A message" in await full.bytes(f"/api/store/blobs/{item['hash']}?limit=10240")
    wanted = [{"hash": item["hash"], "collection": "email", "restoreTime": item["deletedAt"], "cancelDeletion": item["expiresAt"]}]
    assert await full.ask(read.each(read.restored), "POST", "/api/store/undelete/or-box", json.dumps(wanted)) == [{"type": "success"}]
    assert await full.ask(read.each(read.restored), "POST", "/api/store/undelete/or-box", "null") == []


# What the other one says to those who ask all the same


async def test_pages_of_the_other_edition(admin) -> None:
    if admin.world.enterprise:
        pytest.skip("this edition has them")
    for method, target in (
        ("GET", "/api/telemetry/metrics?after=2026-01-01T00:00:00Z"), ("PATCH", "/api/telemetry/metrics"), ("GET", "/api/telemetry/live/metrics-token"),
        ("GET", "/api/telemetry/traces?type=delivery.attempt-start&page=1&limit=10&values=1"), ("GET", "/api/telemetry/trace/1"),
        ("GET", "/api/telemetry/live/tracing-token"), ("GET", "/api/store/undelete/or-box?page=1&limit=20"), ("POST", "/api/store/undelete/or-box"),
    ):  # fmt: skip
        assert await admin.client.call(method, target, "null" if method == "POST" else None) == (200, UNSUPPORTED), (method, target)
