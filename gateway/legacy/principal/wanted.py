"""What the parameters of a list ask for (legacy-rest-api 2.1, mapping-principals 3.2).

Use: `Wanted.of(exchange.query)` are the parameters, `plan(wanted, context)` what the new server is asked for, kind by kind. Bulk calls,
which take the same `filter` and `tenant`, can use `plan` for their one kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gateway.jmap.calls import BY_ID, Object, Query
from gateway.legacy.paging import Window
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.facts import API_KEY, FIELDS, KINDS, PROPERTIES, Kind, word_of
from gateway.legacy.principal.keys.objects import HELD
from gateway.legacy.principal.search import Search, search

TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Parameters of a list: kinds, members to show (None: all), text to find, name of a tenant, part of the result, whether only counted.

    `named` are the words of the types that were asked for; for lack of any, `kinds` are all of them.
    """

    kinds: Sequence[Kind]
    named: frozenset[str]
    fields: frozenset[str] | None
    text: str
    tenant: str
    window: Window
    counted: bool

    def without_tenants(self) -> "Wanted":
        """The same where there are no tenants."""
        return replace(self, kinds=[kind for kind in self.kinds if kind.word != TENANT], tenant="")

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        """What the parameters say; what is not known in them is dropped, and without anything known they ask for everything."""
        given = query.get("types", query.get("type", "")).split(",")
        words = frozenset(word for it in given if (word := word_of(it)))
        return cls(
            kinds=[kind for kind in KINDS.values() if not words or kind.word in words],
            named=words,
            fields=FIELDS.intersection(query.get("fields", "").split(",")) or None,
            text=query.get("filter", ""),
            tenant=query.get("tenant", ""),
            window=Window.of({name: query[name] for name in ("page", "limit") if name in query}),
            counted="count" in query,
        )


class Part(NamedTuple):
    """What is looked for of one kind, and the filter for it."""

    kind: Kind
    search: Search
    filter: Mapping[str, str]

    @property
    def properties(self) -> Sequence[str]:
        """What is read of the objects that the query finds: of accounts that may hold API keys made elsewhere, only the keys."""
        return HELD if self.kind.word == API_KEY else PROPERTIES[self.kind.object]

    def query(self, page: int, sort: Sequence[Object] = (BY_ID,), position: int = 0) -> Query:
        """The query for a page."""
        return Query(self.kind.object, sort, page, position, self.filter or None)


def plan(wanted: Wanted, context: Context | None) -> list[Part]:
    """What is looked for of each kind that can have results; an unknown tenant is no restriction, as on the old server.

    The context is needed only for a text or a tenant.
    """
    tenants = context.tenant_names.get(wanted.tenant, ()) if context else ()
    parts = []
    for kind in wanted.kinds:
        found = search(kind, wanted.text, context) if context else Search({}, exact=True)
        if found is None:
            continue
        filter_ = {**({"@type": kind.variant} if kind.variant else {}), **found.filter}
        if tenants and kind.word != TENANT:
            filter_["memberTenantId"] = tenants[0].id
        parts.append(Part(kind, found, filter_))
    return parts
