"""The rooms of the simulator, in the order in which they are installed; each `install(world)` registers what the room offers."""

from collections.abc import Callable

from gateway.simulator.world import World

INSTALL: tuple[Callable[[World], None], ...] = ()
