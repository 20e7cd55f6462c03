"""The session object, and what a client may know of itself (jmap-management-api 1.2, 4.2)."""

import base64
import hashlib
import json
from functools import cache

from gateway.simulator.auth import RECOVERY_ID
from gateway.simulator.callers import Caller
from gateway.simulator.data import text
from gateway.simulator.declared import vocabulary
from gateway.simulator.directory.accounts import accounts_of
from gateway.simulator.errors import Object
from gateway.simulator.permissions import UNUSABLE, listed
from gateway.simulator.world import World

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
        principal = {"currentUserPrincipalId": caller.account_id}
        own = static["account"] | {"urn:ietf:params:jmap:principals": principal}
        accounts[caller.account_id] = _account(caller.login, own, personal=True)
        for group in caller.groups:
            accounts[group] = _account(directory.address(directory.objects[group]), own, personal=False)
    return {
        "capabilities": static["server"] | {"urn:ietf:params:jmap:websocket": websocket},
        "accounts": accounts,
        "primaryAccounts": dict.fromkeys(static["account"], caller.account_id) if caller else {},
        "username": caller.login if caller else "",
        "apiUrl": base + "/jmap/",
        "downloadUrl": base + "/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
        "uploadUrl": base + "/jmap/upload/{accountId}/",
        "eventSourceUrl": base + "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}",
        "state": state(caller) if caller else "0",
    }


def schema_hash() -> str:
    """Name of the schema that this server would publish."""
    digest = hashlib.sha256("\n".join(sorted(vocabulary().objects)).encode()).digest()
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


def _account(name: str, capabilities: Object, *, personal: bool) -> Object:
    return {"name": name, "isPersonal": personal, "isReadOnly": False, "accountCapabilities": capabilities}
