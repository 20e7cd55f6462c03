"""`/metrics/prometheus` (jmap-management-api 4.7)."""

from aiohttp import web

from gateway.simulator.auth import basic, same
from gateway.simulator.problems import not_found, unauthorized
from gateway.simulator.world import World

HELP = {
    "auth_failed": "Authentication failed",
    "auth_success": "Authentication successful",
    "http_request_body": "HTTP request body",
    "jmap_method_call": "JMAP method call",
}


def answer(world: World, authorization: str | None) -> web.Response:
    """The counters, when that is switched on and the caller knows its own password."""
    setting = world.applied("Metrics")["prometheus"]
    if setting["@type"] == "Disabled":
        raise not_found()
    if setting["authUsername"] is not None:
        login, secret = basic(authorization)
        if not same(login, setting["authUsername"]) or not same(secret, setting["authSecret"].get("secret")):
            raise unauthorized()
    lines = [line for name, text in HELP.items() for line in _counter(name, text, world.counters[name])]
    return web.Response(body=("\n".join(lines) + "\n").encode(), headers={"Content-Type": "text/plain; version=0.0.4"})


def _counter(name: str, text: str, count: int) -> tuple[str, str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} counter", f"{name} {count}"
