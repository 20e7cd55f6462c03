"""Making the account behind an API key, and its key of the new server (mapping-principals 2.7)."""

import logging
import secrets
from dataclasses import replace

from gateway.jmap.calls import Object, Other, Set
from gateway.jmap.errors import Garbled, MethodError
from gateway.legacy.exchange import Exchange
from gateway.legacy.outcomes import failures
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.drafts import Basis, Draft
from gateway.legacy.principal.keys.objects import only_keys
from gateway.legacy.principal.keys.values import verified
from gateway.legacy.principal.lookup import Lookup
from gateway.legacy.principal.making import NEW, create, refused
from gateway.legacy.principal.numbers import FIRST_KEY, legacy_key_id
from gateway.legacy.principal.values.addresses import taken
from gateway.legacy.principal.values.errors import Request, holder, refusal
from gateway.legacy.principal.values.inputs import Input
from gateway.state import Key, KeyTaken

ATTEMPTS = 4
_MORE_BYTES = 3
_KEY = "k"

_log = logging.getLogger(__name__)


async def make_key(found: Lookup, given: Input, basis: Basis, made: Draft) -> int:
    """Write a new API key; its number. Refusal when the new server does not take it, StateError when it cannot be kept, with nothing left behind."""
    exchange = found.exchange
    await exchange.memory.keys.prepare()
    verifiers = await verified(made.secrets, exchange.settings)
    account, address = await _account(found, given, basis, made)
    try:
        secret = await new_secret(exchange, account, given.name, roles=bool(given.items("roles"))) if verifiers else ""
        keys = await exchange.memory.keys.names(certain=True)
        present = {it["id"] for it in only_keys(found.pool.accounts.values(), keys)}
        # A key whose account was asked for and not found has lost it; but it may be kept from this caller.
        asked = found.pool.keys if found.context.sees_everything and ACCOUNT not in found.forbidden else {}
        gone = [it.id for it in keys.values() if it.name == given.name and it.id in asked and it.id not in present]
        await exchange.memory.keys.add(Key(account, given.name, address, verifiers, secret), instead=gone)
    except BaseException as error:
        await _undo(exchange, account)
        if isinstance(error, KeyTaken):
            raise taken("name", given.name) from None
        raise
    return legacy_key_id(account, FIRST_KEY)


async def new_secret(exchange: Exchange, account: str, name: str, *, roles: bool = False) -> str:
    """Have the new server make a key for an account; the key, which is told only now. Refusal when it does not."""
    arguments: Object = {"accountId": account, "create": {_KEY: {"description": name}}}
    (answer,) = await exchange.caller.request(Other("x:ApiKey/set", "", arguments, writes=True))
    made = (answer.get("created") or {}).get(_KEY)
    if made is not None and isinstance(made.get("secret"), str):
        secret: str = made["secret"]
        return secret
    error = failures(answer, "created").get(_KEY)
    if error is None:
        raise Garbled("the answer does not say whether a key was made")
    raise refusal(error, Request(name, roles=roles))


async def _account(found: Lookup, given: Input, basis: Basis, made: Draft) -> tuple[str, str]:
    """Id and own address of a new account, under another local part when the first one is taken."""
    for attempt in range(ATTEMPTS):
        value, own = made.value, made.own
        if attempt:
            local, _, domain = own.rpartition("@")
            value = value | {"name": f"{local}-{secrets.token_hex(_MORE_BYTES)}"}
            own = f"{value['name']}@{domain}"
        answer = await create(found, basis, Set(ACCOUNT, create={NEW: value}))
        new = answer.get("created", {}).get(NEW)
        if new is not None:
            return new["id"], own
        error = failures(answer, "created").get(NEW)
        if error is None or holder(error) is None:
            break
    raise await refused(found, answer, given, basis, replace(made, value=value, own=own))


async def _undo(exchange: Exchange, account: str) -> None:
    """Destroy a new account that nobody knows of."""
    try:
        (answer,) = await exchange.caller.attempt(Set(ACCOUNT, destroy=[account]))
    except Exception:  # noqa: BLE001 - what went wrong before is what counts
        answer = {}
    if isinstance(answer, MethodError) or account not in answer.get("destroyed", ()):
        _log.error("the account of a new API key could not be finished and not be removed either")
