"""Abuse and authentication-failure reports: fields in, objects of the new API out."""

import pytest

from gateway.simulator.reports.arf_fields import arf_report

EMPTY = {
    "feedbackType": "abuse",
    "arrivalDate": None,
    "authenticationResults": {},
    "incidents": 1,
    "originalEnvelopeId": None,
    "originalMailFrom": None,
    "originalRcptTo": None,
    "reportedDomains": {},
    "reportedUris": {},
    "reportingMta": None,
    "sourceIp": None,
    "sourcePort": None,
    "userAgent": None,
    "version": 0,
    "authFailure": "unspecified",
    "deliveryResult": "unspecified",
    "dkimAdspDns": None,
    "dkimCanonicalizedBody": None,
    "dkimCanonicalizedHeader": None,
    "dkimDomain": None,
    "dkimIdentity": None,
    "dkimSelector": None,
    "dkimSelectorDns": None,
    "spfDns": None,
    "identityAlignment": "unspecified",
    "message": None,
    "headers": None,
}


def test_the_smallest_report() -> None:
    assert arf_report(b"Feedback-Type: abuse\r\n") == EMPTY


def test_everything_a_report_can_say() -> None:
    fields = (
        b"\r\nFeedback-Type: auth-failure\r\nUser-Agent: IspFBL/1.2\r\nVersion: 1\r\nOriginal-Mail-From: <olga@lab.test>\r\n"
        b"Original-Rcpt-To: <victim@isp.test>\r\nArrival-Date: Sat, 28 Feb 2026 10:00:00 +0100\r\nReporting-MTA: dns; mail.isp.test\r\n"
        b"Source-IP: 192.0.2.33 (spoofed)\r\nSource-Port: 51234\r\nIncidents: 2\r\n"
        b"Authentication-Results: mail.isp.test;\r\n spf=fail\r\nReported-Domain: lab.test\r\nReported-URI: http://lab.test/buy\r\n"
        b"Reported-uri: mailto:olga@lab.test\r\nOriginal-Envelope-Id: env-7\r\nAuth-Failure: bodyhash\r\nDelivery-Result: reject\r\n"
        b"Identity-Alignment: dkim, spf\r\nDKIM-Domain: lab.test\r\nDKIM-Identity: @lab.test\r\nDKIM-Selector: sel1\r\n"
        b"DKIM-Selector-DNS: v=DKIM1\r\nDKIM-Canonicalized-Header: YWJj\r\nDKIM-Canonicalized-Body: ZGVm\r\n"
        b"SPF-DNS: txt : lab.test : v=spf1 -all\r\nDKIM-ADSP-DNS: dkim=all\r\nRemoval-Recipient: x@isp.test\r\n\r\nFeedback-Type: fraud\r\n"
    )
    assert arf_report(fields) == EMPTY | {
        "feedbackType": "authFailure",
        "arrivalDate": "2026-02-28T09:00:00Z",
        "authenticationResults": {"mail.isp.test;\r\n spf=fail": True},
        "incidents": 2,
        "originalEnvelopeId": "env-7",
        "originalMailFrom": "<olga@lab.test>",
        "originalRcptTo": "<victim@isp.test>",
        "reportedDomains": {"lab.test": True},
        "reportedUris": {"http://lab.test/buy": True, "mailto:olga@lab.test": True},
        "reportingMta": "mail.isp.test",
        "sourceIp": "192.0.2.33",
        "sourcePort": 51234,
        "userAgent": "IspFBL/1.2",
        "version": 1,
        "authFailure": "bodyHash",
        "deliveryResult": "reject",
        "dkimAdspDns": "dkim=all",
        "dkimCanonicalizedBody": "ZGVm",
        "dkimCanonicalizedHeader": "YWJj",
        "dkimDomain": "lab.test",
        "dkimIdentity": "@lab.test",
        "dkimSelector": "sel1",
        "dkimSelectorDns": "v=DKIM1",
        "spfDns": "txt : lab.test : v=spf1 -all",
        "identityAlignment": "dkimSpf",
    }


@pytest.mark.parametrize("fields", [b"", b"User-Agent: x\r\n", b"Feedback-Type: applause\r\n", b"not a field: Feedback-Type: abuse\r\n", b"X: y\r\n\r\nFeedback-Type: abuse\r\n"])
def test_no_report_without_a_known_type(fields: bytes) -> None:
    assert arf_report(fields) is None


@pytest.mark.parametrize(
    ("field", "member", "value"),
    [
        ("Identity-Alignment: none, dkim", "identityAlignment", "none"),
        ("Identity-Alignment: spf", "identityAlignment", "spf"),
        ("Identity-Alignment: both", "identityAlignment", "unspecified"),
        ("Incidents: lots", "incidents", 1),
        ("Version: new", "version", 0),
        ("Source-Port: 70000", "sourcePort", None),
        ("Source-IP: nowhere", "sourceIp", None),
        ("Arrival-Date: yesterday", "arrivalDate", None),
        ("Received-Date: Sat, 28 Feb 2026 10:00:00 -0000", "arrivalDate", "2026-02-28T10:00:00Z"),
        ("Auth-Failure: bad luck", "authFailure", "unspecified"),
        ("Reporting-MTA: mail.isp.test", "reportingMta", "mail.isp.test"),
        ("Delivery-Result: SPAM", "deliveryResult", "spam"),
    ],
)
def test_single_fields(field: str, member: str, value: object) -> None:
    assert arf_report(f"Feedback-Type: abuse\n{field}\n".encode()) == EMPTY | {member: value}
