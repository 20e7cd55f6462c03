"""x:QueuedMessage/query: which messages, in which order (jmap-management-api 2.4, 3.14; recordings `queue.list`).

There are two ways to look. With `text`, `returnPath` or `to` every message is read, and its next delivery attempt counts as `due`. Without
them the index of events is walked, where the next event of any kind counts: attempt, notice or end.
"""

from collections.abc import Callable, Iterable

from gateway.simulator.errors import Object
from gateway.simulator.mail.message import Message
from gateway.simulator.objects import events, lookup
from gateway.simulator.objects.events import Due
from gateway.simulator.text_ids import number_of

LONGEST_QUEUE_NAME = 8
NAMES = frozenset({"due", "queueName", "returnPath", "to", "text"})


class Filter:
    """The conditions of a query; MethodError `unsupportedFilter` for one that cannot be used. A suffix of a text condition has no effect."""

    def __init__(self, given: object, known: Iterable[str]) -> None:
        self.due = Due()
        self.queue: str | None = None
        self.texts: dict[str, list[str]] = {"returnPath": [], "to": [], "text": []}
        for name, suffix, value in events.conditions(given, NAMES, known):
            usable = self.due.narrow(suffix, value) if name == "due" else isinstance(value, str)
            if not usable or (name == "queueName" and not 0 < len(value) <= LONGEST_QUEUE_NAME):
                raise events.unsupported(name)
            if name == "queueName":
                self.queue = value
            elif name != "due":
                self.texts[name].append(value)

    @property
    def reads(self) -> bool:
        """Whether every message has to be read."""
        return any(self.texts.values())

    def event(self, message: Message) -> int | None:
        """The instant that counts as `due`; None when nothing is pending."""
        return message.next_retry(self.queue) if self.reads else message.next_event(self.queue)

    def fits(self, message: Message) -> bool:
        """Whether the texts are found; with `text` the two others do not count."""
        recipients = [str(recipient.address) for recipient in message.recipients]
        if self.texts["text"]:
            return all(_within(text, [message.return_path, *recipients]) for text in self.texts["text"])
        return all(_within(text, [message.return_path]) for text in self.texts["returnPath"]) and all(_within(text, recipients) for text in self.texts["to"])


def find(messages: Iterable[Message], arguments: Object, known: Iterable[str], visible: Callable[[Message], bool]) -> Object:
    """Answer to a query; `known` are the names of all properties, `visible` tells which messages the caller may see."""
    wanted = Filter(arguments.get("filter"), known)
    ascending = events.ascending(arguments, "queued messages")
    due = [
        (event, number_of(message.id), message.id)
        for message in messages
        if (event := wanted.event(message)) is not None and event in wanted.due and wanted.fits(message) and visible(message)
    ]
    ids = [message_id for _, _, message_id in sorted(due, reverse=not ascending)]
    return lookup.full(arguments, ids) if wanted.reads else events.walk(arguments, ids)


def _within(text: str, places: Iterable[str]) -> bool:
    return any(text in place for place in places)
