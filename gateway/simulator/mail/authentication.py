"""SPF, DMARC and DKIM of a message, as far as the made-up surroundings decide them (recordings `actions.dmarc`).

An outcome is what the server sends: `{"@type": "Pass"}`, `None`, or a failing type with `details`.
"""

import base64
import binascii
import hashlib
import ipaddress
import re
from dataclasses import dataclass
from email.message import Message as Parsed
from email.utils import getaddresses

from gateway.simulator.errors import Object
from gateway.simulator.mail.surroundings import NOT_FOUND, SERVER_FAILURE, NameFailure, Surroundings

PASS: Object = {"@type": "Pass"}
NONE: Object = {"@type": "None"}

WRONG_BODY_HASH = "Calculated body hash does not match signature hash"
NOT_ALIGNED = "Policy not aligned"

_QUALIFIERS = {"+": "Pass", "-": "Fail", "~": "SoftFail", "?": "Neutral"}


@dataclass(frozen=True, slots=True)
class Dmarc:
    """Outcome, and the policy that the domain publishes (`none` when it has none)."""

    outcome: Object
    policy: str


def problem(kind: str, details: str | None = None) -> Object:
    """An outcome that is neither a pass nor nothing."""
    return {"details": details, "@type": kind}


def passed(outcome: Object) -> bool:
    """Whether an outcome is a pass."""
    return bool(outcome["@type"] == "Pass")


def spf(domain: str, remote_ip: str, surroundings: Surroundings) -> Object:
    """SPF of a domain for a client address (RFC 7208; mechanisms `ip4`, `ip6` and `all`)."""
    try:
        record = surroundings.text(domain)
    except NameFailure:
        return problem("TempError")
    if record is None or not record.startswith("v=spf1"):
        return NONE
    for term in record.split()[1:]:
        qualifier, mechanism = (term[0], term[1:]) if term[0] in _QUALIFIERS else ("+", term)
        if mechanism == "all" or _names_address(mechanism, remote_ip):
            return PASS if qualifier == "+" else problem(_QUALIFIERS[qualifier])
    return problem("Neutral")


def reverse(remote_ip: str, surroundings: Surroundings) -> tuple[Object, tuple[str, ...]]:
    """Outcome of the reverse look-up of an address, and the names found."""
    names = surroundings.pointers(remote_ip)
    return (PASS, names) if names else (problem("PermError", NOT_FOUND), ())


def author_domain(message: Parsed) -> str | None:
    """Domain of the one author in `From`; None when there is no author or more than one."""
    addresses = [address for _, address in getaddresses(message.get_all("From", [])) if "@" in address]
    return addresses[0].rpartition("@")[2].lower() if len(addresses) == 1 else None


def dmarc(author: str | None, authenticated: list[str], surroundings: Surroundings) -> Dmarc:
    """DMARC of the author's domain (RFC 7489, relaxed alignment); `authenticated` are the domains that passed SPF or DKIM."""
    if author is None:
        return Dmarc(NONE, "none")
    try:
        record = surroundings.text(f"_dmarc.{author}") or surroundings.text(f"_dmarc.{organisation(author)}")
    except NameFailure:
        return Dmarc(problem("TempError", SERVER_FAILURE), "none")
    if record is None:
        return Dmarc(NONE, "none")
    policy = _tags(record).get("p", "none")
    if any(organisation(domain) == organisation(author) for domain in authenticated):
        return Dmarc(PASS, policy)
    return Dmarc(problem("Fail", NOT_ALIGNED) if authenticated else NONE, policy)


def dkim(message: Parsed, body: bytes, surroundings: Surroundings) -> list[tuple[str, Object]]:
    """Signing domain and outcome of each signature: the body hash is checked, then the key looked for (RFC 6376)."""
    return [_signature(_tags(re.sub(r"\s+", "", str(value))), body, surroundings) for value in message.get_all("DKIM-Signature", [])]


def organisation(domain: str) -> str:
    """The part of a domain that belongs to one owner: its last two labels."""
    return ".".join(domain.split(".")[-2:])


def _signature(tags: dict[str, str], body: bytes, surroundings: Surroundings) -> tuple[str, Object]:
    domain = tags.get("d", "")
    digest = hashlib.sha256(_canonical(body, tags.get("c", "simple/simple"))).digest()
    try:
        claimed = base64.b64decode(tags.get("bh", ""), validate=True)
    except binascii.Error:
        claimed = b""
    if claimed != digest:
        return domain, problem("Neutral", WRONG_BODY_HASH)
    try:
        key = surroundings.text(f"{tags.get('s', '')}._domainkey.{domain}")
    except NameFailure:
        return domain, problem("TempError", SERVER_FAILURE)
    return domain, problem("PermError", NOT_FOUND if key is None else "Unsupported key type")


def _canonical(body: bytes, algorithms: str) -> bytes:
    """Body as it is hashed (RFC 6376 3.4.3, 3.4.4)."""
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    if algorithms.partition("/")[2] == "relaxed":
        lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"" if algorithms.endswith("/relaxed") else b"\r\n"
    return b"\r\n".join(lines) + b"\r\n"


def _names_address(mechanism: str, remote_ip: str) -> bool:
    name, _, network = mechanism.partition(":")
    address = ipaddress.ip_address(remote_ip)
    return name == f"ip{address.version}" and address in ipaddress.ip_network(network, strict=False)


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}
