"""The part of a sorted result that a caller asks for, and the pages in which the new server hands results out."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from gateway.jmap.calls import Call, Get, Object, Query, Ref
from gateway.knowledge.query_string import number
from gateway.legacy.exchange import Caller

CALLS_PER_REQUEST = 16

_ROUND = 2**64
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Window:
    """`page`, `limit` and `max-total` of an old list call (legacy-rest-api 1.9, 2.2).

    `offset` rows are skipped; `limit` and `most` are counts with 0 for "no bound". Rows beyond the first `most` do not exist for
    the caller. Products wrap at 2^64, as the old server's did.
    """

    offset: int
    limit: int
    most: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Window":
        """Window of the parameters; malformed numbers count as absent."""
        limit = number(query, "limit")
        return cls(max(number(query, "page") - 1, 0) * limit % _ROUND, limit, number(query, "max-total"))

    def cut(self, rows: Sequence[_Row]) -> Sequence[_Row]:
        """Rows of the page."""
        return rows[self.offset : self.end(len(rows))]

    def total(self, count: int) -> int:
        """Number of rows that exist for the caller when `count` matched."""
        return min(count, self.most) if self.most else count

    def end(self, count: int) -> int:
        """Position behind the last row of the page when `count` rows matched."""
        total = self.total(count)
        return min(self.offset + self.limit, total) if self.limit else total


class Found(NamedTuple):
    """What one query found: the number of all matches, the ids of one page, and their objects."""

    query: Query
    total: int
    ids: list[str]
    objects: list[Object]


def pages(query: Query, *, start: int, end: int, page: int) -> list[Query]:
    """The query once for each page of the positions from `start` up to `end`."""
    return [replace(query, position=at, limit=page) for at in range(start, end, page)]


async def find(caller: Caller, queries: Sequence[Query], properties: Sequence[str] | None = None) -> list[Found]:
    """What the queries find, with all properties of the objects or some; one round trip."""
    calls: list[Call] = []
    for query in queries:
        calls += (query, Get(query.type, Ref(len(calls)), properties))
    answers = await caller.request(*calls)
    return [
        Found(query, found["total"], found["ids"], objects["list"])
        for query, found, objects in zip(queries, answers[::2], answers[1::2], strict=True)
    ]


async def find_more(
    caller: Caller, queries: Sequence[Query], properties: Sequence[str] | None, *, together: int
) -> AsyncIterator[Found]:
    """What the queries find, `together` of them in a round trip, which begins when its first result is asked for."""
    for some in in_chunks(queries, together):
        for found in await find(caller, some, properties):
            yield found


async def more_ids(caller: Caller, query: Query, *, start: int, end: int, page: int) -> list[str]:
    """Ids at the positions from `start` up to `end`, 15 pages a round trip; stops early where the result has become shorter."""
    ids: list[str] = []
    for some in in_chunks(pages(query, start=start, end=end, page=page), CALLS_PER_REQUEST - 1):
        answers = await caller.request(*some)
        for answer in answers:
            ids += answer["ids"]
        if len(answers[-1]["ids"]) < page:
            break
    return ids


def in_chunks(rows: Sequence[_Row], size: int) -> Iterator[Sequence[_Row]]:
    """The rows in slices of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
