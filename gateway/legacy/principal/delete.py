"""DELETE of one principal (mapping-principals 3.6)."""

from collections.abc import Sequence

from gateway.jmap.calls import BY_ID, Call, Get, Object, Query, Ref, Set
from gateway.jmap.errors import Garbled
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.principal import rights
from gateway.legacy.principal.candidates import ACCOUNT, LIST, Candidate
from gateway.legacy.principal.context import allowed, outdated, sound
from gateway.legacy.principal.facts import API_KEY, MAIL_KINDS
from gateway.legacy.principal.gather import Sought, rest
from gateway.legacy.principal.held import held
from gateway.legacy.principal.keys import elsewhere
from gateway.legacy.principal.links import Link, in_use, is_linked, links_of, release
from gateway.legacy.principal.lookup import Lookup, by_words, look_up
from gateway.legacy.principal.reading import addresses_of
from gateway.legacy.principal.traces import RECIPIENTS, clear
from gateway.legacy.refusals import Forbidden, ItemNotFound, Other, Refusal

ATTEMPTS = 3


async def delete_principal(exchange: Exchange) -> None:
    """Destroy the principal that the path names, and what points to it.

    Two round trips; one more each where others use it, and where its addresses are recipients of lists or catch-all addresses.
    """
    name = exchange.path["name"]
    if name.startswith(elsewhere.PREFIX):
        key = await elsewhere.named(exchange, name, "delete")
        if key.foreign is not None:
            await elsewhere.remove(exchange, key.foreign, name)
            return
        name = key.name

    async def find() -> tuple[Lookup, Candidate]:
        found = await look_up(exchange, name)
        return found, await found.target(strict=True)

    async with held(exchange, find) as (found, target):
        if target.kind.word == API_KEY:
            await rights.insist(exchange, API_KEY, "delete")
        lists = await _destroy(exchange, found, target)
        await exchange.memory.forget(target.kind.object, [target.id])
        if target.kind.word == API_KEY:
            await exchange.memory.keys.remove([target.id])
        outdated(exchange, target.kind.object)
        if target.object is not None and target.kind.word in MAIL_KINDS:
            addresses = addresses_of(target.object, found.context)
            await clear(exchange, found.context, addresses, [*found.lists_of(addresses), *lists])


async def _destroy(exchange: Exchange, found: Lookup, target: Candidate) -> list[Object]:
    """Destroy the target; gives the lists that may name its addresses and were not read before."""
    type_ = target.kind.object
    searches = _searches(exchange, found, target)
    calls: list[Call] = []
    for query, properties in searches:
        calls += (query, Get(query.type, Ref(len(calls)), properties)) if properties else (query,)
    # What is searched for is found whether or not the target exists: lists and members outlive it.
    answers = await exchange.caller.attempt(*calls, Set(type_, destroy=[target.id]))
    error = _error(sound(answers[-1]), target.id)
    members, lists, position = [], [], 0
    for query, properties in searches:
        some = allowed(answers[position])
        objects = allowed(answers[position + 1]) if properties else None
        position += 2 if properties else 1
        if objects is not None and some is not None:
            lists += [*objects["list"], *await rest(exchange, Sought(query, properties), some["total"])]
        elif some is not None:
            members += some["ids"]
    if error is not None:
        await _force(found, target, error, members)
    return lists


def _searches(exchange: Exchange, found: Lookup, target: Candidate) -> list[tuple[Query, Sequence[str]]]:
    """Searches, with the properties to read, for what names the target: lists by its addresses, and members of a group, whose ids suffice."""
    page, account = exchange.settings.get_page, target.object
    if account is None or target.kind.word not in MAIL_KINDS:
        return []
    addresses = [address for address in addresses_of(account, found.context) if address != found.name]
    searches: list[tuple[Query, Sequence[str]]] = [(by_words(LIST, address, page), RECIPIENTS) for address in addresses]
    if target.kind.word == "group":
        searches.append((Query(ACCOUNT, [BY_ID], page, filter={"memberGroupIds": target.id}), ()))
    return searches


async def _force(found: Lookup, target: Candidate, error: Object, members: Sequence[str]) -> None:
    """Destroy after taking away what uses the target, again where something new uses it meanwhile; Refusal when that is not done."""
    known = {Link(ACCOUNT, id_) for id_ in members}
    for _ in range(ATTEMPTS):
        if not is_linked(error):
            raise refused(error, found.name)
        links = links_of(error)
        calls = release(target.kind, target.id, {*links, *known})
        if calls is None:
            raise await in_use(found, target.kind, links)
        answers = await found.exchange.caller.attempt(*calls)
        left = _error(sound(answers[-1]), target.id)
        if left is None:
            return
        for answer in answers:
            _insist(sound(answer))
        error, known = left, set()
    raise Other("Operation failed", error["type"])


def _insist(answer: Object) -> None:
    """Refuse when something that uses the target could not be changed."""
    for error in (*failures(answer, "updated").values(), *failures(answer, "destroyed").values()):
        if error["type"] != "notFound" and not is_linked(error):
            raise refused(error, "")


def refused(error: Object, name: str) -> Refusal:
    """Old refusal for an object that was not destroyed (mapping-principals 4.2)."""
    match error["type"]:
        case "notFound":
            return ItemNotFound(name)
        case "forbidden":
            return Forbidden()
    return Other("Operation failed", error.get("description") or error["type"])


def _error(answer: Object, id_: str) -> Object | None:
    """Why an object was not destroyed, None when it was."""
    if id_ in answer.get("destroyed", ()):
        return None
    error = failures(answer, "destroyed").get(id_)
    if error is None:
        raise Garbled("the answer does not say whether an object was destroyed")
    return error
