"""Lists that an account or group is a member of, by any of its addresses (mapping-principals 2.1, 3.5)."""

from collections.abc import Collection

from gateway.jmap.calls import Object
from gateway.legacy.principal.around import RECIPIENTS
from gateway.legacy.principal.candidates import LIST
from gateway.legacy.principal.gather import Sought, gather
from gateway.legacy.principal.lookup import by_words
from gateway.legacy.principal.patch.plan import Subject


async def lists_with(subject: Subject, addresses: Collection[str]) -> list[Object]:
    """Lists with one of the addresses as recipient; those of an address that was not looked up before cost a round trip."""
    page, pool = subject.exchange.settings.get_page, subject.found.pool
    unread = [it for it in addresses if it != subject.found.name]
    gathered, _ = await gather(subject.exchange, [Sought(by_words(LIST, it, page), RECIPIENTS) for it in unread])
    for some in gathered:
        for it in some:
            pool.lists.setdefault(it["id"], it)
    return subject.found.lists_of(addresses)
