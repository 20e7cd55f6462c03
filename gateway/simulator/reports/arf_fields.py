"""Abuse and authentication-failure reports (RFC 5965, 6591): the fields of a `message/feedback-report` part to ArfFeedbackReport.

The object is that of jmap-management-api 3.20.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from gateway.simulator.reports import values

LARGEST_PORT = 65_535

_FIELD = re.compile(r"^([!-9;-~]+)[ \t]*:((?:[^\n]|\n[ \t])*)", re.MULTILINE)
_BLANK = re.compile(r"\r?\n\r?\n")


def arf_report(data: bytes) -> dict[str, Any] | None:
    """ArfFeedbackReport of the fields, None when no known Feedback-Type is among them.

    `message` and `headers` stay empty: the server keeps nothing of the message that is reported.
    """
    report = _empty()
    for name, value in _fields(data):
        if name in _MEMBERS:
            member, read = _MEMBERS[name]
            report[member] = read(value, report[member])
    return report if report["feedbackType"] else None


def _text(value: str, _present: Any) -> str:
    return value


def _added(value: str, present: dict[str, bool]) -> dict[str, bool]:
    return present | {value: True}


def _date(value: str, present: str | None) -> str | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError):
        return present
    return values.instant(int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def _port(value: str, _present: Any) -> int | None:
    port = values.count(value)
    return port if 0 < port <= LARGEST_PORT else None


def _alignment(value: str, _present: Any) -> str:
    words = {word.strip().lower() for word in value.split(",")}
    if "none" in words:
        return "none"
    return {frozenset({"dkim"}): "dkim", frozenset({"spf"}): "spf", frozenset({"dkim", "spf"}): "dkimSpf"}.get(frozenset(words & {"dkim", "spf"}), "unspecified")


def _one_of(*words: str, **renamed: str) -> Callable[[str, Any], Any]:
    """Reader of an enumeration; an unknown word leaves what is there. `renamed` gives the new word for an old one without `-`."""
    known: Mapping[str, str] = {word: word for word in words} | {word.replace("_", "-"): new for word, new in renamed.items()}
    return lambda value, present: known.get(value.lower(), present)


_MEMBERS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "feedback-type": ("feedbackType", _one_of("abuse", "fraud", "virus", "other", auth_failure="authFailure", not_spam="notSpam")),
    "auth-failure": ("authFailure", _one_of("adsp", "revoked", "signature", "spf", "dmarc", bodyhash="bodyHash")),
    "delivery-result": ("deliveryResult", _one_of("delivered", "spam", "policy", "reject", "other")),
    "identity-alignment": ("identityAlignment", _alignment),
    "arrival-date": ("arrivalDate", _date),
    "received-date": ("arrivalDate", _date),
    "incidents": ("incidents", lambda value, _: values.count(value, 1)),
    "version": ("version", lambda value, _: values.count(value)),
    "source-ip": ("sourceIp", lambda value, _: values.address(value.split(" ", 1)[0])),
    "source-port": ("sourcePort", _port),
    "reporting-mta": ("reportingMta", lambda value, _: value.removeprefix("dns;").strip()),
    "authentication-results": ("authenticationResults", _added),
    "reported-domain": ("reportedDomains", _added),
    "reported-uri": ("reportedUris", _added),
    "original-envelope-id": ("originalEnvelopeId", _text),
    "original-mail-from": ("originalMailFrom", _text),
    "original-rcpt-to": ("originalRcptTo", _text),
    "user-agent": ("userAgent", _text),
    "dkim-adsp-dns": ("dkimAdspDns", _text),
    "dkim-canonicalized-body": ("dkimCanonicalizedBody", _text),
    "dkim-canonicalized-header": ("dkimCanonicalizedHeader", _text),
    "dkim-domain": ("dkimDomain", _text),
    "dkim-identity": ("dkimIdentity", _text),
    "dkim-selector": ("dkimSelector", _text),
    "dkim-selector-dns": ("dkimSelectorDns", _text),
    "spf-dns": ("spfDns", _text),
}


def _empty() -> dict[str, Any]:
    return {
        "feedbackType": None,
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


def _fields(data: bytes) -> Iterator[tuple[str, str]]:
    """Name in lower case and value of each field up to the first empty line; what is no field is passed over."""
    text = data.decode("utf-8", "replace").lstrip()
    for field in _FIELD.finditer(_BLANK.split(text, maxsplit=1)[0]):
        yield field[1].lower(), field[2].strip()
