"""Whoever reads the log page by page sees every line that was there at the first page once and in order, however the log grows meanwhile."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.jmap import replies, wire
from gateway.jmap.calls import request_body
from gateway.jmap.errors import MethodError
from gateway.legacy.exchange import Listing
from gateway.simulator.auth import administrator
from gateway.simulator.dispatch import grammar, run
from gateway.simulator.envelope import read
from gateway.simulator.rooms import INSTALL
from gateway.simulator.telemetry.happenings import Happenings, text
from gateway.simulator.world import Config, World

from .bulk import call

START = 1_795_266_403.0
WORDS = ("auth", "mail", "queue")


class Server:
    """The log of a simulated server, and the notes that are kept under one credential."""

    def __init__(self):
        self.world = World(Config(start=START))
        for install in INSTALL:
            install(self.world)
        self.notes = {}
        self.lines = 0

    def grow(self, words):
        for word in words:
            self.lines += 1
            Happenings(self.world).tell("telemetry.log-error", [("details", text(f"{word} {self.lines}"))])

    async def request(self, *calls):
        body = wire.dumps(request_body(calls))
        request = read(body, "application/json", grammar(self.world), self.world.applied("Jmap"))
        answers = replies.read(calls, {"methodResponses": [list(it) for it in run(self.world, administrator(self.world), request)]})
        for answer in answers:
            if isinstance(answer, MethodError):
                raise answer
        return answers

    async def event_texts(self):
        return {}

    def recall(self, kind):
        return self.notes.get(kind)

    def edition(self, _kind):
        return 0

    def keep(self, kind, value, _edition, _seconds):
        self.notes[kind] = value


def page(server, parameters, **bounds):
    """What the lines of a page say, and its total."""
    answer = call("getLogs", server, {name: str(value) for name, value in parameters.items() if value}, **bounds)
    if not isinstance(answer, Listing):
        return [it["details"] for it in answer["items"]], answer["total"]

    async def together():
        return [it["details"] async for some in answer.pages for it in some]

    return asyncio.run(together()), answer.total


growths = st.lists(st.sampled_from(WORDS), max_size=7)


bounds = st.fixed_dictionaries({"query_page": st.integers(1, 8), "get_page": st.integers(1, 8)})


@settings(max_examples=60, deadline=None)
@given(first=growths, later=st.lists(growths, min_size=12, max_size=12), limit=st.integers(1, 9), word=st.sampled_from(("", *WORDS)), bounds=bounds)
def test_pages_neither_repeat_nor_lose_lines(first, later, limit, word, bounds):
    server = Server()
    server.grow(first)
    whole, _ = page(Copy(server), {"filter": word, "limit": 5000}, **bounds)
    assert len([it for it in whole if "details = " in it]) == sum(not word or it == word for it in first)
    seen, number = [], 1
    while True:
        items, total = page(server, {"filter": word, "limit": limit, "page": number}, **bounds)
        assert len(items) <= limit
        assert total >= len(seen) + len(items)
        seen += items
        if len(items) < limit:
            assert total == len(seen)
            break
        server.grow(later[number % len(later)])
        number += 1
    assert seen == whole


@settings(max_examples=40, deadline=None)
@given(first=growths, visits=st.lists(st.tuples(st.integers(1, 6), growths), max_size=8), limit=st.integers(1, 4))
def test_pages_in_any_order_hold_lines_in_order(first, visits, limit):
    server = Server()
    server.grow(first)
    for number, words in visits:
        items, _ = page(server, {"limit": limit, "page": number})
        everything, _ = page(Copy(server), {"limit": 5000})
        places = [everything.index(it) for it in items if everything.count(it) == 1]
        assert places == sorted(places)
        assert len(items) <= limit
        server.grow(words)


class Copy(Server):
    """The same log for another reader."""

    def __init__(self, server):
        self.world, self.notes = server.world, {}
