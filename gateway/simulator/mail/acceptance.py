"""The SMTP side: a message handed over with `POST /.simulator/inject` is answered as SMTP would answer it, and taken.

Every client may relay, nobody logs in, and all extensions are open to everybody. Own recipients must exist; the message itself is always taken.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gateway.simulator.errors import Object
from gateway.simulator.mail import addresses, options
from gateway.simulator.mail.addresses import Address
from gateway.simulator.mail.facts import Accepted
from gateway.simulator.mail.options import MailOptions, RcptOptions
from gateway.simulator.mail.queue import Queue, Submission

SENDER_OK = "250 2.1.0"
RECIPIENT_OK = "250 2.1.5"
DATA_OK = "250 2.0.0"
BAD_SENDER = "501 5.1.8"
BAD_RECIPIENT = "501 5.1.3"
NO_MAILBOX = "550 5.1.2"
TOO_MANY = "455 4.5.3"
NO_RECIPIENTS = "503 5.5.1"

MOST_RECIPIENTS = 100


class BadInjection(ValueError):
    """The hand-over itself is malformed."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A message as it is handed over; `recipients` are addresses with their parameters, in order, repeated ones too."""

    sender: str
    sender_options: tuple[str, ...]
    recipients: tuple[tuple[str, tuple[str, ...]], ...]
    helo: str
    remote_ip: str
    data: bytes


@dataclass(slots=True)
class Front:
    """The SMTP side of a server.

    `resolve` gives who gets mail for an address (the members of a list) or None when nobody does, `annotate` adds the header fields
    that the server writes, `announce` hears of each accepted message.
    """

    queue: Queue
    resolve: Callable[[Address], list[Address] | None]
    annotate: Callable[[Accepted], bytes]
    announce: Callable[[Accepted], None]

    def take(self, injection: Injection) -> Object:
        """Replies to MAIL, to RCPT per address, and to DATA when a recipient was accepted."""
        try:
            asked = options.mail(injection.sender_options, self.queue.clock.seconds())
            sender = self._sender(injection.sender)
        except options.Refused as refused:
            return {"mail": refused.reply, "rcpt": dict.fromkeys((text for text, _ in injection.recipients), NO_RECIPIENTS)}
        accepted: dict[tuple[str, str], tuple[Address, RcptOptions]] = {}
        replies: dict[str, str] = {}
        for text, parameters in injection.recipients:
            replies[text] = self._recipient(text, parameters, accepted)
        answer: Object = {"mail": SENDER_OK, "rcpt": replies}
        if accepted:
            self._accept(injection, sender, asked, list(accepted.values()))
            answer["data"] = DATA_OK
        return answer

    def _sender(self, text: str) -> str:
        if text in {"", "<>"}:
            return ""
        address = addresses.read(text)
        if address is None:
            raise options.Refused(BAD_SENDER)
        return str(address)

    def _recipient(self, text: str, parameters: Iterable[str], accepted: dict[tuple[str, str], tuple[Address, RcptOptions]]) -> str:
        address = addresses.read(text)
        if address is None:
            return BAD_RECIPIENT
        if len(accepted) >= MOST_RECIPIENTS:
            return TOO_MANY
        try:
            asked = options.rcpt(parameters)
        except options.Refused as refused:
            return refused.reply
        takers = self.resolve(address)
        if takers is None:
            return NO_MAILBOX
        for taker in takers:
            accepted.setdefault(taker.key, (taker, asked))
        return RECIPIENT_OK

    def _accept(self, injection: Injection, sender: str, asked: MailOptions, recipients: list[tuple[Address, RcptOptions]]) -> None:
        fact = Accepted(
            return_path=sender,
            recipients=tuple(address for address, _ in recipients),
            data=injection.data,
            helo=injection.helo.lower(),
            remote_ip=injection.remote_ip,
        )
        self.queue.submit(
            Submission(
                return_path=sender,
                recipients=recipients,
                data=self.annotate(fact),
                flags=frozenset({"unauthenticated"}),
                hold=asked.hold,
                received_from=injection.remote_ip,
                envelope_id=asked.envelope_id,
                priority=asked.priority,
                headers_only=asked.headers_only,
                helo=fact.helo,
            )
        )
        self.announce(fact)


def read(body: Any) -> Injection:
    """The hand-over from its JSON; BadInjection when a member is missing or of the wrong type.

    `rcpt_options` is a list that holds for every recipient, or an object address → list.
    """
    if not isinstance(body, dict):
        raise BadInjection("an object is expected")
    try:
        recipients = _texts(body["rcpt_to"])
        per_recipient = body.get("rcpt_options") or []
        if isinstance(per_recipient, dict):
            chosen = {address: _texts(parameters) for address, parameters in per_recipient.items()}
            pairs = tuple((address, chosen.get(address, ())) for address in recipients)
        else:
            same = _texts(per_recipient)
            pairs = tuple((address, same) for address in recipients)
        return Injection(
            sender=_text(body["mail_from"]),
            sender_options=_texts(body.get("mail_options") or []),
            recipients=pairs,
            helo=_text(body.get("helo", "localhost")),
            remote_ip=_text(body.get("remote_ip", "127.0.0.1")),
            data=base64.b64decode(_text(body["data"]), validate=True),
        )
    except KeyError as missing:
        raise BadInjection(f"member {missing} is missing") from None
    except binascii.Error:
        raise BadInjection("`data` is no base64") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadInjection("a text is expected")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadInjection("a list of texts is expected")
    return tuple(map(_text, value))
