"""What is remembered of secrets, as far as it holds for what accounts show (mapping-principals 2.11, decision 5).

The new server shows no secret, only which credentials there are. When one is missing that something was remembered of, the account was
changed elsewhere, and nothing that was remembered of its secrets is worth anything.
"""

from collections.abc import Mapping, Sequence

from gateway.jmap.calls import Get, Object
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.context import allowed
from gateway.legacy.principal.reading import OTP_SLOT

Slots = Mapping[str, str]
Strings = Mapping[str, Mapping[str, str]]

_SHOWN = ("id", "credentials")
_AT_ONCE = 20


def slot_holds(account: Object) -> bool:
    """Whether an account has a password, whose place an app password may have taken."""
    return any(it["@type"] == "Password" for it in (account.get("credentials") or {}).values())


def strings_hold(account: Object, strings: Mapping[str, str]) -> bool:
    """Whether an account has all the credentials that strings are remembered of, by credential id and `otp`."""
    credentials = (account.get("credentials") or {}).values()
    shown = {it["credentialId"] for it in credentials} | {OTP_SLOT for it in credentials if it.get("otpAuth")}
    return strings.keys() <= shown


async def kept(exchange: Exchange, accounts: Sequence[Object]) -> tuple[Slots, Strings]:
    """Slots and strings of accounts by id.

    What does not hold any more is forgotten, some accounts at a time, after another look: somebody may have written meanwhile.
    """
    memory, shown = exchange.memory, {it["id"]: it for it in accounts if "credentials" in it}
    if not shown:
        return {}, {}
    slots = dict(await memory.app_slots(shown))
    strings = dict(await memory.secrets(shown)) if exchange.settings.secrets_memory == "hashes" else {}
    stale = [
        id_
        for id_ in slots | strings
        if (id_ in slots and not slot_holds(shown[id_])) or not strings_hold(shown[id_], strings.get(id_, {}))
    ]
    for id_ in stale:
        slots.pop(id_, None)
        strings.pop(id_, None)
    if stale:
        await _forget(exchange, stale[:_AT_ONCE])
    return slots, strings


async def _forget(exchange: Exchange, ids: Sequence[str]) -> None:
    """Forget what does not hold of accounts that nobody here is writing to."""
    memory = exchange.memory
    async with exchange.locks(*((ACCOUNT, id_) for id_ in ids)):
        (answer,) = await exchange.caller.attempt(Get(ACCOUNT, ids, _SHOWN))
        for account in (allowed(answer) or {"list": ()})["list"]:
            id_ = account["id"]
            if not slot_holds(account):
                await memory.set_app_slot(id_, None)
            if not strings_hold(account, (await memory.secrets([id_])).get(id_, {})):
                await memory.set_secrets(id_, {})
