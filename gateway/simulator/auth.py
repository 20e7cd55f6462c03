"""Who a request comes from (jmap-management-api 1.3)."""

import base64
import binascii
import hmac
from dataclasses import replace
from ipaddress import ip_address, ip_network

from gateway.knowledge.instants import seconds
from gateway.simulator.callers import Caller
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.directory.credentials import APP_PREFIX, holder_of, narrowed
from gateway.simulator.directory.hashes import matches
from gateway.simulator.errors import Object
from gateway.simulator.permissions import everything
from gateway.simulator.problems import code_required, expired, forbidden, unauthorized
from gateway.simulator.world import World

RECOVERY_ID = "d333333"
BEARER = "bearer "
WITH_OLD_PASSWORD = frozenset({"authenticate", "authenticateWithAlias", "sysAccountPasswordGet", "sysAccountPasswordUpdate", "emailReceive"})
"""What is left to somebody whose password has expired."""


def caller_of(world: World, authorization: str | None, address: str | None = None) -> Caller:
    """The caller behind an Authorization header, who calls from an IP address.

    Problem 401 for bad credentials, 402 when a code is missing, 403 without `authenticate` or from an address that the credential excludes.
    """
    header = authorization or ""
    accounts = accounts_of(world)
    found = accounts.caches.login(header)
    if found is None:
        if header.lstrip()[: len(BEARER)].lower() == BEARER:
            found = _key(world, header.split()[-1])
        else:
            login, secret = basic(authorization)
            if login == world.config.admin[0] and same(secret, world.config.admin[1]):
                return administrator(world)
            found = _checked(world, login.lower(), secret)
    if found is None:
        raise unauthorized()
    id_, credential = found
    accounts.caches.remember(header, id_, credential)
    caller = _with(world, accounts.caller(id_, accounts.objects[id_]), credential)
    if not caller.may("authenticate") or not _from_here(credential, address):
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


def _checked(world: World, login: str, secret: str) -> tuple[str, Object] | None:
    """Account id and credential of a login with its secret: the password, or one of the app passwords."""
    found = accounts_of(world).by_address(login if "@" in login else f"{login}@{_default_domain(world)}")
    if found is None:
        return None
    id_, account = found
    is_app = secret.replace(" ", "_", 1).startswith(APP_PREFIX)
    kind, secret = ("AppPassword", secret.replace(" ", "_", 1)) if is_app else ("Password", secret)
    held = account.get("credentials", {}).values()
    return next(((id_, item) for item in held if item["@type"] == kind and matches(secret, item["secret"])), None)


def _default_domain(world: World) -> str:
    """Name of the domain that a login without one belongs to."""
    domain = world.kept("Domain").objects.get(world.applied("SystemSettings")["defaultDomainId"], {})
    return str(domain.get("name", ""))


def _key(world: World, key: str) -> tuple[str, Object] | None:
    """Account id and credential of an API key."""
    account_id, credential_id = holder_of(key) or ("", "")
    held = accounts_of(world).objects.get(account_id, {}).get("credentials", {}).values()
    items = (item for item in held if item["@type"] == "ApiKey" and item["credentialId"] == credential_id)
    return next(((account_id, item) for item in items if matches(key, item["secret"])), None)


def _with(world: World, caller: Caller, credential: Object) -> Caller:
    """The caller with what the credential leaves to him; Problem when it can no longer be used, or not alone."""
    past = credential["expiresAt"] is not None and seconds(credential["expiresAt"]) <= world.clock.now()
    if credential["@type"] != "Password":
        if past:
            raise expired()
        return replace(caller, permissions=caller.permissions & narrowed(caller.permissions, credential))
    if credential["otpAuth"] is not None:
        raise code_required()
    return replace(caller, permissions=caller.permissions & WITH_OLD_PASSWORD) if past else caller


def _from_here(credential: Object, address: str | None) -> bool:
    """Whether the credential may be used from the address; an unknown one is not in any list."""
    allowed = credential["allowedIps"]
    return not allowed or (address is not None and any(ip_address(address) in ip_network(network, strict=False) for network in allowed))
