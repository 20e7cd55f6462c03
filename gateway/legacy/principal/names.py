"""How accounts, groups and lists are called in replies (mapping-principals 1.4, decision 4).

Use: `Names.of(exchange, context, addresses)` holds what is remembered about these own addresses:
`names.address("jane@example.org")` for what is known by its address only, `names.mail(object_)` for an object that was read, and
`names.implied(object_)` tells that its own address is not to be shown among `emails`. The account that stands for an API key is called like the key in every style. Writers remember a name through
`exchange.memory.remember(OldName(...))` when it differs from the address, or when the address is implied, and forget it on destroy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.jmap.calls import Object
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.context import Context
from gateway.state import OldName


@dataclass(frozen=True, slots=True)
class Names:
    """How accounts, groups and lists are called in replies: `remembered` by own address, `short` for the domain whose addresses are cut."""

    remembered: Mapping[str, OldName]
    short: str | None

    @classmethod
    async def of(cls, exchange: Exchange, context: Context, addresses: Iterable[str]) -> "Names":
        """Names for the given own addresses, in the style of the settings."""
        style = exchange.settings.name_style
        wanted = set(addresses)
        known = {} if style == "full" else await exchange.memory.at_addresses(wanted)
        keys = (await exchange.memory.keys.names()).values()
        if keys:
            known = {**known, **{it.address: it for it in keys if it.address in wanted}}
        short = context.domains.get(context.default_domain or "") if style == "short-default" else None
        return cls(known, short.name if short else None)

    def address(self, address: str) -> str:
        """Name of whatever has this own address."""
        old = self.remembered.get(address)
        return old.name if old else self._styled(address)

    def mail(self, type_: str, object_: Object) -> str:
        """Name of an account, group or list that was read with `id` and `emailAddress`."""
        address: str = object_["emailAddress"]
        old = self._of(type_, object_)
        return old.name if old else self._styled(address)

    def implied(self, type_: str, object_: Object) -> bool:
        """Whether the own address is one that no client has asked for."""
        old = self._of(type_, object_)
        return old is not None and old.implied

    def _of(self, type_: str, object_: Object) -> OldName | None:
        old = self.remembered.get(object_["emailAddress"])
        return old if old and (old.type, old.id) == (type_, object_["id"]) else None

    def _styled(self, address: str) -> str:
        local, _, domain = address.rpartition("@")
        return local if self.short is not None and domain == self.short else address
