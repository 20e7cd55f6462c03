"""A gateway and a simulated server for it, both on free loopback ports in this process."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from gateway.app import running
from gateway.settings import Settings
from gateway.simulator.server import WORLD, build
from gateway.simulator.world import Config, World


@dataclass(frozen=True, slots=True)
class Pair:
    """Where both listen, the world of the simulator for whoever wants to move its clock, and the database URL of the gateway's state."""

    gateway: str
    simulator: str
    world: World
    state: str

    @property
    def inject(self) -> str:
        """Where the simulator takes mail."""
        return f"{self.simulator}/.simulator/inject"


@asynccontextmanager
async def pair(config: Config, **settings: Any) -> AsyncIterator[Pair]:
    """Start both, the gateway with these settings beside its upstream; state lies in a temporary folder that goes with them."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stalwart-gateway-")))
        simulated = build(config)
        simulator = await stack.enter_async_context(_listening(simulated))
        chosen = {"upstream": simulator, "listen": "127.0.0.1:0", "state": f"sqlite+aiosqlite:///{folder / 'state.db'}"} | settings
        gateway = await stack.enter_async_context(running(Settings(**chosen)))
        yield Pair(gateway.url, simulator, simulated[WORLD], chosen["state"])


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[str]:
    """The base URL of an application while it is served."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
