"""What a new object of a record needs besides its keys (mapping-settings 4.1, 4.4, 5.1)."""

from collections.abc import Mapping
from typing import Any

from gateway.legacy.settings.naming import named_by

_UPPER = frozenset({"SpamDnsblServer", "SpamRule", "SpamTag"})
_NEVER = {"match": {}, "else": "false"}

_UNLESS_GIVEN: Mapping[str, Mapping[str, Any]] = {
    "BlockedIp": {"/reason": "manual"},
    "MtaHook": {"/enable": _NEVER},
    "MtaMilter": {"/enable": _NEVER},
    "SieveSystemScript": {"/isActive": True},
    "SieveUserScript": {"/isActive": True},
    "WebHook": {"/eventsPolicy": "include"},
}
"""What an absent key meant on the old server, where the new one takes it for something else."""

_UNLESS_GIVEN_TO = {("MtaRoute", "Relay"): {"/implicitTls": True}}
"""The same for one variant."""


def identity(type_: str, record: str) -> Mapping[str, Any]:
    """The property that holds the record id, as it is stored."""
    name = "namespace" if type_ == "StoreLookup" else named_by(type_)
    if name is None:
        return {}
    return {f"/{name}": record.upper().replace(" ", "") if type_ in _UPPER else record}


def completed(type_: str, variant: str | None, pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a new object with what its absent keys meant."""
    usual = {**_UNLESS_GIVEN.get(type_, {}), **_UNLESS_GIVEN_TO.get((type_, variant or ""), {})}
    return {**usual, **pairs}
