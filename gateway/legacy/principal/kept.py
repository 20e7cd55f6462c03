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


def slot_holds(account: Object) -> bool:
    """Whether an account has a password, whose place an app password may have taken."""
    return any(it["@type"] == "Password" for it in (account.get("credentials") or {}).values())


def strings_hold(account: Object, strings: Mapping[str, str]) -> bool:
    """Whether an account has all the credentials that strings are remembered of, by credential id and `otp`."""
    credentials = (account.get("credentials") or {}).values()
    shown = {it["credentialId"] for it in credentials} | {OTP_SLOT for it in credentials if it.get("otpAuth")}
    return strings.keys() <= shown


async def kept(exchange: Exchange, accounts: Sequence[Object]) -> tuple[Slots, Strings]:
    """Slots and strings of accounts by id; what does not hold any more is forgotten, after another look when somebody may have written meanwhile."""
    memory, shown = exchange.memory, {it["id"]: it for it in accounts if "credentials" in it}
    if not shown:
        return {}, {}
    slots = dict(await memory.app_slots(shown))
    strings = dict(await memory.secrets(shown)) if exchange.settings.secrets_memory == "hashes" else {}
    for id_ in [id_ for id_ in slots if not slot_holds(shown[id_])] + [id_ for id_, texts in strings.items() if not strings_hold(shown[id_], texts)]:
        slots.pop(id_, None)
        strings.pop(id_, None)
        await _forget(exchange, id_)
    return slots, strings


async def _forget(exchange: Exchange, id_: str) -> None:
    """Forget what does not hold of an account that nobody here is writing to."""
    memory = exchange.memory
    async with exchange.locks((ACCOUNT, id_)):
        (answer,) = await exchange.caller.attempt(Get(ACCOUNT, [id_], _SHOWN))
        account = next(iter((allowed(answer) or {"list": ()})["list"]), None)
        if account is None:
            return
        if not slot_holds(account):
            await memory.set_app_slot(id_, None)
        if not strings_hold(account, (await memory.secrets([id_])).get(id_, {})):
            await memory.set_secrets(id_, {})
