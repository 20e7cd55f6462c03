"""What `filter` of a list means: words that a principal shows in its name, description or addresses (legacy-rest-api 2.1, mapping-principals 3.2).

Use: `search(kind, text, context)` says what the new server is asked for; `Sieve(words(text))` tells which of its results the old server would
have found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import API_KEY, Kind
from gateway.legacy.principal.words import words

_INDEXED = {"domain": "text", "tenant": "text", "role": "description"}


@dataclass(frozen=True, slots=True)
class Search:
    """A filter of the new server; `tested`: its results may be too many and are to be tested here, `exact`: they stand as they are."""

    filter: Mapping[str, str]
    tested: bool = False
    exact: bool = False


class Sieve:
    """Tests for words. Both servers ignore leading words that nothing has when a later one is found: `shown` must see every result first.

    `shown` gives what a result has of the words, to be shown to `holds` later.
    """

    def __init__(self, wanted: Sequence[str]) -> None:
        self._bits = {word: 1 << at for at, word in enumerate(dict.fromkeys(wanted))}
        self._every = (1 << len(self._bits)) - 1
        self._seen = 0

    def shown(self, texts: Iterable[str]) -> int:
        """Which of the words stand in the texts of a result, as bits."""
        found = 0
        for text in texts:
            for word in words(text):
                found |= self._bits.get(word, 0)
        self._seen |= found
        return found

    def holds(self, shown: int) -> bool:
        """Whether a result has every word but the leading ones that none has."""
        first = self._seen & -self._seen
        needed = self._every & -first
        return bool(needed) and shown & needed == needed


def search(kind: Kind, text: str, context: Context) -> Search | None:
    """Search for the principals of a kind; None when nothing can be found."""
    if not text.strip(" "):
        return Search({}, exact=True)
    wanted = words(text)
    if not wanted:
        return None
    if kind.word in _INDEXED:
        return Search({_INDEXED[kind.word]: text})
    return _among_addresses(kind, text, wanted, context)


def _among_addresses(kind: Kind, text: str, wanted: list[str], context: Context) -> Search:
    """Search for accounts, lists and clients, whose indexes differ from those of the old server."""
    if kind.word in {"oauthClient", API_KEY}:
        return Search({}, tested=True)  # the client id is not in the index, nor is anything of keys
    exact = _at_domain(text.lower(), context) if kind.object == "Account" else None
    if exact is not None:
        return Search(exact, exact=True)
    # The domain of an own address is not in the index of the new server, but was in that of the old one; recipients of lists are.
    indexed = [word for word in wanted if word not in context.domain_words]
    if kind.object == "Account" and len(indexed) == len(wanted):
        return Search({"text": text})
    return Search({"text": " ".join(indexed)} if indexed else {}, tested=True)


def _at_domain(text: str, context: Context) -> dict[str, str] | None:
    """Filter for a text that is a domain or an address in one, None for any other."""
    local, _, name = text.rpartition("@")
    domain = context.domain_names.get(name)
    if domain is None:
        return None
    return {**({"text": local} if words(local) else {}), "domainId": domain.id}
