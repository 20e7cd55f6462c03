"""Delivery states in the words of the old server (mapping-operations 2.2).

A `status` is that of one recipient as the new server gives it: an object with `@type` and, for an answer or a failure, the
`response…` and `error…` members. The texts are fixed: old clients cut them at `, Message: `.
"""

from typing import TypeAlias

from gateway.jmap.calls import Object

PENDING = frozenset({"Scheduled", "TemporaryFailure"})

State: TypeAlias = str | Object
"""`"scheduled"`, or an object with one member `completed`, `temp_fail` or `perm_fail` whose value is a text."""

_SCHEDULED: tuple[State, State] = ("scheduled", "scheduled")
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


def recipient_states(status: Object) -> tuple[State, State]:
    """State of a recipient as v0.13 to v0.15 wrote it, and as v0.11 and v0.12 did.

    The early versions told of a recipient only what SMTP answered to RCPT TO, and cancellations; the rest stood on the domain. A
    final failure of that kind is told here all the same: `"scheduled"` would promise an attempt that never comes.
    """
    kind = status["@type"]
    if kind == "Scheduled":
        return _SCHEDULED
    if kind == "Completed":
        state = {"completed": _response(status)}
        return state, state
    member, host = _MEMBER[kind], status["responseHostname"] or ""
    if status["errorType"] == "unexpectedResponse":
        response, command = _response(status), status["errorCommand"] or ""
        latest = {member: f"Error for {host}: Unexpected response for {command}: {response}"}
        if command.startswith("RCPT TO"):
            return latest, {member: response}
    else:
        latest = {member: f"Error for {host}: {_reason(status)}"}
    if kind == "TemporaryFailure":
        return latest, "scheduled"
    if _canceled(status):
        return latest, {"perm_fail": f"Code: 0, Enhanced code: 0.0.0, Message: {_CANCELED}"}
    return latest, {"perm_fail": _domain_reason(status)}


def domain_state(statuses: list[Object]) -> State:
    """State of a domain as v0.11 and v0.12 wrote it, from the states of its recipients in their order.

    Somebody pending: the first trouble that is no answer about a recipient. Nobody: the first such failure when nothing was delivered.
    """
    waiting = delivered = False
    failure: Object | None = None
    for status in statuses:
        kind = status["@type"]
        if kind == "Scheduled":
            waiting = True
        elif kind == "Completed":
            delivered = True
        elif kind == "TemporaryFailure":
            if not _answers_recipient(status):
                return {"temp_fail": _domain_reason(status)}
            waiting = True
        elif failure is None and not _answers_recipient(status) and not _canceled(status):
            failure = status
    if waiting:
        return "scheduled"
    if failure is None or delivered:
        return {"completed": ""}
    return {"perm_fail": _domain_reason(failure)}


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
    return status["errorType"] == "io" and bool(status["errorMessage"] == _CANCELED)
