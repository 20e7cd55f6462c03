"""Which parts of a mail are taken for reports, and how they are unpacked."""

import base64
import gzip
import io
import zipfile

import pytest

from gateway.simulator.reports.messages import ARF, DMARC, TLS, Received, read
from gateway.simulator.reports.xml_tree import MOST_BYTES

XML = b"<feedback><report_metadata><report_id>r1</report_id></report_metadata><policy_published/></feedback>"
JSON = b'{"report-id":"t1","date-range":{"start-datetime":"2026-02-27T00:00:00Z","end-datetime":"2026-02-27T23:59:59Z"}}'
FIELDS = b"Feedback-Type: abuse\r\nUser-Agent: x\r\n"


def mail(*parts: bytes, kind: str = "multipart/mixed", head: str = "From: <a@big.test>\r\nTo: <dmarc@lab.test>\r\nSubject: report\r\n") -> bytes:
    body = b"".join(b"--b1\r\n" + part + b"\r\n" for part in parts)
    return f'{head}MIME-Version: 1.0\r\nContent-Type: {kind}; boundary="b1"\r\n\r\n'.encode() + body + b"--b1--\r\n"


def attached(kind: str, name: str, data: bytes) -> bytes:
    return (
        f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'.encode()
        + base64.encodebytes(data).replace(b"\n", b"\r\n")
    )


def zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def classes(data: bytes) -> list[str]:
    return [name for name, _ in read(data).reports]


@pytest.mark.parametrize(
    ("kind", "name", "data", "expected"),
    [
        ("text/xml", "x.xml", XML, DMARC),
        ("text/plain", "x.XML", XML, DMARC),
        ("application/xml", "x", XML, DMARC),
        ("application/gzip", "big.test!lab.test!1!2.xml.gz", gzip.compress(XML), DMARC),
        ("application/octet-stream", "x.xml.gz", gzip.compress(XML), DMARC),
        ("application/zip", "big.test!lab.test!1!2.zip", zipped("x.xml", XML), DMARC),
        ("application/octet-stream", "big!lab.zip", zipped("x.xml", XML), DMARC),
        ("application/tlsrpt+gzip", "x.json.gz", gzip.compress(JSON), TLS),
        ("application/tlsrpt+json", "x.json", JSON, TLS),
        ("application/json", "x.json", JSON, TLS),
        ("message/feedback-report", "x", FIELDS, ARF),
    ],
)
def test_an_attachment_is_known_by_its_type_or_its_name(kind: str, name: str, data: bytes, expected: str) -> None:
    assert classes(mail(b"Content-Type: text/plain\r\n\r\nThis is a report.\r\n", attached(kind, name, data))) == [expected]


@pytest.mark.parametrize(
    ("kind", "name", "data"),
    [
        ("text/plain", "x.txt", XML),
        ("application/gzip", "report.gz", gzip.compress(XML)),
        ("application/gzip", "x.xml.gz", b"\x1f\x8b broken"),
        ("application/gzip", "x.xml.gz", gzip.compress(XML)[:-9]),
        ("application/gzip", "x.xml.gz", XML),
        ("application/zip", "x!y.zip", b"PK broken"),
        ("application/zip", "x!y.zip", zipped("x.xml", b"")),
        ("application/gzip", "big!lab!001.json.gz", gzip.compress(JSON)),
        ("application/json", "x.json", b"{}"),
        ("image/png", "x.png", b"xx"),
        ("message/feedback-report", "x", b"User-Agent: x\r\n"),
    ],
)
def test_what_is_no_report(kind: str, name: str, data: bytes) -> None:
    assert classes(mail(attached(kind, name, data))) == []


def test_unpacking_stops_at_the_bound() -> None:
    bomb = b"<feedback>" + b" " * (MOST_BYTES + 1)
    assert classes(mail(attached("application/gzip", "x.xml.gz", gzip.compress(bomb)))) == []
    assert classes(mail(attached("application/zip", "x!y.zip", zipped("x.xml", bomb)))) == []


def test_an_archive_without_files() -> None:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert classes(mail(attached("application/zip", "x!y.zip", empty.getvalue()))) == []


def test_the_report_may_be_the_whole_message() -> None:
    data = b"From: a@big.test\r\nTo: dmarc@lab.test\r\nSubject: x\r\nContent-Type: text/xml\r\n\r\n" + XML
    assert classes(data) == [DMARC]


def test_feedback_report_as_written_and_encoded() -> None:
    for part in (
        b"Content-Type: message/feedback-report\r\n\r\n" + FIELDS + b"\r\n",
        b"Content-Type: message/feedback-report\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: =78\r\n\r\n",
        b"Content-Type: message/feedback-report\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(FIELDS),
    ):
        ((name, report),) = read(mail(part, kind="multipart/report; report-type=feedback-report")).reports
        assert (name, report["userAgent"]) == (ARF, "x")


def test_feedback_report_beyond_ascii() -> None:
    fields = "Feedback-Type: abuse\r\nUser-Agent: Prüfer\r\n".encode()
    for text in (fields, fields + b"\r\nmore \xff\r\n"):
        ((_, report),) = read(mail(b"Content-Type: message/feedback-report\r\n\r\n" + text, kind="multipart/report")).reports
        assert report["userAgent"] == "Prüfer"


def test_no_cut_and_no_broken_byte_does_harm() -> None:
    whole = mail(
        b"Content-Type: message/feedback-report\r\n\r\n" + FIELDS,
        attached("application/gzip", "a!b.xml.gz", gzip.compress(XML, mtime=0)),
        attached("application/zip", "a!b.zip", zipped("x.xml", XML)),
        attached("application/json", "x.json", JSON),
    )
    assert classes(whole) == [ARF, DMARC, DMARC, TLS]
    for place in range(len(whole)):
        assert len(classes(whole[:place])) <= 4
        assert len(classes(whole[:place] + b"\xc3" + whole[place + 1 :])) <= 4


def test_a_reported_message_is_not_searched() -> None:
    inner = mail(attached("text/xml", "x.xml", XML)).replace(b"b1", b"b2")
    assert classes(mail(b"Content-Type: message/rfc822\r\n\r\n" + inner)) == []


def test_every_part_counts() -> None:
    nested = mail(attached("text/xml", "a.xml", XML), kind="multipart/alternative", head="").replace(b"b1", b"b2")
    assert classes(mail(nested, attached("application/json", "x.json", JSON), attached("text/xml", "b.xml", XML))) == [DMARC, TLS, DMARC]


def test_sender_recipients_and_subject() -> None:
    head = "From: Sender Name <noreply@Big.test>\r\nTo: <dmarc@lab.test>,\r\n Second <second@lab.test>\r\nSubject: =?utf-8?q?Report_f=C3=BCr_lab=2Etest?=\r\n"
    assert read(mail(attached("text/xml", "x.xml", b""), head=head)) == Received("noreply@Big.test", ("dmarc@lab.test", "second@lab.test"), "Report für lab.test", ())


def test_a_header_in_plain_utf8_and_one_that_cannot_be_decoded() -> None:
    assert read("From: a@b.test\r\nSubject: Bericht für uns\r\n\r\nx".encode()).subject == "Bericht für uns"
    assert read(b"From: a@b.test\r\nSubject: =?x-unheard-of?q?abc?=\r\n\r\nx").subject == "=?x-unheard-of?q?abc?="


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\xff\xfe\x00", b"From:\r\nTo: <>, <\r\nSubject:\r\n\r\n", b"Content-Type: multipart/mixed\r\n\r\n--"])
def test_rubbish_is_no_report(data: bytes) -> None:
    assert read(data).reports == ()


def test_deep_nesting_does_no_harm() -> None:
    text = b"x"
    for level in range(400):
        text = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n%s\r\n--b%d--\r\n' % (level, level, text, level)
    assert read(b"From: a@b.test\r\n" + text).reports == ()
