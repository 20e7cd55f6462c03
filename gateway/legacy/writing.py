"""Bulk writes: the first request before the answer, the rest behind it (mapping-operations 2.7)."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence

from gateway.jmap.calls import Object, Set
from gateway.legacy.exchange import Caller, Exchange
from gateway.legacy.outcomes import Verb, failures, refusal
from gateway.legacy.paging import CALLS_PER_REQUEST, in_chunks

OBJECTS_PER_SET = 500

_log = logging.getLogger(__name__)


async def destroy(exchange: Exchange, ids: Mapping[str, Sequence[str]]) -> bool:
    """Destroy objects, given as ids by type; False when there are none."""
    calls = [Set(type_, destroy=some) for type_, wanted in ids.items() for some in in_chunks(wanted, OBJECTS_PER_SET)]
    return await carry_out(exchange, "destroyed", _in_order(list(in_chunks(calls, CALLS_PER_REQUEST))))


async def carry_out(exchange: Exchange, verb: Verb, requests: AsyncIterator[Sequence[Set]]) -> bool:
    """Send write requests one after the other; False when there are none.

    The first is sent now, and when none of its objects was touched because of something else than their absence, its first error is
    raised and nothing more is sent. The others follow in the background, where failures are only logged, as on the old server.
    """
    first = await anext(requests, None)
    if first is None:
        return False
    _judge(await exchange.caller.request(*first), verb)
    exchange.background(_rest(exchange.caller, verb, requests))
    return True


async def _rest(caller: Caller, verb: Verb, requests: AsyncIterator[Sequence[Set]]) -> None:
    async for request in requests:
        _note(await caller.request(*request), verb)


async def _in_order(requests: Sequence[Sequence[Set]]) -> AsyncIterator[Sequence[Set]]:
    for request in requests:
        yield request


def _judge(answers: Sequence[Object], verb: Verb) -> None:
    touched = any(answer.get(verb) for answer in answers)
    errors = [error for answer in answers for error in failures(answer, verb).values()]
    if errors and not touched and all(error["type"] != "notFound" for error in errors):
        raise refusal(errors[0])
    _note(answers, verb)


def _note(answers: Sequence[Object], verb: Verb) -> None:
    kinds = [
        error["type"] for answer in answers for error in failures(answer, verb).values() if error["type"] != "notFound"
    ]
    if kinds:
        _log.warning("%d objects of a bulk call could not be %s: %s", len(kinds), verb, ", ".join(sorted(set(kinds))))
