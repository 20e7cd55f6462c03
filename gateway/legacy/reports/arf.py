"""Abuse and authentication-failure reports in the shape of the old server (legacy-rest-api 2.4, mapping-operations 4.5)."""

from collections.abc import Iterator

from gateway.jmap.calls import Object
from gateway.knowledge import report_words as words
from gateway.knowledge.instants import seconds
from gateway.knowledge.value_forms import members

_UNKNOWN = "Unspecified"


def arf_report(report: Object) -> Object:
    """Old form; no member is left out."""
    return {
        "feedback_type": words.ARF_FEEDBACK.get(report["feedbackType"], "Other"),
        "arrival_date": None if report["arrivalDate"] is None else seconds(report["arrivalDate"]),
        "authentication_results": members(report["authenticationResults"]),
        "incidents": report["incidents"],
        "original_envelope_id": report["originalEnvelopeId"],
        "original_mail_from": report["originalMailFrom"],
        "original_rcpt_to": report["originalRcptTo"],
        "reported_domain": members(report["reportedDomains"]),
        "reported_uri": members(report["reportedUris"]),
        "reporting_mta": report["reportingMta"],
        "source_ip": report["sourceIp"],
        "user_agent": report["userAgent"],
        "version": report["version"],
        "source_port": report["sourcePort"] or 0,
        "auth_failure": words.ARF_AUTH_FAILURE.get(report["authFailure"], _UNKNOWN),
        "delivery_result": words.ARF_DELIVERY.get(report["deliveryResult"], _UNKNOWN),
        "dkim_adsp_dns": report["dkimAdspDns"],
        "dkim_canonicalized_body": report["dkimCanonicalizedBody"],
        "dkim_canonicalized_header": report["dkimCanonicalizedHeader"],
        "dkim_domain": report["dkimDomain"],
        "dkim_identity": report["dkimIdentity"],
        "dkim_selector": report["dkimSelector"],
        "dkim_selector_dns": report["dkimSelectorDns"],
        "spf_dns": report["spfDns"],
        "identity_alignment": words.ARF_ALIGNMENT.get(report["identityAlignment"], _UNKNOWN),
        "message": report["message"],
        "headers": report["headers"],
    }


def arf_texts(report: Object) -> Iterator[str | None]:
    """Texts in which the old server searched, as they are."""
    for name in ("authenticationResults", "reportedDomains", "reportedUris"):
        yield from members(report[name])
    for name in (
        "originalEnvelopeId",
        "originalMailFrom",
        "originalRcptTo",
        "reportingMta",
        "userAgent",
        "dkimAdspDns",
        "dkimCanonicalizedBody",
        "dkimCanonicalizedHeader",
        "dkimDomain",
        "dkimIdentity",
        "dkimSelector",
        "dkimSelectorDns",
        "spfDns",
        "message",
        "headers",
    ):
        yield report[name]
