"""Domains by name, for calls about what belongs to them (mapping-principals 1.5)."""

from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.context import Context, Domain, read
from gateway.legacy.refusals import Forbidden


async def domain_named(exchange: Exchange, name: str) -> Domain | None:
    """The domain that has a name, itself or as an alias, in any case; None when there is none. Errors as `domains`."""
    context, cached = await domains(exchange)
    found = context.domain_names.get(name.lower())
    if found is None and cached:
        context, _ = await domains(exchange, fresh=True)
        found = context.domain_names.get(name.lower())
    return found


async def domains(exchange: Exchange, *, fresh: bool = False) -> tuple[Context, bool]:
    """What is known of the domains, and whether that is from a moment ago; Forbidden for a caller who may not see them."""
    known = await read(exchange, fresh=fresh)
    if "Domain" in known.context.forbidden:
        raise Forbidden
    return known.context, known.cached
