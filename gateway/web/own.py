"""Pages of the gateway itself: health, metrics, robots.txt. They want no credentials and answer every method, as the old server's did."""

from http import HTTPStatus

from gateway.jmap.client import Upstream
from gateway.web.observe import METRICS_TYPE, READY, Observer
from gateway.web.reply import Reply, short_problem

ROBOTS = Reply(200, b"User-agent: *\nDisallow: /\n", "text/plain")
LIVE = short_problem(HTTPStatus.OK)
NOT_READY = short_problem(HTTPStatus.SERVICE_UNAVAILABLE)
PATHS = frozenset({"/healthz/live", "/healthz/ready", "/metrics", "/robots.txt"})


class OwnPages:
    """Answers the paths of `PATHS`."""

    def __init__(self, upstream: Upstream, observer: Observer) -> None:
        self._upstream = upstream
        self._observer = observer

    async def reply(self, path: str, *, draining: bool) -> Reply:
        """The page; a gateway that stops, or whose server does not answer, is not ready."""
        match path:
            case "/healthz/live":
                return LIVE
            case "/healthz/ready":
                ready = await self._upstream.ready()
                READY.set(ready)
                return LIVE if ready and not draining else NOT_READY
            case "/metrics":
                return Reply(200, self._observer.exposition(), METRICS_TYPE)
            case _:
                return ROBOTS
