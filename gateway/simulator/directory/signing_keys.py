"""Private keys of signatures, and what the server says of those that it cannot use (jmap-management-api 3.7; recordings `directory.dkim`)."""

import base64
import re
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

LEAST_RSA_BITS = 2048

_PRIVATE = re.compile(r"-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)


@lru_cache(maxsize=256)
def problem(pem: str, type_: str) -> str:
    """Why a text cannot be the private key of a signature of this type, "" when it can."""
    kind = "RSA" if "Rsa" in type_ else "ED25519"
    found = _problem(pem, kind)
    return f"{found}, details = Failed to build {kind} key" if found else ""


@lru_cache(maxsize=256)
def public_key(pem: str) -> bytes | None:
    """Public half of a private key as it stands in the DNS: SubjectPublicKeyInfo of RSA, the bare bytes of Ed25519; None for other texts."""
    key = _load(pem)
    if isinstance(key, RSAPrivateKey):
        return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes_raw() if isinstance(key, Ed25519PrivateKey) else None


def _problem(pem: str, kind: str) -> str:
    if _PRIVATE.search(pem) is None:
        return "no items found"
    key = _load(pem)
    if not isinstance(key, RSAPrivateKey if kind == "RSA" else Ed25519PrivateKey):
        return "Cryptography layer error: WrongAlgorithm"
    if isinstance(key, RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        return "Cryptography layer error: TooSmall"
    return ""


def _load(pem: str) -> object:
    block = _PRIVATE.search(pem)
    if block is None:
        return None
    try:
        if block[1] == "PRIVATE KEY":
            return load_der_private_key(base64.b64decode(block[2]), None)
        return load_pem_private_key(block[0].encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
