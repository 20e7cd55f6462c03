"""What is written as a report can be read as the same report."""

import json

from gateway.simulator.mail.surroundings import Surroundings
from gateway.simulator.reports import collected
from gateway.simulator.reports.collected import Frame, TlsFailure
from gateway.simulator.reports.dmarc_xml import dmarc_report
from gateway.simulator.reports.letters import Post, dmarc_letter, feedback_letter, tls_letter
from gateway.simulator.reports.messages import ARF, DMARC, TLS, Received, read
from gateway.simulator.reports.sender_checks import check
from gateway.simulator.reports.tls_json import tls_report
from gateway.simulator.reports.writing import dmarc_xml, tls_json

XML = b"""<feedback><version>1.0</version><report_metadata><org_name>Big &lt;Mail&gt;</org_name><email>d@big.test</email><report_id>r</report_id>
<date_range><begin>1772236800</begin><end>1772323199</end></date_range><error>one</error><error>two</error><generator>G</generator></report_metadata>
<policy_published><domain>lab.test</domain><version_published>1.0</version_published><adkim>s</adkim><aspf>r</aspf><p>reject</p><sp>none</sp><np>quarantine</np>
<testing>y</testing><discovery_method>psl</discovery_method><fo>0:d</fo></policy_published><extensions><extension name="a" definition="b"/></extensions>
<record><row><source_ip>192.0.2.1</source_ip><count>3</count><policy_evaluated><disposition>pass</disposition><dkim>pass</dkim><spf>fail</spf>
<reason><type>mailing_list</type><comment>c</comment></reason><reason><type>policy_test_mode</type></reason></policy_evaluated></row>
<identifiers><envelope_to>t</envelope_to><envelope_from>f</envelope_from><header_from>h</header_from></identifiers>
<auth_results><dkim><domain>d</domain><selector>s</selector><result>permerror</result><human_result>hr</human_result></dkim>
<spf><domain>e</domain><scope>mfrom</scope><result>softfail</result></spf></auth_results></record>
<record/></feedback>"""

JSON = {
    "organization-name": "Big",
    "date-range": {"start-datetime": "2026-02-27T00:00:00Z", "end-datetime": "2026-02-27T23:59:59Z"},
    "contact-info": "c",
    "report-id": "t",
    "policies": [
        {
            "policy": {"policy-type": "no-policy-found", "policy-string": ["a"], "policy-domain": "lab.test", "mx-host": ["mx"]},
            "summary": {"total-successful-session-count": 0, "total-failure-session-count": 2},
            "failure-details": [
                {"result-type": kind, "receiving-ip": "192.0.2.1", "failed-session-count": 0}
                for kind in ("starttls-not-supported", "certificate-host-mismatch", "sts-policy-fetch-error", "tlsa-invalid", "unheard-of")
            ],
        }
    ],
}


def test_dmarc_round_trip() -> None:
    report = dmarc_report(XML)
    assert dmarc_report(dmarc_xml(report)) == report


def test_tls_round_trip() -> None:
    report = tls_report(json.dumps(JSON).encode())
    assert tls_report(tls_json(report)) == report


def test_a_dmarc_letter() -> None:
    verdict = check("sender.test", "sender.test", "client.sender.test", "127.0.0.1", Surroundings(texts={"_dmarc.sender.test": "v=DMARC1; p=none"}))
    assert verdict is not None
    report = collected.add_mail(collected.dmarc(Frame("lab.test", "noreply-dmarc@lab.test", 1_795_267_128, 1_795_353_528), verdict.policy), verdict, "127.0.0.1")
    letter = dmarc_letter(Post("Report Subsystem", "noreply-dmarc@lab.test", ("rua@sender.test",), 1_795_353_528, "lab.test"), report)
    subject = f"Report Domain: sender.test Submitter: lab.test Report-ID: <{report['reportId']}>"
    assert read(letter) == Received("noreply-dmarc@lab.test", ("rua@sender.test",), subject, ((DMARC, report),))


def test_a_tls_letter() -> None:
    report = collected.add_session(collected.tls(Frame("lab.test", "noreply-tls@lab.test", 1_795_267_128, 1_795_353_528)), "ok.test", TlsFailure("mx.ok.test", "10.77.0.2"))
    letter = tls_letter(Post("Report Subsystem", "noreply-tls@lab.test", ("a@ok.test", "b@ok.test"), 1_795_353_528, "lab.test"), "ok.test", report)
    received = read(letter)
    assert (received.recipients, received.reports) == (("a@ok.test", "b@ok.test"), ((TLS, report),))


def test_a_feedback_letter() -> None:
    post = Post("Feedback", "fbl@isp.test", ("abuse@lab.test",), 1_795_353_528, "isp.test")
    received = read(feedback_letter(post, "FW: offer", "About your mail.", ("Feedback-Type: fraud", "Version: 1"), "From: <a@b.test>\r\n\r\nBuy\r\n"))
    assert (received.sender, received.subject) == ("fbl@isp.test", "FW: offer")
    assert [(name, report["feedbackType"], report["version"]) for name, report in received.reports] == [(ARF, "fraud", 1)]
