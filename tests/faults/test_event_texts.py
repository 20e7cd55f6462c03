"""Texts of events from a server that does not give them, or gives others after an update: nothing fails for their sake."""

import asyncio
import json

import pytest
from aiohttp import web

from gateway.jmap.event_texts import EventText


def document(label):
    return json.dumps({"enums": {"EventType": [{"name": "auth.success", "label": label, "explanation": "It worked."}]}})


class Publisher:
    """Publishes a schema: `version` is its text, None when it cannot be had."""

    def __init__(self):
        self.version = "first"
        self.asked = []

    async def answer(self, request):
        self.asked.append(request.path)
        if request.path == "/jmap/session" or self.version is None:
            return web.Response(status=503)
        if request.path == "/api/schema":
            return web.Response(status=302, headers={"Location": f"https://mail.example.org/api/schema/{self.version}"})
        return web.Response(text=document(self.version))

    @property
    def schemas(self):
        return [path for path in self.asked if path.startswith("/api/schema")]


@pytest.fixture
async def publisher(aiohttp_server):
    play = Publisher()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", play.answer)
    server = await aiohttp_server(app)
    play.url = str(server.make_url(""))
    return play


async def texts(upstream):
    return await upstream.caller("Basic a2ltOmNhbmFyeQ==").event_texts()


async def test_they_are_read_once(publisher, open_upstream):
    upstream = await open_upstream(publisher.url)
    for _ in range(3):
        assert await texts(upstream) == {"auth.success": EventText("first", "It worked.")}
    assert publisher.schemas == ["/api/schema", "/api/schema/first"]


async def test_after_a_while_it_is_looked_whether_the_server_has_another_version(publisher, open_upstream, monkeypatch):
    monkeypatch.setattr("gateway.jmap.event_texts.FRESH_SECONDS", 0)
    upstream = await open_upstream(publisher.url)
    for _ in range(2):
        assert (await texts(upstream))["auth.success"].label == "first"
    assert publisher.schemas == ["/api/schema", "/api/schema/first", "/api/schema"]
    publisher.version = "second"
    assert (await texts(upstream))["auth.success"].label == "second"
    assert publisher.schemas[3:] == ["/api/schema", "/api/schema/second"]
    publisher.version = None
    assert (await texts(upstream))["auth.success"].label == "second"


async def test_a_server_that_does_not_give_them_is_asked_again_after_a_while(publisher, open_upstream, monkeypatch):
    upstream = await open_upstream(publisher.url)
    publisher.version = None
    for _ in range(2):
        assert await texts(upstream) == {}
    assert publisher.schemas == ["/api/schema"]
    monkeypatch.setattr("gateway.jmap.event_texts.RETRY_SECONDS", 0)
    upstream = await open_upstream(publisher.url)
    assert await texts(upstream) == {}
    publisher.version = "first"
    assert (await texts(upstream))["auth.success"].label == "first"


@pytest.mark.parametrize("act", ["cut", "cut_in_body", "silent", "not_http"])
async def test_whatever_happens_to_the_answer_there_are_no_texts_then(liar, upstream, act):
    liar.stage, liar.then = "/api/schema", getattr(liar, act)
    assert await texts(upstream) == {}


async def test_replies_do_not_wait_long_for_them(liar, open_upstream, monkeypatch):
    monkeypatch.setattr("gateway.jmap.event_texts.PATIENCE_SECONDS", 0.1)
    upstream = await open_upstream(liar.url, timeouts={"read": 30, "total": 60})
    liar.stage, liar.then = "/api/schema", liar.silent
    async with asyncio.timeout(2):
        assert await texts(upstream) == {}
        assert await texts(upstream) == {}
    assert liar.count("/api/schema") == 1


@pytest.mark.parametrize("location", ["", "/elsewhere", "https://mail.example.org/api/schema/", "/api/schema/a b", "/api/schema/../account"])
async def test_a_strange_redirection_is_not_followed(liar, upstream, location):
    liar.stage, liar.then = "/api/schema", liar.says("", 302, Location=location)
    assert await texts(upstream) == {}
    assert [it.target for it in liar.seen] == ["/api/schema"]


async def test_who_may_not_ask_does_not_keep_others_from_asking(liar, upstream):
    liar.stage, liar.then = "/api/schema", liar.says(document("late"))
    liar.acts.append(liar.problem(401))
    assert await texts(upstream) == {}
    assert (await texts(upstream))["auth.success"].label == "late"
