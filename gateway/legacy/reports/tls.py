"""TLS reports in the shape of the old server, which is that of RFC 8460 (legacy-rest-api 2.4, mapping-operations 4.4)."""

from collections.abc import Iterator

from gateway.jmap.calls import Object
from gateway.knowledge import report_words as words
from gateway.knowledge.value_forms import in_order, members


def tls_report(report: Object) -> Object:
    """Old form; no member is left out."""
    return {
        "organization-name": report["organizationName"],
        "date-range": {"start-datetime": report["dateRangeStart"], "end-datetime": report["dateRangeEnd"]},
        "contact-info": report["contactInfo"],
        "report-id": report["reportId"],
        "policies": [_policy(it) for it in in_order(report["policies"])],
    }


def tls_texts(report: Object) -> Iterator[str | None]:
    """Texts in which the old server searched."""
    yield (report["organizationName"] or "").lower()
    yield (report["contactInfo"] or "").lower()
    yield report["reportId"]
    for policy in report["policies"].values():
        yield policy["policyDomain"]
        yield from (it.lower() for it in members(policy["policyStrings"]))
        yield from (it.lower() for it in members(policy["mxHosts"]))
        for failure in policy["failureDetails"].values():
            yield failure["sendingMtaIp"]
            yield failure["receivingIp"]
            yield failure["receivingMxHostname"]
            yield failure["receivingMxHelo"]
            yield failure["additionalInformation"]
            yield failure["failureReasonCode"]


def _policy(policy: Object) -> Object:
    return {
        "policy": {
            "policy-type": words.TLS_POLICY.get(policy["policyType"], "Other"),
            "policy-string": members(policy["policyStrings"]),
            "policy-domain": policy["policyDomain"],
            "mx-host": members(policy["mxHosts"]),
        },
        "summary": {
            "total-successful-session-count": policy["totalSuccessfulSessions"],
            "total-failure-session-count": policy["totalFailedSessions"],
        },
        "failure-details": [_failure(it) for it in in_order(policy["failureDetails"])],
    }


def _failure(failure: Object) -> Object:
    return {
        "result-type": words.TLS_RESULT.get(failure["resultType"], "Other"),
        "sending-mta-ip": failure["sendingMtaIp"],
        "receiving-mx-hostname": failure["receivingMxHostname"],
        "receiving-mx-helo": failure["receivingMxHelo"],
        "receiving-ip": failure["receivingIp"],
        "failed-session-count": failure["failedSessionCount"],
        "additional-information": failure["additionalInformation"],
        "failure-reason-code": failure["failureReasonCode"],
    }
