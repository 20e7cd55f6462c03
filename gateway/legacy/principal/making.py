"""Writing a new principal: the object, what names it, what is remembered of it (mapping-principals 3.4 RT2, RT3).

What cannot be finished is undone.
"""

import logging
from collections.abc import Mapping, Sequence

from gateway.jmap.calls import Get, Object, Set
from gateway.jmap.errors import Garbled, MethodError
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.principal.context import allowed, outdated
from gateway.legacy.principal.drafts import Basis, Draft, followers
from gateway.legacy.principal.facts import MAIL_KINDS
from gateway.legacy.principal.holders import HOLDER
from gateway.legacy.principal.lookup import Lookup
from gateway.legacy.principal.numbers import legacy_id
from gateway.legacy.principal.values.errors import Request, address_taken, holder, refusal
from gateway.legacy.principal.values.inputs import Input
from gateway.legacy.refusals import ItemNotFound, Refusal
from gateway.state import OldName

NEW = "c0"

_log = logging.getLogger(__name__)


async def make(found: Lookup, given: Input, basis: Basis, made: Draft) -> int:
    """Write a new principal; its number. Refusal when the new server does not take it, with nothing left behind."""
    exchange, type_ = found.exchange, basis.kind.object
    answer = await create(found, basis, Set(type_, create={NEW: made.value}))
    new = answer.get("created", {}).get(NEW)
    if new is None:
        raise await refused(found, answer, given, basis, made)
    id_: str = new["id"]
    updates = followers(made, basis, id_)
    if updates:
        await _follow(exchange, basis, id_, updates)
    outdated(exchange, type_, *updates)
    await _remember(exchange, given, basis, made, id_)
    return legacy_id(type_, id_)


async def create(found: Lookup, basis: Basis, call: Set) -> Object:
    """The answer to the create; ItemNotFound for a role that vanished meanwhile, about which the new server only says that it cannot."""
    try:
        (answer,) = await found.exchange.caller.request(call)
    except MethodError as error:
        if error.type == "serverUnavailable" and basis.references.roles:
            await found.refresh()
            for id_, name in basis.references.names.items():
                if name in basis.references.roles and id_ not in found.context.roles:
                    raise ItemNotFound(name) from None
        raise
    return answer


async def refused(found: Lookup, answer: Object, given: Input, basis: Basis, made: Draft) -> Refusal:
    """Why the object was not made; who has its address is asked."""
    error = failures(answer, "created").get(NEW)
    if error is None:
        raise Garbled("the answer does not say whether an object was created")
    domains = {it.id: it.name for it in basis.context.domains.values()}
    tenant = {basis.tenant: given.text("tenant")} if basis.tenant else {}
    request = Request(given.name, made.own or None, made.others, domains | tenant | dict(basis.references.names), bool(given.items("roles")))
    who = holder(error)
    if who is None:
        return refusal(error, request)
    type_, id_ = who
    (got,) = await found.exchange.caller.attempt(Get(type_, [id_], HOLDER))
    return address_taken(request, next(iter((allowed(got) or {"list": ()})["list"]), None), basis.context)


async def _follow(exchange: Exchange, basis: Basis, id_: str, updates: Mapping[str, Mapping[str, Object]]) -> None:
    """Let others name the new object; when one of them cannot, all of it is undone and the reason raised."""
    answers = await exchange.caller.attempt(*(Set(type_, update=patches) for type_, patches in updates.items()))
    hurdle = _hurdle(answers, basis)
    if hurdle is None:
        return
    done = {
        type_: {other: dict.fromkeys(patch) for other, patch in patches.items() if other in answer.get("updated", ())}
        for (type_, patches), answer in zip(updates.items(), answers, strict=True)
        if not isinstance(answer, MethodError)
    }
    await _undo(exchange, basis.kind.object, id_, done)
    raise hurdle


def _hurdle(answers: Sequence[Object | MethodError], basis: Basis) -> Exception | None:
    """Why an object that should name the new one was not changed, None when all were."""
    for answer in answers:
        if isinstance(answer, MethodError):
            return answer
        for other, error in failures(answer, "updated").items():
            return refusal(error, Request(basis.references.names.get(other, other)))
    return None


async def _undo(exchange: Exchange, type_: str, id_: str, done: Mapping[str, Mapping[str, Object]]) -> None:
    """Take back what names the new object, then destroy it."""
    calls = [Set(other, update=patches) for other, patches in done.items() if patches and other != type_]
    answers = await exchange.caller.attempt(*calls, Set(type_, update=done.get(type_) or None, destroy=[id_]))
    outdated(exchange, type_, *done)
    last = answers[-1]
    if isinstance(last, MethodError) or id_ not in last.get("destroyed", ()):
        _log.error("a new object of type %s could not be finished and not be removed either", type_)


async def _remember(exchange: Exchange, given: Input, basis: Basis, made: Draft, id_: str) -> None:
    """Keep what the new server cannot: the name, the app password in the password slot, the strings that were written as secrets."""
    memory, credentials = exchange.memory, made.credentials
    if basis.kind.word in MAIL_KINDS and (made.implied or given.name != made.own):
        await memory.remember(OldName(basis.kind.object, id_, given.name, made.own, made.implied))
    if credentials.slot is not None:
        await memory.set_app_slot(id_, credentials.slot)
    if credentials.strings:
        await memory.set_secrets(id_, credentials.strings)
