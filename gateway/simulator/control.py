"""Control of a simulator from outside: paths that no real server has.

| Path | What |
|---|---|
| `POST /.simulator/inject` | take a message as if it came by SMTP (body and answer as in `Inject` of the mail room) |
| `POST /.simulator/faults` | replace the fault plan by the JSON list in the body (faults.py); `GET` shows it |
| `POST /.simulator/advance` | `{"seconds": n}`: move the clock and do what falls due |
| `POST /.simulator/restart` | forget what a server forgets when it is restarted: that the queue is paused |
| `GET /.simulator/journal` | the last requests: method, path, names of the methods called |
"""

import json
from dataclasses import asdict
from typing import Any

from aiohttp import web

from gateway.simulator.errors import Problem
from gateway.simulator.problems import json_answer, not_found, problem_answer
from gateway.simulator.site import Site

PREFIX = "/.simulator/"


class Control:
    """Answers the control paths of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One control request; 400 with a text when its body cannot be understood."""
        name = request.match_info["name"]
        try:
            if request.method == "POST":
                return json_answer(self._change(name, json.loads(await request.read() or b"null")))
            if request.method == "GET":
                return json_answer(self._show(name))
        except (ValueError, TypeError, KeyError) as error:
            return web.Response(status=400, text=f"{type(error).__name__}: {error}")
        except Problem as problem:
            return problem_answer(problem)
        return problem_answer(not_found())

    def _change(self, name: str, body: Any) -> Any:
        world = self.site.world
        if name == "inject":
            world.clock.run_due()
            return world.inject(body)
        if name == "faults":
            self.site.faults.plan(body)
            return {}
        if name == "advance":
            world.clock.advance(float(body["seconds"]))
            return {"now": world.clock.now()}
        if name == "restart":
            world.tell("server.restarted", None)
            return {}
        raise not_found()

    def _show(self, name: str) -> Any:
        if name == "faults":
            return [asdict(rule) for rule in self.site.faults.rules]
        if name == "journal":
            return list(self.site.journal)
        raise not_found()
