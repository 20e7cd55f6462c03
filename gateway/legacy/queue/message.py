"""Queued messages: the new object in the shapes of the old versions (legacy-rest-api 2.2, mapping-operations 2.2).

Lists of hundreds of messages go through here: one pass, plain dicts, every text made once.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from gateway.jmap.calls import Object
from gateway.knowledge.blobs import hash_of
from gateway.knowledge.ids import decode
from gateway.legacy.queue.texts import PENDING, State, domain_state, recipient_states
from gateway.settings import LegacyVersion

_NEVER = "9999-12-31T23:59:59Z"

_Row: TypeAlias = tuple[str, Object, tuple[State, State]]
"""A recipient: address, new object, and its state in the words of v0.13 to v0.15 and in those of v0.11 and v0.12."""


def message_shape(version: LegacyVersion, now: str) -> Callable[[Object], Object]:
    """Function from a new message to its old form.

    `now` is an instant as text; it decides whether a notification is still to come. Instants of the wire have one form, so they are
    compared as texts.
    """
    return partial(queued_message, version=version, now=now)


def queued_message(message: Object, *, version: LegacyVersion, now: str) -> Object:
    """Old form of one queued message: `recipients` since v0.13, `domains` before, both for readers of all versions."""
    sender = message["returnPath"]
    rows = [(address, it, recipient_states(it["status"])) for address, it in message["recipients"].items()]
    shaped: Object = {"id": decode(message["id"]), "return_path": "" if sender == "<>" else sender}
    if version == "0.15":
        shaped["recipients"] = _recipients(rows, now)
    else:
        if version == "union":
            shaped["recipients"] = _recipients_for_all(rows, now)
        shaped["domains"] = _domains(rows, now)
    shaped["created"] = message["createdAt"]
    shaped["size"] = message["size"]
    if message["priority"]:
        shaped["priority"] = message["priority"]
    if message["envId"] is not None:
        shaped["env_id"] = message["envId"]
    shaped["blob_hash"] = hash_of(message["blobId"])
    return shaped


def _recipient(row: _Row, now: str) -> Object:
    """A recipient with None for what it has not; `orcpt` is left out then, as every version did."""
    address, recipient, (state, _) = row
    notify, expires = recipient["notifyDue"], recipient["expires"]
    shaped: Object = {
        "address": address,
        "queue": recipient["queueName"],
        "status": state,
        "retry_num": recipient["retryCount"],
        "next_retry": recipient["retryDue"],
        "next_notify": notify if notify > now else None,
        "expires": expires["expiresAt"] if expires["@type"] == "Ttl" else None,
    }
    if recipient["orcpt"] is not None:
        shaped["orcpt"] = recipient["orcpt"]
    return shaped


def _recipients(rows: list[_Row], now: str) -> list[Object]:
    """Recipients as v0.13 to v0.15 wrote them: what is not known is left out."""
    return [{name: value for name, value in _recipient(row, now).items() if value is not None} for row in rows]


def _recipients_for_all(rows: list[_Row], now: str) -> list[Object]:
    """Recipients that every known reader takes: no key is missing, and pending ones without a notification stand last."""
    first: list[Object] = []
    last: list[Object] = []
    for row in rows:
        shaped = _recipient(row, now)
        waits = shaped["next_notify"] is None and row[1]["status"]["@type"] in PENDING
        (last if waits else first).append(shaped)
    return first + last


def _domains(rows: list[_Row], now: str) -> list[Object]:
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        name = row[0].rpartition("@")[2].lower()
        if name in groups:
            groups[name].append(row)
        else:
            groups[name] = [row]
    return [_domain(name, group, now) for name, group in groups.items()]


def _domain(name: str, group: list[_Row], now: str) -> Object:
    """A domain: its times and retries are those of its pending recipients, of all when none is pending."""
    retries, due, notify, expiry = 0, _NEVER, _NEVER, _NEVER
    statuses: list[Object] = []
    recipients: list[Object] = []
    waits = False
    for address, it, (_, state) in group:
        status, orcpt = it["status"], it["orcpt"]
        statuses.append(status)
        shown = {"address": address, "status": state}
        recipients.append(shown if orcpt is None else shown | {"orcpt": orcpt})
        if status["@type"] in PENDING:
            if not waits:
                waits, retries, due, notify, expiry = True, 0, _NEVER, _NEVER, _NEVER
        elif waits:
            continue
        if it["retryCount"] > retries:  # noqa: PLR1730 - calling max costs twice as much
            retries = it["retryCount"]
        if it["retryDue"] < due:  # noqa: PLR1730
            due = it["retryDue"]
        if now < it["notifyDue"] < notify:
            notify = it["notifyDue"]
        expires = it["expires"]
        if expires["@type"] == "Ttl" and expires["expiresAt"] < expiry:
            expiry = expires["expiresAt"]
    return {
        "name": name,
        "status": domain_state(statuses),
        "recipients": recipients,
        "retry_num": retries,
        "next_retry": due,
        "next_notify": None if notify is _NEVER else notify,
        "expires": expiry,
    }
