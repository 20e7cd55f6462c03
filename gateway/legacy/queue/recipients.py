"""Changes to recipients of a queued message: which are meant, and the patches that the new server takes (mapping-operations 2.5, 2.6)."""

from collections.abc import Iterable, Mapping

from gateway.jmap.calls import Object
from gateway.knowledge.instants import seconds, text_of
from gateway.knowledge.pointers import path
from gateway.legacy.queue.texts import PENDING
from gateway.legacy.refusals import Other
from gateway.settings import Settings

_EARLY_LEASE_SECONDS = 10
_LEASE_ATTEMPTS = 10


def pending(recipients: Mapping[str, Object]) -> dict[str, Object]:
    """Recipients that the server would still try."""
    return {address: it for address, it in recipients.items() if it["status"]["@type"] in PENDING}


def chosen(recipients: Mapping[str, Object], text: str, settings: Settings) -> dict[str, Object]:
    """Recipients that a reschedule means by `filter`: part of the address, up to v0.12 part of the domain in lower case."""
    if settings.legacy_version == "0.11":
        return {address: it for address, it in recipients.items() if text in address.rpartition("@")[2].lower()}
    return {address: it for address, it in recipients.items() if text in address}


def reschedule(recipients: Mapping[str, Object], due: int, settings: Settings) -> Object:
    """Patch that makes the recipients due at an instant (unix seconds).

    The old servers gave a rescheduled recipient a new lease in place of its expiry: a number of attempts, up to v0.12 a few
    seconds; `reschedule_expiry` decides whether that is copied.
    """
    patch: Object = {}
    when = text_of(due)
    for address, recipient in recipients.items():
        patch[_member(address, "retryDue")] = when
        expires = recipient["expires"]
        if (
            settings.reschedule_expiry == "emulate"
            and expires["@type"] == "Ttl"
            and seconds(expires["expiresAt"]) > due
        ):
            patch[_member(address, "expires")] = _lease(recipient, due, settings)
    return patch


def cancel(addresses: Iterable[str]) -> Object:
    """Patch that turns recipients into permanent failures; the server removes a message that has nobody left to try."""
    return {_member(address): None for address in addresses}


def _lease(recipient: Object, due: int, settings: Settings) -> Object:
    if settings.legacy_version == "0.11":
        return {"@type": "Ttl", "expiresAt": text_of(due + _EARLY_LEASE_SECONDS)}
    return {"@type": "Attempts", "expiresAttempts": recipient["retryCount"] + _LEASE_ATTEMPTS}


def _member(address: str, *elements: str) -> str:
    if "@" not in address:
        # Digits alone would be read as a position in a list.
        raise Other("A recipient without a domain cannot be changed", "invalid address")
    return path("recipients", address, *elements)
