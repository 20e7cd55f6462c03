"""Blob hashes of the old API and blob ids of the new one (mapping-operations 1.3)."""

import base64

from gateway.knowledge.ids import ALPHABET

HASH_BYTES = 32

_RESERVED = 0x20
_ANY_ACCOUNT = b"\xff\xff\xff\xff\x0f"
_NEVER = b"\xff" * 9 + b"\x01"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def hash_of(blob_id: str) -> str:
    """Old `blob_hash` (URL-safe base64, no padding) inside a `blobId`; ValueError when it is too short or has foreign characters."""
    raw = _unpack(blob_id)
    if len(raw) < 1 + HASH_BYTES:
        raise ValueError("a blob id holds a marker and a hash of 32 bytes")
    return base64.urlsafe_b64encode(raw[1 : 1 + HASH_BYTES]).rstrip(b"=").decode()


def unrestricted_id(digest: bytes) -> str:
    """`blobId` of the form without an owner, which the server honours for callers with `fetchAnyBlob`."""
    if len(digest) != HASH_BYTES:
        raise ValueError("a blob hash has 32 bytes")
    return _pack(bytes([_RESERVED]) + digest + _ANY_ACCOUNT + _NEVER)


def _pack(raw: bytes) -> str:
    bits = len(raw) * 8
    letters = -(-bits // 5)
    number = int.from_bytes(raw, "big") << (letters * 5 - bits)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range((letters - 1) * 5, -1, -5))


def _unpack(text: str) -> bytes:
    number = 0
    for letter in text:
        if letter not in _VALUES:
            raise ValueError(f"{letter!r} occurs in no blob id")
        number = number << 5 | _VALUES[letter]
    spare = len(text) * 5 % 8
    return (number >> spare).to_bytes(len(text) * 5 // 8, "big")
