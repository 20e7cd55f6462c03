"""What an edition without telemetry answers (decision 1)."""

from gateway.jmap.session import ENTERPRISE
from gateway.knowledge.permissions import holds
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import EnterpriseOnly, Forbidden


async def insist_on_enterprise(exchange: Exchange, permission: str) -> None:
    """Refuse, before an answer of the gateway's own, whom the new server would have refused: by the old right, then by its edition."""
    account = await exchange.caller.account()
    if not holds(permission, account.permissions):
        raise Forbidden
    if account.edition != ENTERPRISE:
        raise EnterpriseOnly
