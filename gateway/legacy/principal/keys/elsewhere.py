"""API keys that were made elsewhere, named `apikey:<account>:<credential>`: credentials of people's accounts (mapping-principals 2.7).

Only their description can be changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.jmap.calls import Call, Get, Object, Set
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.principal import rights
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.context import allowed, sound
from gateway.legacy.principal.facts import API_KEY, KINDS
from gateway.legacy.principal.keys.objects import FOREIGN, HELD, foreign_keys
from gateway.legacy.principal.values.actions import Step, insist
from gateway.legacy.principal.values.errors import Request, refusal
from gateway.legacy.principal.values.inputs import not_available
from gateway.legacy.refusals import ItemNotFound

PREFIX = "apikey:"
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Named:
    """What a name of this form means: a key that was made elsewhere as `objects.foreign_keys` gives it, or the name of one that a client made."""

    foreign: Object | None
    name: str


async def named(exchange: Exchange, name: str, deed: str, properties: Sequence[str] = HELD) -> Named:
    """The key that a name means; ItemNotFound for none, Forbidden for who may not do the deed at all."""
    await rights.insist(exchange, API_KEY, deed)
    _, account, credential = (*name.split(":"), "", "")[:_PARTS]
    own = await exchange.memory.keys.names()
    if account in own:
        return Named(None, own[account].name)
    if name.count(":") != _PARTS - 1 or not account or not credential or not (account.isascii() and account.isalnum()):
        raise ItemNotFound(name)
    (answer,) = await exchange.caller.request(Get(ACCOUNT, [account], properties))
    for key in foreign_keys(answer["list"], own):
        if key[FOREIGN]["credentialId"] == credential:
            return Named(key, name)
    raise ItemNotFound(name)


async def describe(exchange: Exchange, key: Object, name: str, steps: Sequence[Step]) -> None:
    """Carry out a PATCH; Unsupported for anything but the description."""
    description = key["description"] or ""
    for step in steps:
        insist(step, KINDS[API_KEY])
        if step.field != "description":
            raise not_available(step.field, API_KEY)
        description = "".join(step.items)
    if description != (key["description"] or ""):
        await _change(exchange, key, name, {f"credentials/{key['index']}/description": description or None})


async def remove(exchange: Exchange, key: Object, name: str) -> None:
    """Take a key away from its account."""
    await _change(exchange, key, name, {f"credentials/{key['index']}": None})


async def remove_all(exchange: Exchange, keys: Sequence[Object]) -> list[str]:
    """Take keys away, with one patch for each account; the kinds of errors where that was refused."""
    patches: dict[str, Object] = {}
    for key in keys:
        patches.setdefault(key["id"], {})[f"credentials/{key['index']}"] = None
    if not patches:
        return []
    async with exchange.locks(*((ACCOUNT, id_) for id_ in patches)):
        (answer,) = await exchange.caller.request(Set(ACCOUNT, update=patches))
    return sorted({it["type"] for it in failures(answer, "updated").values()})


async def _change(exchange: Exchange, key: Object, name: str, patch: Object) -> None:
    """Change one credential by its position, and look whether it was that one where the settings want it."""
    id_ = key["id"]
    calls: list[Call] = [Set(ACCOUNT, update={id_: patch})]
    if exchange.settings.verify_index_writes:
        calls.append(Get(ACCOUNT, [id_], HELD))
    answers = await exchange.caller.attempt(*calls)
    error = failures(sound(answers[0]), "updated").get(id_)
    if error is not None:
        raise refusal(error, Request(name))
    after = allowed(answers[1]) if len(answers) > 1 else None
    left = (
        [it for it in foreign_keys(after["list"], {}) if it[FOREIGN]["credentialId"] == key[FOREIGN]["credentialId"]]
        if after
        else []
    )
    if left and None in patch.values() and left[0]["index"] != key["index"]:
        await exchange.caller.request(Set(ACCOUNT, update={id_: {f"credentials/{left[0]['index']}": None}}))
