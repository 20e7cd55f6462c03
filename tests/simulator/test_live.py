"""Tokens and live streams (recordings `telemetry.token`, `telemetry.delivery`)."""

import asyncio
import json

import aiohttp
import pytest
from yarl import URL

from gateway.simulator.live.streams import LiveStream

TARGET = "/api/live/delivery/ok.test"


async def token(server, kind="delivery"):
    return (await server.ask("GET", f"/api/token/{kind}")).raw.decode()


async def status(server, target, **more):
    return (await server.ask("GET", target, **more)).status


async def test_a_token_is_bare_text(server):
    answer = await server.ask("GET", "/api/token/delivery")
    assert (answer.status, answer.headers["Cache-Control"], answer.headers.get("Content-Type")) == (200, "no-cache", None)
    assert answer.raw.startswith(b"sw1.")
    assert len(answer.raw) == 72
    assert (await server.ask("POST", "/api/token/delivery")).status == 200


@pytest.mark.parametrize(("kind", "expected"), [("tracing", 404), ("metrics", 404), ("nope", 404), ("", 404), ("delivery/x", 404)])
async def test_there_are_tokens_for_what_there_is(server, kind, expected):
    assert await status(server, f"/api/token/{kind}") == expected
    assert await status(server, f"/api/token/{kind}", user=None) == 401


async def test_a_token_opens_its_streams_for_a_minute(server):
    text = await token(server)
    for _ in range(2):
        assert await status(server, f"{TARGET}?token={text}", user=None) == 200
    assert await status(server, f"/api/live/tracing?token={text}", user=None) == 401
    server.world.clock.advance(60)
    assert await status(server, f"{TARGET}?token={text}", user=None) == 401


async def test_a_token_goes_before_the_header(server):
    assert await status(server, f"{TARGET}?token=x") == 401
    assert await status(server, f"{TARGET}?token=") == 200
    assert await status(server, TARGET, user=None) == 401
    assert await status(server, TARGET, user=("admin", "wrong")) == 401


async def test_streams_are_read_under_their_own_paths_only(server):
    assert (await server.ask("POST", TARGET)).status == 404
    for path in ("/api/live", "/api/live/", "/api/live/nope", "/api/live/delivery", "/api/live/tracing", "/api/live/metrics"):
        assert await status(server, path) == 404, path


async def test_a_delivery_goes_as_far_as_its_mail_host_lets_it(server):
    async def last(target):
        answer = await server.ask("GET", f"/api/live/delivery/{target}")
        assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("text/event-stream", "no-store")
        stages = [json.loads(frame.partition("\ndata: ")[2])[0] for frame in answer.raw.decode().removesuffix("\n\n").split("\n\n")]
        assert stages[-1] == {"type": "completed"}
        return stages[-2]["type"], stages[-2].get("reason")

    assert await last("kim@ok.test") == ("startTlsError", "STARTTLS not advertised by host")
    assert await last("refused.test") == ("connectionError", "I/O error: Connection refused (os error 111)")
    assert await last("nowhere.test") == ("mxLookupError", "DNS record not found: Non-Existent Domain")
    assert (await last("x.servfail.test"))[0] == "mxLookupError"
    assert await last("a%20b") == ("mxLookupError", "DNS resolution error: unrecognized char:  ")


async def test_a_stream_ends_when_its_client_leaves(server):
    ended = asyncio.Event()

    async def endless(_rest, _query):
        try:
            yield "ping", '{"interval": 30000}'
            await asyncio.sleep(60)
        finally:
            ended.set()

    server.world.live["endless"] = LiveStream("liveDeliveryTest", endless)
    url = URL(f"{server.base}/api/live/endless?token=", encoded=True)
    async with server.http.get(url, headers={"Authorization": aiohttp.encode_basic_auth("admin", "Canary-admin-1")}) as answer:
        assert await answer.content.readuntil(b"\n\n") == b'event: ping\ndata: {"interval": 30000}\n\n'
        answer.close()
    await asyncio.wait_for(ended.wait(), 2)


async def test_a_stream_can_be_made_to_break(server):
    await server.ask("POST", "/.simulator/faults", [{"do": "truncate", "path": "/api/live"}], user=None)
    with pytest.raises(aiohttp.ClientError):
        await server.ask("GET", TARGET)
    assert await status(server, TARGET) == 200
