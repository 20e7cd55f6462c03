"""Settings objects, and when a change of them takes effect (jmap-management-api 2.12, 3.28 to 3.42)."""

from gateway.knowledge.schema import settings_types
from gateway.simulator.declared import vocabulary
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.settings.checks import (
    AcmeProviders,
    Bootstrap,
    Certificates,
    ClusterNodes,
    Settings,
    SieveScripts,
)
from gateway.simulator.settings.first_day import fill
from gateway.simulator.world import World

_OWN: dict[str, type[StoredObjects]] = {
    "AcmeProvider": AcmeProviders,
    "Bootstrap": Bootstrap,
    "Certificate": Certificates,
    "ClusterNode": ClusterNodes,
    "SieveSystemScript": SieveScripts,
    "SieveUserScript": SieveScripts,
}


def install(world: World) -> None:
    """Register the types, with what a fresh server has stored; a reload lets the singletons take effect."""
    words = vocabulary()
    for name in settings_types():
        declaration = words.objects[name]
        world.add(_OWN.get(name, Settings)(world, declaration, words))
    fill(world)
    world.take_over()
    world.on("settings.reloaded", lambda _: world.take_over())
    world.on("server.restarted", lambda _: world.tell("settings.reloaded", None))
