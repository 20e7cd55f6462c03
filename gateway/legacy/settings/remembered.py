"""Record ids that the gateway remembers, because the objects of the new server have none (mapping-settings 4.3)."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.exchange import Exchange, Memory
from gateway.legacy.settings.demand import Demand
from gateway.legacy.settings.naming import DERIVED, Ids, Snapshot

Remembered = Mapping[str, Ids]
"""Old record id by type and JMAP id."""

RECORD_KEYS: Mapping[str, str] = MappingProxyType(
    {type_: row.pattern for row in SETTINGS.rows if row.is_record for type_ in row.objects if type_ in DERIVED}
)
"""Pattern of the keys of records by type, where ids may be remembered."""

LONGEST_ID = 255
"""Bytes of an id that is remembered."""

_OF_TENANTS = frozenset({"AcmeProvider", "Directory", "DkimSignature"})
_ENTERPRISE = "enterprise"


async def recall(memory: Memory, demand: Demand) -> Remembered:
    """What is remembered of the types of a demand; to be taken before they are fetched."""
    return await memory.record_ids(DERIVED & demand.objects.keys())


async def prune(exchange: Exchange, demand: Demand, snapshot: Snapshot, remembered: Remembered) -> None:
    """Forget the ids of objects that are gone.

    A type that was refused says nothing, and where there are tenants, a caller may not see all objects of some types.
    """
    for type_, names in remembered.items():
        if not names or type_ not in snapshot or demand.filters(type_):
            continue
        living = {it["id"] for it in snapshot[type_]}
        gone = {key: name for key, name in names.items() if key not in living}
        if gone and not (type_ in _OF_TENANTS and (await exchange.caller.account()).edition == _ENTERPRISE):
            await exchange.memory.forget_records(type_, gone)
