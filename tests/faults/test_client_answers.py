import json

import pytest

from gateway.jmap.calls import BY_ID, Get, Query, Ref, Set
from gateway.jmap.errors import Garbled, HttpRefusal, MethodError, OutcomeUnknown

QUERY = Query("Task", [BY_ID], 10)
WRITE = Set("Task", destroy=["b"])
FOUND = ["x:Task/query", {"ids": ["ba"], "total": 1}, "c0"]
DESTROYED = ["x:Task/set", {"destroyed": ["b"]}, "c0"]
GARBAGE = [
    "",
    "canary",
    "{",
    "null",
    "[]",
    "{}",
    '{"methodResponses":{}}',
    '{"methodResponses":[]}',
    '{"methodResponses":[["canary",{},"c0"]]}',
    "<html>canary</html>",
    '{"methodResponses":[' + "[" * 5000,
    json.dumps({"methodResponses": [FOUND, FOUND]}),
    json.dumps({"methodResponses": [["x:Task/query", {"ids": ["ba"], "total": 1}, "c1"]]}),
    json.dumps({"methodResponses": [["x:Task/set", {"destroyed": ["canary"]}, "c0"]]}),
]


@pytest.mark.parametrize("text", GARBAGE)
async def test_garbage_for_a_read(liar, caller, text):
    liar.then = liar.says(text)
    with pytest.raises(Garbled) as error:
        await caller.request(QUERY)
    assert "canary" not in repr(error.value)


@pytest.mark.parametrize("text", GARBAGE)
async def test_garbage_for_a_change_leaves_its_outcome_unknown(liar, caller, text):
    liar.then = liar.says(text)
    with pytest.raises(OutcomeUnknown):
        await caller.request(WRITE)
    assert len(liar.posts) == 1


async def test_an_answer_that_was_compressed_without_being_asked(liar, caller):
    liar.then = liar.says("\x1f\x8b canary", 200, **{"Content-Encoding": "gzip"})
    with pytest.raises(Garbled):
        await caller.request(QUERY)
    assert liar.posts[0].headers["Accept-Encoding"] == "identity"


async def test_objects_nobody_asked_for_are_not_believed(liar, caller):
    liar.then = liar.answers(FOUND, ["x:Task/get", {"list": [{"id": "zz"}], "notFound": []}, "c1"])
    with pytest.raises(Garbled):
        await caller.request(QUERY, Get("Task", Ref(0)))


@pytest.mark.parametrize("calls", [(QUERY,), (WRITE,)])
@pytest.mark.parametrize("status", [201, 204, 301, 307, 400, 401, 402, 403, 404, 413, 418, 500, 502, 503, 504])
async def test_other_statuses_are_refusals_and_never_repeated(liar, caller, status, calls):
    liar.then = liar.problem(status, h_Location=liar.url + "/elsewhere")
    with pytest.raises(HttpRefusal) as error:
        await caller.request(*calls)
    assert (error.value.status, error.value.limit, error.value.retry_after) == (status, None, None)
    assert "canary" not in repr(error.value)
    assert [request.target for request in liar.seen] == ["/jmap/"]
    assert not caller.heard


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"h_Retry_After": "17"}, 17),
        ({"h_Retry_After": "999999999"}, 86400),
        ({"h_Retry_After": "-1"}, None),
        ({"h_Retry_After": "soon"}, None),
        ({"h_Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"h_RateLimit": '"requests";r=0;t=42'}, 42),
        ({"h_RateLimit": '"requests";r=0'}, None),
    ],
)
async def test_too_many_requests_say_when_to_come_back(liar, caller, headers, seconds):
    liar.then = liar.problem(429, **headers)
    with pytest.raises(HttpRefusal) as error:
        await caller.request(WRITE)
    assert (error.value.status, error.value.retry_after) == (429, seconds)
    assert len(liar.posts) == 1


@pytest.mark.parametrize(
    ("members", "limit"),
    [
        ({"limit": "maxCallsInRequest"}, "maxCallsInRequest"),
        ({"limit": "maxSizeRequest"}, "maxSizeRequest"),
        ({"limit": "canary"}, None),
        ({"limit": ["maxSizeRequest"]}, None),
        ({"limit": {"canary": 1}}, None),
    ],
)
async def test_only_known_limits_are_named(liar, caller, members, limit):
    liar.then = liar.problem(400, "urn:ietf:params:jmap:error:limit", **members)
    with pytest.raises(HttpRefusal) as error:
        await caller.request(QUERY)
    assert error.value.limit == limit


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "x" * 200_000])
async def test_a_refusal_whose_document_is_unreadable_still_has_its_status(liar, caller, text):
    liar.then = liar.says(text, 400)
    with pytest.raises(HttpRefusal, match="400"):
        await caller.request(QUERY)


async def test_a_refusal_that_is_cut_still_has_its_status(liar, caller):
    async def act(request):
        request.transport.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 500\r\n\r\n{")
        request.transport.close()

    liar.then = act
    with pytest.raises(HttpRefusal, match="403"):
        await caller.request(WRITE)
    assert len(liar.posts) == 1


async def test_the_first_method_error_in_order_is_raised(liar, caller):
    liar.then = liar.answers(
        FOUND,
        ["error", {"type": "forbidden", "description": "You are not authorized to perform this action"}, "c1"],
        ["error", {"type": "invalidResultReference"}, "c2"],
    )
    with pytest.raises(MethodError) as error:
        await caller.request(QUERY, Get("Account", ["b"]), Get("Task", Ref(0)))
    assert (error.value.method, error.value.type) == ("x:Account/get", "forbidden")
    assert error.value.description == "You are not authorized to perform this action"
    assert caller.heard


async def test_an_honest_answer_is_heard(liar, caller):
    liar.then = liar.answers(DESTROYED)
    assert await caller.request(WRITE) == [{"destroyed": ["b"]}]
    assert caller.heard
