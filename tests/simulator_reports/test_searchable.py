"""What filters of received reports look at."""

import pytest

from gateway.simulator.reports.arf_fields import arf_report
from gateway.simulator.reports.dmarc_xml import dmarc_report
from gateway.simulator.reports.messages import ARF, DMARC, TLS
from gateway.simulator.reports.searchable import texts, totals
from gateway.simulator.reports.tls_json import tls_report


def test_texts_of_a_dmarc_report() -> None:
    report = dmarc_report(
        b"<feedback><report_metadata><org_name>Org</org_name><email>m1@big</email><report_id>rid</report_id></report_metadata>"
        b"<policy_published><domain>policy</domain></policy_published><record><row><source_ip>192.0.2.10</source_ip></row>"
        b"<identifiers><envelope_to>eto</envelope_to><envelope_from>efrom</envelope_from><header_from>hfrom</header_from></identifiers>"
        b"<auth_results><dkim><domain>dkim</domain><selector>sel</selector></dkim><spf><domain>spf</domain></spf></auth_results></record><record/></feedback>"
    )
    stored = {"from": "noreply@sender", "subject": "Subject", "to": {"dmarc@lab": True}, "report": report}
    assert list(texts(DMARC, stored)) == ["noreply@sender", "m1@big", "policy", "efrom", "eto", "hfrom", "dkim", "spf"]


def test_texts_of_a_tls_report() -> None:
    report = tls_report(
        b'{"organization-name":"Org","contact-info":"contact","report-id":"tid","date-range":{"start-datetime":"x","end-datetime":"x"},"policies":[{"policy":'
        b'{"policy-type":"sts","policy-domain":"policy","mx-host":["*.mxhost"]},"summary":{},"failure-details":[{"result-type":"certificate-expired",'
        b'"receiving-mx-hostname":"receiver","receiving-mx-helo":"helo"},{"result-type":"x"}]}]}'
    )
    assert list(texts(TLS, {"from": "tls@sender", "report": report})) == ["tls@sender", "policy", "*.mxhost", "receiver"]


def test_texts_of_an_abuse_report() -> None:
    report = arf_report(
        b"Feedback-Type: abuse\r\nUser-Agent: agent\r\nReported-Domain: reported\r\nDKIM-Domain: dkim\r\nReporting-MTA: dns; mta\r\n"
        b"Original-Mail-From: <olga@from>\r\nOriginal-Rcpt-To: <victim@rcpt>\r\nReported-URI: http://uri/\r\n"
    )
    assert list(texts(ARF, {"from": "fbl@sender", "report": report})) == ["fbl@sender", "reported", "dkim", "mta", "<olga@from>", "<victim@rcpt>"]


@pytest.mark.parametrize(
    ("name", "report", "expected"),
    [
        (DMARC, {"records": {}}, (0, 0)),
        (DMARC, {"records": {"0": {"count": 9, "evaluatedDisposition": "none"}, "1": {"count": 0, "evaluatedDisposition": "reject"}}}, (0, 1)),
        (DMARC, {"records": {"0": {"count": 9, "evaluatedDisposition": "pass"}, "1": {"count": 2, "evaluatedDisposition": "reject"}}}, (1, 1)),
        (TLS, {"policies": {"0": {"totalSuccessfulSessions": 5326, "totalFailedSessions": 303}, "1": {"totalSuccessfulSessions": 2, "totalFailedSessions": 0}}}, (2, 1)),
        (ARF, {"incidents": 4}, (4, 0)),
    ],
)
def test_totals(name: str, report: dict[str, object], expected: tuple[int, int]) -> None:
    assert totals(name, {"report": report}) == expected
