"""Second factor, app passwords and password of the caller (mapping-principals 6.2).

The new server lets users change their secrets when they show the present ones, and hashes what it gets. A password that comes as a hash, as the old
WebAdmin sends it, goes another way (`service`).
"""

from http import HTTPStatus
from typing import Any

from gateway.jmap.calls import Get, Object, Set
from gateway.jmap.errors import HttpRefusal, OutcomeUnknown
from gateway.legacy.account.common import NO_PASSWORD, RECOVERY, SINGLETON, insist
from gateway.legacy.account.service import change_as_service
from gateway.legacy.account.wanted import ALL, NEEDS_BASIC, Wanted, elements, needs_basic, wanted
from gateway.legacy.exchange import Exchange, Login
from gateway.legacy.outcomes import failures, settle
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.reading import OTP_SLOT, app_name
from gateway.legacy.principal.values.credentials import SLOT_TAKEN
from gateway.legacy.principal.values.secrets import OTP_ALONE, stored
from gateway.legacy.refusals import Forbidden, Other, Refusal, Unsupported

NO_SECOND_FACTOR = "Fallback administrator accounts do not support 2FA or AppPasswords"
NO_FALLBACK_PASSWORD = "The password of the fallback administrator is part of the server's environment"  # noqa: S105 - a text
HASHED = "The password was sent as a hash; this gateway has no service account that could store it"
SLOT_STAYS = 'The app password "{}" was stored as the password of the account; remove it through /api/principal'

_LISTED = ("id", "description", "createdAt")


async def secrets_of_caller(exchange: Exchange) -> Any:
    """Whether a second factor is on, and the names of the app passwords, as the old WebAdmin decodes them."""
    password, apps = await exchange.caller.request(Get("AccountPassword", [SINGLETON]), Get("AppPassword", None, _LISTED))
    names = [app_name(it) for it in apps["list"]]
    shown = next(iter(password["list"]), None)
    if shown is not None:
        names += (await exchange.memory.app_slots([password["accountId"]])).values()
    return {"otpEnabled": bool(shown and (shown.get("otpAuth") or {}).get("otpUrl")), "appPasswords": sorted(names)}


async def change_secrets(exchange: Exchange) -> None:
    """Change password, second factor and app passwords as all elements say, or not at all."""
    await insist(exchange, "manage-passwords")
    if exchange.objection is not None:
        raise exchange.objection
    given = elements(exchange.body)
    login = exchange.login()
    if login is None and needs_basic(given):
        raise Other(NEEDS_BASIC, None)
    account = (await exchange.caller.session()).account
    if account == RECOVERY:
        raise Unsupported(NO_FALLBACK_PASSWORD) if given[0]["type"] == "setPassword" else Other(NO_SECOND_FACTOR, None)
    want = wanted(given)
    slot = (await exchange.memory.app_slots([account])).get(account)
    try:
        async with exchange.locks((ACCOUNT, account)):
            if login is not None and _needs_service(exchange, want, slot):
                service = exchange.service()
                if service is None:
                    raise Unsupported(HASHED if slot is None else SLOT_STAYS.format(slot))
                await change_as_service(exchange, service, want, login, slot)
            else:
                await _change_as_caller(exchange, account, want, login, slot)
    except OutcomeUnknown:
        await exchange.memory.set_secrets(account, {})
        exchange.caller.secrets_changed()
        raise
    exchange.caller.secrets_changed()


def _needs_service(exchange: Exchange, want: Wanted, slot: str | None) -> bool:
    """Whether the new server does not let callers do this themselves."""
    if slot is not None and {ALL, slot}.intersection(want.gone):
        return True
    if want.password is None:
        return False
    return not want.password.plain or (exchange.settings.plain_passwords == "hash" and exchange.service() is not None)


async def _change_as_caller(exchange: Exchange, account: str, want: Wanted, login: Login | None, slot: str | None) -> None:
    """Change what callers may change themselves: the password first, so that nothing is removed when it is refused."""
    if slot is not None and {ALL, slot}.intersection(want.gone):
        raise Unsupported(SLOT_STAYS.format(slot))
    if slot is not None and want.password is not None:
        raise Unsupported(SLOT_TAKEN.format(slot))
    if slot is not None and want.otp is not None:
        raise Unsupported(OTP_ALONE)
    destroyed = await _app_passwords(exchange, want) if want.gone else []
    strings = dict((await exchange.memory.secrets([account])).get(account, {}))
    patch = _patch(exchange, want, strings)
    if patch and login is not None:
        shown = {"currentSecret": login.secret} | ({"otpAuth/otpCode": login.code} if login.code else {})
        (answer,) = await exchange.caller.request(Set("AccountPassword", update={SINGLETON: shown | patch}))
        if SINGLETON not in answer.get("updated", ()):
            raise _refusal(failures(answer, "updated").get(SINGLETON, {"type": "serverFail"}))
        await exchange.memory.set_secrets(account, strings)
    if destroyed:
        (answer,) = await exchange.caller.request(Set("AppPassword", destroy=destroyed))
        for id_ in destroyed:
            if failures(answer, "destroyed").get(id_, {}).get("type") != "notFound":
                settle(answer, "destroyed", id_)


def _patch(exchange: Exchange, want: Wanted, strings: dict[str, str]) -> Object:
    """What changes of password and second factor; `strings` becomes what may be remembered afterwards."""
    patch: Object = {}
    if want.password is not None:
        patch["secret"] = want.password.value
        ids = [id_ for id_ in strings if id_ != OTP_SLOT]
        for id_ in ids:
            del strings[id_]
        if len(ids) == 1:
            strings[ids[0]] = stored(want.password, exchange.settings).remember
    if want.otp is not None:
        patch["otpAuth/otpUrl"] = strings[OTP_SLOT] = want.otp.value
    elif want.no_otp is not None and strings.get(OTP_SLOT, want.no_otp).startswith(want.no_otp):
        patch["otpAuth/otpUrl"] = None
        strings.pop(OTP_SLOT, None)
    return patch


async def _app_passwords(exchange: Exchange, want: Wanted) -> list[str]:
    """Ids of the app passwords that are to go: all, or those whose listed name or description is one of the names."""
    (apps,) = await exchange.caller.request(Get("AppPassword", None, _LISTED))
    return [it["id"] for it in apps["list"] if ALL in want.gone or {app_name(it), it["description"]}.intersection(want.gone)]


def _refusal(error: Object) -> Refusal | HttpRefusal:
    """Old answer for what the new server has against a change of the own secrets."""
    kind, description = error["type"], error.get("description", "")
    if kind == "forbidden":
        if description.startswith("Current secret is incorrect"):
            return HttpRefusal(HTTPStatus.UNAUTHORIZED)
        if description.startswith("Current OTP code is required"):
            return HttpRefusal(HTTPStatus.PAYMENT_REQUIRED)
        return Unsupported(description) if description else Forbidden()
    if kind == "notFound":
        return Unsupported(NO_PASSWORD)
    if kind == "invalidProperties" and "secret" in error.get("properties", ()):
        return Other("Invalid password", description or kind)
    return Other("Operation failed", description or kind)
