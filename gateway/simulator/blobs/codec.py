"""Ids of blobs (jmap-management-api 2.9; recordings `blobs.form`, `blobs.upload.form`, `blobs.email.form`).

A marker byte, the hash of the content, then numbers in groups of seven bits: for a reserved blob its account and the end of the
reservation, for a linked one account, collection and document.
"""

from dataclasses import dataclass

from gateway.knowledge.blobs import HASH_BYTES
from gateway.knowledge.ids import ALPHABET

RESERVED = 0x20
LINKED = 0x10
ANY_ACCOUNT = 2**32 - 1
NEVER = 2**64 - 1

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True)
class BlobName:
    """What a blob id says: for a reserved blob `expires` is unix seconds, for a linked one the number of the document."""

    linked: bool
    digest: bytes
    account: int
    expires: int

    @property
    def unrestricted(self) -> bool:
        """Whether it names no owner at all."""
        return not self.linked and self.account == ANY_ACCOUNT and self.expires == NEVER


def write(name: BlobName) -> str:
    """Text of a blob id."""
    numbers = (name.account, 0, name.expires) if name.linked else (name.account, name.expires)
    raw = bytes([LINKED if name.linked else RESERVED]) + name.digest + b"".join(map(_packed, numbers))
    bits = len(raw) * 8
    letters = -(-bits // 5)
    number = int.from_bytes(raw, "big") << (letters * 5 - bits)
    return "".join(ALPHABET[number >> shift & 31] for shift in range((letters - 1) * 5, -1, -5))


def read(text: str) -> BlobName | None:
    """What a blob id says, None when it is none."""
    if any(letter not in _VALUES for letter in text):
        return None
    number = 0
    for letter in text:
        number = number << 5 | _VALUES[letter]
    size = len(text) * 5 // 8
    raw = (number >> len(text) * 5 % 8).to_bytes(size, "big")
    if size <= HASH_BYTES or raw[0] not in {RESERVED, LINKED}:
        return None
    linked = raw[0] == LINKED
    numbers = _unpacked(raw[1 + HASH_BYTES :])
    if numbers is None or len(numbers) != (3 if linked else 2):
        return None
    return BlobName(linked, raw[1 : 1 + HASH_BYTES], numbers[0], numbers[-1])


def _packed(number: int) -> bytes:
    groups = bytearray()
    while number > 127:  # noqa: PLR2004 - seven bits
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])


def _unpacked(raw: bytes) -> list[int] | None:
    numbers, current, shift = [], 0, 0
    for byte in raw:
        current |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004 - the last group
            numbers.append(current)
            current, shift = 0, 0
    return None if shift else numbers
