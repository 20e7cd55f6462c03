"""What a reload finds wrong with the stored settings (jmap-management-api 3.16; recordings `actions.badSetting`, `actions.reloadError`).

The simulated server has no files, no network and no database but SQLite, so what needs one of these fails in the way recorded.
Only the first error is reported, and nothing is applied then.
"""

from collections.abc import Iterator
from typing import Any

from gateway.simulator.errors import SetError
from gateway.simulator.text_ids import number_of
from gateway.simulator.world import World

WITH_SECRETS = ("Directory", "MtaRoute")
NO_BACKEND = "Binary was not compiled with the selected lookup store backend"


def settings(world: World) -> None:
    """Check everything; SetError for the first object that cannot be used."""
    for name in WITH_SECRETS:
        for id_, stored in _objects(world, name):
            for path in _secret_files(stored):
                raise _unusable(f"Failed to read secret from file '{path}': No such file or directory (os error 2)", name, id_)
            if stored.get("@type") == "Oidc":
                url = stored["issuerUrl"].rstrip("/") + "/.well-known/openid-configuration"
                raise _unusable(f"Network error: Discovery fetch failed: error sending request for url ({url})", name, id_)


def lookups(world: World) -> None:
    """Check the lookups; SetError for the first whose store cannot be opened."""
    for id_, stored in _objects(world, "StoreLookup"):
        if stored["store"]["@type"] != "Sqlite":
            raise _unusable(NO_BACKEND, "StoreLookup", id_)


def _objects(world: World, name: str) -> Iterator[tuple[str, Any]]:
    objects = world.kept(name).objects
    for id_ in sorted(objects, key=number_of):
        yield id_, objects[id_]


def _secret_files(stored: Any) -> Iterator[str]:
    """Paths of secrets that are kept in files, anywhere in the object."""
    if isinstance(stored, dict):
        if stored.get("@type") == "File" and "filePath" in stored:
            yield stored["filePath"]
        for content in stored.values():
            yield from _secret_files(content)


def _unusable(description: str, name: str, id_: str) -> SetError:
    return SetError("validationFailed", description, object_id=(name, id_))
