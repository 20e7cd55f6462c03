"""Own keys: settings whose first element is no group of the old server; the gateway keeps them itself (decision 18).

No answer of the new server says whether a caller may see or change them: the old right is asked for here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from gateway.knowledge.permissions import holds
from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import Forbidden, Other
from gateway.state import OwnSettingsFull, StateError

LIST = "settings-list"


def is_own(key: str) -> bool:
    """Whether a key is kept by the gateway; a group alone, without a dot behind it, is such a key of the old server as well."""
    return key.partition(".")[0] not in SETTINGS.groups


async def shown(exchange: Exchange, keys: Iterable[str], prefixes: Sequence[str]) -> Mapping[str, str]:
    """Own settings among these keys and below these prefixes (final dot included, empty for everything).

    Forbidden for a caller without the old right, unless he asked for everything: then they are left out like all that he may not see.
    StateError when they cannot be known.
    """
    wanted = {key for key in keys if is_own(key)}
    below = tuple(prefix for prefix in prefixes if is_own(prefix))
    everything = "" in prefixes
    if not wanted and not below:
        return {}
    try:
        own = await exchange.memory.own.read()
    except StateError:
        await insist(exchange, LIST)
        raise
    found = {key: text for key, text in own.items() if key in wanted or key.startswith(below)}
    if found and not await _may(exchange, LIST):
        if not everything:
            raise Forbidden
        return {}
    return found


async def kept(exchange: Exchange, right: str) -> Mapping[str, str]:
    """All own settings, for whoever is going to change them; StateError when they cannot be known, for those who have the `right` at all."""
    try:
        return await exchange.memory.own.read()
    except StateError:
        await insist(exchange, right)
        raise


async def change(exchange: Exchange, before: Mapping[str, str], after: Mapping[str, str], right: str) -> None:
    """Write the difference to what was `kept`, all or nothing; `right` is the old one that it needs.

    Forbidden, Other when they are more than the gateway keeps, OwnSettingsChanged when they are not what they were, StateError. Nothing is done,
    and nobody asked, when there is no difference.
    """
    written, removed = _difference(before, after)
    if not written and not removed:
        return
    await insist(exchange, right)
    try:
        await exchange.memory.own.change(written=written, removed=removed, seen=before)
    except OwnSettingsFull as error:
        raise Other("Settings of your own cannot be kept", str(error)) from None


async def take_back(exchange: Exchange, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Undo a change from `before` to `after`; Other when that cannot be done."""
    written, removed = _difference(after, before)
    if not written and not removed:
        return
    try:
        await exchange.memory.own.change(written=written, removed=removed)
    except (StateError, OwnSettingsFull):
        raise Other("The change failed half-way, and not everything could be put back", "settings of your own") from None


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Mapping[str, str], Collection[str]]:
    """Keys to write and keys to remove."""
    return {key: text for key, text in after.items() if before.get(key) != text}, before.keys() - after.keys()


async def insist(exchange: Exchange, right: str) -> None:
    """Forbidden unless the caller has an old right."""
    if not await _may(exchange, right):
        raise Forbidden


async def _may(exchange: Exchange, right: str) -> bool:
    return holds(right, (await exchange.caller.account()).permissions)
