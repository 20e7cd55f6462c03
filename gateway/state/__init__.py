"""What the new server cannot remember for the gateway."""

from gateway.state.keys import Key, KeyChanged, Keys, KeyTaken, Verifier
from gateway.state.names import OldName
from gateway.state.own import OwnSettings, OwnSettingsChanged, OwnSettingsFull
from gateway.state.recollection import Recollection
from gateway.state.schema import StateError
from gateway.state.store import State

__all__ = [
    "Key",
    "KeyChanged",
    "KeyTaken",
    "Keys",
    "OldName",
    "OwnSettings",
    "OwnSettingsChanged",
    "OwnSettingsFull",
    "Recollection",
    "State",
    "StateError",
    "Verifier",
]
