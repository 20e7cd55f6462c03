"""The world outside the simulated server: names and mail hosts, all made up and always answering the same.

`temp.test` answers 451 at RCPT (550 for `bad…`, 250 for `fine…`), `ok.test` accepts, `refused.test` refuses connections, the names in
`failing` cannot be resolved, no other name exists. Some names publish SPF, DMARC and TLS reporting records.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NOT_FOUND = "DNS record not found: Non-Existent Domain"
SERVER_FAILURE = "DNS resolution error: DNS error: error response: Server Failure"
CONNECTION_REFUSED = "I/O error: Connection refused (os error 111)"


class NameNotFound(Exception):
    """The name does not exist."""


class NameFailure(Exception):
    """The name server failed; a later try may succeed."""


class ConnectionRefused(Exception):
    """Nobody listens on the mail host."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a mail host says: code, enhanced code, words."""

    code: int
    enhanced: str
    message: str


ACCEPTED = Reply(250, "0.0.0", "OK")
TRY_LATER = Reply(451, "4.3.0", "try again later")
NO_SUCH_USER = Reply(550, "5.1.1", "no such user")


def _accepting(_: str) -> Reply:
    return ACCEPTED


def _temporary(local: str) -> Reply:
    """Most are put off; some prefixes of the local part are refused or taken."""
    if local.startswith("bad"):
        return NO_SUCH_USER
    return ACCEPTED if local.startswith("fine") else TRY_LATER


def _refusing(_: str) -> Reply:
    raise ConnectionRefused


_HOSTS: Mapping[str, Callable[[str], Reply]] = {"mx.ok.test": _accepting, "mx.temp.test": _temporary, "mx.refused.test": _refusing, "mail.example.org": _refusing}

_ADDRESSES: Mapping[str, str] = {"mx.ok.test": "10.77.0.2", "mx.temp.test": "10.77.0.3", "mx.refused.test": "10.77.0.1", "mail.example.org": "127.0.0.1"}

_EXCHANGERS: Mapping[str, str] = {"ok.test": "mx.ok.test", "temp.test": "mx.temp.test", "refused.test": "mx.refused.test", "example.org": "mail.example.org"}

_TEXTS: Mapping[str, str] = {
    "sender.test": "v=spf1 ip4:127.0.0.1 ip4:10.77.0.1 ~all",
    "_dmarc.sender.test": "v=DMARC1; p=none; rua=mailto:rua@sender.test",
    "_smtp._tls.ok.test": "v=TLSRPTv1; rua=mailto:tlsrpt@ok.test",
    "example.org": "v=spf1 -all",
    "_dmarc.example.org": "v=DMARC1; p=reject",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Name service and mail hosts; `failing` are names, or `*.zone` for everything below a zone."""

    failing: tuple[str, ...] = ("servfail.test", "*.servfail.test")
    texts: Mapping[str, str] = field(default_factory=lambda: _TEXTS)

    def exchanger(self, domain: str) -> str:
        """Mail host of a domain; NameFailure or NameNotFound."""
        self._resolve(domain)
        if domain not in _EXCHANGERS:
            raise NameNotFound
        return _EXCHANGERS[domain]

    def address(self, host: str) -> str:
        """IP address of a mail host."""
        return _ADDRESSES[host]

    def answer(self, host: str, local: str) -> Reply:
        """What a mail host says to RCPT for this local part, or ConnectionRefused."""
        return _HOSTS[host](local)

    def text(self, name: str) -> str | None:
        """TXT record of a name; None when there is none, NameFailure when that cannot be found out."""
        self._resolve(name)
        return self.texts.get(name)

    def pointers(self, address: str) -> tuple[str, ...]:
        """Names of an address by reverse look-up: only the loopback addresses have one."""
        return ("localhost.",) if ipaddress.ip_address(address).is_loopback else ()

    def _resolve(self, name: str) -> None:
        for pattern in self.failing:
            if name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:])):
                raise NameFailure
