"""What the calls about the own account share."""

from gateway.knowledge.permissions import holds
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import Forbidden

SINGLETON = "singleton"
RECOVERY = "d333333"
"""Account id of the recovery administrator, who has no account object."""

NO_PASSWORD = "This account has no password"  # noqa: S105 - a text


async def insist(exchange: Exchange, right: str) -> None:
    """Forbidden unless the caller has the old right."""
    account = await exchange.caller.account()
    if "authenticate" not in account.permissions or not holds(right, account.permissions):
        raise Forbidden
