"""Reports inside a mail: which parts of a message may be one, of which class, and what they say once they are unpacked.

A message is looked through part by part; a message inside the message is not. Every part that can be read becomes a report of its
own, whatever address it was sent to.
"""

import base64
import binascii
import io
import quopri
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from typing import Any

from gateway.simulator.reports.arf_fields import arf_report
from gateway.simulator.reports.dmarc_xml import dmarc_report
from gateway.simulator.reports.tls_json import Unusable, tls_report
from gateway.simulator.reports.xml_tree import MOST_BYTES, Unreadable

MOST_PARTS = 1000

DMARC, TLS, ARF = "DmarcExternalReport", "TlsExternalReport", "ArfExternalReport"
CLASSES = (DMARC, TLS, ARF)


class Packed(ValueError):
    """The part cannot be unpacked, or it is larger unpacked than a report may be."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a message held: its header as far as it is kept, and the reports as (object type, report object)."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    reports: tuple[tuple[str, dict[str, Any]], ...]


def read(data: bytes) -> Received:
    """The reports in a message; what cannot be read is passed over, so `reports` may be empty."""
    try:
        message = message_from_bytes(data)
    except (RecursionError, ValueError, LookupError):
        return Received("", (), "", ())
    senders, recipients = _addresses(message, "from"), _addresses(message, "to")
    return Received(senders[-1] if senders else "", tuple(recipients), _subject(message), tuple(_reports(message)))


def _reports(message: Message) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in _leaves(message):
        candidate = _candidate(part)
        if candidate is None:
            continue
        name, unpack, encoding = candidate
        try:
            content = unpack(_content(part))
            report = dmarc_report(content, encoding) if name == DMARC else tls_report(content) if name == TLS else arf_report(content)
        except (Packed, Unreadable, Unusable):
            continue
        if report is not None:
            yield name, report


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold no parts, in order; the reported message of an ARF report is not entered."""
    waiting = [message]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting += [entry for entry in reversed(inner) if isinstance(entry, Message)]
        elif part.get_content_type() not in {"message/rfc822", "message/global"}:
            yield part


def _candidate(part: Message) -> tuple[str, Callable[[bytes], bytes], str | None] | None:
    """Class, way of unpacking and character encoding of a part that looks like a report, by its media type and file name."""
    kind, subtype = part.get_content_maintype(), part.get_content_subtype()
    name = part.get_filename() or ""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if part.get_content_type() == "message/feedback-report":
        return ARF, _as_it_is, None
    if kind == "text":
        return (DMARC, _as_it_is, "utf-8") if "xml" in {subtype, ending} else None
    base, _, suffix = subtype.rpartition("+")
    base = base or subtype
    unpack = _UNPACK.get(suffix) or _UNPACK.get(ending) or _as_it_is
    if base == "xml":
        return DMARC, unpack, None
    if base == "tlsrpt" or ending == "json":
        return TLS, unpack, None
    return (DMARC, unpack, None) if ".xml" in name or "!" in name else None


def _content(part: Message) -> bytes:
    """Bytes of a part without its transfer encoding; text in UTF-8."""
    inner = part.get_payload()
    if isinstance(inner, list):
        return _as_written(part, inner)
    raw = part.get_payload(decode=True)
    content = raw if isinstance(raw, bytes) else b""
    charset = part.get_content_charset()
    if part.get_content_maintype() == "text" and charset not in {None, "utf-8", "us-ascii"}:
        try:
            return content.decode(str(charset), "replace").encode()
        except LookupError:
            return content
    return content


def _as_written(part: Message, inner: list[Any]) -> bytes:
    """Text of a `message/*` part: the parser takes what stands in any of them for a message, so its fields are put together again."""
    content = b""
    for message in inner[:1]:
        fields = "".join(f"{name}:{value}\r\n" for name, value in message.raw_items())
        content = f"{fields}\r\n{message.get_payload()}".lstrip().encode("utf-8", "surrogateescape")
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    try:
        return base64.b64decode(content) if encoding == "base64" else quopri.decodestring(content) if encoding == "quoted-printable" else content
    except binascii.Error as error:
        raise Packed(str(error)) from error


def _as_it_is(data: bytes) -> bytes:
    return data


def _gunzip(data: bytes) -> bytes:
    """The first member of a gzip file; Packed when it is cut, broken or too large."""
    reader = zlib.decompressobj(wbits=31)
    try:
        content = reader.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise Packed(str(error)) from error
    if not reader.eof or len(content) > MOST_BYTES:
        raise Packed("cut short or too large")
    return content


def _unzip(data: bytes) -> bytes:
    """The first file of a zip archive; Packed when there is none, or it is broken, encrypted or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if not names:
                raise Packed("empty archive")
            with archive.open(names[0]) as file:
                content = file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error) as error:
        raise Packed(str(error)) from error
    if len(content) > MOST_BYTES:
        raise Packed("too large")
    return content


_UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": _gunzip, "zip": _unzip, "gz": _gunzip}


def _addresses(message: Message, field: str) -> list[str]:
    """Addresses of all fields of that name, in order, without their display names."""
    return [address for _, address in getaddresses([_utf8(str(value)) for value in message.get_all(field, [])]) if address]


def _subject(message: Message) -> str:
    """The subject with its encoded words read; what cannot be decoded stays as it is."""
    raw = next((value for name, value in message.raw_items() if name.lower() == "subject"), "")
    text = " ".join(_utf8(str(raw)).split("\r\n "))
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return text


def _utf8(text: str) -> str:
    """A header value whose bytes above ASCII are UTF-8."""
    return text.encode("ascii", "surrogateescape").decode("utf-8", "replace") if any("\udc80" <= letter <= "\udcff" for letter in text) else text
