"""Consent to OAuth requests by name and secret: a code for a client, approval of a device (legacy-rest-api 2.13, mapping-principals 6.3)."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from gateway.jmap.calls import Object
from gateway.jmap.errors import HttpRefusal
from gateway.jmap.session import ENTERPRISE
from gateway.knowledge.permissions import held
from gateway.legacy.exchange import Exchange, Login
from gateway.legacy.refusals import BadRequest, Forbidden, Other
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does

VERSION = "0.15.5"
"""What the old WebAdmin wants to hear: three numbers, not less than 0.13.0 (clients 3.1)."""

LONGEST_CLIENT = 20
INSECURE = "http://"


async def authorize(exchange: Exchange) -> Any:
    """A code with what the caller may do, or whether a device was approved; Forbidden for callers without name and secret."""
    body = exchange.body
    if not isinstance(body, dict):
        raise BadRequest
    match body.get("type"):
        case "code":
            return await _code(exchange, _texts(body, ("client_id",), ("redirect_uri", "nonce")))
        case "device":
            return await _device(exchange, _texts(body, ("code",), ()))
        case _:
            raise BadRequest


async def _code(exchange: Exchange, given: dict[str, str]) -> Any:
    """A code for a client, who exchanges it at the token endpoint under the same redirect address."""
    if len(given["client_id"].encode()) > LONGEST_CLIENT:
        raise Other("Client ID is invalid.", None)
    if given.get("redirect_uri", "").startswith(INSECURE):
        raise Other("Redirect URI must be HTTPS.", None)
    asked = {"type": "authCode", "clientId": given["client_id"], "redirectUri": given.get("redirect_uri", "")}
    if "nonce" in given:
        asked["nonce"] = given["nonce"]
    try:
        answer = await exchange.caller.log_in(_identified(exchange) | asked)
    except HttpRefusal as refusal:
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            raise Other("Invalid OAuth client", None) from None
        raise
    if answer["type"] != "authenticated":
        await _refuse(exchange, answer)
    account = await exchange.caller.account()
    return {
        "code": answer["client_code"],
        "permissions": held(account.permissions),
        "version": VERSION,
        "isEnterprise": account.edition == ENTERPRISE,
    }


async def _device(exchange: Exchange, given: dict[str, str]) -> bool:
    """Whether there was a device with this code, which may now have its token."""
    answer = await exchange.caller.log_in(_identified(exchange) | {"type": "authDevice", "code": given["code"]})
    if answer["type"] == "failure":
        # The same answer stands for an unknown code and for a wrong secret.
        await exchange.caller.account()
        return False
    if answer["type"] != "verified":
        await _refuse(exchange, answer)
    return True


def _identified(exchange: Exchange) -> Object:
    """Name, secret and code of the caller; Forbidden when he came with a token, for which the new server makes no code."""
    login: Login | None = exchange.login()
    if login is None:
        raise Forbidden
    return {"accountName": login.name, "accountSecret": login.secret} | ({"mfaToken": login.code} if login.code else {})


async def _refuse(exchange: Exchange, answer: Object) -> None:
    """Raise what the old server answered to a login that was refused: 402, 403 for who may not log in at all, else 401."""
    if answer["type"] == "mfaRequired":
        raise HttpRefusal(HTTPStatus.PAYMENT_REQUIRED)
    await exchange.caller.account()
    raise HttpRefusal(HTTPStatus.UNAUTHORIZED)


def _texts(body: Object, needed: tuple[str, ...], maybe: tuple[str, ...]) -> dict[str, str]:
    """The texts of a body by member; BadRequest when a needed one is missing, or one is no text."""
    found = {name: body[name] for name in (*needed, *maybe) if body.get(name) is not None}
    if not all(name in found for name in needed) or not all(isinstance(it, str) for it in found.values()):
        raise BadRequest
    return found


ROUTES = (route("authorizeOauth", replace(does(authorize, "POST /api/auth", "GET /api/account"), private=True)),)
