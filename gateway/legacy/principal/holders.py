"""Who has an address (mapping-principals 1.8, 4.2)."""

from collections.abc import Sequence

from gateway.jmap.calls import Query
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import ACCOUNT, LIST
from gateway.legacy.principal.context import Context
from gateway.legacy.principal.gather import Sought, gather
from gateway.legacy.principal.lookup import by_words
from gateway.legacy.principal.reading import addresses_of
from gateway.legacy.principal.words import words

HOLDER = ("id", "emailAddress", "aliases", "domainId")


async def first_taken(exchange: Exchange, context: Context, addresses: Sequence[str]) -> str | None:
    """The first of the addresses that an account or list has, None when all are free; one round trip for four addresses."""
    page = exchange.settings.get_page
    wanted: list[Sought] = []
    for address in addresses:
        local = address.rpartition("@")[0]
        # A local part without words is in no index; then only own addresses can be found.
        account = {"text": local} if words(local) else {"name": local}
        wanted += (Sought(Query(ACCOUNT, (), page, filter=account), HOLDER), Sought(by_words(LIST, local, page), HOLDER))
    gathered, _ = await gather(exchange, wanted)
    held = {address for some in gathered for it in some for address in addresses_of(it, context)}
    return next((address for address in addresses if address in held), None)
