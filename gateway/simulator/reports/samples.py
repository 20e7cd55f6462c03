"""A dozen mails as other servers and mailbox providers send them to the analysis addresses of a domain: for demonstrations."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.simulator.reports import values
from gateway.simulator.reports.letters import Post, dmarc_letter, feedback_letter, tls_letter

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail: when it came in (unix seconds), the sender of its envelope (empty for none), its recipient, and the message."""

    when: int
    return_path: str
    recipient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Source:
    """A client that sent in the domain's name: its address, how many mails, what SPF and DKIM said, what was done, and why (reason, comment)."""

    address: str
    count: int
    spf: str
    dkim: str
    disposition: str = "none"
    reasons: tuple[tuple[str, str], ...] = ()
    selector: str = "mail2026"


OWN = _Source("198.51.100.25", 412, "pass", "pass")
NEWSLETTER = _Source("203.0.113.80", 1280, "fail", "pass", selector="news")
LIST = _Source("192.0.2.77", 9, "fail", "fail", "none", (("MailingList", "sent through lists.uni-nord.example"),))
FORWARDED = _Source("2001:db8:40::19", 3, "softFail", "pass", "none", (("TrustedForwarder", "known forwarder"),))
FORGER = _Source("203.0.113.199", 57, "fail", "fail", "quarantine")
STRANGER = _Source("2001:db8:bad::1", 2, "softFail", "tempError", "none", (("LocalPolicy", "arc=pass"),))

_DMARC: tuple[tuple[int, str, str, tuple[_Source, ...]], ...] = (
    (1, "Orbit Mail", "orbit-mail.example", (OWN, NEWSLETTER, FORGER)),
    (1, "Postfach AG", "postfach.example", (OWN, LIST)),
    (2, "Orbit Mail", "orbit-mail.example", (OWN, FORWARDED)),
    (2, "University of the North", "uni-nord.example", (OWN, STRANGER, LIST)),
    (3, "Correo Libre", "correo-libre.example", (FORGER,)),
)

_TLS: tuple[tuple[int, str, str, int, tuple[tuple[str, int, str], ...]], ...] = (
    (1, "Orbit Mail", "orbit-mail.example", 1893, ()),
    (1, "Postfach AG", "postfach.example", 344, (("certificateExpired", 12, "X509_V_ERR_CERT_HAS_EXPIRED"),)),
    (2, "Orbit Mail", "orbit-mail.example", 2011, (("certificateHostMismatch", 3, "mx2 presented a certificate for www"), ("startTlsNotSupported", 1, "no STARTTLS"))),
    (3, "Correo Libre", "correo-libre.example", 27, (("stsPolicyFetchError", 4, "HTTP 503"),)),
)


def samples(domain: str, now: int) -> list[Sample]:
    """Mails of the last days to the analysis addresses of `domain`, oldest first; the same for the same domain and instant."""
    return sorted([*_dmarc_samples(domain, now), *_tls_samples(domain, now), *_complaints(domain, now)], key=lambda sample: sample.when)


def _dmarc_samples(domain: str, now: int) -> Iterator[Sample]:
    for number, (days, organisation, submitter, sources) in enumerate(_DMARC):
        end = _midnight(now) - (days - 1) * DAY - 1
        report: dict[str, Any] = {
            "version": 1.0,
            "orgName": organisation,
            "email": f"dmarc-noreply@{submitter}",
            "extraContactInfo": f"https://{submitter}/dmarc",
            "reportId": f"{end}.{number + 1}",
            "dateRangeBegin": values.instant(end - DAY + 1),
            "dateRangeEnd": values.instant(end),
            "errors": {},
            "policyDomain": domain,
            "policyVersion": None,
            "policyAdkim": "relaxed",
            "policyAspf": "relaxed",
            "policyDisposition": "quarantine",
            "policySubdomainDisposition": "quarantine",
            "policyTestingMode": False,
            "policyFailureReportingOptions": {"any": True},
            "records": values.entries(_record(domain, source) for source in sources),
            "extensions": {},
            "generator": None,
            "policyNp": "unspecified",
            "policyDiscoveryMethod": "unspecified",
        }
        post = Post(f"{organisation} DMARC", f"dmarc-noreply@{submitter}", (f"dmarc@{domain}",), min(now, end + 3600 * (number + 2)), submitter)
        yield Sample(post.when, f"bounces@{submitter}", f"dmarc@{domain}", dmarc_letter(post, report))


def _record(domain: str, source: _Source) -> dict[str, Any]:
    aligned = source.dkim == "pass"
    return {
        "sourceIp": source.address,
        "count": source.count,
        "evaluatedDisposition": source.disposition,
        "evaluatedDkim": "pass" if aligned else "fail",
        "evaluatedSpf": "pass" if source.spf == "pass" else "fail",
        "policyOverrideReasons": values.entries({"overrideType": kind, "comment": comment} for kind, comment in source.reasons),
        "envelopeTo": None,
        "envelopeFrom": domain,
        "headerFrom": domain,
        "dkimResults": values.entries([{"domain": domain, "selector": source.selector, "result": source.dkim, "humanResult": None}]),
        "spfResults": values.entries([{"domain": domain, "scope": "mailFrom", "result": source.spf, "humanResult": None}]),
        "extensions": {},
    }


def _tls_samples(domain: str, now: int) -> Iterator[Sample]:
    for number, (days, organisation, submitter, successful, failures) in enumerate(_TLS):
        end = _midnight(now) - (days - 1) * DAY - 1
        report: dict[str, Any] = {
            "organizationName": organisation,
            "contactInfo": f"tls-reporting@{submitter}",
            "reportId": f"{values.instant(end)[:10]}-{domain}-{number + 1}",
            "dateRangeStart": values.instant(end - DAY + 1),
            "dateRangeEnd": values.instant(end),
            "policies": values.entries([_policy(domain, successful, failures)]),
        }
        post = Post(f"{organisation} TLS reports", f"tls-reporting@{submitter}", (f"tlsrpt@{domain}",), min(now, end + 3600 * (number + 5)), submitter)
        yield Sample(post.when, f"bounces@{submitter}", f"tlsrpt@{domain}", tls_letter(post, domain, report))


def _policy(domain: str, successful: int, failures: tuple[tuple[str, int, str], ...]) -> dict[str, Any]:
    return {
        "policyType": "sts",
        "policyStrings": values.members(("version: STSv1", "mode: enforce", f"mx: mx1.{domain}", f"mx: mx2.{domain}", "max_age: 604800")),
        "policyDomain": domain,
        "mxHosts": values.members((f"mx1.{domain}", f"mx2.{domain}")),
        "totalSuccessfulSessions": successful,
        "totalFailedSessions": sum(count for _, count, _ in failures),
        "failureDetails": values.entries(
            {
                "resultType": kind,
                "sendingMtaIp": "203.0.113.25",
                "receivingMxHostname": f"mx2.{domain}",
                "receivingMxHelo": None,
                "receivingIp": "198.51.100.26",
                "failedSessionCount": count,
                "additionalInformation": None,
                "failureReasonCode": reason,
            }
            for kind, count, reason in failures
        ),
    }


def _complaints(domain: str, now: int) -> Iterator[Sample]:
    complaints = (
        (5, "abuse", "Winter sale: 30 % off", ()),
        (29, "abuse", "Your newsletter of this week", ()),
        (53, "fraud", "Invoice 2291", ()),
        (54, "auth-failure", "Invoice 2292", ("Auth-Failure: dmarc", "Delivery-Result: reject", "Identity-Alignment: none", f"DKIM-Domain: {domain}", "DKIM-Selector: mail2026")),
    )
    for hours, kind, subject, more in complaints:
        when = now - hours * 3600
        fields = (
            f"Feedback-Type: {kind}",
            "User-Agent: PostfachFBL/2.4",
            "Version: 1",
            f"Original-Mail-From: <news@{domain}>",
            "Original-Rcpt-To: <reader@postfach.example>",
            "Reporting-MTA: dns; mx.postfach.example",
            "Source-IP: 203.0.113.199" if kind in {"fraud", "auth-failure"} else "Source-IP: 198.51.100.25",
            f"Reported-Domain: {domain}",
            "Incidents: 1",
            *more,
        )
        original = f"From: <news@{domain}>\r\nTo: <reader@postfach.example>\r\nSubject: {subject}\r\n\r\nHello\r\n"
        post = Post("Postfach feedback loop", "fbl@postfach.example", (f"abuse@{domain}",), when, "postfach.example")
        yield Sample(when, "", f"abuse@{domain}", feedback_letter(post, f"FW: {subject}", "This is a report about a message of your domain.", fields, original))


def _midnight(now: int) -> int:
    return now // DAY * DAY
