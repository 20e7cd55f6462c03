"""Numeric ids of the old API and their text form in the new one (mapping-operations 1.2)."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz792013"
LARGEST = 2**64 - 1

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def encode(number: int) -> str:
    """Text form of an unsigned 64-bit id: base 32, most significant digit first, zero is `a`."""
    digits = [ALPHABET[number & 31]]
    while number := number >> 5:
        digits.append(ALPHABET[number & 31])
    return "".join(reversed(digits))


def decode(text: str) -> int:
    """Number of a text id; ValueError for the empty text, a foreign character and anything above 2^64-1.

    Upper case is accepted. The server itself wraps over-long texts silently; a gateway that did so could act on another object.
    """
    if not text:
        raise ValueError("an id is never empty")
    number = 0
    for letter in text.lower():
        if letter not in _VALUES:
            raise ValueError(f"{letter!r} occurs in no id")
        number = number * 32 + _VALUES[letter]
    if number > LARGEST:
        raise ValueError("an id has 64 bits")
    return number


def decimal(text: str) -> int | None:
    """Unsigned 64-bit number written in decimal digits only, else None (report ids, legacy-rest-api 2.3, 2.4)."""
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text) if len(text) <= 40 else int(text.lstrip("0")[:21] or "0")  # noqa: PLR2004 - bounds the work
    return number if number <= LARGEST else None


def path_number(text: str) -> int | None:
    """Number of a path element: decimal digits with leading zeros and one leading `+` allowed (legacy-rest-api 1.8), else None."""
    return decimal(text.removeprefix("+"))
