"""Delivery and sender tests as the old WebAdmin makes them: a token, a stream opened with nothing else, a form."""

import json
from urllib.parse import quote

from yarl import URL

PATH = "/api/troubleshoot/delivery/"


async def stages(old, target, authorization=None):
    """Status, and the stages of a stream that was read to its end."""
    headers = {"Authorization": authorization} if authorization else {}
    async with old.http.get(URL(old.both.gateway + target, encoded=True), headers=headers) as answer:
        text = await answer.text()
        if answer.status != 200:
            return answer.status, []
        assert (answer.content_type, answer.headers["Cache-Control"]) == ("text/event-stream", "no-store")
    frames = text.removesuffix("\n\n").split("\n\n")
    assert all(frame.startswith("event: event\ndata: [") and "\n" not in frame[13:] for frame in frames)
    return 200, [stage for frame in frames for stage in json.loads(frame[19:])]


async def test_a_delivery_is_told_stage_by_stage(old):
    status, told = await stages(old, PATH + "kim%40ok.test?timeout=5", old.authorization())
    assert status == 200
    assert [stage["type"] for stage in told] == [
        *("mxLookupStart", "mxLookupSuccess", "mtaStsFetchStart", "mtaStsNotFound", "tlsRptLookupStart", "tlsRptLookupSuccess", "deliveryAttemptStart"),
        *("tlsaLookupStart", "tlsaLookupError", "ipLookupStart", "ipLookupSuccess", "connectionStart", "connectionSuccess"),
        *("readGreetingStart", "readGreetingSuccess", "ehloStart", "ehloSuccess", "startTlsStart", "startTlsError", "completed"),
    ]
    assert told[0] == {"type": "mxLookupStart", "domain": "ok.test"}
    assert told[5]["rua"] == [{"type": "mail", "email": "tlsrpt@ok.test"}]
    assert told[10]["remote_ips"] == ["10.77.0.2"]
    assert told[11] == {"type": "connectionStart", "remote_ip": "10.77.0.2"}


async def test_targets_that_make_no_sense_are_no_error(old):
    for target, domain in (("", ""), ("@", ""), ("..", ".."), ("not%20a%20domain", "not a domain"), ("a%2Fb@nowhere.test", "nowhere.test"), ("x/y", "x"), ("%C3%BC.test", "ü.test"), ("a%0D%0Ab.test", "a\r\nb.test")):
        status, told = await stages(old, PATH + target, old.authorization())
        assert (status, told[0]) == (200, {"type": "mxLookupStart", "domain": domain}), target
        assert told[-1] == {"type": "completed"}


async def test_a_token_opens_streams_for_a_minute_and_nothing_else(old):
    token = quote(await old.get("/api/troubleshoot/token"), safe="")
    for _ in range(2):
        assert (await stages(old, f"{PATH}nowhere.test?token={token}"))[0] == 200
    assert (await stages(old, f"{PATH}nowhere.test?token={token}x"))[0] == 401
    assert (await stages(old, f"{PATH}nowhere.test?token={token}", "Basic d3Jvbmc6d3Jvbmc="))[0] == 200
    assert (await stages(old, f"{PATH}nowhere.test?token=x", old.authorization()))[0] == 200
    assert (await stages(old, f"{PATH}nowhere.test?token={token}", "Malformed"))[0] == 200
    nobody = old.as_(None)
    assert (await nobody.call("GET", f"/api/queue/status?token={token}"))[0] == 401
    assert (await nobody.call("GET", f"/api/troubleshoot/nothing?token={token}"))[0] == 404
    assert (await nobody.call("GET", "/api/troubleshoot/nothing?token=x"))[0] == 401
    status, answer = await nobody.call("POST", f"/api/troubleshoot/dmarc?token={token}", json.dumps({"remoteIp": "127.0.0.1", "ehloDomain": "a", "mailFrom": "a@b.test"}))
    assert (status, answer["detail"]) == (400, "JSON deserialization failed")
    old.wait(61)
    assert (await stages(old, f"{PATH}nowhere.test?token={token}"))[0] == 401


async def test_who_may_not_troubleshoot_is_refused(old):
    assert (await stages(old, PATH + "ok.test"))[0] == 401
    assert (await stages(old, PATH + "ok.test", "Basic d3Jvbmc6d3Jvbmc="))[0] == 401
    for body in ({"type": "domain", "name": "acme.test"}, {"type": "individual", "name": "kim", "emails": ["kim@acme.test"], "secrets": ["Canary-of-kim-1"], "roles": ["user"]}):
        assert (await old.call("POST", "/api/principal", json.dumps(body)))[0] == 200
    kim = old.as_(("kim", "Canary-of-kim-1"))
    assert (await stages(kim, PATH + "ok.test", kim.authorization()))[0] == 403
    assert (await kim.call("GET", "/api/troubleshoot/token"))[0] == 403
    assert (await kim.call("POST", "/api/troubleshoot/dmarc", "{}"))[0] == 403


async def test_a_sender_is_checked(old):
    async def check(**more):
        return await old.call("POST", "/api/troubleshoot/dmarc", json.dumps({"remoteIp": "127.0.0.1", "ehloDomain": "mx.sender.test", "mailFrom": "a@sender.test"} | more))

    status, answer = await check()
    assert (status, answer["data"]["spfMailFromResult"], answer["data"]["dmarcPass"], answer["data"]["ipRevPtr"]) == (200, {"type": "pass"}, True, ["localhost."])
    assert "dkim2Pass" not in answer["data"]
    assert (await check(mailFrom=""))[1]["data"]["spfMailFromDomain"] == "mx.sender.test"
    assert (await check(body="no header"))[1] == {"error": "other", "details": "Invalid message body", "reason": "Failed to parse message body"}
    for wrong in ({"remoteIp": "x"}, {"remoteIp": "0.0.0.0"}, {"mailFrom": "a@b.example"}, {"mailFrom": None}, {"body": 5}):  # noqa: S104 - a value like any other
        assert (await check(**wrong))[0] == 400, wrong
