"""Synchronous commands of the simulated server (jmap-management-api 3.16)."""

from gateway.simulator.actions.actions import Actions
from gateway.simulator.declared import vocabulary
from gateway.simulator.mail.queued_messages import room_of
from gateway.simulator.world import World


def install(world: World) -> None:
    """Register the type; the mail room must be open."""
    world.add(Actions(world, room_of(world), vocabulary()))
