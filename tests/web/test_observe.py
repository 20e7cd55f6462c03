"""Request ids, access log, metrics, deprecation headers, health, logs."""

import base64
import json
import logging
import re
import sys

import pytest
from aiohttp import web

from gateway.contract import Spec
from gateway.settings import Settings
from gateway.web import logs


async def metrics(client):
    text = (await client("GET", "/metrics", authorization=None)).body.decode()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if not line.startswith("#")}


@pytest.fixture
def access(caplog):
    caplog.set_level(logging.INFO, "gateway.access")
    return lambda: [record.fields for record in caplog.records if record.name == "gateway.access"]


async def test_every_reply_has_an_id_of_its_own_which_the_log_knows(start, access):
    client = await start()
    answers = [await client("GET", target) for target in ("/api/zz", "/healthz/live", "/elsewhere", "/jmap/x.php")]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == 4
    assert [line["id"] for line in access()] == ids


async def test_the_access_line(start, giving, access):
    client = await start(rows={"getQueueStatus": giving(value=True)})
    await client("GET", "/api/queue/status?token=Canary", User_Agent="old-cli/0.15")
    (line,) = access()
    assert line.pop("ms") >= 0
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", line.pop("id"))
    assert line == {
        "client": "127.0.0.1",
        "caller": "admin",
        "method": "GET",
        "path": "/api/queue/status",
        "operation": "getQueueStatus",
        "status": 200,
        "error": "",
        "bytes": 13,
        "agent": "old-cli/0.15",
    }


async def test_refused_logins_are_not_named(start, access):
    client = await start()
    await client("GET", "/api/zz", authorization="Basic " + base64.b64encode(b"Canary-as-login:x").decode())
    (line,) = access()
    assert (line["caller"], line["status"]) == ("", 401)


async def test_the_access_log_can_be_switched_off(start, access):
    client = await start(access_log=False)
    await client("GET", "/api/zz")
    assert access() == []


async def test_management_errors_are_told_apart(start, access):
    client = await start()
    before = await metrics(client)
    await client("GET", "/api/restart")
    assert access()[-1]["error"] == "unsupported"
    fresh = await start()
    counted = 'gateway_requests_total{error="unsupported",operation="restart",status="200"}'
    assert (await metrics(fresh))[counted] == before.get(counted, 0) + 1


async def test_metrics(start, giving):
    client = await start(rows={"getQueueStatus": giving(value=True)}, validation={"updateSettings": "report"})
    before = await metrics(client)
    await client("GET", "/api/queue/status")
    await client("GET", "/api/zz", authorization="Bearer wrong")
    await client("POST", "/api/settings", data="{")
    after = await metrics(await start())

    def grown(name):
        return after[name] - before.get(name, 0)

    assert grown('gateway_requests_total{error="",operation="getQueueStatus",status="200"}') == 1
    assert grown('gateway_request_seconds_count{operation="getQueueStatus"}') == 1
    assert grown('gateway_requests_total{error="",operation="none",status="401"}') == 1
    assert grown("gateway_logins_refused_total") == 1
    assert grown('gateway_contract_violations_total{mode="report",operation="updateSettings"}') == 1
    assert "gateway_requests_under_way" in after


async def test_metrics_of_every_operation_are_there_from_the_start(start):
    names = await metrics(await start())
    for operation in Spec.load().operations:
        assert f'gateway_request_seconds_count{{operation="{operation.id}"}}' in names


async def test_metrics_are_made_at_most_once_a_second(start):
    client = await start()
    first = await client("GET", "/metrics")
    await client("GET", "/api/zz")
    assert (await client("GET", "/metrics")).body == first.body
    assert first.headers["Content-Type"].startswith("text/plain; version=")


async def test_replies_name_the_replacement(start, giving):
    client = await start(rows={"getQueueStatus": giving(value=True), "listQueue": giving([])})
    answer = await client("GET", "/api/queue/messages")
    assert re.fullmatch(r"@\d{10}", answer.headers["Deprecation"])
    assert answer.headers["Link"] == '</jmap/>; rel="successor-version"; title="x:QueuedMessage/query"'
    refused = await client("GET", "/api/queue/messages", authorization="Bearer wrong")
    assert "Deprecation" not in refused.headers or refused.headers["Link"] == answer.headers["Link"]
    assert "Deprecation" not in (await client("GET", "/api/zz")).headers
    assert "Deprecation" not in (await client("GET", "/healthz/live")).headers


async def test_replacements_that_are_paths_are_linked_to(start, giving):
    client = await start(rows={"troubleshootDelivery": giving([])})
    answer = await client("GET", "/api/troubleshoot/delivery/kim@acme.test")
    assert answer.headers["Link"] == '</api/live/delivery>; rel="successor-version"; title="/api/live/delivery"'


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_health(start, method):
    client = await start()
    live = await client(method, "/healthz/live", authorization="Basic wrong")
    assert (live.status, live.body) == (200, b'{"type":"about:blank","title":"OK","status":200,"detail":"OK"}')
    assert live.headers["Content-Type"] == "application/problem+json"
    ready = await client(method, "/healthz/ready", authorization=None)
    assert (ready.status, ready.body) == (200, live.body)


async def test_not_ready_without_the_new_server(start):
    client = await start(upstream="http://127.0.0.1:9")
    assert (await client("GET", "/healthz/live")).status == 200
    ready = await client("GET", "/healthz/ready")
    assert (ready.status, ready.body) == (
        503,
        b'{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"Service Unavailable"}',
    )


async def test_not_ready_while_the_new_server_is_something_else(start, server):
    async def answer(_request):
        return web.Response(text="<html>")

    client = await start(upstream=server.url + "/behind")
    server.other = answer
    assert (await client("GET", "/healthz/ready")).status == 503


async def test_robots(start):
    client = await start()
    answer = await client("GET", "/robots.txt", authorization=None)
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"User-agent: *\nDisallow: /\n", "text/plain")


@pytest.mark.parametrize("target", ["/", "/healthz", "/healthz/", "/healthz/zz", "/metrics/", "/metrics/prometheus", "/API/principal"])
async def test_everything_else_outside_is_404_without_asking_who(start, target):
    client = await start()
    answer = await client("GET", target, authorization=None)
    assert (answer.status, answer.json["title"]) == (404, "Not Found")


def record(message="said", level=logging.INFO, **more):
    made = logging.LogRecord("gateway.web", level, __file__, 1, message, (), more.pop("exc_info", None))
    made.__dict__.update(more)
    return made


def test_json_lines():
    made = record(fields={"id": "a-1", "path": '/"\n'})
    made.created, made.msecs = 1_700_000_000.25, 250.0
    assert json.loads(logs.JsonLines().format(made)) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "logger": "gateway.web",
        "message": "said",
        "id": "a-1",
        "path": '/"\n',
    }


@pytest.mark.parametrize("form", [logs.JsonLines(), logs.TextLines()])
def test_lines_tell_where_but_not_what_an_exception_said(form):
    try:
        int("Canary")
    except ValueError as error:
        line = form.format(record(exc_info=(ValueError, error, error.__traceback__)))
    assert "Canary" not in line
    assert "ValueError" in line
    assert "test_observe.py" in line
    assert "\n" not in line


def test_text_lines_stay_on_one_line():
    assert "\\n" in logs.TextLines().format(record(fields={"path": "/a\nb"}))


def test_a_lone_surrogate_does_not_stop_the_log():
    assert json.loads(logs.JsonLines().format(record(fields={"path": "\udcff"})))["path"]


def test_lines_are_written_to_standard_error(capsys):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure(Settings(log_level="info"))
        logging.getLogger("elsewhere").info("first")
        logging.getLogger("elsewhere").warning("second")
        logging.getLogger("elsewhere").debug("third")
    finally:
        root.handlers[:], root.level = handlers, level
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["first", "second"]


async def test_lines_of_a_busy_moment_are_written_together_and_in_order(capsys):
    lines = logs.Lines(sys.stderr)
    lines.setFormatter(logging.Formatter("%(message)s"))
    for number in range(3):
        lines.handle(record(str(number)))
    assert capsys.readouterr().err == ""
    lines.handle(record("bad", logging.ERROR))
    assert capsys.readouterr().err == "0\n1\n2\nbad\n"
