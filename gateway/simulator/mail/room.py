"""The mail room of a world: queue and SMTP side put together with its accounts, blobs and settings."""

from dataclasses import dataclass, field

from gateway.simulator.mail import trace
from gateway.simulator.mail.acceptance import Front
from gateway.simulator.mail.address_book import AddressBook
from gateway.simulator.mail.addresses import Address
from gateway.simulator.mail.facts import (
    ACCEPTED,
    ATTEMPTED,
    ATTEMPTS_MADE,
    DELIVERED,
    QUEUED,
    Accepted,
    Delivered,
    Queued,
)
from gateway.simulator.mail.queue import Home, Queue
from gateway.simulator.mail.schedules import Schedule, Schedules
from gateway.simulator.mail.spam_scores import Weights
from gateway.simulator.world import World


@dataclass(slots=True)
class MailRoom:
    """What other rooms use: the queue, the SMTP side, and the weights of the spam filter as they are in force."""

    world: World
    queue: Queue
    book: AddressBook
    weights: Weights = field(default_factory=Weights)
    front: Front = field(init=False)

    def __post_init__(self) -> None:
        self.front = Front(self.queue, self.book.resolve, self._annotate, lambda fact: self.world.tell(ACCEPTED, fact))

    def reload(self) -> None:
        """Put the stored settings in force."""
        settings = self.world.applied("SpamSettings")
        self.weights = Weights(tuple(self.world.kept("SpamTag").objects.values()), settings["scoreSpam"], settings["scoreReject"], settings["scoreDiscard"])
        self.queue.schedules = schedules(self.world)

    def _annotate(self, fact: Accepted) -> bytes:
        return trace.spam_result(fact, self.weights, self.queue.surroundings) + fact.data


def open_room(world: World) -> MailRoom:
    """The mail room of a world."""
    book = AddressBook(world)

    def deliver(address: Address, data: bytes) -> bool:
        account_id = book.mailbox(address)
        if account_id is not None:
            world.tell(DELIVERED, Delivered(address, account_id, trace.delivered(str(address)), data))
        return account_id is not None

    home = Home(
        is_own=book.is_own,
        deliver=deliver,
        store=world.blobs.unrestricted,
        new_id=world.snowflake,
        tell=lambda fact: world.tell(ATTEMPTED, fact),
        note=lambda fact: world.tell(QUEUED if isinstance(fact, Queued) else ATTEMPTS_MADE, fact),
        host_name=world.config.host_name,
        domain=world.config.default_domain,
    )
    room = MailRoom(world, Queue(world.clock, home), book)
    world.on("settings.reloaded", lambda _: room.reload())
    world.on("server.restarted", lambda _: room.queue.resume())
    return room


def schedules(world: World) -> Schedules:
    """Delivery schedules as they are stored (MtaDeliverySchedule, MtaVirtualQueue)."""
    queues = world.kept("MtaVirtualQueue").objects
    found = {}
    for stored in world.kept("MtaDeliverySchedule").objects.values():
        standard = Schedule(queues[stored["queueId"]]["name"])
        expiry = stored["expiry"]
        found[stored["name"]] = Schedule(
            standard.queue,
            retry=_intervals(stored["retry"]) or standard.retry,
            notify=_intervals(stored["notify"]) or standard.notify,
            lifetime=expiry["expire"] // 1000 if expiry["@type"] == "Ttl" else None,
            attempts=expiry["maxAttempts"] if expiry["@type"] == "Attempts" else None,
        )
    return Schedules(found)


def _intervals(stored: dict[str, object]) -> tuple[int, ...]:
    intervals = stored.get("intervals")
    return tuple(item["duration"] // 1000 for item in intervals.values()) if isinstance(intervals, dict) else ()
