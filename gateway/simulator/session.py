"""The session object, and what a client may know of itself (jmap-management-api 1.2, 4.2)."""

import base64
import hashlib
import json
from functools import cache

from gateway.simulator.auth import RECOVERY_ID
from gateway.simulator.callers import Caller
from gateway.simulator.data import text
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.errors import Object
from gateway.simulator.permissions import UNUSABLE, listed
from gateway.simulator.telemetry.words import schema
from gateway.simulator.world import World

_JMAP = "urn:ietf:params:jmap:"
_NEEDED = {
    _JMAP + name: permission
    for permission, names in {
        "jmapEmailGet": ("mail", "mail:share", "emailpush"),
        "jmapEmailSubmissionCreate": ("submission",),
        "jmapVacationResponseGet": ("vacationresponse",),
        "jmapSieveScriptGet": ("sieve",),
        "jmapBlobGet": ("blob",),
        "jmapQuotaGet": ("quota",),
        "jmapAddressBookGet": ("contacts",),
        "jmapContactCardParse": ("contacts:parse",),
        "jmapCalendarGet": ("calendars",),
        "jmapCalendarEventParse": ("calendars:parse",),
        "jmapFileNodeGet": ("filenode",),
    }.items()
    for name in names
}
"""The permission without which an account shows no such capability; the others are always there."""

_LIMITS = {
    "maxSizeUpload": "maxUploadSize",
    "maxConcurrentUpload": "maxConcurrentUploads",
    "maxSizeRequest": "maxRequestSize",
    "maxConcurrentRequests": "maxConcurrentRequests",
    "maxCallsInRequest": "maxMethodCalls",
    "maxObjectsInGet": "getMaxResults",
    "maxObjectsInSet": "setMaxObjects",
}
"""Limits of the core capability, and the settings they come from."""

_OWN_ACCOUNT = ("sysAccountPassword", "sysAccountSettings", "sysApiKey", "sysAppPassword")


@cache
def _static() -> Object:
    """Capabilities of server and account as they are sent."""
    found: Object = json.loads(text("session.json"))
    return found


def session(world: World, caller: Caller | None) -> Object:
    """The session object; without a caller an empty skeleton."""
    static = _static()
    base = world.config.public_url
    websocket = {"url": base.replace("http", "ws", 1) + "/jmap/ws", "supportsPush": True}
    accounts: Object = {}
    directory = accounts_of(world)
    if caller is not None:
        accounts[caller.account_id] = _account(caller, caller.account_id, caller.login)
        for group in caller.groups:
            accounts[group] = _account(caller, group, directory.address(directory.objects[group]))
    return {
        "capabilities": static["server"] | {_JMAP + "core": _core(world), "urn:ietf:params:jmap:websocket": websocket},
        "accounts": accounts,
        "primaryAccounts": dict.fromkeys(_capabilities(caller), caller.account_id) if caller else {},
        "username": caller.login if caller else "",
        "apiUrl": base + "/jmap/",
        "downloadUrl": base + "/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
        "uploadUrl": base + "/jmap/upload/{accountId}/",
        "eventSourceUrl": base + "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}",
        "state": state(caller) if caller else "0",
    }


def _core(world: World) -> Object:
    """The limits in force."""
    limits = world.applied("Jmap")
    fixed: Object = _static()["server"][_JMAP + "core"]
    return fixed | {name: limits[setting] for name, setting in _LIMITS.items()}


def schema_hash() -> str:
    """Name of the schema that this server would publish."""
    digest = hashlib.sha256(schema()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def state(caller: Caller) -> str:
    """Session state: 32 bits over rights and memberships, in hex."""
    held = "\n".join([*sorted(caller.permissions), *caller.groups, caller.tenant_id or ""])
    return f"{int.from_bytes(hashlib.blake2b(held.encode(), digest_size=4).digest(), 'big'):x}"


def account(world: World, caller: Caller) -> Object:
    """`GET /api/account`: the effective permissions, without those that can never be used."""
    held = caller.permissions - UNUSABLE
    if caller.account_id == RECOVERY_ID:
        held = frozenset(name for name in held if not name.startswith(_OWN_ACCOUNT))
    return {"permissions": listed(held), "edition": world.config.edition, "locale": caller.locale}


def _capabilities(caller: Caller) -> Object:
    """Capabilities of an account that the caller has a right for."""
    held: Object = _static()["account"]
    return {name: content for name, content in held.items() if name not in _NEEDED or caller.may(_NEEDED[name])}


def _account(caller: Caller, id_: str, name: str) -> Object:
    capabilities = _capabilities(caller) | {_JMAP + "principals": {"currentUserPrincipalId": id_}}
    return {"name": name, "isPersonal": id_ == caller.account_id, "isReadOnly": False, "accountCapabilities": capabilities}
