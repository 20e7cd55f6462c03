"""DELETE of all principals of a type, or of those that match (legacy-rest-api 2.1, mapping-principals 3.7).

What is destroyed was read and tested a moment before, and is named by its id.
"""

import logging
from collections.abc import Sequence
from typing import Any

from gateway.jmap.calls import BY_ID, Call, Get, Object, Query, Ref, Set
from gateway.jmap.errors import MethodError
from gateway.legacy.caution import insist
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.paging import CALLS_PER_REQUEST, find_more, in_chunks, more_ids, pages
from gateway.legacy.principal import rights
from gateway.legacy.principal.candidates import ACCOUNT, LIST
from gateway.legacy.principal.choice import Choice
from gateway.legacy.principal.context import outdated
from gateway.legacy.principal.facts import API_KEY, KINDS, MAIL_KINDS, word_of
from gateway.legacy.principal.gather import Sought, gather
from gateway.legacy.principal.keys.bulk import delete_keys
from gateway.legacy.principal.links import is_linked, links_of, release
from gateway.legacy.principal.reading import addresses_of
from gateway.legacy.principal.traces import RECIPIENTS, clear
from gateway.legacy.refusals import BadRequest

# The old server ignored `page` and `limit` here.
_PARAMETERS = frozenset({"type", "confirm", "filter", "tenant", "page", "limit"})

_log = logging.getLogger(__name__)


async def delete_principals(exchange: Exchange) -> Any:
    """Destroy the principals that the parameters mean; whether there were any.

    One page of them (500) is destroyed before the answer, the others behind it. What cannot be destroyed is left out.
    """
    word = word_of(exchange.query.get("type", ""))
    if word is None:
        raise BadRequest("Invalid type")
    if exchange.query.get("confirm") != "true":
        raise BadRequest("Missing confirmation parameter")
    insist(exchange, "delete", texts=_PARAMETERS, numbers=())
    if word == API_KEY:
        return await delete_keys(exchange)
    if word not in KINDS:
        return False
    choice = await Choice.of(exchange, KINDS[word])
    own, chosen = await _chosen(choice) if choice else (None, [])
    mine = [it for it in chosen if KINDS[word].object == ACCOUNT and it["id"] == own]
    if mine or not chosen:
        await rights.insist(exchange, word, "delete")
    if choice is None or not chosen:
        return False
    others = [it for it in chosen if it not in mine]
    size = exchange.settings.get_page
    first, later = others[:size], [it["id"] for it in others[size:]]
    destroyed = await _destroy(choice, first)
    if later:
        exchange.background(_go_on(choice, destroyed, later, mine))
    else:
        await _finish(choice, destroyed, mine)
    return True


async def _chosen(choice: Choice) -> tuple[str | None, list[Object]]:
    """Id of the caller's own account, and what is meant; one round trip for the first page and for each eight pages more."""
    caller, page = choice.exchange.caller, choice.exchange.settings.get_page
    query = choice.query(page)
    if choice.properties is None:
        (found,) = await caller.request(query)
        ids = [*found["ids"], *await more_ids(caller, query, start=page, end=found["total"], page=page)]
        return found.get("accountId"), await choice.among([{"id": id_} for id_ in dict.fromkeys(ids)])
    found, objects = await caller.request(query, Get(query.type, Ref(0), choice.properties))
    chosen = await choice.among(objects["list"])
    later = pages(query, start=page, end=found["total"], page=page)
    async for more in find_more(caller, later, choice.properties, together=CALLS_PER_REQUEST // 2):
        chosen += await choice.among(more.objects)
    return found.get("accountId"), list({it["id"]: it for it in chosen}.values())


async def _destroy(choice: Choice, objects: Sequence[Object]) -> list[Object]:
    """Destroy objects, also those that are used only where the old server ended the use; gives those that are gone."""
    exchange, type_ = choice.exchange, choice.kind.object
    known = {it["id"]: it for it in objects}
    if not known:
        return []
    async with exchange.locks(*((type_, id_) for id_ in known)):
        (answer,) = await exchange.caller.request(Set(type_, destroy=list(known)))
        gone = [*answer.get("destroyed", ())]
        errors = failures(answer, "destroyed")
        gone += await _force(choice, {id_: error for id_, error in errors.items() if is_linked(error)})
    left = sorted({error["type"] for id_, error in errors.items() if id_ not in gone and error["type"] != "notFound"})
    if left:
        _log.warning("some objects of type %s could not be destroyed: %s", type_, ", ".join(left))
    await exchange.memory.forget(type_, gone)
    outdated(exchange, type_)
    return [known[id_] for id_ in gone if id_ in known]


async def _force(choice: Choice, linked: dict[str, Object]) -> list[str]:
    """End the use of objects and destroy them, each by itself; gives the ids of those that are gone."""
    calls: list[Call] = []
    ends: dict[str, int] = {}
    for id_, error in linked.items():
        released = release(choice.kind, id_, links_of(error))
        if released is not None:
            calls += released
            ends[id_] = len(calls) - 1
    answers = await choice.exchange.caller.attempt(*calls) if calls else []
    last = {id_: answers[end] for id_, end in ends.items()}
    return [id_ for id_, answer in last.items() if not isinstance(answer, MethodError) and id_ in answer.get("destroyed", ())]


async def _go_on(choice: Choice, destroyed: list[Object], later: Sequence[str], mine: Sequence[Object]) -> None:
    """Destroy the rest, read and tested again page by page, and finish."""
    for ids in in_chunks(later, choice.exchange.settings.get_page):
        objects: list[Object] = [{"id": id_} for id_ in ids]
        if choice.properties is not None:
            (answer,) = await choice.exchange.caller.request(Get(choice.kind.object, ids, choice.properties))
            objects = answer["list"]
        destroyed += await _destroy(choice, await choice.among(objects))
    await _finish(choice, destroyed, mine)


async def _finish(choice: Choice, destroyed: Sequence[Object], mine: Sequence[Object]) -> None:
    """What comes behind: the addresses leave lists and domains; the caller's own account goes last, because nobody could ask for anything then."""
    await _clear(choice, [*destroyed, *mine])
    await _destroy(choice, mine)


async def _clear(choice: Choice, destroyed: Sequence[Object]) -> None:
    """Remove the addresses of accounts and lists from all lists and domains."""
    if choice.kind.word not in MAIL_KINDS or not destroyed:
        return
    everything = Sought(Query(LIST, (BY_ID,), choice.exchange.settings.get_page), RECIPIENTS)
    (lists,), _ = await gather(choice.exchange, [everything])
    addresses = {address for it in destroyed for address in addresses_of(it, choice.context)}
    await clear(choice.exchange, choice.context, addresses, lists)
