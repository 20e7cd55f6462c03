"""Numeric ids of the old API and their text form in the new one (mapping-operations 1.2)."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz792013"
LARGEST = 2**64 - 1
EPOCH_MS = 1_632_280_000_000  # unix milliseconds from which ids count their time

# Python reads base 32 in C, with digits of its own; `!` stands for everything that is none and makes it refuse.
_PYTHON_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_TO_PYTHON = dict.fromkeys(range(128), "!")
_TO_PYTHON |= {ord(letter): digit for letter, digit in zip(ALPHABET + ALPHABET[:26].upper(), _PYTHON_DIGITS + _PYTHON_DIGITS[:26], strict=True)}
_SIGNIFICANT_DIGITS = 20


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
    number = number_of(text)
    if number > LARGEST:
        raise ValueError("an id has 64 bits")
    return number


def number_of(text: str) -> int:
    """Number written in the base 32 of the new server, of any length; ValueError for the empty text and foreign characters."""
    if not text.isascii():
        raise ValueError("an id has only ASCII letters and digits")
    return int(text.translate(_TO_PYTHON), 32)


def made_at(number: int) -> int:
    """Unix seconds in which an id was made: its upper 43 bits count milliseconds since `EPOCH_MS`."""
    return ((number >> 21) + EPOCH_MS) // 1000


def decimal(text: str) -> int | None:
    """Unsigned 64-bit number written in decimal digits only, else None (report ids, legacy-rest-api 2.3, 2.4)."""
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    if len(digits) > _SIGNIFICANT_DIGITS:
        return None
    number = int(digits)
    return number if number <= LARGEST else None


def path_number(text: str) -> int | None:
    """Number of a path element: decimal digits with leading zeros and one leading `+` allowed (legacy-rest-api 1.8), else None."""
    return decimal(text.removeprefix("+"))
