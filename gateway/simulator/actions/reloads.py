"""What a reload finds wrong with the stored settings (jmap-management-api 3.16; recordings `actions.badSetting`, `actions.reloadError`).

The simulated server has no files, no network and no database but SQLite, so what needs one of these fails in the way recorded.
Only the first error is reported, and nothing is applied then.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.simulator.errors import SetError
from gateway.simulator.text_ids import SINGLETON, number_of
from gateway.simulator.world import World

NO_PUSH_KEY = (
    "Invalid Web Push VAPID key: PKCS#8 ASN.1 error: PEM error: PEM preamble contains invalid data (NUL byte). "
    "Re-encode the key as named-curve PKCS#8, e.g. `openssl pkey -in key.pem -out key_pkcs8.pem`."
)
NO_KEY = "No usable ECDSA private key found in PEM (expected PKCS8 or SEC1)"
WITH_SECRETS = ("Directory", "MtaRoute")
NO_DATABASE = "Failed to build connection pool: timed out waiting for connection: unable to open database file: {}"
NO_CERTIFICATE = "Failed to parse certificate"
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


    for name, prop, description in (("Jmap", "webPushKey", NO_PUSH_KEY), ("OidcProvider", "signatureKey", NO_KEY)):
        key = world.kept(name).value()[prop]
        if key["@type"] == "Text" and not _is_key(key["secret"]):
            raise _unusable(description, name, SINGLETON)


def _is_key(text: str) -> bool:
    """Whether the text is a private key for elliptic curves."""
    return isinstance(_any_key(text), EllipticCurvePrivateKey)


def _any_key(text: str) -> PrivateKeyTypes | None:
    try:
        return load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def certificates(world: World) -> None:
    """Check the certificates, whose keys nobody reads when they are written; SetError for the first that has none."""
    for id_, stored in _objects(world, "Certificate"):
        key = stored["privateKey"]
        if key["@type"] == "Text" and not _any_key(key["secret"]):
            raise _unusable(NO_CERTIFICATE, "Certificate", id_)


def lookups(world: World) -> None:
    """Check the lookups; SetError for the first whose store cannot be opened."""
    for id_, stored in _objects(world, "StoreLookup"):
        store = stored["store"]
        if store["@type"] != "Sqlite":
            raise _unusable(NO_BACKEND, "StoreLookup", id_)
        if not Path(store["path"]).parent.is_dir():
            raise _unusable(NO_DATABASE.format(store["path"]), "StoreLookup", id_)


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
