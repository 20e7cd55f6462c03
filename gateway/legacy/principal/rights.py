"""Whether a caller may do something to principals of a type, where the new server is not asked for it (legacy-rest-api 2.1)."""

from gateway.knowledge.permissions import holds
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.facts import right_of
from gateway.legacy.refusals import Forbidden, Unsupported

ENTERPRISE = "enterprise"


async def insist(exchange: Exchange, word: str, deed: str) -> None:
    """Forbidden unless the caller has the old right: `insist(exchange, "list", "create")`."""
    account = await exchange.caller.account()
    if not holds(f"{right_of(word)}-{deed}", account.permissions):
        raise Forbidden


async def insist_tenants(exchange: Exchange) -> None:
    """Unsupported where the settings want tenants to exist in Enterprise editions only, as on the old server, and the new server is none."""
    if not await has_tenants(exchange):
        raise Unsupported("Enterprise feature")


async def has_tenants(exchange: Exchange) -> bool:
    """Whether tenants are served at all."""
    return exchange.settings.tenant_gate != ENTERPRISE or (await exchange.caller.account()).edition == ENTERPRISE
