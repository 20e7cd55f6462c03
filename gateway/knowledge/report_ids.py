"""Ids of reports in the old API (legacy-rest-api 2.3, 2.4, mapping-operations 3.1, 4.1)."""

from dataclasses import dataclass
from typing import Literal

from gateway.knowledge.ids import decimal

OutgoingKind = Literal["dmarc", "tls"]

_KINDS: dict[str, OutgoingKind] = {"d": "dmarc", "t": "tls"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_OUTGOING_PARTS = 5


@dataclass(frozen=True, slots=True)
class OutgoingId:
    """Outgoing report `d!<domain>!<number>!<created>!<due>` (`t!…` for TLS); the times are unix seconds.

    The old server's second number was the hash of a policy; here it is the number of the report on the new server.
    """

    kind: OutgoingKind
    domain: str
    number: int
    created: int
    due: int

    @property
    def text(self) -> str:
        """Written form."""
        return f"{_LETTERS[self.kind]}!{self.domain}!{self.number}!{self.created}!{self.due}"


@dataclass(frozen=True, slots=True)
class IncomingId:
    """Received report `<number>_<expiry>`; the expiry is in unix seconds."""

    number: int
    expires: int

    @property
    def text(self) -> str:
        """Written form."""
        return f"{self.number}_{self.expires}"


def outgoing(text: str) -> OutgoingId | None:
    """Outgoing report that the text names; None when it can name none, as without a domain. Parts after the fifth do not count."""
    if not outgoing_form(text):
        return None
    letter, domain, *numbers = text.split("!")
    number, created, due = (decimal(it) or 0 for it in numbers[:3])
    return OutgoingId(_KINDS[letter], domain, number, created, due) if domain else None


def outgoing_form(text: str) -> bool:
    """Whether the old server took the text for the id of an outgoing report; an empty domain was enough for that."""
    letter, *rest = text.split("!")
    return letter in _KINDS and len(rest) >= _OUTGOING_PARTS - 1 and all(decimal(it) is not None for it in rest[1:4])


def incoming(text: str) -> IncomingId | None:
    """Received report that the text names: exactly two numbers; else None."""
    parts = [decimal(it) for it in text.split("_")]
    match parts:
        case [int(number), int(expires)]:
            return IncomingId(number, expires)
        case _:
            return None
