"""Delivery reports to the sender (RFC 3461, RFC 3464): who is to be told what, and the message that tells it."""

from email.utils import formatdate
from typing import TypeAlias

from gateway.simulator.mail import statuses
from gateway.simulator.mail.message import Message, Recipient

Told: TypeAlias = list[tuple[Recipient, str]]

DELIVERED, FAILED, DELAYED = "delivered", "failed", "delayed"

_SUBJECTS = {DELIVERED: "Successfully delivered message", FAILED: "Failed to deliver message", DELAYED: "Warning: Delay in message delivery"}
_STATES = {DELIVERED: "2.0.0", FAILED: "5.0.0", DELAYED: "4.0.0"}
_WANTED = {DELIVERED: "SUCCESS", FAILED: "FAILURE", DELAYED: "DELAY"}
_AFTER_THE_END = 10


def due(message: Message, now: int) -> Told:
    """Recipients whose outcome the sender is to be told now, each with the action of RFC 3464 2.3.3; marks them and plans the next notice.

    A finished recipient is marked as told even when the sender did not ask for it; a null sender is never told.
    """
    told: Told = []
    for recipient in message.recipients:
        action = _news(message, recipient, now)
        if action and message.return_path and recipient.options.wants(_WANTED[action]):
            told.append((recipient, action))
    return told


def _news(message: Message, recipient: Recipient, now: int) -> str | None:
    if recipient.pending:
        if recipient.notify_due > now:
            return None
        _plan_notice(message, recipient, now)
        return DELAYED
    if recipient.told:
        return None
    recipient.told = True
    return FAILED if recipient.failed else DELIVERED


def _plan_notice(message: Message, recipient: Recipient, now: int) -> None:
    recipient.notify_count += 1
    wait = recipient.schedule.notify_after(recipient.notify_count)
    end = recipient.retry_due if recipient.lifetime is None else message.created + recipient.lifetime
    recipient.notify_due = max(end, now) + _AFTER_THE_END if wait is None else now + wait


def text(message: Message, told: Told, *, host_name: str, domain: str, now: int) -> bytes:
    """The report: words for people, fields for programs, and the original message or only its header."""
    actions = [action for _, action in told]
    worst = next((action for action in (FAILED, DELAYED) if action in actions), DELIVERED)
    boundary = f"report-{message.id}-{now}"
    returned = message.data.partition(b"\r\n\r\n")[0] + b"\r\n" if message.headers_only else message.data
    head = [
        f'From: "Mail Delivery Subsystem" <MAILER-DAEMON@{domain}>',
        f"To: <{message.return_path}>",
        f"Subject: {_SUBJECTS[worst]}",
        "Auto-Submitted: auto-generated",
        f"Date: {formatdate(now)}",
        f"Message-ID: <{boundary}@{host_name}>",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type="delivery-status"; boundary="{boundary}"',
    ]
    people = ["Content-Type: text/plain; charset=utf-8", "", "Your message:", "", *(_sentence(recipient, action) for recipient, action in told)]
    programs = ["Content-Type: message/delivery-status", "", *_fields(message, told, host_name)]
    kind = "text/rfc822-headers" if message.headers_only else "message/rfc822"
    parts = [head, [f"--{boundary}", *people], [f"--{boundary}", *programs], [f"--{boundary}", f"Content-Type: {kind}", ""]]
    return "\r\n\r\n".join("\r\n".join(part) for part in parts).encode() + b"\r\n" + returned + f"\r\n--{boundary}--\r\n".encode()


def _sentence(recipient: Recipient, action: str) -> str:
    reason = "" if action == DELIVERED else f": {statuses.words(recipient.status)}"
    return f"<{recipient.address}> {action}{reason}"


def _fields(message: Message, told: Told, host_name: str) -> list[str]:
    lines = [f"Reporting-MTA: dns;{host_name}"]
    if message.envelope_id:
        lines.append(f"Original-Envelope-Id: {message.envelope_id}")
    for recipient, action in told:
        lines.append("")
        if recipient.orcpt:
            lines.append(f"Original-Recipient: rfc822;{recipient.orcpt}")
        lines += [f"Final-Recipient: rfc822;{recipient.address}", f"Action: {action}", f"Status: {_STATES[action]}"]
    return lines
