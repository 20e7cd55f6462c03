"""Finding principals by name (mapping-principals 1.5, 3.1 LOOKUP).

Use:

    found = await look_up(exchange, "jane", others=["sales", "bob@example.org"])
    target = await found.target(strict=True)       # ItemNotFound, Other for an ambiguous name, Forbidden
    group = await found.one("sales", MAIL_KINDS)   # the same for a name in a list field
    group = await found.find("sales", MAIL_KINDS)  # None instead of ItemNotFound

`look_up` is one round trip as long as 16 calls suffice: 6 for the target, 4 for each other name (of at most 48), 5 for a context that is not at hand.
`found.context` is the context, `found.pool` everything that was read, `found.lists_of(addresses)` the lists among it with such a recipient
(complete for the target's address when it was looked up by that). A refusal that rests on a remembered context is confirmed with a fresh one
before it is raised, at the price of a round trip.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gateway.jmap.calls import Call, Get, Object, Query, Ref
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import CALLS_PER_REQUEST, find, in_chunks, pages
from gateway.legacy.principal.candidates import ACCOUNT, CLIENT, LIST, Candidate, Pool, ambiguous, distinct, is_typed
from gateway.legacy.principal.context import NOTE, Context, allowed, read
from gateway.legacy.principal.facts import KINDS, PROPERTIES
from gateway.legacy.principal.many import find_many
from gateway.legacy.principal.words import words
from gateway.legacy.refusals import Forbidden, ItemNotFound
from gateway.state import OldName

ALL_KINDS = frozenset(KINDS)
MANY = 48
"""With more names than this the objects are found by `many`, in fewer calls than four for each name."""


@dataclass(slots=True)
class Lookup:
    """What was found for some names, the target's among them; `forbidden` holds the types that the caller may not look at."""

    exchange: Exchange
    name: str
    context: Context
    cached: bool
    pool: Pool
    forbidden: frozenset[str]

    async def target(self, kinds: Collection[str] = ALL_KINDS, *, strict: bool = False) -> Candidate:
        """What the target's name means; Forbidden when it is nothing that the caller sees and he may look at no accounts and lists."""
        found = await self.find(self.name, kinds, strict=strict)
        if found is None:
            raise Forbidden if self.forbidden >= {ACCOUNT, LIST} else ItemNotFound(self.name)
        return found

    async def one(self, name: str, kinds: Collection[str] = ALL_KINDS, *, strict: bool = False) -> Candidate:
        """What a name means; ItemNotFound when nothing, Other when that is not clear."""
        found = await self.find(name, kinds, strict=strict)
        if found is None:
            raise ItemNotFound(name)
        return found

    async def find(self, name: str, kinds: Collection[str] = ALL_KINDS, *, strict: bool = False) -> Candidate | None:
        """What a name means, None when nothing; Other when that is not clear.

        `strict`, for whoever changes what is found, also refuses a name that one thing has exactly and another as its local part, unless
        the name is the one that a client gave.
        """
        meant = self.meanings(name, kinds, strict=strict)
        if len(meant) != 1 and self.cached:
            await self.refresh()
            meant = self.meanings(name, kinds, strict=strict)
        if len(meant) > 1:
            raise ambiguous(name, meant)
        return meant[0] if meant else None

    def meanings(self, name: str, kinds: Collection[str] = ALL_KINDS, *, strict: bool = False) -> list[Candidate]:
        """Everything that a name may mean, by what is known now."""
        remembered = _only(self.pool.remembered(name), kinds)
        exact = distinct([*remembered, *_only(self.pool.exact(name, self.context), kinds)])
        if exact and (remembered or not strict):
            return exact
        return distinct([*exact, *_only(self.pool.loose(name, self.context), kinds)])

    async def refresh(self) -> None:
        """Exchange a remembered context for a fresh one."""
        self.context, self.cached, _ = await read(self.exchange, fresh=True)

    def lists_of(self, addresses: Iterable[str]) -> list[Object]:
        """Lists that were read and have one of the addresses as recipient, whatever its case."""
        wanted = {address.lower() for address in addresses}
        return [it for it in self.pool.lists.values() if any(recipient.lower() in wanted for recipient in it["recipients"])]


async def look_up(exchange: Exchange, name: str, *, others: Sequence[str] = (), exact_suffices: bool = False) -> Lookup:
    """Look for the target's name and for other names, in one round trip if possible.

    `exact_suffices`, for whoever changes nothing: nothing is asked when a remembered context has exactly one domain, role or tenant of
    that name. MethodError for anything but a missing right.
    """
    old = await exchange.memory.called({name, *others})
    keys = await exchange.memory.keys.names()
    named = [it for it in keys.values() if it.name in {name, *others}] if keys else []
    pool = Pool(old_names=old, keys=keys)
    known: Context | None = exchange.caller.recall(NOTE)
    if exact_suffices and known is not None and not old and not named and len(pool.exact(name, known)) == 1:
        return Lookup(exchange, name, known, cached=True, pool=pool, forbidden=frozenset())
    page = exchange.settings.get_page
    several = _distinct(it for other in others for it in _of_mail(other, page))
    many = len(others) > MANY
    searches = _distinct([*_of_target(name, page), *(() if many else several)])
    pairs: list[Call] = []
    for search in searches:
        pairs += (search, Get(search.type, Ref(len(pairs)), PROPERTIES[search.type]))
    elsewhere = [it for it in old if it.address.rpartition("@")[0] != _local(it.name)]
    strays = [Get(it.type, [it.id], PROPERTIES[it.type]) for it in (*elsewhere, *named)]
    context, cached, answers = await read(exchange, *pairs, *strays)
    forbidden = set()
    unfinished: list[tuple[Query, int]] = []
    for search, found, objects in zip(searches, answers[: len(pairs) : 2], answers[1 : len(pairs) : 2], strict=True):
        some, those = allowed(found), allowed(objects)
        if some is None or those is None:
            forbidden.add(search.type)
            continue
        pool.add(search.type, those["list"])
        unfinished.append((search, some["total"]))
    for get, objects in zip(strays, answers[len(pairs) :], strict=True):
        those = allowed(objects)
        pool.add(get.type, those["list"] if those else ())
    if many:
        found_many = await find_many(exchange, pool, several, {_local(it) for it in others})
        forbidden |= found_many.forbidden
        unfinished += found_many.unfinished
    for type_, more in await _rest(exchange, unfinished):
        pool.add(type_, more)
    if old:
        # Words find a list only some time after it was made.
        certain = [it for it in old if it in elsewhere or (it.type == ACCOUNT and not is_typed(it.name))]
        await _forget(exchange, pool, certain if context.sees_everything and not forbidden and not many else ())
    return Lookup(exchange, name, context, cached, pool, frozenset(forbidden))


async def _forget(exchange: Exchange, pool: Pool, certain: Collection[OldName]) -> None:
    """Forget names that do not hold any more: of what has another address by now, and of what is gone if that is `certain`."""
    moved, gone = pool.stale()
    if moved:
        await exchange.memory.drop(moved)
    for it in gone:
        if it in certain:
            await exchange.memory.forget(it.type, [it.id])


async def _rest(exchange: Exchange, found: Iterable[tuple[Query, int]]) -> list[tuple[str, list[Object]]]:
    """Objects that did not fit into the first page of a search: by type, in pages."""
    later = [page for search, total in found for page in pages(search, start=search.limit, end=total, page=search.limit)]
    rest: list[tuple[str, list[Object]]] = []
    for some in in_chunks(later, CALLS_PER_REQUEST // 2):
        for type_ in dict.fromkeys(it.type for it in some):
            found_here = await find(exchange.caller, [it for it in some if it.type == type_], PROPERTIES[type_])
            rest += ((type_, more.objects) for more in found_here)
    return rest


def _of_target(name: str, page: int) -> list[Query]:
    """Searches for a path name: by its local part, and for a bare one among clients, else among the recipients of lists."""
    prefix, _, rest = name.partition(":")
    if is_typed(name):
        return [_clients(rest, page)] if prefix == "oauthclient" and rest else []
    if not name:
        return []
    return [*_of_mail(name, page), by_words(LIST, name, page) if "@" in name else _clients(name, page)]


def _of_mail(name: str, page: int) -> list[Query]:
    """Searches for accounts and lists by the local part of a name."""
    local = _local(name)
    if not local or is_typed(name):
        return []
    return [Query(ACCOUNT, (), page, filter={"name": local}), by_words(LIST, local, page)]


def by_words(type_: str, text: str, page: int) -> Query:
    """Search by the words of a text; the new server finds nothing where there are none, so then everything is read."""
    return Query(type_, (), page, filter={"text": text} if words(text) else None)


def _distinct(searches: Iterable[Query]) -> list[Query]:
    return [*{(it.type, *(it.filter or {}).items()): it for it in searches}.values()]


def _clients(name: str, page: int) -> Query:
    return Query(CLIENT, (), page, filter={"clientId": name})


def _local(name: str) -> str:
    """Text before the last `@`, or all of it."""
    local, at, _ = name.rpartition("@")
    return local if at else name


def _only(candidates: Iterable[Candidate], kinds: Collection[str]) -> list[Candidate]:
    return [it for it in candidates if it.kind.word in kinds]
