import aiohttp
import pytest

NOT_REQUEST = "urn:ietf:params:jmap:error:notRequest"
LIMIT = "urn:ietf:params:jmap:error:limit"
ECHO = b'{"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{},"c0"]]}'


@pytest.mark.parametrize("body", ["", "{nope", "[]", '"x"', "null", '{"using":[]}', '{"methodCalls":[]}', ECHO.decode() + " x"])
async def test_what_is_no_request_is_echoed(server, body):
    answer = await server.ask("POST", "/jmap/", body.encode(), headers={"Content-Type": "application/json"})
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.json == {"type": NOT_REQUEST, "status": 400, "detail": body}


async def test_an_unknown_capability_fails_the_whole_request(server):
    body = '{"using":["urn:ietf:params:jmap:core","urn:example:none"],"methodCalls":[]}'
    answer = await server.ask("POST", "/jmap/", body.encode())
    assert (answer.status, answer.json["type"], answer.json["detail"]) == (400, NOT_REQUEST, body)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("text/plain", 400), ("application/x-www-form-urlencoded", 400), (None, 200), ("application/json; charset=utf-8", 200), ("Application/JSON", 200)],
)
async def test_content_types(server, content_type, status):
    answer = await server.ask("POST", "/jmap/", ECHO, headers={"Content-Type": content_type} if content_type else {})
    assert answer.status == status
    if status == 400:
        assert answer.json == {
            "type": "urn:ietf:params:jmap:error:notJSON",
            "status": 400,
            "detail": "Failed to parse JSON: The Content-Type header must be application/json.",
        }


async def test_sixteen_calls_are_taken_and_seventeen_are_not(server):
    calls = [["Core/echo", {"i": place}, f"c{place}"] for place in range(17)]
    taken = await server.ask("POST", "/jmap/", {"using": [], "methodCalls": calls[:16]})
    assert [call[1]["i"] for call in taken.json["methodResponses"]] == list(range(16))
    refused = await server.ask("POST", "/jmap/", {"using": [], "methodCalls": calls})
    assert refused.status == 400
    assert refused.json == {
        "type": LIMIT,
        "status": 400,
        "detail": "The request exceeds the maximum number of calls in a single request.",
        "limit": "maxCallsInRequest",
    }


async def test_ten_million_bytes_are_too_many(server):
    answer = await server.ask("POST", "/jmap/", {"using": [], "methodCalls": [["Core/echo", {"x": "a" * 10_000_000}, "c0"]]})
    assert (answer.status, answer.json["limit"]) == (400, "maxSizeRequest")


async def test_five_hundred_objects_are_the_most_in_one_call(server):
    ids = [f"z{chr(97 + place // 20)}{chr(97 + place % 20)}" for place in range(501)]
    answers = await server.batch(
        ("x:Account/get", {"ids": ids}), ("x:Account/get", {"ids": ids[:500]}), ("x:Task/set", {"destroy": ids}), ("x:QueuedMessage/get", {"ids": ids})
    )
    assert [(name, found.get("type"), len(found.get("notFound", ()))) for name, found in answers] == [
        ("error", "requestTooLarge", 0),
        ("x:Account/get", None, 500),
        ("error", "requestTooLarge", 0),
        ("error", "requestTooLarge", 0),
    ]


async def test_created_ids_come_back_when_they_were_sent(server):
    calls = [["x:Domain/get", {"ids": ["#k"], "properties": ["name"]}, "c0"], ["x:Role/set", {"create": {"r": {"description": "new"}}}, "c1"]]
    answer = (await server.ask("POST", "/jmap/", {"using": [], "methodCalls": calls, "createdIds": {"k": "b"}})).json
    assert answer["methodResponses"][0][1]["list"] == [{"name": "lab.test", "id": "b"}]
    assert answer["createdIds"] == {"k": "b", "r": "f"}
    again = (await server.ask("POST", "/jmap/", {"using": [], "methodCalls": calls[1:]})).json
    assert "createdIds" not in again


async def test_a_patch_that_is_no_object_makes_the_server_hang_up(server):
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await server.one("x:Domain/set", {"update": {"b": []}})


async def test_other_methods_need_their_capability(server):
    missing = await server.batch(("Mailbox/query", {"accountId": "b"}), ("Blob/upload", {"accountId": "b", "create": {}}), using=[])
    assert [found["description"] for _, found in missing] == [
        f'Method {name} requires capability urn:ietf:params:jmap:{what} which is not present in the "using" property.'
        for name, what in (("Mailbox/query", "mail"), ("Blob/upload", "blob"))
    ]
