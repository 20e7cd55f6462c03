"""The simulated server as an aiohttp application."""

from aiohttp import web

from gateway.simulator import control
from gateway.simulator.faults import Faults
from gateway.simulator.live.streams import strip
from gateway.simulator.rooms import INSTALL
from gateway.simulator.seed import sow
from gateway.simulator.site import LARGEST_BODY, Site
from gateway.simulator.world import Config, World

WORLD = web.AppKey("world", World)


def build(config: Config | None = None) -> web.Application:
    """Application of a fresh server; its World is `app[WORLD]`."""
    world = World(config or Config())
    for install in INSTALL:
        install(world)
    sow(world)
    site = Site(world, Faults(world.config.faults))
    app = web.Application(client_max_size=LARGEST_BODY)
    app[WORLD] = world
    app.on_response_prepare.append(strip)
    app.router.add_route("*", control.PREFIX + "{name}", control.Control(site).handle)
    app.router.add_route("*", r"/{path:[\s\S]*}", site.handle)
    return app
