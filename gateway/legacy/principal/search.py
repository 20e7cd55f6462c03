"""What `filter` of a list means: words that a principal shows in its name, description or addresses (legacy-rest-api 2.1, mapping-principals 3.2).

Use: `search(kind, text, context)` says what the new server is asked for, and `Search.narrow(rows, texts)` keeps of its results those that the
old server would have found. Both servers ignore leading words that nothing has when a later one is found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import Kind
from gateway.legacy.principal.words import words

_Row = TypeVar("_Row")

_INDEXED = {"domain": "text", "tenant": "text", "role": "description"}


@dataclass(frozen=True, slots=True)
class Search:
    """A filter of the new server, and the words that its results are to be tested for here; none means that they stand as they are."""

    filter: Mapping[str, str]
    words: tuple[str, ...] = ()

    def narrow(self, rows: Sequence[_Row], texts: Callable[[_Row], Iterable[str]]) -> list[_Row]:
        """The rows that show every word, `texts` being what a row shows."""
        shown = [{word for text in texts(row) for word in words(text)} for row in rows]
        known = set().union(*shown)
        wanted = list(self.words)
        while wanted and wanted[0] not in known:
            del wanted[0]
        if not wanted and self.words:
            return []
        return [row for row, has in zip(rows, shown, strict=True) if has.issuperset(wanted)]


def search(kind: Kind, text: str, context: Context) -> Search | None:
    """Search for the principals of a kind; None when nothing can be found."""
    if not text.strip(" "):
        return Search({})
    wanted = words(text)
    if not wanted:
        return None
    if kind.word in _INDEXED:
        return Search({_INDEXED[kind.word]: text})
    return _among_addresses(kind, text, wanted, context)


def _among_addresses(kind: Kind, text: str, wanted: list[str], context: Context) -> Search:
    """Search for accounts, lists and clients, whose indexes differ from those of the old server."""
    if kind.word == "oauthClient":
        return Search({}, tuple(wanted))  # the client id is not in the index
    exact = _at_domain(text.lower(), context) if kind.object == "Account" else None
    if exact is not None:
        return Search(exact)
    # The domain of an own address is not in the index of the new server, but was in that of the old one.
    indexed = [word for word in wanted if word not in context.domain_words]
    if kind.object == "Account" and len(indexed) == len(wanted):
        return Search({"text": text})
    return Search({"text": " ".join(indexed)} if indexed else {}, tuple(wanted))


def _at_domain(text: str, context: Context) -> dict[str, str] | None:
    """Filter for a text that is a domain or an address in one, None for any other."""
    local, _, name = text.rpartition("@")
    domain = context.domain_names.get(name)
    if domain is None:
        return None
    return {**({"text": local} if words(local) else {}), "domainId": domain.id}
