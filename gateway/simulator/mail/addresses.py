"""Addresses as the SMTP side reads and keeps them: quotes of a local part dropped, domain in lower case and punycode."""

import re
from dataclasses import dataclass

_QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\[^\r\n])*)"')
_LOCAL = re.compile(r"[^\s@<>()\[\]:;,\"\\]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
LONGEST_LOCAL = 64
LONGEST_DOMAIN = 255
LONGEST_LABEL = 63


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A mailbox; ordered as the server lists recipients: by domain, then local part without regard to case."""

    domain: str
    folded: str
    local: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> tuple[str, str]:
        """Equal for addresses that are the same recipient."""
        return self.domain, self.folded


def read(text: str) -> Address | None:
    """Address in a MAIL or RCPT command, with or without angle brackets; None when it is none."""
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    quoted = _QUOTED.match(text)
    if quoted:
        local = re.sub(r"\\(.)", r"\1", quoted.group(1))
        rest = text[quoted.end() :]
    else:
        plain = _LOCAL.match(text)
        if not plain:
            return None
        local, rest = plain.group(), text[plain.end() :]
    if not local or not rest.startswith("@") or len(local.encode()) > LONGEST_LOCAL:
        return None
    domain = domain_of(rest[1:])
    return Address(domain, local.lower(), local) if domain else None


def domain_of(text: str) -> str | None:
    """Domain in lower case, labels beyond ASCII in punycode; None when it is none."""
    try:
        domain = text.lower() if text.isascii() else text.lower().encode("idna").decode()
    except UnicodeError:
        return None
    labels = domain.split(".")
    if len(domain) > LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) and len(label) <= LONGEST_LABEL for label in labels):
        return None
    return domain
