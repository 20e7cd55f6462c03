"""The part of a sorted result that a caller asks for, and the pages in which the new server hands results out."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

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


def pair(query: Query, properties: Sequence[str] | None = None) -> tuple[Query, Get]:
    """Batch of a query and the objects it finds, all their properties or some."""
    return query, Get(query.type, Ref(0), properties)


async def more_ids(caller: Caller, query: Query, *, start: int, end: int, page: int) -> list[str]:
    """Ids at the positions from `start` up to `end`, up to 15 pages a round trip; stops early where the result has become shorter."""
    found: list[str] = []
    for positions in in_chunks(range(start, end, page), CALLS_PER_REQUEST - 1):
        answers = await caller.request(*(replace(query, position=at, limit=page) for at in positions))
        for answer in answers:
            found += answer["ids"]
        if len(answers[-1]["ids"]) < page:
            break
    return found


async def more_objects(
    caller: Caller, query: Query, properties: Sequence[str], *, start: int, end: int, page: int, pairs: int
) -> AsyncIterator[list[Object]]:
    """Objects at the positions from `start` up to `end`, one list for each round trip of at most `pairs` queries and gets."""
    for positions in in_chunks(range(start, end, page), pairs):
        calls: list[Call] = []
        for at in positions:
            calls += (replace(query, position=at, limit=page), Get(query.type, Ref(len(calls)), properties))
        answers = await caller.request(*calls)
        yield [found for answer in answers[1::2] for found in answer["list"]]
        if len(answers[-2]["ids"]) < page:
            return


def in_chunks(rows: Sequence[_Row], size: int) -> Iterator[Sequence[_Row]]:
    """The rows in slices of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
