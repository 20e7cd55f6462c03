"""What an edition without telemetry answers (decision 1)."""

from http import HTTPStatus

from gateway.jmap.errors import HttpRefusal
from gateway.jmap.session import ENTERPRISE
from gateway.knowledge.permissions import holds
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import EnterpriseOnly, Forbidden, Refusal


async def insist_on_enterprise(exchange: Exchange, permission: str) -> None:
    """Refuse, before an answer of the gateway's own, whom the new server would have refused: by the old right, then by its edition."""
    account = await exchange.caller.account()
    if not holds(permission, account.permissions):
        raise Forbidden
    if account.edition != ENTERPRISE:
        raise EnterpriseOnly


def refusal_of(refusal: HttpRefusal) -> Refusal | None:
    """The old refusal for a stream or a token that the edition of the new server does not have, None for anything else that went wrong."""
    return EnterpriseOnly() if refusal.status == HTTPStatus.NOT_FOUND else None
