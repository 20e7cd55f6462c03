"""One delivery attempt: what becomes of each recipient (statuses as recorded of the real server)."""

from collections.abc import Callable

from gateway.simulator.errors import Object
from gateway.simulator.mail import statuses
from gateway.simulator.mail.addresses import Address
from gateway.simulator.mail.facts import Attempted
from gateway.simulator.mail.surroundings import (
    CONNECTION_REFUSED,
    NOT_FOUND,
    SERVER_FAILURE,
    ConnectionRefused,
    NameFailure,
    NameNotFound,
    Reply,
    Surroundings,
)

LOCAL_HOST = "localhost"
TAKEN = Reply(250, "2.1.5", "OK")
NO_MAILBOX = Reply(550, "5.5.0", "Mailbox not found.")


def command(address: Address) -> str:
    """The SMTP command that names a recipient."""
    return f"RCPT TO:<{address}>"


def own(address: Address, taken: bool) -> Object:
    """Status after delivery into a mailbox here, or after finding none."""
    return statuses.answered(LOCAL_HOST, command(address), TAKEN if taken else NO_MAILBOX)


def other(address: Address, surroundings: Surroundings, tell: Callable[[Attempted], None]) -> Object:
    """Status after trying the mail host of another domain; `tell` hears how far it went."""
    domain = address.domain
    try:
        host = surroundings.exchanger(domain)
    except NameFailure:
        return statuses.temporary("dnsError", domain, SERVER_FAILURE)
    except NameNotFound:
        return statuses.permanent("dnsError", domain, NOT_FOUND)
    try:
        reply = surroundings.answer(host, address.local)
    except ConnectionRefused:
        tell(Attempted(domain, host, connected=False))
        return statuses.temporary("connectionError", host, CONNECTION_REFUSED)
    tell(Attempted(domain, host, connected=True))
    return statuses.answered(host, command(address), reply)
