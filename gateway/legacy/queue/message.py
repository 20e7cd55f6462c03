"""Queued messages: the new object in the shapes of the old versions (legacy-rest-api 2.2, mapping-operations 2.2)."""

from collections.abc import Callable
from functools import partial
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.blobs import hash_of
from gateway.knowledge.ids import decode
from gateway.legacy.queue.texts import PENDING, domain_status, early_recipient_status, recipient_status
from gateway.settings import LegacyVersion

_NEVER = "9999-12-31T23:59:59Z"


def message_shape(version: LegacyVersion, now: str) -> Callable[[Object], Object]:
    """Function from a new message to its old form.

    `now` is an instant as text; it decides whether a notification is still to come. Instants of the wire have one form, so they are
    compared as texts.
    """
    return partial(queued_message, version=version, now=now)


def queued_message(message: Object, *, version: LegacyVersion, now: str) -> Object:
    """Old form of one queued message: `recipients` since v0.13, `domains` before, both for readers of all versions."""
    shaped: Object = {
        "id": decode(message["id"]),
        "return_path": "" if message["returnPath"] == "<>" else message["returnPath"],
    }
    if version == "0.15":
        shaped["recipients"] = [_recipient(address, it, now) for address, it in message["recipients"].items()]
    elif version == "0.11":
        shaped["domains"] = _domains(message["recipients"], now)
    else:
        shaped["recipients"] = _recipients_for_all(message["recipients"], now)
        shaped["domains"] = _domains(message["recipients"], now)
    shaped["created"] = message["createdAt"]
    shaped["size"] = message["size"]
    if message["priority"]:
        shaped["priority"] = message["priority"]
    if message["envId"] is not None:
        shaped["env_id"] = message["envId"]
    shaped["blob_hash"] = hash_of(message["blobId"])
    return shaped


def _recipient(address: str, recipient: Object, now: str) -> Object:
    shaped: Object = {
        "address": address,
        "queue": recipient["queueName"],
        "status": recipient_status(recipient["status"]),
        "retry_num": recipient["retryCount"],
        "next_retry": recipient["retryDue"],
    }
    if recipient["notifyDue"] > now:
        shaped["next_notify"] = recipient["notifyDue"]
    if recipient["expires"]["@type"] == "Ttl":
        shaped["expires"] = recipient["expires"]["expiresAt"]
    if recipient["orcpt"] is not None:
        shaped["orcpt"] = recipient["orcpt"]
    return shaped


def _recipients_for_all(recipients: Object, now: str) -> list[Object]:
    """Recipients that every known reader takes: no key is missing, and pending ones without a notification stand last."""
    first: list[Object] = []
    last: list[Object] = []
    for address, recipient in recipients.items():
        shaped = _recipient(address, recipient, now)
        silent = "next_notify" not in shaped and recipient["status"]["@type"] in PENDING
        shaped.setdefault("next_notify", None)
        shaped.setdefault("expires", None)
        (last if silent else first).append(shaped)
    return first + last


def _domains(recipients: Object, now: str) -> list[Object]:
    groups: dict[str, list[tuple[str, Object]]] = {}
    for address, recipient in recipients.items():
        groups.setdefault(address.rpartition("@")[2].lower(), []).append((address, recipient))
    return [_domain(name, group, now) for name, group in groups.items()]


def _domain(name: str, group: list[tuple[str, Object]], now: str) -> Object:
    everyone = [recipient for _, recipient in group]
    retries, due, notify, expires = 0, _NEVER, _NEVER, _NEVER
    for it in [it for it in everyone if it["status"]["@type"] in PENDING] or everyone:
        retries = max(retries, it["retryCount"])
        due = min(due, it["retryDue"])
        if it["notifyDue"] > now:
            notify = min(notify, it["notifyDue"])
        if it["expires"]["@type"] == "Ttl":
            expires = min(expires, it["expires"]["expiresAt"])
    return {
        "name": name,
        "status": domain_status([it["status"] for it in everyone]),
        "recipients": [_early_recipient(address, it) for address, it in group],
        "retry_num": retries,
        "next_retry": due,
        "next_notify": None if notify is _NEVER else notify,
        "expires": expires,
    }


def _early_recipient(address: str, recipient: Object) -> Object:
    shaped: dict[str, Any] = {"address": address, "status": early_recipient_status(recipient["status"])}
    if recipient["orcpt"] is not None:
        shaped["orcpt"] = recipient["orcpt"]
    return shaped
