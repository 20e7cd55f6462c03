"""The objects that a settings request needs, in as few requests as the new server allows (mapping-settings 3.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.jmap.calls import BY_ID, Call, Get, Object, Query, Ref
from gateway.jmap.errors import MethodError
from gateway.legacy.exchange import Caller
from gateway.legacy.paging import CALLS_PER_REQUEST
from gateway.legacy.settings.demand import Demand
from gateway.legacy.settings.naming import COLLECTIONS, Snapshot

_SINGLETON = "singleton"
_BIG = frozenset({"AllowedIp", "BlockedIp", "MemoryLookupKey", "MemoryLookupKeyValue", "SpamRule", "SpamTag"})
_DOMAIN = ("id", "name")
_CERTIFIED_DOMAIN = (*_DOMAIN, "certificateManagement")
_FORBIDDEN = "forbidden"
_INTERNAL = "serverUnavailable"


@dataclass(frozen=True, slots=True)
class _Ask:
    """One type, or one page of it: everything at once, or what a query finds."""

    type: str
    query: Query | None
    properties: Sequence[str] | None

    def calls(self, position: int) -> list[Call]:
        """Calls that stand at this position of a request."""
        if self.query:
            return [self.query, Get(self.type, Ref(position), self.properties)]
        return [Get(self.type, None if self.type in COLLECTIONS else [_SINGLETON], self.properties)]


async def fetch(caller: Caller, demand: Demand, page: int) -> Snapshot:
    """All objects of a demand; `page` is how many the new server gives at once, which silently gives no more when it is asked for all.

    A type that the caller may not see is an error; a listing of everything leaves it out, unless nothing is left.
    """
    refused: MethodError | None = None
    found: dict[str, list[Object]] = {}
    asks = [ask for type_ in demand.objects for ask in _asks(demand, type_, page)]
    while asks:
        further: list[_Ask] = []
        for group in _requests(asks):
            calls: list[Call] = []
            for ask in group:
                calls += ask.calls(len(calls))
            answers = iter(await _answers(caller, calls))
            for ask in group:
                parts = [next(answers) for _ in range(2 if ask.query else 1)]
                failure = next((it for it in parts if isinstance(it, MethodError)), None)
                if failure is not None:
                    if not demand.everything or failure.type != _FORBIDDEN:
                        raise failure
                    refused = failure
                    continue
                objects = parts[-1]["list"]  # type: ignore[index]  # method errors were raised above
                if ask.query is None and len(objects) >= page and ask.type in COLLECTIONS:
                    further.append(replace(ask, query=_query(ask.type, page)))
                    continue
                found.setdefault(ask.type, []).extend(objects)
                if ask.query is not None and ask.query.position == 0:
                    total = parts[0]["total"]  # type: ignore[index]  # likewise
                    further += [replace(ask, query=replace(ask.query, position=at)) for at in range(page, total, page)]
        asks = further
    if refused is not None and not found:
        raise refused
    return {type_: _distinct(objects) for type_, objects in found.items()}


async def _answers(caller: Caller, calls: Sequence[Call]) -> list[Object | MethodError]:
    """Answers of one request, asked for once more when an internal error came between."""
    answers = await caller.attempt(*calls)
    if any(isinstance(it, MethodError) and it.type == _INTERNAL for it in answers):
        answers = await caller.attempt(*calls)
    return answers


def _asks(demand: Demand, type_: str, page: int) -> Iterator[_Ask]:
    properties = None
    if type_ == "Domain":
        properties = _CERTIFIED_DOMAIN if "AcmeProvider" in demand.objects else _DOMAIN
    filters = demand.filters(type_)
    if filters:
        yield from (_Ask(type_, replace(_query(type_, page), filter=it), properties) for it in filters)
    else:
        yield _Ask(type_, _query(type_, page) if type_ in _BIG else None, properties)


def _query(type_: str, page: int) -> Query:
    return Query(type_, [BY_ID], page)


def _requests(asks: Sequence[_Ask]) -> Iterator[list[_Ask]]:
    """As many asks a request as it may have calls."""
    group: list[_Ask] = []
    calls = 0
    for ask in asks:
        size = 2 if ask.query else 1
        if calls + size > CALLS_PER_REQUEST:
            yield group
            group, calls = [], 0
        group.append(ask)
        calls += size
    if group:
        yield group


def _distinct(objects: Sequence[Object]) -> list[Object]:
    """Each object once: pages may shift while they are read."""
    return list({it["id"]: it for it in objects}.values())
