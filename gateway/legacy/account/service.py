"""Changes of own secrets that the new server does not let users make themselves: the service account makes them (mapping-principals 6.2).

The caller proves who he is with his own credential first; what he says about his account then goes into one change of it.
"""

import logging
from typing import Any

from gateway.jmap.calls import Call, Get, Object, Set
from gateway.jmap.errors import HttpRefusal, MethodError
from gateway.legacy.account.common import NO_PASSWORD, SINGLETON
from gateway.legacy.account.wanted import ALL, Wanted
from gateway.legacy.exchange import Caller, Exchange, Login
from gateway.legacy.outcomes import failures
from gateway.legacy.principal.candidates import ACCOUNT
from gateway.legacy.principal.reading import APP_PREFIX, HIDDEN_OTP, app_name, app_placeholder
from gateway.legacy.principal.values.credentials import Secrets
from gateway.legacy.principal.values.errors import Request, refusal
from gateway.legacy.refusals import InternalError, Unsupported

APP_SECRET = "app_"  # noqa: S105 - how secrets of app passwords begin
BY_APP = "The password of an account cannot be changed by a client that logs in with an app password"

_log = logging.getLogger(__name__)


async def change_as_service(exchange: Exchange, service: Caller, want: Wanted, login: Login, slot: str | None) -> None:
    """Change everything that is wanted in one entry of one call, and remember what the new server cannot; nobody else writes to the account meanwhile."""
    if login.secret.lower().startswith(APP_SECRET):
        raise Unsupported(BY_APP)
    (proof,) = await exchange.caller.request(Get("AccountPassword", [SINGLETON], ["id"]))
    if not proof["list"]:
        raise Unsupported(NO_PASSWORD)
    id_: str = proof["accountId"]
    found = await _ask(service, Get(ACCOUNT, [id_], ["id", "credentials"]))
    if not found["list"]:
        raise InternalError
    account: Object = found["list"][0]
    strings = (await exchange.memory.secrets([id_])).get(id_, {})
    secrets = Secrets(account, slot, strings, exchange.settings)
    _apply(want, secrets, account)
    change = secrets.change()
    if change.patch:
        answer = await _ask(service, Set(ACCOUNT, update={id_: change.patch}))
        if id_ not in answer.get("updated", ()):
            raise refusal(failures(answer, "updated").get(id_, {"type": "serverFail"}), Request(login.name))
    await exchange.memory.set_app_slot(id_, change.slot)
    await exchange.memory.set_secrets(id_, change.strings)


def _apply(want: Wanted, secrets: Secrets, account: Object) -> None:
    for name in want.gone:
        if name == ALL:
            secrets.remove(APP_PREFIX)
        else:
            for listed in _listed(account, name) or [name]:
                secrets.remove(app_placeholder(listed))
    if want.no_otp is not None:
        secrets.remove(want.no_otp or HIDDEN_OTP)
    for secret in (want.password, want.otp):
        if secret is not None:
            secrets.add(secret.text)


def _listed(account: Object, name: str) -> list[str]:
    """Listed names of the app passwords with that listed name or description."""
    apps = (it for it in (account.get("credentials") or {}).values() if it["@type"] == "AppPassword")
    return [app_name(it) for it in apps if name in (app_name(it), it["description"])]


async def _ask(service: Caller, call: Call) -> Any:
    """The answer to a call of the service account; InternalError when the new server does not let it do its work."""
    try:
        (answer,) = await service.request(call)
    except (HttpRefusal, MethodError) as error:
        if isinstance(error, MethodError) and error.type != "forbidden":
            raise
        _log.error("the account of service_credential may not do its work: %s", error)
        raise InternalError from None
    return answer
