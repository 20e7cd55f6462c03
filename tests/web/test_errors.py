"""Every row of the table of errors: status, body and headers, byte for byte."""

import json

import pytest

from gateway.jmap import errors as jmap
from gateway.jmap.calls import Set
from gateway.legacy import refusals
from gateway.legacy.table import Action
from gateway.web.errors import BodyTooSlow, TooManyLogins, TooManyRequests

PROBLEM = "application/problem+json"
JSON = "application/json; charset=utf-8"
CHALLENGES = ['Bearer realm="Stalwart Server"', 'Basic realm="Stalwart Server"']


def document(status: int, title: str, detail: str) -> bytes:
    return f'{{"type":"about:blank","status":{status},"title":"{title}","detail":"{detail}"}}'.encode()


SUPPORT = "Please contact the system administrator if this problem persists."
INTERNAL = document(500, "Internal Server Error", f"There was a problem while processing your request. {SUPPORT}")
UNAUTHORIZED = document(401, "Unauthorized", "You have to authenticate first.")
FORBIDDEN = document(403, "Forbidden", "You do not have enough permissions to access this resource.")
RATE = "Your request has been rate limited. Please try again in a few"
TOO_MANY = document(429, "Too Many Requests", f"{RATE} seconds.")
TOTP = "A TOTP code is required to authenticate this account. Try authenticating again using 'secret$totp_token'."
LOST = "The change was sent to the mail server, but its answer was lost: the outcome is unknown. Look at the present state before trying again."
CROWDED = document(503, "Service Unavailable", "Too many requests of this account are waiting for the mail server. Please try again.")
LIMIT = b'{"type":"urn:ietf:params:jmap:error:limit","status":400,"detail":"Too many.","limit":"maxConcurrentRequests"}'
FORBIDDEN_CALL = jmap.MethodError("x:Trace/query", "forbidden", "You are not authorized to perform this action")

ROWS = [
    (refusals.Unauthorized(), UNAUTHORIZED),
    (refusals.Unauthorized(challenge=True), UNAUTHORIZED),
    (refusals.NotFound(), document(404, "Not Found", "The requested resource does not exist on this server.")),
    (refusals.Forbidden(), FORBIDDEN),
    (refusals.BadRequest(), document(400, "Invalid parameters", "JSON deserialization failed")),
    (refusals.Problem(400, None, "Too many.", "urn:ietf:params:jmap:error:limit", limit="maxConcurrentRequests"), LIMIT),
    (TooManyRequests(), TOO_MANY),
    (TooManyLogins(), document(429, "Too Many Authentication Attempts", f"{RATE} minutes.")),
    (BodyTooSlow(), b'{"type":"about:blank","title":"Request Timeout","status":408,"detail":"Request Timeout"}'),
    (jmap.HttpRefusal(401), UNAUTHORIZED),
    (jmap.HttpRefusal(402), document(402, "TOTP code required", TOTP)),
    (jmap.HttpRefusal(403), FORBIDDEN),
    (jmap.HttpRefusal(429, retry_after=7), TOO_MANY),
    (jmap.HttpRefusal(400), INTERNAL),
    (jmap.HttpRefusal(404), INTERNAL),
    (jmap.HttpRefusal(503, retry_after=7), INTERNAL),
    (jmap.HttpRefusal(400, "maxSizeRequest"), INTERNAL),
    (FORBIDDEN_CALL, FORBIDDEN),
    (jmap.MethodError("x:QueuedMessage/query", "unsupportedFilter", "Filter on property"), INTERNAL),
    (jmap.MethodError("x:QueuedMessage/set", "serverUnavailable"), INTERNAL),
    (jmap.Garbled("no methodResponses"), INTERNAL),
    (jmap.OutcomeUnknown(), document(504, "Gateway Timeout", LOST)),
    (ValueError("Canary"), INTERNAL),
]


@pytest.mark.parametrize(("error", "body"), ROWS, ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "")
async def test_problem(start, raising, error, body):
    client = await start(rows={"getQueueStatus": raising(error)})
    answer = await client("GET", "/api/queue/status")
    assert (answer.status, answer.body) == (json.loads(body)["status"], body)
    assert answer.headers.getall("WWW-Authenticate", []) == (CHALLENGES if getattr(error, "challenge", False) else [])
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["Content-Length"] == str(len(body))
    assert "Retry-After" not in answer.headers
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("error", "body", "seconds"),
    [
        (jmap.Busy(3), CROWDED, "3"),
        (jmap.HttpRefusal(400, "maxConcurrentRequests"), CROWDED, "1"),
        (jmap.HttpRefusal(400, "maxConcurrentRequests", retry_after=4), CROWDED, "4"),
        (jmap.Unreachable(9), document(503, "Service Unavailable", "The mail server cannot be reached. Please try again."), "9"),
        (jmap.TooSlow(), document(503, "Service Unavailable", "The mail server did not answer in time. Nothing was changed."), "5"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_only_what_passes_by_itself_says_when_to_come_back(start, raising, error, body, seconds):
    client = await start(rows={"getQueueStatus": raising(error)})
    answer = await client("GET", "/api/queue/status")
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (503, body, seconds)
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (refusals.ItemNotFound("kim"), b'{"error":"notFound","item":"kim"}'),
        (refusals.ItemNotFound(), b'{"error":"notFound","item":""}'),
        (refusals.Unsupported("Not here"), b'{"error":"unsupported","details":"Not here"}'),
        (refusals.Other("It failed", None), b'{"error":"other","details":"It failed","reason":null}'),
        (refusals.ManagementError("fieldMissing", field="name"), b'{"error":"fieldMissing","field":"name"}'),
        (
            jmap.MethodError("x:Trace/get", "forbidden", "This feature is only available in the Enterprise edition of Stalwart"),
            b'{"error":"unsupported","details":"Enterprise feature"}',
        ),
        (
            jmap.MethodError("x:Trace/get", "forbidden", "Not available in bootstrap mode"),
            b'{"error":"unsupported","details":"The server is in bootstrap mode"}',
        ),
    ],
)
async def test_management_errors_are_200(start, raising, error, body):
    client = await start(rows={"getQueueStatus": raising(error)})
    answer = await client("GET", "/api/queue/status")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, body, JSON)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (None, b'{"data":null}'),
        (True, b'{"data":true}'),
        (18446744073709551615, b'{"data":18446744073709551615}'),
        ({"id": 9007199254740993, "text": "Grüße </x> + /"}, '{"data":{"id":9007199254740993,"text":"Grüße </x> + /"}}'.encode()),
    ],
)
async def test_successes_are_200_with_data(start, giving, value, body):
    client = await start(rows={"getQueueStatus": giving(value)})
    answer = await client("GET", "/api/queue/status")
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["Content-Length"] == str(len(body))
    assert "Transfer-Encoding" not in answer.headers


async def test_server_errors_leave_a_line_with_the_request_id(start, raising, logged):
    client = await start(rows={"getQueueStatus": raising(jmap.MethodError("x:Foo/get", "invalidArguments", "Canary in a description"))})
    answer = await client("GET", "/api/queue/status")
    lines = [line for line in logged.getvalue().splitlines() if "answered 500" in line]
    assert len(lines) == 1
    assert answer.headers["X-Request-Id"] in lines[0]
    assert "x:Foo/get: invalidArguments" in lines[0]


@pytest.mark.parametrize("error", [jmap.TooSlow(), jmap.Unreachable(), jmap.Busy()])
async def test_nobody_is_told_that_nothing_was_changed_after_a_change(start, server, error):
    async def change_and_fail(exchange):
        await exchange.caller.request(Set("QueuedMessage", destroy=["b"]))
        raise error

    server.jmap = lambda calls: [[name, {"destroyed": arguments["destroy"]}, call_id] for name, arguments, call_id in calls]
    client = await start(rows={"deleteQueue": Action(change_and_fail)})
    answer = await client("DELETE", "/api/queue/messages")
    assert (answer.status, answer.body) == (504, document(504, "Gateway Timeout", LOST))
