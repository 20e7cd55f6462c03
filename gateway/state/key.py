"""What is secret in the state is encrypted: a copy of the database alone opens nothing (design 7).

The key is a text: the setting `state_key`, else the content of a file beside the database that is made once and that only its owner may read.
A database knows its key by a proof; with another key the gateway does not start.
"""

import base64
import binascii
import contextlib
import os
import secrets
from pathlib import Path

_BYTES = 32
_NONCE = 12
_PURPOSE = b"stalwart-gateway state"
_PROOF = "proof"


class Seal:
    """Closes and opens texts with AES-256-GCM under a key derived from a text (HKDF-SHA256)."""

    def __init__(self, key: str) -> None:
        # Loaded here: most gateways remember no secrets and need not hold 6 MB of cryptography.
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        self._failures = (InvalidTag, binascii.Error, ValueError)
        self._cipher = AESGCM(HKDF(SHA256(), _BYTES, salt=None, info=_PURPOSE).derive(key.encode()))

    def close(self, text: str, about: str) -> str:
        """The text encrypted, in base64; it opens only for the same `about`, so that it cannot be moved elsewhere."""
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), about.encode())).decode()

    def open(self, closed: str, about: str) -> str | None:
        """The text again, None when it was closed with another key or about something else."""
        try:
            raw = base64.b64decode(closed, validate=True)
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], about.encode()).decode()
        except self._failures:
            return None

    def proof(self) -> str:
        """What a database keeps to know the key again."""
        return self.close(_PROOF, _PROOF)

    def fits(self, proof: str) -> bool:
        """Whether a proof was made with this key."""
        return self.open(proof, _PROOF) == _PROOF


def file_beside(database: Path) -> Path:
    """Where the key of a database file lies."""
    return database.with_name(database.name + ".key")


def in_file(file: Path) -> str:
    """The key in a file, which is made when there is none; ValueError for an empty one, OSError when it cannot be used.

    It is there at once and as a whole, so that gateways that start together have the same key.
    """
    with contextlib.suppress(FileNotFoundError):
        return _read(file)
    made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(base64.b64encode(secrets.token_bytes(_BYTES)).decode() + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
    finally:
        made.unlink()
    return _read(file)


def of_the_moment() -> str:
    """A key for a database that ends with the process."""
    return secrets.token_hex(_BYTES)


def _read(file: Path) -> str:
    key = file.read_text(encoding="utf-8").strip()
    if not key:
        raise ValueError(f"the key file {file} is empty")
    return key
