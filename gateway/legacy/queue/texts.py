"""Delivery states in the words of the old server (mapping-operations 2.2).

Every function takes the `status` of one recipient as the new server gives it: an object with `@type` and, for an answer or a
failure, the `response…` and `error…` members. The texts are fixed: old clients cut them at `, Message: `.
"""

from gateway.jmap.calls import Object

PENDING = frozenset({"Scheduled", "TemporaryFailure"})

_MEMBER = {"TemporaryFailure": "temp_fail", "PermanentFailure": "perm_fail"}
_WITH_MESSAGE = {
    "dnsError": "DNS lookup failed: ",
    "connectionError": "Connection failed: ",
    "tlsError": "TLS error: ",
    "daneError": "DANE authentication failure: ",
    "mtaStsError": "MTA-STS auth failed: ",
    "io": "Queue error: ",
}
_WITHOUT_MESSAGE = {
    "rateLimited": "Rate limited",
    "concurrencyLimited": "Too many concurrent connections to remote server",
}
_CANCELED = "Delivery canceled."


def recipient_status(status: Object) -> str | Object:
    """State of a recipient as v0.13 to v0.15 wrote it: `"scheduled"`, or one member `completed`, `temp_fail` or `perm_fail`."""
    kind = status["@type"]
    if kind == "Scheduled":
        return "scheduled"
    if kind == "Completed":
        return {"completed": _response(status)}
    if status["errorType"] == "unexpectedResponse":
        reason = f"Unexpected response for {status['errorCommand'] or ''}: {_response(status)}"
    else:
        reason = _reason(status)
    return {_MEMBER[kind]: f"Error for {status['responseHostname'] or ''}: {reason}"}


def early_recipient_status(status: Object) -> str | Object:
    """State of a recipient as v0.11 and v0.12 wrote it: only what SMTP answered to RCPT TO, and cancellations.

    A final failure of another kind, which those versions kept on the domain alone, is told here too: `"scheduled"` would promise
    an attempt that never comes.
    """
    kind = status["@type"]
    if kind == "Completed":
        return {"completed": _response(status)}
    if kind == "Scheduled":
        return "scheduled"
    if _answers_recipient(status):
        return {_MEMBER[kind]: _response(status)}
    if kind == "TemporaryFailure":
        return "scheduled"
    if _canceled(status):
        return {"perm_fail": f"Code: 0, Enhanced code: 0.0.0, Message: {_CANCELED}"}
    return {"perm_fail": _domain_reason(status)}


def domain_status(statuses: list[Object]) -> str | Object:
    """State of a domain as v0.11 and v0.12 wrote it, from the states of its recipients in their order."""
    kinds = [status["@type"] for status in statuses]
    if not PENDING.isdisjoint(kinds):
        for status in statuses:
            if status["@type"] == "TemporaryFailure" and not _answers_recipient(status):
                return {"temp_fail": _domain_reason(status)}
        return "scheduled"
    if "Completed" not in kinds:
        for status in statuses:
            if not _answers_recipient(status) and not _canceled(status):
                return {"perm_fail": _domain_reason(status)}
    return {"completed": ""}


def _response(status: Object) -> str:
    return (
        f"Code: {status['responseCode'] or 0}, Enhanced code: {status['responseEnhanced'] or '0.0.0'}, "
        f"Message: {status['responseMessage'] or ''}"
    )


def _reason(status: Object) -> str:
    kind = status["errorType"]
    if kind in _WITHOUT_MESSAGE:
        return _WITHOUT_MESSAGE[kind]
    return _WITH_MESSAGE[kind] + (status["errorMessage"] or "")


def _domain_reason(status: Object) -> str:
    host, message = status["responseHostname"] or "", status["errorMessage"] or ""
    match status["errorType"]:
        case "unexpectedResponse":
            return f"Unexpected response from '{host}': {_response(status)}"
        case "connectionError":
            return f"Connection to '{host}' failed: {message}"
        case "tlsError":
            return f"TLS error from '{host}': {message}"
        case "daneError":
            return f"DANE failed to authenticate '{host}': {message}"
        case _:
            return _reason(status)


def _answers_recipient(status: Object) -> bool:
    command: str = status["errorCommand"] or ""
    return status["errorType"] == "unexpectedResponse" and command.startswith("RCPT TO")


def _canceled(status: Object) -> bool:
    return (status["errorType"], status["errorMessage"]) == ("io", _CANCELED)
