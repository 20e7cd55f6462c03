"""Tags that the spam filter gives to a message before any score is known (recordings `actions.spam`).

Without rules from the network only what the server itself looks at counts: header, body, envelope, names. The learned part is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Parsed
from email.utils import getaddresses, parsedate_to_datetime

from gateway.simulator.mail import authentication
from gateway.simulator.mail.surroundings import NameFailure, NameNotFound, Surroundings

SHORT_TEXT = 64
SHORT_HTML = 1024
OLD_SECONDS = 86_400
AHEAD_SECONDS = 7_200

_KNOWN_HEADERS = frozenset(
    ["from", "to", "cc", "bcc", "subject", "date", "message-id", "reply-to", "sender", "references", "in-reply-to", "received", "return-path", "mime-version", "content-type", "content-transfer-encoding", "content-disposition", "list-unsubscribe", "dkim-signature"]
)
_RESERVED = frozenset(["test", "localhost", "local", "internal", "lan", "home", "corp", "intranet", "private", "localdomain", "invalid", "example", "onion"])
_RECIPIENT_COUNTS = ((50, "GT_50"), (12, "TWELVE"), (7, "SEVEN"), (5, "FIVE"), (3, "THREE"), (2, "TWO"), (1, "ONE"))
_SPF = {"Pass": "ALLOW", "Fail": "FAIL", "SoftFail": "SOFTFAIL", "Neutral": "NEUTRAL", "TempError": "DNSFAIL", "PermError": "PERMFAIL", "None": "NA"}
_DKIM = {"Pass": "ALLOW", "Fail": "REJECT", "Neutral": "REJECT", "TempError": "TEMPFAIL", "PermError": "PERMFAIL", "None": "NA"}
_DMARC_FAILED = {"reject": "POLICY_REJECT", "quarantine": "POLICY_QUARANTINE"}
_BOUNCERS = frozenset({"postmaster", "mailer-daemon", "mailerdaemon"})
_LINK = re.compile(r'<a\s[^>]*href="([^"]+)"[^>]*>(.*?)</a>', re.IGNORECASE | re.DOTALL)
_URL = re.compile(r"https?://([^/\s\"'<>]+)[^\s\"'<>]*")
_ADDRESS_HOST = re.compile(r"\d+\.\d+\.\d+\.\d+")


class Unreadable(Exception):
    """No header field that a message has was found."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its envelope; `now` are unix seconds, None where the date of the message does not matter."""

    data: bytes
    env_from: str
    env_rcpt: tuple[str, ...]
    helo: str
    remote_ip: str
    tls: bool
    authenticated: bool = False
    now: int | None = None


@dataclass(slots=True)
class _View:
    """What the rules look at."""

    letter: Letter
    surroundings: Surroundings
    header: Parsed
    body: bytes
    authors: list[tuple[str, str]] = field(default_factory=list)
    recipients: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sender_domain(self) -> str:
        return self.letter.env_from.rpartition("@")[2].lower()

    @property
    def author_domain(self) -> str | None:
        return self.authors[0][1].rpartition("@")[2].lower() if self.authors else None


def find(letter: Letter, surroundings: Surroundings) -> set[str]:
    """All tags of a message; Unreadable."""
    header = message_from_bytes(letter.data)
    if not any(name.lower() in _KNOWN_HEADERS for name in header):
        raise Unreadable
    view = _View(letter, surroundings, header, letter.data.partition(b"\r\n\r\n")[2], _addresses(header, "From"), _addresses(header, "To", "Cc"))
    return {tag for rule in (_fields, _origin, _sender, _message_id, _replies, _recipients, _trust, _content) for tag in rule(view)}


def _addresses(header: Parsed, *names: str) -> list[tuple[str, str]]:
    values = [str(value) for name in names for value in header.get_all(name, [])]
    return [(name, address) for name, address in getaddresses(values) if "@" in address]


def _fields(view: _View) -> Iterator[str]:
    header = view.header
    for name in header:
        yield "X_HDR_" + name.upper().replace("-", "_")
    for name, tag in (("Date", "DATE"), ("From", "FROM"), ("To", "TO"), ("Message-ID", "MID")):
        if name not in header:
            yield "MISSING_" + tag
    if "Content-Type" in header and "MIME-Version" not in header:
        yield from ("MIME_HEADER_CTYPE_ONLY", "MISSING_MIME_VERSION")
    yield from _date(view)
    subject = str(header.get("Subject", ""))
    letters = [sign for sign in subject if sign.isalpha()]
    if len(letters) > 1 and all(sign.isupper() for sign in letters):
        yield "SUBJ_ALL_CAPS"
    if re.search("[$€£¥]", subject):
        yield "SUBJECT_HAS_CURRENCY"


def _date(view: _View) -> Iterator[str]:
    """A date more than a day ago, or more than two hours ahead."""
    if view.letter.now is None or "Date" not in view.header:
        return
    try:
        age = view.letter.now - parsedate_to_datetime(str(view.header["Date"])).timestamp()
    except ValueError:
        yield "INVALID_DATE"
        return
    if age > OLD_SECONDS:
        yield "DATE_IN_PAST"
    elif -age > AHEAD_SECONDS:
        yield "DATE_IN_FUTURE"


def _origin(view: _View) -> Iterator[str]:
    letter = view.letter
    yield "RCVD_COUNT_" + _count(len(view.header.get_all("Received", [])))
    yield "RCVD_TLS_LAST" if letter.tls else "RCVD_NO_TLS_LAST"
    if letter.authenticated:
        yield "RCVD_VIA_SMTP_AUTH"
    if not view.surroundings.pointers(letter.remote_ip):
        yield "RDNS_NONE"
    if not _public(letter.helo):
        yield "HELO_NOT_FQDN"
    elif not _resolves(letter.helo, view.surroundings):
        yield "HELO_NORES_A_OR_MX"


def _sender(view: _View) -> Iterator[str]:
    env_from = view.letter.env_from.lower()
    if env_from and not _public(view.sender_domain):
        yield "ENV_FROM_INVALID"
    elif env_from and not _resolves(view.sender_domain, view.surroundings):
        yield "FROMHOST_NORES_A_OR_MX"
    if env_from.partition("@")[0] in _BOUNCERS or not env_from:
        yield "FROM_BOUNCE"
    if view.authors:
        name, address = view.authors[0]
        if not name:
            yield "FROM_NO_DN"
        if not _public(view.author_domain or ""):
            yield "FROM_INVALID"
        if address.lower() == env_from:
            yield "FROM_EQ_ENV_FROM"


def _message_id(view: _View) -> Iterator[str]:
    env_from = view.letter.env_from.lower()
    author = view.authors[0][1].lower() if view.authors else ""
    message_id = str(view.header.get("Message-ID", "")).strip().strip("<>").lower()
    for address, domain, tag in ((env_from, view.sender_domain, "ENV_FROM"), (author, view.author_domain, "FROM")):
        if address and address in message_id:
            yield "MID_CONTAINS_FROM"
        elif message_id and message_id.rpartition("@")[2] == domain:
            yield f"MID_RHS_MATCH_{tag}"


def _replies(view: _View) -> Iterator[str]:
    replies = _addresses(view.header, "Reply-To")
    if replies:
        yield "HAS_REPLYTO"
        same = _owner(replies[0][1].rpartition("@")[2]) == _owner(view.author_domain or "")
        yield "REPLYTO_DOM_EQ_FROM_DOM" if same else "REPLYTO_DOM_NEQ_FROM_DOM"


def _recipients(view: _View) -> Iterator[str]:
    yield "RCPT_COUNT_" + _count(len(view.recipients))
    if not view.recipients:
        return
    named = [bool(name) for name, _ in view.recipients]
    if all(named):
        yield "TO_DN_ALL"
    else:
        yield "TO_DN_SOME" if any(named) else "TO_DN_NONE"
    shown = {address.lower() for _, address in view.recipients}
    given = {address.lower() for address in view.letter.env_rcpt}
    if given:
        yield "TO_MATCH_ENVRCPT_ALL" if given <= shown else "FORGED_RECIPIENTS"


def _trust(view: _View) -> Iterator[str]:
    letter, surroundings = view.letter, view.surroundings
    yield from ("ARC_NA", "DKIM2_NA")
    spf = authentication.spf(view.sender_domain, letter.remote_ip, surroundings)
    yield "SPF_" + _SPF[spf["@type"]]
    signatures = authentication.dkim(view.header, view.body, surroundings)
    if signatures:
        yield "DKIM_SIGNED"
    for outcome in [outcome for _, outcome in signatures] or [authentication.NONE]:
        yield "DKIM_" + _DKIM[outcome["@type"]]
    trusted = [domain for domain, outcome in signatures if authentication.passed(outcome)] + [view.sender_domain] * authentication.passed(spf)
    dmarc = authentication.dmarc(authentication.author_domain(view.header), trusted, surroundings)
    match dmarc.outcome["@type"]:
        case "Pass":
            yield "DMARC_POLICY_ALLOW"
        case "Fail":
            yield "DMARC_" + _DMARC_FAILED.get(dmarc.policy, "POLICY_SOFTFAIL")
        case "TempError":
            yield "DMARC_DNSFAIL"
        case _:
            yield "DMARC_NA"


def _content(view: _View) -> Iterator[str]:
    text = view.body.decode("utf-8", "replace").strip()
    kind = view.header.get_content_type()
    if kind == "text/plain":
        if len(text) < SHORT_TEXT:
            yield "SINGLE_SHORT_PART"
    elif kind == "text/html":
        yield "MIME_HTML_ONLY"
        if len(text) < SHORT_HTML:
            yield "HTML_SHORT_1"
    shown = re.sub(r"<[^>]*>", "", text).strip()
    if _URL.fullmatch(shown):
        yield from ("URL_ONLY", "BODY_URI_ONLY")
    hosts = [match.group(1) for match in _URL.finditer(text)]
    if any(_ADDRESS_HOST.fullmatch(host) for host in hosts):
        yield from ("HTTP_TO_IP", "SUSPICIOUS_URL")
    for target, words in _LINK.findall(text):
        to, claimed = _URL.match(target), _URL.search(words)
        if to and claimed and to.group(1) != claimed.group(1):
            yield "PHISHING"


def _count(number: int) -> str:
    return next((name for least, name in _RECIPIENT_COUNTS if number >= least), "ZERO")


def _public(domain: str) -> bool:
    """Whether a domain lies below an ending in public use."""
    labels = domain.lower().split(".")
    return len(labels) > 1 and labels[-1] not in _RESERVED


def _owner(domain: str) -> str | None:
    return authentication.organisation(domain.lower()) if _public(domain) else None


def _resolves(domain: str, surroundings: Surroundings) -> bool:
    try:
        surroundings.exchanger(domain)
    except (NameFailure, NameNotFound):
        return False
    return True
