"""Which addresses are turned away (jmap-management-api 2.12, 3.31, 3.32; recordings `settings.effect`)."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from gateway.simulator.world import World

Network: TypeAlias = IPv4Network | IPv6Network


class Doorkeeper:
    """Knows the blocked and the allowed addresses as they were at the last reload; allowed ones win."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._blocked: list[Network] = []
        self._allowed: list[Network] = []
        world.on("settings.reloaded", lambda _: self.reload())
        world.on("blocked.reloaded", lambda _: self.reload())

    def reload(self) -> None:
        """Take over what is stored."""
        self._blocked, self._allowed = self._stored("BlockedIp"), self._stored("AllowedIp")

    def refuses(self, address: str | None) -> bool:
        """Whether connections from the address are closed without an answer."""
        if not self._blocked or address is None:
            return False
        found = ip_address(address)
        return any(found in network for network in self._blocked) and not any(found in network for network in self._allowed)

    def _stored(self, name: str) -> list[Network]:
        return [ip_network(stored["address"], strict=False) for stored in self._world.kept(name).objects.values()]
