"""The reports of the new API in the forms that travel by mail: DMARC as XML (RFC 7489 appendix C), TLS as JSON (RFC 8460)."""

import json
from typing import Any
from xml.etree import ElementTree as ET

from gateway.knowledge.instants import unix_of

_WORDS = {
    "mailFrom": "mfrom",
    "softFail": "softfail",
    "tempError": "temperror",
    "permError": "permerror",
    "relaxed": "r",
    "strict": "s",
    "all": "0",
    "any": "1",
    "dkimFailure": "d",
    "spfFailure": "s",
    "TrustedForwarder": "trusted_forwarder",
    "MailingList": "mailing_list",
    "LocalPolicy": "local_policy",
    "PolicyTestMode": "policy_test_mode",
    "Other": "other",
    "noPolicyFound": "no-policy-found",
}
_ENUMERATED = frozenset({"adkim", "aspf", "type", "result", "scope"})


def dmarc_xml(report: dict[str, Any]) -> bytes:
    """XML document of a DmarcReport; what is null, empty or unspecified is left out."""
    feedback = ET.Element("feedback")
    _values(feedback, ("version", str(report["version"])))
    metadata = _group(feedback, "report_metadata")
    _values(metadata, ("org_name", report["orgName"]), ("email", report["email"]), ("extra_contact_info", report["extraContactInfo"]), ("report_id", report["reportId"]))
    _values(_group(metadata, "date_range"), ("begin", str(unix_of(report["dateRangeBegin"]))), ("end", str(unix_of(report["dateRangeEnd"]))))
    _values(metadata, *(("error", error) for error in report["errors"]), ("generator", report["generator"]))
    _values(
        _group(feedback, "policy_published"),
        ("domain", report["policyDomain"]),
        ("version_published", report["policyVersion"]),
        ("adkim", report["policyAdkim"]),
        ("aspf", report["policyAspf"]),
        ("p", report["policyDisposition"]),
        ("sp", report["policySubdomainDisposition"]),
        ("np", report["policyNp"]),
        ("testing", "y" if report["policyTestingMode"] else None),
        ("discovery_method", report["policyDiscoveryMethod"]),
        ("fo", ":".join(_WORDS[option] for option in report["policyFailureReportingOptions"])),
    )
    _extensions(feedback, report)
    for record in report["records"].values():
        _record(feedback, record)
    return bytes(ET.tostring(feedback, encoding="utf-8", xml_declaration=True))


def tls_json(report: dict[str, Any]) -> bytes:
    """JSON document of a TlsReport; what is null or empty is left out."""
    document = {
        "organization-name": report["organizationName"],
        "date-range": {"start-datetime": report["dateRangeStart"], "end-datetime": report["dateRangeEnd"]},
        "contact-info": report["contactInfo"],
        "report-id": report["reportId"],
        "policies": [_tls_policy(policy) for policy in report["policies"].values()],
    }
    return json.dumps(_present(document)).encode()


def _record(feedback: ET.Element, record: dict[str, Any]) -> None:
    parent = _group(feedback, "record")
    row = _group(parent, "row")
    _values(row, ("source_ip", record["sourceIp"]), ("count", str(record["count"])))
    evaluated = _group(row, "policy_evaluated")
    _values(evaluated, ("disposition", record["evaluatedDisposition"]), ("dkim", record["evaluatedDkim"]), ("spf", record["evaluatedSpf"]))
    for reason in record["policyOverrideReasons"].values():
        _values(_group(evaluated, "reason"), ("type", reason["overrideType"]), ("comment", reason["comment"]))
    _values(_group(parent, "identifiers"), ("envelope_to", record["envelopeTo"]), ("envelope_from", record["envelopeFrom"]), ("header_from", record["headerFrom"]))
    results = _group(parent, "auth_results")
    for result in record["dkimResults"].values():
        _values(_group(results, "dkim"), ("domain", result["domain"]), ("selector", result["selector"]), ("result", result["result"]), ("human_result", result["humanResult"]))
    for result in record["spfResults"].values():
        _values(_group(results, "spf"), ("domain", result["domain"]), ("scope", result["scope"]), ("result", result["result"]), ("human_result", result["humanResult"]))
    _extensions(parent, record)


def _extensions(parent: ET.Element, holder: dict[str, Any]) -> None:
    if holder["extensions"]:
        group = _group(parent, "extensions")
        for extension in holder["extensions"].values():
            ET.SubElement(group, "extension", extension)


def _group(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, name)


def _values(parent: ET.Element, *pairs: tuple[str, str | None]) -> None:
    for name, value in pairs:
        if value and value != "unspecified":
            ET.SubElement(parent, name).text = _WORDS.get(value, value) if name in _ENUMERATED else value


def _tls_policy(policy: dict[str, Any]) -> dict[str, Any]:
    return {
        "policy": _present(
            {
                "policy-type": _WORDS.get(policy["policyType"], policy["policyType"]),
                "policy-string": list(policy["policyStrings"]),
                "policy-domain": policy["policyDomain"],
                "mx-host": list(policy["mxHosts"]),
            }
        ),
        "summary": {"total-successful-session-count": policy["totalSuccessfulSessions"], "total-failure-session-count": policy["totalFailedSessions"]},
        "failure-details": [_failure(failure) for failure in policy["failureDetails"].values()],
    }


def _failure(failure: dict[str, Any]) -> dict[str, Any]:
    return _present(
        {
            "result-type": _result_type(failure["resultType"]),
            "sending-mta-ip": failure["sendingMtaIp"],
            "receiving-mx-hostname": failure["receivingMxHostname"],
            "receiving-mx-helo": failure["receivingMxHelo"],
            "receiving-ip": failure["receivingIp"],
            "failed-session-count": failure["failedSessionCount"],
            "additional-information": failure["additionalInformation"],
            "failure-reason-code": failure["failureReasonCode"],
        }
    )


def _result_type(word: str) -> str:
    """`certificateExpired` as `certificate-expired`; STARTTLS is one word."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in word.replace("startTls", "starttls"))


def _present(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value not in (None, [], "")}

