"""What became of a recipient so far, in the form in which it goes over the wire (jmap-management-api 3.14, RecipientStatus)."""

from gateway.simulator.errors import Object
from gateway.simulator.mail.surroundings import Reply

SCHEDULED: Object = {"@type": "Scheduled"}
PENDING = frozenset({"Scheduled", "TemporaryFailure"})
NEVER_TRIED = "Message expired without any delivery attempts made."
CANCELLED = "Delivery canceled."

_ANSWERED_WITH_REFUSAL = 400
_PERMANENT = 500


def completed(host: str, reply: Reply) -> Object:
    """Taken by the host."""
    return {"responseHostname": host, **_response(reply), "@type": "Completed"}


def refused(host: str, command: str, reply: Reply) -> Object:
    """Answered with 4xx or 5xx; the code decides whether it is tried again."""
    kind = "PermanentFailure" if reply.code >= _PERMANENT else "TemporaryFailure"
    return _failure(kind, "unexpectedResponse", host, command=command, response=_response(reply))


def temporary(error: str, host: str, message: str) -> Object:
    """Not answered at all; tried again."""
    return _failure("TemporaryFailure", error, host, message=message)


def permanent(error: str, host: str, message: str) -> Object:
    """Given up."""
    return _failure("PermanentFailure", error, host, message=message)


def answered(host: str, command: str, reply: Reply) -> Object:
    """Status after an answer to RCPT."""
    return completed(host, reply) if reply.code < _ANSWERED_WITH_REFUSAL else refused(host, command, reply)


def cancelled() -> Object:
    """Withdrawn by hand."""
    return permanent("io", "localhost", CANCELLED)


def expired(status: Object) -> Object:
    """Out of time: the last temporary failure becomes final."""
    if status["@type"] == "TemporaryFailure":
        return status | {"@type": "PermanentFailure"}
    return permanent("io", "localhost", NEVER_TRIED)


def is_pending(status: Object) -> bool:
    """Whether something is still to happen."""
    return status["@type"] in PENDING


def words(status: Object) -> str:
    """One line for a delivery report; a recipient that was never tried is waiting."""
    if status["@type"] == "Scheduled":
        return "waiting for delivery"
    if status["responseCode"] is not None:
        return f"{status['responseCode']} {status['responseEnhanced']} {status['responseMessage']}"
    return str(status["errorMessage"])


def _response(reply: Reply) -> Object:
    return {"responseCode": reply.code, "responseEnhanced": reply.enhanced, "responseMessage": reply.message}


def _failure(kind: str, error: str, host: str, *, message: str | None = None, command: str | None = None, response: Object | None = None) -> Object:
    return {
        "errorType": error,
        "errorMessage": message,
        "errorCommand": command,
        "responseHostname": host,
        **(response or {"responseCode": None, "responseEnhanced": None, "responseMessage": None}),
        "@type": kind,
    }
