"""Reports that other servers sent."""

import gzip
from email.message import EmailMessage
from typing import Any

import pytest

NOT_FOUND = {"type": "about:blank", "status": 404, "title": "Not Found", "detail": "The requested resource does not exist on this server."}

DMARC = """<?xml version="1.0" encoding="UTF-8"?>
<feedback>
  <report_metadata><org_name>{org}</org_name><email>noreply@sender.test</email><report_id>{number}</report_id>
    <date_range><begin>1761955200</begin><end>1762041599</end></date_range></report_metadata>
  <policy_published><domain>{domain}</domain><adkim>s</adkim><aspf>r</aspf><p>reject</p><sp>none</sp></policy_published>
  <record><row><source_ip>192.0.2.1</source_ip><count>3</count>
      <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
    <identifiers><header_from>{domain}</header_from></identifiers>
    <auth_results><dkim><domain>{domain}</domain><selector>sel</selector><result>pass</result></dkim>
      <spf><domain>{domain}</domain><result>softfail</result></spf></auth_results></record>
</feedback>"""

TLS = """{"organization-name": "Sender Corp", "date-range": {"start-datetime": "2025-11-01T00:00:00Z", "end-datetime": "2025-11-01T23:59:59Z"},
"contact-info": "tls@sender.test", "report-id": "tls-1", "policies": [{"policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "example.org",
"mx-host": ["mail.example.org"]}, "summary": {"total-successful-session-count": 8, "total-failure-session-count": 2}, "failure-details": [
{"result-type": "certificate-expired", "sending-mta-ip": "192.0.2.9", "failed-session-count": 2}]}]}"""

FEEDBACK = """Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Source-IP: 192.0.2.1
Reported-Domain: example.org
"""


def dmarc(number: str, domain: str = "example.org", org: str = "Sender Corp") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "<noreply@sender.test>", "<dmarc@example.org>", f"Report Domain: {domain} Report-ID: <{number}>"
    message.set_content("see attachment\n")
    packed = gzip.compress(DMARC.format(number=number, domain=domain, org=org).encode(), mtime=0)
    message.add_attachment(packed, "application", "gzip", filename=f"sender.test!{domain}!1761955200!1762041599.xml.gz")
    return message.as_bytes()


def tls() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "<tls@sender.test>", "<tlsrpt@example.org>", "Report Domain: example.org"
    message.set_content("see attachment\n")
    message.add_attachment(gzip.compress(TLS.encode(), mtime=0), "application", "tlsrpt+gzip", filename="report.json.gz")
    return message.as_bytes()


def abuse() -> bytes:
    parts = ("text/plain\n\nThis is an abuse report.\n", f"message/feedback-report\n\n{FEEDBACK}", "message/rfc822\n\nFrom: <x@example.org>\nSubject: Earn money\n\nbody\n")
    head = 'From: <desk@sender.test>\nTo: <abuse@example.org>\nSubject: FW: Earn money\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary="cut"\n\n'
    return (head + "".join(f"--cut\nContent-Type: {part}\n" for part in parts) + "--cut--\n").replace("\n", "\r\n").encode()


async def received(old: Any, cls: str, data: bytes) -> str:
    """Let a report come in and give its id."""
    before = set((await old.get(f"/api/reports/{cls}"))["items"])
    to = {"dmarc": "dmarc", "tls": "tlsrpt", "arf": "abuse"}[cls]
    assert (await old.send("bounces@sender.test", f"{to}@example.org", data=data))["data"] == "250 2.0.0"
    (identifier,) = set((await old.get(f"/api/reports/{cls}"))["items"]) - before
    return identifier


async def test_a_dmarc_report_is_stored_read_and_deleted(old) -> None:
    identifier = await received(old, "dmarc", dmarc("r-1"))
    target = f"/api/reports/dmarc/{identifier}"
    report = await old.get(target)
    assert (report["from"], report["to"], report["subject"]) == ("noreply@sender.test", ["dmarc@example.org"], "Report Domain: example.org Report-ID: <r-1>")
    assert report["report"]["report_metadata"]["org_name"] == "Sender Corp"
    assert report["report"]["report_metadata"]["date_range"] == {"begin": 1761955200, "end": 1762041599}
    assert report["report"]["policy_published"]["adkim"] == "Strict"
    (record,) = report["report"]["record"]
    assert record["row"] == {"source_ip": "192.0.2.1", "count": 3, "policy_evaluated": {"disposition": "None", "dkim": "Pass", "spf": "Fail", "reason": []}}
    assert record["auth_results"]["spf"][0]["result"] == "SoftFail"

    assert await old.get(f"{target}/x") == report
    assert await old.call("GET", f"/api/reports/tls/{identifier}") == (404, NOT_FOUND)
    number = identifier.partition("_")[0]
    for stale in (f"{number}_1", number, f"{number}_", "zz", "1_1"):
        assert await old.call("GET", f"/api/reports/dmarc/{stale}") == (404, NOT_FOUND), stale

    assert await old.delete(f"/api/reports/dmarc/{number}_1") is True
    assert await old.get(target) == report
    assert await old.delete(target) is True
    assert await old.delete(target) is True
    assert await old.call("GET", target) == (404, NOT_FOUND)


async def test_a_tls_and_an_abuse_report_are_read(old) -> None:
    identifier = await received(old, "tls", tls())
    report = (await old.get(f"/api/reports/tls/{identifier}"))["report"]
    assert (report["organization-name"], report["report-id"]) == ("Sender Corp", "tls-1")
    (policy,) = report["policies"]
    assert policy["policy"]["policy-type"] == "sts"
    assert policy["failure-details"][0]["result-type"] == "certificate-expired"

    identifier = await received(old, "arf", abuse())
    report = (await old.get(f"/api/reports/arf/{identifier}"))["report"]
    assert (report["feedback_type"], report["source_ip"], report["reported_domain"]) == ("Abuse", "192.0.2.1", ["example.org"])


async def test_lists_search_and_pages(old) -> None:
    first = await received(old, "dmarc", dmarc("r-1", org="First Corp"))
    second = await received(old, "dmarc", dmarc("r-2", domain="second.test"))
    newest_first = [second, first]
    listed = "/api/reports/dmarc"
    assert await old.get(listed) == {"items": newest_first, "total": 2}
    assert await old.get(f"{listed}?text=first+corp") == {"items": [first], "total": 1}
    assert await old.get(f"{listed}?text=First+Corp") == {"items": [], "total": 0}
    assert await old.get(f"{listed}?text=192.0.2.1") == {"items": newest_first, "total": 2}
    assert await old.get(f"{listed}?text=zznomatch") == {"items": [], "total": 0}
    assert await old.get(f"{listed}?filter=zznomatch&values=1") == {"items": newest_first, "total": 2}
    assert await old.get(f"{listed}?page=2&limit=1") == {"items": [first], "total": 2}
    assert await old.get(f"{listed}?page=9&limit=1") == {"items": [], "total": 2}
    assert await old.get(f"{listed}?max-total=1") == {"items": [second], "total": 1}


async def test_bulk_deletion_takes_what_contains_the_text(old) -> None:
    first = await received(old, "dmarc", dmarc("r-1"))
    second = await received(old, "dmarc", dmarc("r-2", domain="second.test"))
    assert await old.delete("/api/reports/dmarc?text=zznomatch") is False
    assert await old.delete("/api/reports/dmarc?filter=second.test") is True
    assert (await old.get("/api/reports/dmarc"))["items"] == [first]
    assert second != first
    for query in ("txt=example", "limit=x", "range-start=5"):
        status, body = await old.call("DELETE", f"/api/reports/dmarc?{query}")
        assert (status, body["error"]) == (200, "unsupported"), query
    assert await old.delete("/api/reports/dmarc") is True
    assert await old.delete("/api/reports/dmarc") is False


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_unknown_classes(old, method: str) -> None:
    for target in ("/api/reports", "/api/reports/", "/api/reports/zz", "/api/reports/DMARC", "/api/reports/zz/1_1"):
        assert await old.call(method, target) == (404, NOT_FOUND), target


async def test_mail_that_is_no_report_is_not_stored(old) -> None:
    broken = EmailMessage()
    broken["From"], broken["To"], broken["Subject"] = "<noreply@sender.test>", "<dmarc@example.org>", "broken"
    broken.set_content("see attachment\n")
    broken.add_attachment(b"nope", "application", "gzip", filename="x.xml.gz")
    await old.send("bounces@sender.test", "dmarc@example.org", data=broken.as_bytes())
    await old.send("bounces@sender.test", "dmarc@example.org")
    assert await old.get("/api/reports/dmarc") == {"items": [], "total": 0}
