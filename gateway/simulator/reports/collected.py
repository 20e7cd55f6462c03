"""Aggregate reports as they grow: objects DmarcReport and TlsReport that this server collects for others (jmap-management-api 3.21, 3.22)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulator.reports import values
from gateway.simulator.reports.sender_checks import Policy, Verdict

# the number that every recorded server gives to the absence of a TLS policy
NO_TLS_POLICY = 11_732_957_880_687_192_466


@dataclass(frozen=True, slots=True)
class Frame:
    """What every report begins with: the reporting organisation, and from when to when it counts (unix seconds)."""

    organisation: str
    sender: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """A mail host that was spoken to without TLS."""

    host: str
    address: str
    result: str = "startTlsNotSupported"
    reason: str = "STARTTLS was not advertised by host"


def policy_identifier(policy: Policy) -> int:
    """Number of 64 bits that is the same for the same record of the same domain."""
    digest = hashlib.blake2b(f"{policy.domain} {policy.record}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") | 1 << 63


def dmarc(frame: Frame, policy: Policy) -> dict[str, Any]:
    """A DMARC report without records."""
    return {
        "version": 1.0,
        "orgName": frame.organisation,
        "email": frame.sender,
        "extraContactInfo": None,
        "reportId": f"{frame.begin}_{policy_identifier(policy)}",
        "dateRangeBegin": values.instant(frame.begin),
        "dateRangeEnd": values.instant(frame.end),
        "errors": {},
        "policyDomain": policy.domain,
        "policyVersion": None,
        "policyAdkim": policy.adkim,
        "policyAspf": policy.aspf,
        "policyDisposition": policy.disposition,
        "policySubdomainDisposition": policy.subdomains,
        "policyTestingMode": policy.testing,
        "policyFailureReportingOptions": values.members(policy.failures),
        "records": {},
        "extensions": {},
        "generator": None,
        "policyNp": policy.absent,
        "policyDiscoveryMethod": "treewalk",
    }


def add_mail(report: dict[str, Any], verdict: Verdict, remote_ip: str) -> dict[str, Any]:
    """The report with one mail more: the record of mails of the same kind counts on, else a new one begins."""
    record = {
        "sourceIp": values.address(remote_ip),
        "count": 1,
        "evaluatedDisposition": verdict.disposition,
        "evaluatedDkim": "fail",
        "evaluatedSpf": "pass" if verdict.aligned else "fail",
        "policyOverrideReasons": {},
        "envelopeTo": None,
        "envelopeFrom": verdict.envelope_from,
        "headerFrom": verdict.header_from,
        "dkimResults": {},
        "spfResults": values.entries(
            (
                {"domain": verdict.helo, "scope": "helo", "result": verdict.helo_result, "humanResult": None},
                {"domain": verdict.envelope_from or verdict.helo, "scope": "mailFrom", "result": verdict.sender_result, "humanResult": None},
            )
        ),
        "extensions": {},
    }
    return report | {"records": _counted(report["records"], record, "count")}


def tls(frame: Frame) -> dict[str, Any]:
    """A TLS report without policies."""
    return {
        "organizationName": frame.organisation,
        "contactInfo": None,
        "reportId": f"{frame.begin}_{NO_TLS_POLICY}",
        "dateRangeStart": values.instant(frame.begin),
        "dateRangeEnd": values.instant(frame.end),
        "policies": {},
    }


def add_session(report: dict[str, Any], domain: str, failure: TlsFailure | None) -> dict[str, Any]:
    """The report with one session more to a domain without TLS policy; `failure` None when it was encrypted."""
    policy = report["policies"].get("0") or {
        "policyType": "noPolicyFound",
        "policyStrings": {},
        "policyDomain": domain,
        "mxHosts": {},
        "totalSuccessfulSessions": 0,
        "totalFailedSessions": 0,
        "failureDetails": {},
    }
    if failure is None:
        policy = policy | {"totalSuccessfulSessions": policy["totalSuccessfulSessions"] + 1}
    else:
        detail = {
            "resultType": failure.result,
            "sendingMtaIp": None,
            "receivingMxHostname": failure.host,
            "receivingMxHelo": None,
            "receivingIp": failure.address,
            "failedSessionCount": 1,
            "additionalInformation": None,
            "failureReasonCode": failure.reason,
        }
        policy = policy | {
            "totalFailedSessions": policy["totalFailedSessions"] + 1,
            "failureDetails": _counted(policy["failureDetails"], detail, "failedSessionCount"),
        }
    return report | {"policies": {"0": policy}}


def _counted(present: Mapping[str, Any], entry: dict[str, Any], counter: str) -> dict[str, Any]:
    """The list with the entry added, or with the counter of the one that is the same otherwise raised by one."""
    for key, known in present.items():
        if all(known[name] == value for name, value in entry.items() if name != counter):
            return {**present, key: known | {counter: known[counter] + 1}}
    return {**present, str(len(present)): entry}
