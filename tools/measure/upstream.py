"""What the stub of the new server answers: a queue of as many messages as a request asks for, two recipients each, or as many accounts."""

import json
from string import ascii_lowercase
from typing import Any

from gateway.knowledge.ids import decode, encode
from measure.wire import response

PERMISSIONS = ("authenticate", "sysQueuedMessageGet", "sysQueuedMessageQuery", "sysQueuedMessageUpdate", "sysQueuedMessageDestroy", "sysActionCreate", "actionPauseMtaQueue", "actionResumeMtaQueue", *(f"sys{type_}{verb}" for type_ in ("Account", "Domain", "MailingList", "OAuthClient", "Role", "Tenant", "ApiKey") for verb in ("Get", "Query")))
FIRST = 230_011_223_344_556_677
GRAIN = 1 << 21


def message_number(position: int) -> int:
    """Id of a message as old clients write it."""
    return FIRST + position * GRAIN


def message_id(position: int) -> str:
    """Id of a message on the new side."""
    return encode(message_number(position))


def _recipient(position: int) -> dict[str, Any]:
    return {
        "retryCount": 2, "retryDue": f"2031-01-0{position}T10:00:00Z", "notifyCount": 0, "notifyDue": "2031-01-08T10:00:00Z",
        "expires": {"@type": "Ttl", "expiresAt": "2031-01-09T10:00:00Z"}, "queueName": "remote", "flags": {}, "orcpt": None,
        "status": {
            "@type": "TemporaryFailure", "errorType": "unexpectedResponse", "errorMessage": None, "errorCommand": "RCPT TO:<kim@far.test>",
            "responseHostname": "mx.far.test", "responseCode": 451, "responseEnhanced": "4.5.1", "responseMessage": "Try again later",
        },
    }


def message(id_: str) -> dict[str, Any]:
    """A queued message as the new server shows it."""
    return {
        "id": id_, "createdAt": "2025-06-01T08:00:00Z", "nextRetry": "2031-01-01T10:00:00Z", "nextNotify": "2031-01-08T10:00:00Z",
        "blobId": "b" + id_ * 6, "returnPath": "lee@acme.test", "recipients": {f"kim{position}@far.test": _recipient(position) for position in (1, 2)},
        "receivedFromIp": "192.0.2.7", "receivedViaPort": 25, "flags": {}, "envId": None, "priority": 0, "size": 3127,
    }


def account(position: int) -> dict[str, Any]:
    """An account with an alias and a password as the new server shows it."""
    name = f"kim{position:05}"
    return {
        "id": encode(position + 1), "@type": "User", "name": name, "domainId": "b", "emailAddress": f"{name}@acme.test", "description": f"Kim number {position}",
        "aliases": {"0": {"name": f"k{position:05}", "domainId": "b", "enabled": True}}, "memberGroupIds": {}, "memberTenantId": None, "roles": {"@type": "User"},
        "permissions": {"@type": "Inherit"}, "quotas": {"maxDiskQuota": 1_000_000_000}, "usedDiskQuota": 123_456, "locale": "en_US",
        "credentials": {"0": {"@type": "Password", "credentialId": "a", "secret": "****", "otpAuth": None}},
    }


_DOMAIN = {"id": "b", "name": "acme.test", "description": None, "logo": None, "aliases": {}, "memberTenantId": None, "catchAllAddress": None}


class Upstream:
    """Answers of a server with `messages` queued messages, or as many accounts in one domain; equal requests get the remembered bytes. `served` holds the different JMAP responses given."""

    def __init__(self) -> None:
        self.messages = 500
        self.served: set[bytes] = set()
        self._known: dict[tuple[int, str, bytes], bytes] = {}
        self._owners: dict[bytes, str] = {}
        self._plain = response(json.dumps({"data": message(message_id(0))}).encode())

    def answer(self, head: bytes, body: bytes) -> bytes:
        """The response to one request."""
        path = head.split(b" ", 2)[1]
        if path.startswith(b"/jmap") and body:
            owner = self._owner(head)
            key = (self.messages, owner, body)
            if key not in self._known:
                self._known[key] = response(self._jmap(json.loads(body), owner))
            self.served.add(self._known[key])
            return self._known[key]
        if path == b"/api/account":
            return response(json.dumps({"permissions": PERMISSIONS, "edition": "oss", "locale": "en"}).encode())
        if path == b"/jmap/session":
            return response(json.dumps(session()).encode())
        return self._plain

    def _owner(self, head: bytes) -> str:
        """Id of the account: one per credential, because the gateway lets an account have only so many requests at once."""
        credential = head.partition(b"uthorization: ")[2].partition(b"\r\n")[0]
        return self._owners.setdefault(credential, ascii_lowercase[1 + len(self._owners)])

    def _jmap(self, request: dict[str, Any], owner: str) -> bytes:
        found: dict[str, list[str]] = {}
        replies = []
        for name, arguments, tag in request["methodCalls"]:
            type_, _, verb = name.partition("/")
            if verb == "query":
                position, limit = arguments.get("position", 0), arguments.get("limit", 5000)
                total = 1 if type_ == "x:Domain" else self.messages if type_ in _MANY and arguments.get("filter", {}).get("@type") != "Group" else 0
                found[tag] = [_MANY[type_][0](place) for place in range(position, min(position + limit, total))]
                reply: dict[str, Any] = {"accountId": owner, "queryState": "a", "canCalculateChanges": False, "position": position, "ids": found[tag], "total": total}
            elif verb == "get":
                ids = found[arguments["#ids"]["resultOf"]] if "#ids" in arguments else arguments["ids"]
                objects = [_MANY[type_][1](id_) for id_ in (["b"] if ids is None else ids)] if type_ in _MANY else []
                wanted = arguments.get("properties")
                shown = objects if wanted is None else [{name: it[name] for name in wanted if name in it} for it in objects]
                reply = {"accountId": owner, "state": "a", "list": shown, "notFound": []}
            else:
                reply = {"accountId": owner, "newState": "a", "created": {name: {"id": "a"} for name in arguments.get("create", {})}, "updated": dict.fromkeys(arguments.get("update", {}))}
            replies.append([name, reply, tag])
        return json.dumps({"methodResponses": replies, "sessionState": "a"}, separators=(",", ":")).encode()


_MANY = {
    "x:QueuedMessage": (message_id, message),
    "x:Domain": (lambda _place: "b", lambda _id: _DOMAIN),
    "x:Account": (lambda place: encode(place + 1), lambda id_: account(decode(id_) - 1)),
}
"""How ids are made of positions, and objects of ids; of other types there are none."""


def session() -> dict[str, Any]:
    """The session object."""
    core = {"maxSizeUpload": 50_000_000, "maxConcurrentUpload": 4, "maxSizeRequest": 10_000_000, "maxConcurrentRequests": 4, "maxCallsInRequest": 16, "maxObjectsInGet": 500, "maxObjectsInSet": 500, "collationAlgorithms": []}
    base = "https://mail.example.org/jmap"
    return {
        "capabilities": {"urn:ietf:params:jmap:core": core}, "accounts": {"b": {"name": "admin", "isPersonal": True, "isReadOnly": False, "accountCapabilities": {"urn:stalwart:jmap": {}}}},
        "primaryAccounts": {"urn:stalwart:jmap": "b"}, "username": "admin", "apiUrl": f"{base}/", "downloadUrl": f"{base}/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}",
        "uploadUrl": f"{base}/upload/{{accountId}}/", "eventSourceUrl": f"{base}/eventsource/", "state": "a",
    }
