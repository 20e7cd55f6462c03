"""What an update does to a queued message, once its patch is understood (jmap-management-api 3.14; recordings `queue.edit`, `queue.status`, `queue.cancel`).

The patch was applied to the wire form; here the two wire forms are compared. Of a recipient counts: the instant of the next try or notice,
with its counter only when the instant changed; the end; the original recipient; of statuses only `Scheduled`. A recipient that is
left out is cancelled.
"""

from gateway.knowledge.instants import unix_of
from gateway.simulator.errors import Object, SetError
from gateway.simulator.mail import statuses
from gateway.simulator.mail.message import Message, Recipient


def apply(message: Message, old: Object, new: Object, *, next_retry: str | None) -> None:
    """Change the message; SetError for a recipient that it does not have. `next_retry` is the instant given for all, if any."""
    known = {str(recipient.address): recipient for recipient in message.recipients}
    for address in new["recipients"]:
        if address not in known:
            raise SetError("invalidProperties", f"Recipient '{address}' does not exist")
    for address, recipient in known.items():
        if address not in new["recipients"]:
            recipient.status = statuses.cancelled()
        else:
            _change(recipient, message.created, old["recipients"][address], new["recipients"][address])
    message.envelope_id = new["envId"]
    message.priority = new["priority"]
    if next_retry is not None:
        for recipient in message.recipients:
            if not recipient.failed:
                recipient.retry_due = _seconds(next_retry)


def _change(recipient: Recipient, created: int, old: Object, new: Object) -> None:
    if new["retryDue"] != old["retryDue"]:
        recipient.retry_due, recipient.retry_count = _seconds(new["retryDue"]), new["retryCount"]
    if new["notifyDue"] != old["notifyDue"]:
        recipient.notify_due, recipient.notify_count = _seconds(new["notifyDue"]), new["notifyCount"]
    if new["expires"] != old["expires"]:
        _limit(recipient, created, new["expires"])
    if new["status"] != old["status"] and new["status"]["@type"] == "Scheduled":
        recipient.status = dict(statuses.SCHEDULED)
    recipient.orcpt = new["orcpt"]


def _limit(recipient: Recipient, created: int, expiry: Object) -> None:
    """An end before the message came in is kept as the moment it came in."""
    if expiry["@type"] == "Attempts":
        recipient.lifetime, recipient.attempts = None, expiry["expiresAttempts"]
    else:
        recipient.lifetime, recipient.attempts = max(0, _seconds(expiry["expiresAt"]) - created), None


def _seconds(instant: str) -> int:
    seconds = unix_of(instant)
    if seconds is None:
        raise ValueError(instant)
    return seconds
