"""The word index behind the `text` filter."""

import pytest

from gateway.simulator.reports.arf_fields import arf_report
from gateway.simulator.reports.dmarc_xml import dmarc_report
from gateway.simulator.reports.messages import ARF, DMARC, TLS
from gateway.simulator.reports.tls_json import tls_report
from gateway.simulator.reports.words import indexed, search, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Lab.Test", ["lab", "test"]),
        ("noreply-dmarc@big.test", ["noreply", "dmarc", "big", "test"]),
        ("a b1 c", ["b1"]),
        ("snake_case", ["snake", "case"]),
        ("Größe ü", ["größe", "ü"]),
        ("192.0.2.10", ["192", "10"]),
        ("", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_words_of_a_dmarc_report() -> None:
    report = dmarc_report(
        b"<feedback><report_metadata><org_name>Org</org_name><email>m1@big</email><report_id>rid</report_id></report_metadata>"
        b"<policy_published><domain>policy</domain></policy_published><record><row><source_ip>192.0.2.10</source_ip></row>"
        b"<identifiers><envelope_to>eto</envelope_to><envelope_from>efrom</envelope_from><header_from>hfrom</header_from></identifiers>"
        b"<auth_results><dkim><domain>dkim</domain><selector>sel</selector></dkim><spf><domain>spf</domain></spf></auth_results></record></feedback>"
    )
    stored = {"from": "noreply@sender", "subject": "Subject", "to": {"dmarc@lab": True}, "report": report}
    assert indexed(DMARC, stored) == {"noreply", "sender", "m1", "big", "policy", "eto", "efrom", "hfrom", "dkim", "spf"}


def test_words_of_a_tls_report() -> None:
    report = tls_report(
        b'{"organization-name":"Org","contact-info":"contact","report-id":"tid","date-range":{"start-datetime":"x","end-datetime":"x"},"policies":[{"policy":'
        b'{"policy-type":"sts","policy-domain":"policy","mx-host":["*.mxhost"]},"summary":{},"failure-details":[{"result-type":"certificate-expired",'
        b'"receiving-mx-hostname":"receiver","receiving-mx-helo":"helo"},{"result-type":"x"}]}]}'
    )
    assert indexed(TLS, {"from": "tls@sender", "report": report}) == {"tls", "sender", "policy", "mxhost", "receiver"}


def test_words_of_an_abuse_report() -> None:
    report = arf_report(
        b"Feedback-Type: abuse\r\nUser-Agent: agent\r\nReported-Domain: reported\r\nDKIM-Domain: dkim\r\nReporting-MTA: dns; mta\r\n"
        b"Original-Mail-From: <olga@from>\r\nOriginal-Rcpt-To: <victim@rcpt>\r\nReported-URI: http://uri/\r\n"
    )
    assert report is not None
    assert indexed(ARF, {"from": "fbl@sender", "report": report}) == {"fbl", "sender", "reported", "dkim", "mta", "olga", "from", "victim", "rcpt"}


INDEX = [("b", frozenset({"big", "test"})), ("c", frozenset({"small", "test"}))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("test", {"b", "c"}),
        ("BIG.test", {"b"}),
        ("tes", set()),
        ("big small", set()),
        ("big nothere", set()),
        ("nothere big", {"b"}),
        ("big small test", set()),
        ("", set()),
        ("x", set()),
    ],
)
def test_search(text: str, found: set[str]) -> None:
    assert search(text, INDEX) == found
