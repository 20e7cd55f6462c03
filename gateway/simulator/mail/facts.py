"""What the mail room tells to whoever listens: `world.on("message.accepted", …)`, `"message.queued"`, `"message.attempted"`, `"message.delivered"`, `"attempts.made"`."""

from dataclasses import dataclass

from gateway.simulator.errors import Object
from gateway.simulator.mail.addresses import Address

ACCEPTED = "message.accepted"
ATTEMPTED = "message.attempted"
DELIVERED = "message.delivered"
QUEUED = "message.queued"
ATTEMPTS_MADE = "attempts.made"


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


@dataclass(frozen=True, slots=True)
class Queued:
    """A message as it stands in the queue; `source` is `smtp`, `dsn` or `report`, `helo` and `remote_ip` say who brought it by SMTP."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    size: int
    source: str
    helo: str
    remote_ip: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try did to one recipient: its status afterwards; `local` for an own mailbox."""

    recipient: str
    local: bool
    status: Object


@dataclass(frozen=True, slots=True)
class AttemptsMade:
    """Recipients of a message were tried, in a virtual queue; `over`: nothing is left to do for it."""

    message: Queued
    queue: str
    outcomes: tuple[Outcome, ...]
    over: bool
