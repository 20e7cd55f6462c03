"""TLS reports: JSON (RFC 8460 section 4) to the object TlsReport (jmap-management-api 3.19).

Strict where the recorded server is: a member of the wrong type, or a missing one that must be there, refuses the whole report.
"""

import json
from typing import Any

from gateway.simulator.reports import values

_POLICY_TYPES = {"tlsa": "tlsa", "sts": "sts", "no-policy-found": "noPolicyFound"}
_RESULT_TYPES = {
    "starttls-not-supported": "startTlsNotSupported",
    "certificate-host-mismatch": "certificateHostMismatch",
    "certificate-expired": "certificateExpired",
    "certificate-not-trusted": "certificateNotTrusted",
    "validation-failure": "validationFailure",
    "tlsa-invalid": "tlsaInvalid",
    "dnssec-invalid": "dnssecInvalid",
    "dane-required": "daneRequired",
    "sts-policy-fetch-error": "stsPolicyFetchError",
    "sts-policy-invalid": "stsPolicyInvalid",
    "sts-webpki-invalid": "stsWebpkiInvalid",
}


class Unusable(ValueError):
    """The data is no TLS report."""


def tls_report(data: bytes) -> dict[str, Any]:
    """TlsReport of a JSON document; Unusable when it is none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unusable(str(error)) from error
    period = _inner(document, "date-range")
    return {
        "organizationName": _text(document, "organization-name"),
        "contactInfo": _text(document, "contact-info"),
        "reportId": _text(document, "report-id") or "",
        "dateRangeStart": values.instant_of(_word(period, "start-datetime")),
        "dateRangeEnd": values.instant_of(_word(period, "end-datetime")),
        "policies": values.entries(_policy(policy) for policy in _list(document, "policies")),
    }


def _policy(entry: Any) -> dict[str, Any]:
    policy, summary = _inner(entry, "policy"), _inner(entry, "summary")
    return {
        "policyType": _POLICY_TYPES.get(_word(policy, "policy-type"), "other"),
        "policyStrings": values.members(_texts(policy, "policy-string")),
        "policyDomain": _text(policy, "policy-domain") or "",
        "mxHosts": values.members(_texts(policy, "mx-host")),
        "totalSuccessfulSessions": _count(summary, "total-successful-session-count"),
        "totalFailedSessions": _count(summary, "total-failure-session-count"),
        "failureDetails": values.entries(_failure(failure) for failure in _list(entry, "failure-details")),
    }


def _failure(failure: Any) -> dict[str, Any]:
    return {
        "resultType": _RESULT_TYPES.get(_word(failure, "result-type"), "other"),
        "sendingMtaIp": _address(failure, "sending-mta-ip"),
        "receivingMxHostname": _text(failure, "receiving-mx-hostname"),
        "receivingMxHelo": _text(failure, "receiving-mx-helo"),
        "receivingIp": _address(failure, "receiving-ip"),
        "failedSessionCount": _count(failure, "failed-session-count"),
        "additionalInformation": _text(failure, "additional-information"),
        "failureReasonCode": _text(failure, "failure-reason-code"),
    }


def _member(parent: Any, name: str) -> Any:
    if not isinstance(parent, dict):
        raise Unusable(f"{name} is looked for in something that is no object")
    return parent.get(name)


def _inner(parent: Any, name: str) -> dict[str, Any]:
    value = _member(parent, name)
    if not isinstance(value, dict):
        raise Unusable(f"{name} is no object")
    return value


def _list(parent: Any, name: str) -> list[Any]:
    value = _member(parent, name)
    if not isinstance(value, list | None):
        raise Unusable(f"{name} is no array")
    return value or []


def _text(parent: Any, name: str) -> str | None:
    value = _member(parent, name)
    if not isinstance(value, str | None):
        raise Unusable(f"{name} is no text")
    return value


def _word(parent: Any, name: str) -> str:
    value = _text(parent, name)
    if value is None:
        raise Unusable(f"{name} is missing")
    return value


def _texts(parent: Any, name: str) -> list[str]:
    found = _list(parent, name)
    if not all(isinstance(value, str) for value in found):
        raise Unusable(f"{name} holds something that is no text")
    return found


def _count(parent: Any, name: str) -> int:
    value = _member(parent, name)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= values.LARGEST_COUNT:
        raise Unusable(f"{name} is no count")
    return value


def _address(parent: Any, name: str) -> str | None:
    text = _text(parent, name)
    if text is None:
        return None
    found = values.address(text)
    if found is None:
        raise Unusable(f"{name} is no IP address")
    return found
