"""What the new server cannot remember for the gateway."""

from gateway.state.schema import StateError
from gateway.state.store import State

__all__ = ["State", "StateError"]
