"""Text ids as the server reads them (jmap-management-api 2.1.1): laxer than they are written."""

from functools import lru_cache

from gateway.knowledge.ids import ALPHABET, encode

NO_ID = 2**64 - 1
SINGLETON = "singleton"

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)} | {letter.upper(): value for value, letter in enumerate(ALPHABET) if 10 <= value <= 25}  # noqa: PLR2004 - `K` to `Z`


@lru_cache(maxsize=65_536)
def number_of(text: str) -> int:
    """Number of a text id: empty is 0, `K` to `Z` count as lower case, over-long texts wrap to 64 bits; ValueError for other characters."""
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            raise ValueError(f"{letter!r} occurs in no id")
        number = (number * 32 + value) & NO_ID
    return number


def canonical(text: str) -> str | None:
    """The id as the server would write it, or None when it cannot be read as one."""
    try:
        return encode(number_of(text))
    except ValueError:
        return None
