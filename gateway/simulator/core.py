"""Methods of the JMAP core (RFC 8620)."""

from typing import Any

from gateway.simulator.callers import Caller
from gateway.simulator.world import Method, World


def install(world: World) -> None:
    """Register Core/echo."""
    world.methods["Core/echo"] = Method("", echo, raw=True)


def echo(_caller: Caller, arguments: Any) -> Any:
    """The arguments as they came, whatever they are."""
    return arguments
