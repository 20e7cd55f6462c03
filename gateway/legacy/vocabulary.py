"""The words that rows are made of: each makes an `Action` (mapping-operations 2 to 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.jmap.calls import Get, Object, Set
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures, settle
from gateway.legacy.refusals import NotFound, Unsupported
from gateway.legacy.table import Action, Handler


@dataclass(frozen=True, slots=True)
class Target:
    """One object of the new server: its type and its id in text form."""

    type: str
    id: str


def does(function: Handler, *calls: str) -> Action:
    """Row served by a function of its own; `calls` names the new methods it may use."""
    return Action(function, calls)


def gets(locate: Callable[[Exchange], Target], item: Callable[[Object, Exchange], Any], *calls: str) -> Action:
    """Row that reads one object in one round trip and shapes it.

    `locate` and `item` raise `NotFound` when the path names nothing, or something else than the object that was found.
    """

    async def get(exchange: Exchange) -> Any:
        target = locate(exchange)
        (answer,) = await exchange.caller.request(Get(target.type, [target.id]))
        if not answer["list"]:
            raise NotFound
        return item(answer["list"][0], exchange)

    return Action(get, calls)


def removes(
    locate: Callable[[Exchange], Target | None],
    seen: Sequence[str],
    same: Callable[[Object, Exchange], bool],
    *calls: str,
) -> Action:
    """Row that removes one object after looking at it, and answers true whether it existed or not.

    `locate` raises `NotFound` for what is no id and gives None for an id that can name nothing. Of the object only the properties
    `seen` are read; it is left alone unless `same` says that the old id means it.
    """

    async def remove(exchange: Exchange) -> Any:
        target = locate(exchange)
        if target is None:
            return True
        (answer,) = await exchange.caller.request(Get(target.type, [target.id], seen))
        if any(same(found, exchange) for found in answer["list"]):
            (answer,) = await exchange.caller.request(Set(target.type, destroy=[target.id]))
            if failures(answer, "destroyed").get(target.id, {}).get("type") != "notFound":
                settle(answer, "destroyed", target.id)
        return True

    return Action(remove, calls)


def refused(details: str) -> Action:
    """Row of a call that cannot be served: the text is shown by old clients."""

    async def refuse(_exchange: Exchange) -> Any:
        raise Unsupported(details)

    return Action(refuse, status="refused", note=details)


def passed_on() -> Action:
    """Row of a call outside `/api` that the new server answers itself; it is reached only when its path is not among those passed on."""

    async def unknown(_exchange: Exchange) -> Any:
        raise NotFound

    return Action(unknown, note="the new server answers")
