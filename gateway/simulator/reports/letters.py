"""Mails that carry reports, written as servers and mailbox providers write them."""

import base64
import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from gateway.knowledge.instants import unix_of
from gateway.simulator.reports.writing import dmarc_xml, tls_json

_BASE64_LINE = 57


@dataclass(frozen=True, slots=True)
class Post:
    """From whom (display name and address), to whom, when (unix seconds), and the domain that writes."""

    name: str
    sender: str
    recipients: tuple[str, ...]
    when: int
    submitter: str


def dmarc_letter(post: Post, report: dict[str, Any]) -> bytes:
    """A DMARC aggregate report as gzip attachment (RFC 7489 7.2.1.1)."""
    period = f"{unix_of(report['dateRangeBegin'])}!{unix_of(report['dateRangeEnd'])}"
    subject = f"Report Domain: {report['policyDomain']} Submitter: {post.submitter} Report-ID: <{report['reportId']}>"
    text = f"DMARC aggregate report from {report['orgName']} for {report['policyDomain']}."
    file = f"{post.submitter}!{report['policyDomain']}!{period}.xml.gz"
    return _letter(post, subject, "multipart/mixed", [_text(text), _attachment("application/gzip", file, gzip.compress(dmarc_xml(report), mtime=0))])


def tls_letter(post: Post, domain: str, report: dict[str, Any]) -> bytes:
    """A TLS report about a domain as gzip attachment (RFC 8460 5.3)."""
    period = f"{unix_of(report['dateRangeStart'])}!{unix_of(report['dateRangeEnd'])}"
    subject = f"Report Domain: {domain} Submitter: {post.submitter} Report-ID: <{report['reportId']}>"
    text = f"TLS report from {report['organizationName']} for {domain}."
    file = f"{post.submitter}!{domain}!{period}!{report['reportId']}.json.gz"
    attached = _attachment("application/tlsrpt+gzip", file, gzip.compress(tls_json(report), mtime=0))
    fields = (f"TLS-Report-Domain: {domain}", f"TLS-Report-Submitter: {post.submitter}")
    return _letter(post, subject, 'multipart/report; report-type="tlsrpt"', [_text(text), attached], fields)


def feedback_letter(post: Post, subject: str, text: str, fields: Iterable[str], original: str) -> bytes:
    """A complaint or a failure report with its fields and the message it is about (RFC 5965)."""
    parts = [_text(text), _part("message/feedback-report", "\r\n".join(fields) + "\r\n"), _part("message/rfc822", original)]
    return _letter(post, subject, "multipart/report; report-type=feedback-report", parts)


def _letter(post: Post, subject: str, kind: str, parts: list[str], fields: Iterable[str] = ()) -> bytes:
    mark = hashlib.blake2b("".join([subject, str(post.when), *parts]).encode(), digest_size=12).hexdigest()
    head = [
        f'From: "{post.name}" <{post.sender}>',
        f"To: {', '.join(f'<{recipient}>' for recipient in post.recipients)}",
        f"Subject: {subject}",
        f"Date: {formatdate(post.when)}",
        f"Message-ID: <{mark}@{post.submitter}>",
        "Auto-Submitted: auto-generated",
        *fields,
        "MIME-Version: 1.0",
        f'Content-Type: {kind}; boundary="{mark}"',
    ]
    body = "".join(f"--{mark}\r\n{part}\r\n" for part in parts)
    return ("\r\n".join(head) + f"\r\n\r\n{body}--{mark}--\r\n").encode()


def _text(text: str) -> str:
    return _part('text/plain; charset="utf-8"', f"{text}\r\n")


def _part(kind: str, content: str) -> str:
    return f"Content-Type: {kind}\r\n\r\n{content}"


def _attachment(kind: str, name: str, data: bytes) -> str:
    lines = [base64.b64encode(data[start : start + _BASE64_LINE]).decode() for start in range(0, len(data), _BASE64_LINE)]
    head = f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64'
    return f"{head}\r\n\r\n" + "\r\n".join(lines) + "\r\n"
