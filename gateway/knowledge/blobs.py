"""Blob hashes of the old API and blob ids of the new one (mapping-operations 1.3)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from gateway.knowledge.ids import ALPHABET, number_of

HASH_BYTES = 32

_RESERVED = 0x20
_ANY_ACCOUNT = b"\xff\xff\xff\xff\x0f"
_NEVER = b"\xff" * 9 + b"\x01"
_HASH_END = 8 * (1 + HASH_BYTES)
_HASH_MASK = 256**HASH_BYTES - 1
_LETTERS = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def hash_of(blob_id: str) -> str:
    """Old `blob_hash` (URL-safe base64, no padding) inside a `blobId`; ValueError when it is too short or has foreign characters."""
    behind = 5 * len(blob_id) - _HASH_END
    if behind < 0:
        raise ValueError("a blob id holds a marker and a hash of 32 bytes")
    digest = (number_of(blob_id) >> behind & _HASH_MASK).to_bytes(HASH_BYTES, "big")
    return _text_of(digest)


def digest_of(blob_hash: str) -> bytes:
    """Bytes of an old `blob_hash`, of any length; ValueError for padding, foreign characters and unused bits that are not zero."""
    digest = urlsafe_b64decode(blob_hash + "=" * (-len(blob_hash) % 4)) if _LETTERS.fullmatch(blob_hash) else b""
    if _text_of(digest) != blob_hash:
        raise ValueError("a blob hash is base64url without padding")
    return digest


def unrestricted_id(digest: bytes) -> str:
    """`blobId` of the form without an owner, which the server honours for callers with `fetchAnyBlob`."""
    if len(digest) != HASH_BYTES:
        raise ValueError("a blob hash has 32 bytes")
    return _pack(bytes([_RESERVED]) + digest + _ANY_ACCOUNT + _NEVER)


def _text_of(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _pack(raw: bytes) -> str:
    bits = len(raw) * 8
    letters = -(-bits // 5)
    number = int.from_bytes(raw, "big") << (letters * 5 - bits)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range((letters - 1) * 5, -1, -5))
