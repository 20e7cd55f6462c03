"""The simulated server as an aiohttp application."""

from aiohttp import web

from gateway.simulator.rooms import INSTALL
from gateway.simulator.world import Config, World

WORLD = web.AppKey("world", World)


def build(config: Config | None = None) -> web.Application:
    """Application of a fresh server; its World is `app[WORLD]`."""
    world = World(config or Config())
    for install in INSTALL:
        install(world)
    app = web.Application()
    app[WORLD] = world
    return app
