"""Who a request comes from (jmap-management-api 1.3)."""

import base64
import binascii
import hmac

from gateway.simulator.callers import Caller
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.errors import Object
from gateway.simulator.permissions import everything
from gateway.simulator.problems import code_required, forbidden, unauthorized
from gateway.simulator.world import World

RECOVERY_ID = "d333333"


def caller_of(world: World, authorization: str | None) -> Caller:
    """The caller behind an Authorization header; Problem 401 for bad credentials, 402 when a code is missing, 403 without `authenticate`."""
    login, secret = basic(authorization)
    caller = _recovery(world, login, secret) or _account(world, authorization or "", login.lower(), secret)
    if caller is None:
        raise unauthorized()
    if not caller.may("authenticate"):
        raise forbidden()
    return caller


def basic(authorization: str | None) -> tuple[str, str]:
    """Login, without outer blanks, and secret of a Basic header; Problem 401 for anything else."""
    scheme, _, rest = (authorization or "").strip().partition(" ")
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        raise unauthorized() from None
    login, colon, secret = text.partition(":")
    if not colon:
        raise unauthorized()
    return login.strip(), secret


def same(given: str, stored: str | None) -> bool:
    """Whether two secrets are equal."""
    return stored is not None and hmac.compare_digest(given.encode(), stored.encode())


def administrator(world: World) -> Caller:
    """The recovery administrator, who may do everything and has no account object."""
    return Caller(world.config.admin[0], RECOVERY_ID, frozenset(everything()), locale="POSIX")


def _recovery(world: World, login: str, secret: str) -> Caller | None:
    return administrator(world) if login == world.config.admin[0] and same(secret, world.config.admin[1]) else None


def _account(world: World, header: str, login: str, secret: str) -> Caller | None:
    accounts = accounts_of(world)
    found = accounts.caches.login(header) or _checked(world, login, secret)
    if found is None:
        return None
    id_, credential = found
    accounts.caches.remember(header, id_, credential)
    if credential["otpAuth"] is not None:
        raise code_required()
    return accounts.caller(id_, accounts.objects[id_])


def _checked(world: World, login: str, secret: str) -> tuple[str, Object] | None:
    """Account id and credential of a login with its secret."""
    found = accounts_of(world).by_address(login if "@" in login else f"{login}@{world.config.default_domain}")
    if found is None:
        return None
    id_, account = found
    held = account.get("credentials", {}).values()
    return next(((id_, item) for item in held if item["@type"] == "Password" and same(secret, item["secret"])), None)
