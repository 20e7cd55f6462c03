"""Which queued messages an old call means, and what the new server can be asked for (mapping-operations 2.3, 2.7)."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.jmap.calls import Object, Query
from gateway.knowledge.ids import LARGEST, decode
from gateway.knowledge.instants import seconds, text_of, unix_of
from gateway.knowledge.query_string import number
from gateway.legacy.queue.texts import PENDING

BY_DUE: Object = {"property": "due", "isAscending": True}
LONGEST_QUEUE_NAME = 8


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions on queued messages, all of which must hold; an empty text is no condition.

    `text` is found in the return path or a recipient, and then `sender` and `recipient` do not count; `also` is a second text of the
    same kind. `before` and `after` bound the next delivery (unix seconds, exclusive), `first` and `last` the id (inclusive).
    """

    text: str = ""
    sender: str = ""
    recipient: str = ""
    also: str = ""
    queue: str = ""
    before: int | None = None
    after: int | None = None
    first: int = 0
    last: int = LARGEST

    @classmethod
    def of(cls, query: Mapping[str, str], now: int) -> "Selection":
        """Conditions of the parameters; what the old server ignored as malformed or past is no condition."""
        queue = query.get("queue", "")
        return cls(
            text=query.get("text", ""),
            sender=query.get("from", ""),
            recipient=query.get("to", ""),
            queue=queue if queue_name(queue) else "",
            before=future(query.get("before", ""), now),
            after=future(query.get("after", ""), now),
            first=number(query, "range-start"),
            last=number(query, "range-end", LARGEST),
        )

    @property
    def impossible(self) -> bool:
        """Whether no message can be meant: the new server refuses such a window instead of finding nothing."""
        return self.before is not None and self.after is not None and self.after >= self.before

    def query(self, limit: int, *, with_queue: bool = True) -> Query:
        """The query that finds every message meant, and possibly more.

        Without a text the new server compares the earliest of retry, notification and expiry instead of the next delivery; the
        empty text, which is in every message, makes it look at the messages. It finds only pending recipients of a queue: without
        `with_queue` the queue, and the times of that queue with it, are left to `matches`.
        """
        wanted: dict[str, str] = {}
        if self.text:
            wanted["text"] = self.text
        else:
            wanted |= {name: value for name, value in (("returnPath", self.sender), ("to", self.recipient)) if value}
        if with_queue or not self.queue:
            times = {"dueIsLessThan": self.before, "dueIsGreaterThan": self.after}
            narrow = {name: text_of(value) for name, value in times.items() if value is not None}
            if self.queue:
                narrow["queueName"] = self.queue
            wanted = ({} if wanted or not narrow else {"text": ""}) | wanted | narrow
        return Query("QueuedMessage", [BY_DUE], limit, filter=wanted or None)

    def matches(self, message: Object) -> bool:
        """Whether the old server would have chosen the message (`id`, `returnPath` and `recipients` are looked at)."""
        recipients: dict[str, Object] = message["recipients"]
        sender = "" if message["returnPath"] == "<>" else message["returnPath"]
        texts = (sender, *recipients)
        return (
            self.holds(decode(message["id"]))
            and (any(self.text in it for it in texts) if self.text else self._from_and_to(sender, recipients))
            and any(self.also in it for it in texts)
            and (not self.queue or any(it["queueName"] == self.queue for it in recipients.values()))
            and self._due(recipients)
        )

    def holds(self, number: int) -> bool:
        """Whether the id is in the range."""
        return self.first <= number <= self.last

    def _from_and_to(self, sender: str, recipients: dict[str, Object]) -> bool:
        return self.sender in sender and (not self.recipient or any(self.recipient in it for it in recipients))

    def _due(self, recipients: dict[str, Object]) -> bool:
        if self.before is None and self.after is None:
            return True
        dues = [
            it["retryDue"]
            for it in recipients.values()
            if it["status"]["@type"] in PENDING and self.queue in ("", it["queueName"])
        ]
        due = seconds(min(dues)) if dues else None
        return (
            due is not None and (self.before is None or due < self.before) and (self.after is None or due > self.after)
        )


def future(text: str, now: int) -> int | None:
    """Unix seconds of an RFC 3339 instant that is not past, else None (legacy-rest-api 2.2)."""
    instant = unix_of(text)
    return instant if instant is not None and instant >= now else None


def queue_name(text: str) -> bool:
    """Whether the text can name a virtual queue: 1 to 8 bytes."""
    return 0 < len(text.encode()) <= LONGEST_QUEUE_NAME
