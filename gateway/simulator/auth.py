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
    caller = _named(world, authorization or "", address)
    if not caller.may("authenticate"):
        raise forbidden()
    return caller


def with_password(world: World, login: str, secret: str) -> tuple[Caller, str | None] | None:
    """Who logs in with a password, and the URL of the second factor; None when the password is wrong."""
    if _is_recovery(world, login, secret):
        return administrator(world), None
    found = _checked(world, login.lower(), secret)
    if found is None or found[1]["@type"] != "Password":
        return None
    accounts = accounts_of(world)
    return _shortened(world, accounts.caller(found[0], accounts.objects[found[0]]), found[1]), found[1]["otpAuth"]


def _named(world: World, header: str, address: str | None) -> Caller:
    known = accounts_of(world).caches.login(header)
    if known:
        return _admitted(world, known, address)
    if header.lstrip()[: len(BEARER)].lower() == BEARER:
        return _bearer(world, header, address)
    login, secret = basic(header)
    login, as_other, master = login.partition("%")
    if not as_other:
        return _by_login(world, (login, secret, header), address)
    if not _by_login(world, (master, secret, ""), address).may("impersonate"):
        raise unauthorized()
    found = accounts_of(world).by_address(_full(world, login.lower()))
    if found is None:
        raise unauthorized()
    return accounts_of(world).caller(*found)


def _by_login(world: World, given: tuple[str, str, str], address: str | None) -> Caller:
    """The caller with a login, a secret and the header they stood in, "" when it is not to be remembered."""
    login, secret, header = given
    if _is_recovery(world, login, secret):
        return administrator(world)
    found = _checked(world, login.lower(), secret)
    if found is None:
        raise unauthorized()
    if header:
        _remember(world, header, found)
    return _admitted(world, found, address)


def _bearer(world: World, header: str, address: str | None) -> Caller:
    """The caller with a token or an API key."""
    text, accounts = header.rsplit(maxsplit=1)[-1], accounts_of(world)
    token = accounts.tokens.find(text, world.clock.seconds(), accounts.objects)
    if token and not token.refresh:
        if token.account_id == RECOVERY_ID:
            return administrator(world)
        account = accounts.objects[token.account_id]
        caller = accounts.caller(token.account_id, account)
        password = next((item for item in account["credentials"].values() if item["@type"] == "Password"), None)
        return _shortened(world, caller, password) if password else caller
    found = _key(world, text)
    if found is None:
        raise unauthorized()
    _remember(world, header, found)
    return _admitted(world, found, address)


def _admitted(world: World, found: tuple[str, Object], address: str | None) -> Caller:
    """The caller with what the credential leaves to him; Problem when it cannot be used any longer, from here, or alone."""
    id_, credential = found
    accounts = accounts_of(world)
    caller = accounts.caller(id_, accounts.objects[id_])
    stale = accounts.caches.is_stale(id_, credential, over=_is_over(world, credential))
    if not _from_here(credential, address):
        raise forbidden()
    if credential["@type"] != "Password":
        if _is_over(world, credential):
            raise forbidden() if stale else expired()
        return replace(caller, permissions=caller.permissions & narrowed(caller.permissions, credential))
    if credential["otpAuth"] is not None:
        raise code_required()
    return _shortened(world, caller, credential)


def _remember(world: World, header: str, found: tuple[str, Object]) -> None:
    """A header was judged for the first time."""
    accounts = accounts_of(world)
    accounts.caches.remember(header, *found)
    world.tell("login.accepted", (found[0], accounts.address(accounts.objects[found[0]])))


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


def _is_recovery(world: World, login: str, secret: str) -> bool:
    return login == world.config.admin[0] and same(secret, world.config.admin[1])


def _checked(world: World, login: str, secret: str) -> tuple[str, Object] | None:
    """Account id and credential of a login with its secret: the password, or one of the app passwords."""
    found = accounts_of(world).by_address(_full(world, login))
    if found is None:
        return None
    id_, account = found
    is_app = secret.replace(" ", "_", 1).startswith(APP_PREFIX)
    kind, secret = ("AppPassword", secret.replace(" ", "_", 1)) if is_app else ("Password", secret)
    held = account.get("credentials", {}).values()
    return next(((id_, item) for item in held if item["@type"] == kind and matches(secret, item["secret"])), None)


def _full(world: World, login: str) -> str:
    """The login with a domain: the default one, if it has none."""
    if "@" in login:
        return login
    domain = world.kept("Domain").objects.get(world.applied("SystemSettings")["defaultDomainId"], {})
    return f"{login}@{domain.get('name', '')}"


def _key(world: World, key: str) -> tuple[str, Object] | None:
    """Account id and credential of an API key."""
    account_id, credential_id = holder_of(key) or ("", "")
    held = accounts_of(world).objects.get(account_id, {}).get("credentials", {}).values()
    items = (item for item in held if item["@type"] == "ApiKey" and item["credentialId"] == credential_id)
    return next(((account_id, item) for item in items if matches(key, item["secret"])), None)


def _shortened(world: World, caller: Caller, password: Object) -> Caller:
    """The caller with what is left to him when his password has expired."""
    return replace(caller, permissions=caller.permissions & WITH_OLD_PASSWORD) if _is_over(world, password) else caller


def _is_over(world: World, credential: Object) -> bool:
    return credential["expiresAt"] is not None and seconds(credential["expiresAt"]) <= world.clock.now()


def _from_here(credential: Object, address: str | None) -> bool:
    """Whether the credential may be used from the address; an unknown one is not in any list."""
    allowed = credential["allowedIps"]
    return not allowed or (address is not None and any(ip_address(address) in ip_network(network, strict=False) for network in allowed))
