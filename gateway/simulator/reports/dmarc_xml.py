"""DMARC aggregate reports: XML (RFC 7489 appendix C, RFC 9990) to the object DmarcReport (jmap-management-api 3.18).

Lenient where the recorded server is: unknown elements are passed over, a value that cannot be read takes its default;
only a document without metadata or published policy is refused.
"""

from typing import Any

from gateway.simulator.reports import values
from gateway.simulator.reports.xml_tree import Element, Unreadable, parse

_ALIGNMENTS = {"r": "relaxed", "s": "strict"}
_DISPOSITIONS = {word: word for word in ("none", "quarantine", "reject")}
_ACTIONS = _DISPOSITIONS | {"pass": "pass"}
_VERDICTS = {"pass": "pass", "fail": "fail"}
_SCOPES = {"helo": "helo", "mfrom": "mailFrom"}
_DISCOVERIES = {"psl": "psl", "treewalk": "treewalk"}
_FAILURE_OPTIONS = {"0": "all", "1": "any", "d": "dkimFailure", "s": "spfFailure"}
_ERRORS = {"temperror": "tempError", "permerror": "permError"}
_DKIM_RESULTS = {word: word for word in ("none", "pass", "fail", "policy", "neutral")} | _ERRORS
_SPF_RESULTS = {word: word for word in ("none", "pass", "fail", "neutral")} | _ERRORS | {"softfail": "softFail"}
# `forwarded` and `sampled_out` are no reasons any more (RFC 9990): the recorded server shows the first as Other
_OVERRIDES = {
    "trusted_forwarder": "TrustedForwarder",
    "mailing_list": "MailingList",
    "local_policy": "LocalPolicy",
    "policy_test_mode": "PolicyTestMode",
}


def dmarc_report(data: bytes, encoding: str | None = None) -> dict[str, Any]:
    """DmarcReport of an XML document; Unreadable when it is none."""
    feedback = parse(data, encoding)
    if feedback.name != "feedback":
        raise Unreadable(f"unexpected element {feedback.name}")
    metadata, policy = feedback.last("report_metadata"), feedback.last("policy_published")
    if metadata is None or policy is None:
        raise Unreadable("no report_metadata or no policy_published")
    period = metadata.last("date_range") or Element("date_range", {})
    return {
        "version": values.single_precision(feedback.value("version")),
        "orgName": metadata.value("org_name") or "",
        "email": metadata.value("email") or "",
        "extraContactInfo": metadata.value("extra_contact_info"),
        "reportId": metadata.value("report_id") or "",
        "dateRangeBegin": values.instant(values.unix_seconds(period.value("begin"))),
        "dateRangeEnd": values.instant(values.unix_seconds(period.value("end"))),
        "errors": values.members(text for error in metadata.all("error") if (text := error.text())),
        "policyDomain": policy.value("domain") or "",
        "policyVersion": policy.value("version_published"),
        "policyAdkim": _alignment(policy.value("adkim")),
        "policyAspf": _alignment(policy.value("aspf")),
        "policyDisposition": _DISPOSITIONS.get(policy.value("p") or "", "unspecified"),
        "policySubdomainDisposition": _DISPOSITIONS.get(policy.value("sp") or "", "unspecified"),
        "policyTestingMode": (policy.value("testing") or "").lower() == "y",
        "policyFailureReportingOptions": _failure_options(policy.value("fo")),
        "records": values.entries(_record(record) for record in feedback.all("record")),
        "extensions": _extensions(feedback),
        "generator": metadata.value("generator"),
        "policyNp": _DISPOSITIONS.get(policy.value("np") or "", "unspecified"),
        "policyDiscoveryMethod": _DISCOVERIES.get(policy.value("discovery_method") or "", "unspecified"),
    }


def _record(record: Element) -> dict[str, Any]:
    nothing = Element("", {})
    row = record.last("row") or nothing
    evaluated = row.last("policy_evaluated") or nothing
    identifiers = record.last("identifiers") or nothing
    results = record.last("auth_results") or nothing
    return {
        "sourceIp": values.address(row.value("source_ip")),
        "count": values.count(row.value("count")),
        "evaluatedDisposition": _ACTIONS.get(evaluated.value("disposition") or "", "unspecified"),
        "evaluatedDkim": _VERDICTS.get(evaluated.value("dkim") or "", "unspecified"),
        "evaluatedSpf": _VERDICTS.get(evaluated.value("spf") or "", "unspecified"),
        "policyOverrideReasons": values.entries(
            {"overrideType": _OVERRIDES.get(reason.value("type") or "", "Other"), "comment": reason.value("comment")} for reason in evaluated.all("reason")
        ),
        "envelopeTo": identifiers.value("envelope_to"),
        "envelopeFrom": identifiers.value("envelope_from") or "",
        "headerFrom": identifiers.value("header_from") or "",
        "dkimResults": values.entries(
            {
                "domain": result.value("domain") or "",
                "selector": result.value("selector") or "",
                "result": _DKIM_RESULTS.get(result.value("result") or "", "none"),
                "humanResult": result.value("human_result"),
            }
            for result in results.all("dkim")
        ),
        "spfResults": values.entries(
            {
                "domain": result.value("domain") or "",
                "scope": _SCOPES.get(result.value("scope") or "", "unspecified"),
                "result": _SPF_RESULTS.get(result.value("result") or "", "none"),
                "humanResult": result.value("human_result"),
            }
            for result in results.all("spf")
        ),
        "extensions": _extensions(record),
    }


def _extensions(parent: Element) -> dict[str, Any]:
    return values.entries(
        {"name": extension.attributes.get("name", ""), "definition": extension.attributes.get("definition", "")}
        for group in parent.all("extensions")
        for extension in group.all("extension")
    )


def _alignment(text: str | None) -> str:
    return _ALIGNMENTS.get((text or "")[:1], "unspecified")


def _failure_options(text: str | None) -> dict[str, bool]:
    options = ((part.strip().lower()) for part in (text or "").split(":"))
    return values.members(_FAILURE_OPTIONS[option] for option in options if option in _FAILURE_OPTIONS)
