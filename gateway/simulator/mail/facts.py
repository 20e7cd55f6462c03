"""What the mail room tells to whoever listens: `world.on("message.accepted", …)`, `"message.attempted"`, `"message.delivered"`."""

from dataclasses import dataclass

from gateway.simulator.mail.addresses import Address

ACCEPTED = "message.accepted"
ATTEMPTED = "message.attempted"
DELIVERED = "message.delivered"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message was taken at DATA. `data` is what the client sent; the null sender is the empty text; `helo` in lower case."""

    return_path: str
    recipients: tuple[Address, ...]
    data: bytes
    helo: str
    remote_ip: str


@dataclass(frozen=True, slots=True)
class Attempted:
    """A mail host of another domain was spoken to, or could not be reached: `host` is empty when its name could not be found."""

    domain: str
    host: str
    connected: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message was put into the mailbox behind an own address; `account_id` is that of the mailbox, `header` what delivery adds in front."""

    address: Address
    account_id: str
    header: bytes
    data: bytes
