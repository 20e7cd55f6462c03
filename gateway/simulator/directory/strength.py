"""How hard a password is to guess, as a score from 0 to 4 (jmap-management-api 3.1: `passwordMinStrength`).

The server asks the estimator zxcvbn. This one works in the same way on less data: the text is cut into common words, sequences,
repetitions, years and runs of other characters so that the product of the guesses for the parts is smallest; the parts may come in
any order, and powers of ten make the score.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gateway.simulator.data import words

LIMITS = (10**3, 10**6, 10**8, 10**10)
PER_CHARACTER = 10
LEAST_FOR_PART = 50
PER_MORE_PARTS = 10_000
VERY_COMMON = 100

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_LIKENESS = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_REPETITION = re.compile(r"(.+?)\1+", re.DOTALL)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SHORTEST_WORD, _SHORTEST_SEQUENCE = 3, 3


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text, what kind of thing it is, and the guesses that find it."""

    start: int
    end: int
    kind: str
    guesses: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Score from 0 to 4, and the kind of the longest thing that makes the password easy, "" when there is none."""

    score: int
    kind: str


def estimate(text: str) -> Estimate:
    """The score of a password of any length."""
    guesses, parts = _cheapest(text, list(_parts(text)))
    count = len(parts) + _runs_between(parts, len(text))
    guesses = guesses * math.factorial(count) + PER_MORE_PARTS ** max(0, count - 1)
    score = sum(guesses >= limit + 5 for limit in LIMITS)
    longest = max(parts, key=lambda part: part.end - part.start, default=None)
    if longest is None:
        return Estimate(score, "")
    whole = longest.end - longest.start == len(text)
    kind = "common" if longest.kind == "word" and whole and longest.guesses <= VERY_COMMON else longest.kind
    return Estimate(score, kind)


def _runs_between(parts: list[Part], size: int) -> int:
    """Number of runs of characters that are in no part; the parts are in order."""
    edges = [0, *(edge for part in parts for edge in (part.start, part.end)), size]
    return sum(edges[place] < edges[place + 1] for place in range(0, len(edges), 2))


def _cheapest(text: str, parts: list[Part]) -> tuple[int, list[Part]]:
    """Guesses for the whole text, and the parts that make them the fewest."""
    best: list[tuple[int, list[Part]]] = [(1, [])]
    for end in range(1, len(text) + 1):
        before, used = best[end - 1]
        choices = [(before * PER_CHARACTER, used)]
        choices += [(best[part.start][0] * part.guesses, [*best[part.start][1], part]) for part in parts if part.end == end]
        best.append(min(choices, key=lambda choice: choice[0]))
    return best[-1]


def _parts(text: str) -> Iterator[Part]:
    yield from _common_words(text)
    yield from _sequences(text)
    for found in _REPETITION.finditer(text):
        block = found[1]
        guesses = _cheapest(block, list(_common_words(block)))[0] * (len(found[0]) // len(block))
        yield _part(found.start(), found.end(), "repetition", guesses)
    for found in _YEAR.finditer(text):
        yield _part(found.start(), found.end(), "year", 150)


def _common_words(text: str) -> Iterator[Part]:
    ranks, longest = _ranks()
    lower = text.lower()
    alike = lower.translate(_LIKENESS)
    for start in range(len(text)):
        for end in range(start + _SHORTEST_WORD, min(start + longest, len(text)) + 1):
            rank = ranks.get(lower[start:end])
            guesses = rank or 2 * ranks.get(alike[start:end], 0)
            if guesses:
                yield _part(start, end, "word", guesses if text[start:end] == lower[start:end] else guesses * 2)


def _sequences(text: str) -> Iterator[Part]:
    """Runs like `abc`, `6543` or `qwert`."""
    start, step = 0, 0
    for place in range(1, len(text) + 1):
        found = _step(text[place - 1 : place + 1])
        if found and (found == step or place - start == 1):
            step = found
            continue
        if step and place - start >= _SHORTEST_SEQUENCE:
            yield _part(start, place, "sequence", PER_CHARACTER * (place - start) * (1 if step > 0 else 2))
        start, step = (place - 1, found) if found else (place, 0)


def _step(pair: str) -> int:
    """+1 when the second character follows the first in the alphabet or on the keyboard, -1 the other way round, else 0."""
    if len(pair) == 2:  # noqa: PLR2004 - two make a pair
        first, second = pair.lower()[0], pair.lower()[-1]
        if first.isalnum() and second.isalnum() and abs(ord(first) - ord(second)) == 1:
            return ord(second) - ord(first)
        for row in _ROWS:
            if first + second in row:
                return 1
            if second + first in row:
                return -1
    return 0


def _part(start: int, end: int, kind: str, guesses: int) -> Part:
    return Part(start, end, kind, max(guesses, LEAST_FOR_PART))


@cache
def _ranks() -> tuple[dict[str, int], int]:
    """Place of each common word, counted from 1, and the length of the longest."""
    common = words("common_passwords")
    return {word: place for place, word in reversed(list(enumerate(common, 1)))}, max(map(len, common))
