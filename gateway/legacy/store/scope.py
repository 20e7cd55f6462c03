"""Work on all accounts, asked for by somebody who has only some of them (mapping-operations 5.2)."""

from dataclasses import replace
from typing import Any

from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.context import NOTE, Context
from gateway.legacy.refusals import Forbidden
from gateway.legacy.table import Action


def of_all_accounts(action: Action) -> Action:
    """The row behind `insist_on_all`."""

    async def run(exchange: Exchange) -> Any:
        insist_on_all(exchange)
        return await action.handle(exchange)

    return replace(action, handle=run)


def insist_on_all(exchange: Exchange) -> None:
    """Forbidden for a caller who is known to belong to a tenant: he means his tenant's accounts, and the new server would take all."""
    context: Context | None = exchange.caller.recall(NOTE)
    if context is not None and context.tenant_bound:
        raise Forbidden
