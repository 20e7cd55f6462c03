"""Methods of the JMAP core (RFC 8620)."""

from typing import Any

from gateway.simulator.callers import Caller
from gateway.simulator.errors import MethodError
from gateway.simulator.world import Method, World


def install(world: World) -> None:
    """Register Core/echo."""
    world.methods["Core/echo"] = Method("", echo, raw=True)


def echo(caller: Caller, arguments: Any) -> Any:
    """The arguments as they came, whatever they are; there is a right even for that."""
    if not caller.may("jmapCoreEcho"):
        raise MethodError("forbidden", "You are not authorized to perform this action")
    return arguments
