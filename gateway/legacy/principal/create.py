"""POST of a principal (legacy-rest-api 2.1, 3.4, mapping-principals 3.4).

Nothing is written before everything was judged, in the old server's order.
"""

import logging
from dataclasses import replace
from typing import Any

from gateway.jmap.calls import Get
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal import rights
from gateway.legacy.principal.candidates import Pool
from gateway.legacy.principal.context import allowed, read
from gateway.legacy.principal.drafts import AddressRefused, Basis, Draft, draft, strays
from gateway.legacy.principal.facts import API_KEY, KINDS, MAIL_KINDS, PROPERTIES, Kind
from gateway.legacy.principal.holders import first_taken
from gateway.legacy.principal.keys.making import make_key
from gateway.legacy.principal.lookup import Lookup, look_up
from gateway.legacy.principal.making import make
from gateway.legacy.principal.references import References, tenant_id
from gateway.legacy.principal.values.addresses import kept, own_address, taken
from gateway.legacy.principal.values.inputs import Input, parse
from gateway.legacy.refusals import ManagementError, Other, Refusal, Unsupported

_log = logging.getLogger(__name__)


async def create_principal(exchange: Exchange) -> Any:
    """Make a principal; its number.

    Two round trips; one less for a domain, one more where others have to name the new object, and for an API key with a secret.
    """
    given = parse(exchange.body)
    kind = KINDS.get(given.word)
    try:
        if kind is None:
            raise Unsupported(f'Principals of type "{given.word}" do not exist in Stalwart 0.16')
        if kind.word == API_KEY:
            await rights.insist(exchange, API_KEY, "create")
        if kind.word == "tenant" or given.text("tenant"):
            await rights.insist_tenants(exchange)
        if not given.name:
            raise ManagementError("fieldMissing", field="name")
        given = _fitting(exchange, given, kind)
        async with exchange.locks(("create", given.name)):
            found = await _look_up(exchange, given, kind)
            basis, made = await _judged(found, given, kind)
            return await (make_key if kind.word == API_KEY else make)(found, given, basis, made)
    except Refusal:
        if kind is not None:
            await rights.insist(exchange, kind.word, "create")
        raise


def _fitting(exchange: Exchange, given: Input, kind: Kind) -> Input:
    """The input, without what its kind does not have where the settings let that be left out; else it is refused in its turn."""
    if exchange.settings.lossy_fields == "error":
        return given
    stray = strays(given, kind)
    if stray:
        _log.warning("a new principal of type %s loses %s", kind.word, ", ".join(stray))
    return replace(
        given,
        texts={name: text for name, text in given.texts.items() if name not in stray},
        lists={name: texts for name, texts in given.lists.items() if name not in stray},
        quota=0 if "quota" in stray else given.quota,
    )


async def _look_up(exchange: Exchange, given: Input, kind: Kind) -> Lookup:
    """Everything that the name of the new principal, and the names in it, may mean; for a domain by itself the context suffices."""
    others = [*given.items("members"), *given.items("memberOf"), *given.items("lists")]
    if others or kind.word != "domain":
        return await look_up(exchange, given.name, others=others)
    old = await exchange.memory.called({given.name})
    context, cached, answers = await read(exchange, *(Get(it.type, [it.id], PROPERTIES[it.type]) for it in old))
    pool = Pool(old_names=old)
    for it, answer in zip(old, answers, strict=True):
        pool.add(it.type, (allowed(answer) or {"list": ()})["list"])
    return Lookup(exchange, given.name, context, cached, pool, frozenset())


async def _judged(found: Lookup, given: Input, kind: Kind) -> tuple[Basis, Draft]:
    """What to make; Refusal, after another look when it rests on a context of a moment ago."""
    while True:
        try:
            return await _judge(found, given, kind)
        except (Refusal, AddressRefused) as refused:
            if found.cached:
                await found.refresh()
                continue
            if isinstance(refused, Refusal):
                raise
            address = await first_taken(found.exchange, found.context, refused.earlier) if refused.earlier else None
            raise (taken("emails", address) if address else refused.refusal) from None


async def _judge(found: Lookup, given: Input, kind: Kind) -> tuple[Basis, Draft]:
    _insist_free(found, given, kind)
    tenant = await tenant_id(found, given)
    if kind.word == "tenant" and given.text("tenant"):
        raise Other("Invalid field", "Tenants cannot contain a tenant field")
    references = await References.of(found, given, kind)
    basis = Basis(kind, found.context, references, tenant, found.exchange.settings)
    return basis, draft(given, basis)


def _insist_free(found: Lookup, given: Input, kind: Kind) -> None:
    """Refuse a name that something has, whatever it is (mapping-principals 1.8)."""
    name, pool, context = given.name, found.pool, found.context
    same = bool(pool.remembered(name) or pool.exact(name, context))
    if kind.word in MAIL_KINDS:
        own = _own(found, given)
        same |= any(it["emailAddress"] == own for it in (*pool.accounts.values(), *pool.lists.values()))
    elif kind.word != "domain":
        same |= bool(pool.loose(name, context))
    if same:
        raise taken("name", name)


def _own(found: Lookup, given: Input) -> str:
    """The own address that the name comes to, "" while it comes to none: that is refused later."""
    emails = [it.lower() for it in given.items("emails") if it]
    try:
        local, domain = own_address(given.name, emails, found.context, tenant=None)
    except Refusal:
        return ""
    return f"{kept(local)}@{domain.name}"
