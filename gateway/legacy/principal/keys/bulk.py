"""DELETE of all API keys, or of those that match (mapping-principals 3.7)."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence

from gateway.jmap.calls import BY_ID, Get, Object, Query, Set
from gateway.legacy.caution import doubtful
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.paging import in_chunks
from gateway.legacy.principal import rights
from gateway.legacy.principal.candidates import ACCOUNT, Candidate, ambiguous
from gateway.legacy.principal.context import outdated, read, tenant_of
from gateway.legacy.principal.facts import API_KEY, KINDS
from gateway.legacy.principal.gather import Sought, gather
from gateway.legacy.principal.keys.elsewhere import remove_all
from gateway.legacy.principal.keys.objects import HELD, foreign_keys, foreign_name, only_keys
from gateway.legacy.refusals import ItemNotFound
from gateway.legacy.writing import OBJECTS_PER_SET
from gateway.state import OldName

_SHOWN = ("id", "emailAddress", "description", "memberTenantId")
_WORD = re.compile(r"[^\W_]+")

_log = logging.getLogger(__name__)


async def delete_keys(exchange: Exchange) -> bool:
    """Destroy the accounts behind the keys that the parameters mean, and take those made elsewhere away from their accounts; whether there were any."""
    await rights.insist(exchange, API_KEY, "delete")
    text = exchange.query.get("filter", "")
    if text and not text.strip():
        raise doubtful("filter", "has no word", "delete")
    wanted = frozenset(_words([text]))
    if text and not wanted:
        return False
    own = await exchange.memory.keys.names(certain=True)
    tenant = await _tenant(exchange)
    page = exchange.settings.get_page
    users = Query(
        ACCOUNT, (BY_ID,), page, filter={"@type": "User"} | ({} if tenant is None else {"memberTenantId": tenant})
    )
    (accounts, *standing_for), _ = await gather(
        exchange, [Sought(users, HELD), *([Get(ACCOUNT, sorted(own), _SHOWN)] if own else [])]
    )
    ours = [
        it
        for it in only_keys((it for some in standing_for for it in some), own)
        if (tenant is None or tenant_of(it) == tenant) and _shows(it, own[it["id"]].name, wanted)
    ]
    others = [it for it in foreign_keys(accounts, own) if _shows(it, foreign_name(it), wanted)]
    left = [kind for some in in_chunks(others, OBJECTS_PER_SET) for kind in await remove_all(exchange, some)]
    left += await _destroy(exchange, ours, own)
    if left:
        _log.warning("some API keys could not be removed: %s", ", ".join(sorted(set(left))))
    return bool(ours or others)


async def _destroy(exchange: Exchange, accounts: Sequence[Object], own: Mapping[str, OldName]) -> list[str]:
    """Destroy accounts that stand for keys, the one that asks for it last; kinds of errors where that was refused."""
    mine = (await exchange.caller.session()).account
    ids = sorted((it["id"] for it in accounts), key=lambda id_: id_ == mine)
    left: list[str] = []
    for some in in_chunks(ids, OBJECTS_PER_SET):
        async with exchange.locks(*((ACCOUNT, id_) for id_ in some)):
            (answer,) = await exchange.caller.request(Set(ACCOUNT, destroy=some))
        gone = [id_ for id_ in answer.get("destroyed", ()) if id_ in own]
        left += [it["type"] for it in failures(answer, "destroyed").values() if it["type"] != "notFound"]
        await exchange.memory.forget(ACCOUNT, gone)
        await exchange.memory.keys.remove(gone)
        outdated(exchange, ACCOUNT)
    return left


async def _tenant(exchange: Exchange) -> str | None:
    """Id of the tenant that the parameters name; ItemNotFound for an unknown one, which the old server ignored."""
    name = exchange.query.get("tenant")
    if not name:
        return None
    context, cached, _ = await read(exchange)
    if cached and len(context.tenant_names.get(name, ())) != 1:
        context, _, _ = await read(exchange, fresh=True)
    tenants = context.tenant_names.get(name, ())
    if not tenants:
        raise ItemNotFound(name)
    if len(tenants) > 1:
        raise ambiguous(name, [Candidate(KINDS["tenant"], it.id, it.name) for it in tenants])
    return tenants[0].id


def _shows(key: Object, name: str, wanted: frozenset[str]) -> bool:
    """Whether a key shows every word."""
    return wanted.issubset(_words([name, key.get("description") or ""]))


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text.lower())}
