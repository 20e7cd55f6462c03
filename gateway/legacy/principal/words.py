"""Words of a text as the text indexes of both servers see them (legacy-rest-api 2.1, jmap-management-api 2.4.1)."""

import re

SHORTEST = 2

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Words of at least two bytes in lower case, in their order."""
    return [word for word in _WORD.findall(text.lower()) if len(word.encode()) >= SHORTEST]
