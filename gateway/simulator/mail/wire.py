"""A queued message as it goes over the wire (jmap-management-api 3.14)."""

from gateway.knowledge.instants import text_of
from gateway.simulator.errors import Object
from gateway.simulator.mail.message import Message, Recipient

NULL_SENDER = "<>"


def message(queued: Message, now: int) -> Object:
    """All properties; when nothing is pending the next try is `now` and there is no next notice."""
    retry, notify = queued.next_retry(), queued.next_notify()
    return {
        "createdAt": text_of(queued.created),
        "nextRetry": text_of(now if retry is None else retry),
        "nextNotify": None if notify is None else text_of(notify),
        "blobId": queued.blob_id,
        "returnPath": queued.return_path or NULL_SENDER,
        "recipients": {str(each.address): recipient(each, queued.created) for each in queued.recipients},
        "receivedFromIp": queued.received_from,
        "receivedViaPort": queued.received_port,
        "flags": dict.fromkeys(sorted(queued.flags), True),
        "envId": queued.envelope_id,
        "priority": queued.priority,
        "size": queued.size,
        "id": queued.id,
    }


def recipient(each: Recipient, created: int) -> Object:
    """One recipient, without its address."""
    return {
        "retryCount": each.retry_count,
        "retryDue": text_of(each.retry_due),
        "notifyCount": each.notify_count,
        "notifyDue": text_of(each.notify_due),
        "expires": _expiry(each, created),
        "queueName": each.queue,
        "status": dict(each.status),
        "flags": {"dsnSent": True} if each.told else {},
        "orcpt": each.orcpt,
    }


def _expiry(each: Recipient, created: int) -> Object:
    if each.lifetime is None:
        return {"expiresAttempts": each.attempts, "@type": "Attempts"}
    return {"expiresAt": text_of(created + each.lifetime), "@type": "Ttl"}
