"""Which principals a bulk DELETE means; what is chosen is tested here, because the text search of the new server finds too much (mapping-principals 3.7).

Use: `choice = await Choice.of(exchange, kind)`, None when nothing can match; `choice.query(page)` and `choice.properties` find the objects,
`await choice.among(objects)` are those of them that the parameters mean.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.jmap.calls import BY_ID, Object, Query
from gateway.legacy.caution import doubtful
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import Candidate, ambiguous
from gateway.legacy.principal.context import Context, read, tenant_of
from gateway.legacy.principal.facts import KINDS, MAIL_KINDS, Kind
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.reading import emails_of
from gateway.legacy.principal.search import search
from gateway.legacy.refusals import ItemNotFound

_WORD = re.compile(r"[^\W_]+")

_TESTED: Mapping[str, Sequence[str]] = {
    "domain": ("id", "name", "description"),
    "role": ("id", "description"),
    "tenant": ("id", "name"),
    "oauthClient": ("id", "clientId", "description", "contacts"),
}
_ADDRESSES = ("id", "emailAddress", "aliases")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the parameters of a bulk DELETE mean.

    `filter` is for the new server, and finds all of it or more; `properties` are to be read of what it finds, None when ids suffice. `words`
    must all be shown by an object. `tenant` is an id, None for no restriction.
    """

    exchange: Exchange
    context: Context
    kind: Kind
    filter: Mapping[str, str]
    properties: Sequence[str] | None
    words: frozenset[str]
    tenant: str | None

    @classmethod
    async def of(cls, exchange: Exchange, kind: Kind) -> "Choice | None":
        """What the parameters mean; ItemNotFound for an unknown tenant, which the old server ignored, Unsupported for a filter that is blank."""
        text = exchange.query.get("filter", "")
        if text and not text.strip():
            raise doubtful("filter", "has no word", "delete")
        context, tenant = await _context(exchange)
        wanted = frozenset(_words(text))
        found = search(kind, text, context) if text else None
        if (text and (found is None or not wanted)) or (tenant is not None and kind.word == "tenant"):
            return None
        # The index has no client ids, so a client is found by what else it shows.
        texts = {"text": text} if text and kind.word == "oauthClient" else found.filter if found else {}
        filter_ = {**({"@type": kind.variant} if kind.variant else {}), **texts}
        if tenant is not None:
            filter_["memberTenantId"] = tenant
        return cls(exchange, context, kind, filter_, _properties(kind, filter_, tested=bool(text)), wanted, tenant)

    def query(self, page: int) -> Query:
        """The query for the first page."""
        return Query(self.kind.object, (BY_ID,), page, filter=self.filter or None)

    async def among(self, objects: Sequence[Object]) -> list[Object]:
        """The objects that are meant, and that the new server would let anybody destroy."""
        kept = _kept(self.kind, self.context)
        if self.kind.word == "individual":
            kept |= (await self.exchange.memory.keys.names(certain=True)).keys()
        meant = [it for it in objects if it["id"] not in kept and (self.tenant is None or tenant_of(it) == self.tenant)]
        if not self.words or not meant:
            return meant
        addresses = [it["emailAddress"] for it in meant if "emailAddress" in it]
        names = await Names.of(self.exchange, self.context, addresses)
        return [it for it in meant if self.words.issubset(word for text in self._shown(it, names) for word in _words(text))]

    def _shown(self, object_: Object, names: Names) -> list[str]:
        """Texts that clients see of an object: name, description, addresses, each address with all names of its domain."""
        if self.kind.word not in MAIL_KINDS:
            return [it for it in (object_.get(name) for name in ("name", "clientId", "description")) if it] + list(object_.get("contacts") or ())
        type_ = self.kind.object
        emails = emails_of(object_, self.context, implied=names.implied(type_, object_))
        domains = (self.context.domain_names.get(it.rpartition("@")[2]) for it in emails)
        return [names.mail(type_, object_), object_.get("description") or "", *emails, *(name for it in domains if it for name in it.names)]


async def _context(exchange: Exchange) -> tuple[Context, str | None]:
    """The context and the id of the tenant that the parameters name."""
    context, cached, _ = await read(exchange)
    name = exchange.query.get("tenant")
    if not name:
        return context, None
    tenants = context.tenant_names.get(name, ())
    if cached and len(tenants) != 1:
        context, _, _ = await read(exchange, fresh=True)
        tenants = context.tenant_names.get(name, ())
    if not tenants:
        raise ItemNotFound(name)
    if len(tenants) > 1:
        raise ambiguous(name, [Candidate(KINDS["tenant"], it.id, it.name) for it in tenants])
    return context, tenants[0].id


def _properties(kind: Kind, filter_: Mapping[str, Any], *, tested: bool) -> Sequence[str] | None:
    """What has to be read of an object before it is destroyed, None for nothing."""
    restricted = ("memberTenantId",) if "memberTenantId" in filter_ else ()
    if kind.word in MAIL_KINDS:
        return (*_ADDRESSES, *(("description",) if tested and filter_.keys() != {"@type", "domainId"} else ()), *restricted)
    if tested:
        return (*_TESTED[kind.word], *restricted)
    return ("id", *restricted) if restricted else None


def _kept(kind: Kind, context: Context) -> frozenset[str]:
    """Ids of what the new server needs itself, and which counts as nothing: default roles and the default domain."""
    if kind.word == "role":
        return frozenset(id_ for ids in (context.defaults or {}).values() for id_ in ids)
    return frozenset({context.default_domain} if kind.word == "domain" and context.default_domain else ())


def _words(text: str) -> list[str]:
    """All words, the shortest ones too, which no text index has."""
    return _WORD.findall(text.lower())
