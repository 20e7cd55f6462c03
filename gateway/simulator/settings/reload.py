"""What a reload takes over, and what stops it (jmap-management-api 2.12, 3.16)."""

from collections.abc import Iterator
from typing import Any

from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.world import World

NO_FILE = "Failed to read secret from file '{}': No such file or directory (os error 2)"
NO_BACKEND = "Binary was not compiled with the selected lookup store backend"
_BUILT_IN = frozenset({"Sqlite", "Sharded"})


def apply(world: World) -> None:
    """Let every settings singleton take effect as it is stored; SetError, and nothing changes, when an object cannot be used."""
    for name, id_, stored in _objects(world):
        for path in _secret_files(stored):
            raise SetError("validationFailed", NO_FILE.format(path), object_id=(name, id_))
        if name == "Directory" and stored["@type"] == "Oidc":
            raise SetError("validationFailed", "Network error: " + no_discovery(stored["issuerUrl"]), object_id=(name, id_))
    world.take_over()


def lookup_stores(world: World) -> None:
    """Open the lookup stores; SetError for one whose kind this server was built without."""
    for id_, stored in world.kept("StoreLookup").objects.items():
        if stored["store"]["@type"] not in _BUILT_IN:
            raise SetError("validationFailed", NO_BACKEND, object_id=("StoreLookup", id_))


def no_discovery(issuer: str) -> str:
    """The failure to reach an identity provider: a simulator opens no connections."""
    return f"Discovery fetch failed: error sending request for url ({issuer.rstrip('/')}/.well-known/openid-configuration)"


def _objects(world: World) -> Iterator[tuple[str, str, Object]]:
    for name in ("Directory", "MtaRoute"):
        kept: StoredObjects = world.kept(name)
        for id_, stored in kept.objects.items():
            yield name, id_, stored


def _secret_files(value: Any) -> Iterator[str]:
    """Paths of secrets kept in files anywhere in an object; none of these files can be read here."""
    if isinstance(value, dict):
        if value.get("@type") == "File" and "filePath" in value:
            yield value["filePath"]
        for inner in value.values():
            yield from _secret_files(inner)
