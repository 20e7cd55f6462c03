"""What an address leaves behind when its account or list is destroyed: recipients of lists, catch-all addresses of domains (mapping-principals 3.6, 3.7).

Use: `await clear(exchange, context, addresses, lists)` behind the destruction; `lists` were read with `RECIPIENTS`.
"""

import logging
from collections.abc import Collection, Iterable

from gateway.jmap.calls import Object, Set
from gateway.jmap.errors import HttpRefusal, MethodError
from gateway.knowledge.pointers import path
from gateway.knowledge.value_forms import members
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.principal.candidates import LIST
from gateway.legacy.principal.context import Context, outdated

RECIPIENTS = ("id", "recipients")
UNAUTHORIZED = 401

_log = logging.getLogger(__name__)


async def clear(exchange: Exchange, context: Context, addresses: Collection[str], lists: Iterable[Object]) -> None:
    """Take addresses that nobody has any more off the lists and domains that name them, in one round trip if there are any.

    The objects are gone by now, so whatever cannot be changed is logged and no reason to refuse.
    """
    gone = {address.lower() for address in addresses}
    patches = {it["id"]: _patch(it, gone) for it in lists}
    changed = {id_: patch for id_, patch in patches.items() if patch}
    caught = {it.id: {"catchAllAddress": None} for it in context.domains.values() if it.catch_all and it.catch_all.lower() in gone}
    calls = [Set(type_, update=update) for type_, update in ((LIST, changed), ("Domain", caught)) if update]
    if not calls:
        return
    try:
        answers = await exchange.caller.attempt(*calls)
    except HttpRefusal as refusal:
        if refusal.status != UNAUTHORIZED:
            raise
        _log.warning("addresses of a destroyed account stay where they are: the account was the caller's own")
        return
    for call, answer in zip(calls, answers, strict=True):
        kinds = {answer.type} if isinstance(answer, MethodError) else {it["type"] for it in failures(answer, "updated").values()}
        if kinds - {"notFound"}:
            _log.warning("addresses of destroyed principals stay in objects of type %s: %s", call.type, ", ".join(sorted(kinds)))
    if caught:
        outdated(exchange, "Domain")


def _patch(list_: Object, gone: Collection[str]) -> Object:
    return {path("recipients", it): None for it in members(list_["recipients"]) if it.lower() in gone}
