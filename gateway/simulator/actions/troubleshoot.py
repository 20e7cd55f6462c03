"""TroubleshootDmarc: what a receiving server would find about a message (jmap-management-api 3.16, recordings `actions.dmarc`)."""

from email import message_from_bytes
from email.message import Message as Parsed

from gateway.simulator.errors import Object, SetError
from gateway.simulator.mail import authentication
from gateway.simulator.mail.authentication import NONE, passed
from gateway.simulator.mail.surroundings import Surroundings

UNREADABLE = "Failed to parse the message for DMARC troubleshooting"


def troubleshoot(given: Object, surroundings: Surroundings) -> Object:
    """Results for the checked properties of the action; without a message a stub from the envelope sender is judged."""
    message, body = _message(given)
    ehlo, sender = given["ehloDomain"].lower(), given["mailFrom"].rpartition("@")[2]
    spf_ehlo = authentication.spf(ehlo, given["remoteIp"], surroundings)
    spf_sender = authentication.spf(sender, given["remoteIp"], surroundings)
    reverse, names = authentication.reverse(given["remoteIp"], surroundings)
    signatures = authentication.dkim(message, body, surroundings)
    signers = [domain for domain, outcome in signatures if passed(outcome)]
    dmarc = authentication.dmarc(authentication.author_domain(message), signers + [sender] * passed(spf_sender), surroundings)
    return {
        "spfEhloDomain": ehlo,
        "spfEhloResult": spf_ehlo,
        "spfMailFromDomain": sender,
        "spfMailFromResult": spf_sender,
        "ipRevResult": reverse,
        "ipRevPtr": dict.fromkeys(names, True),
        "dkimResults": {str(number): outcome for number, (_, outcome) in enumerate(signatures)},
        "dkimPass": bool(signers),
        "dkim2Result": NONE,
        "dkim2Pass": False,
        "arcResult": NONE,
        "dmarcResult": dmarc.outcome,
        "dmarcPass": passed(dmarc.outcome),
        "dmarcPolicy": dmarc.policy,
        "elapsed": 0,
    }


def _message(given: Object) -> tuple[Parsed, bytes]:
    raw = given["message"] or f"From: {given['mailFrom']}\r\nSubject: test\r\n\r\ntest"
    data = raw.encode()
    message = message_from_bytes(data)
    if not message.keys():
        raise SetError("invalidProperties", UNREADABLE, properties=["body"])
    return message, data.partition(b"\r\n\r\n")[2]
