"""The object type QueuedMessage (jmap-management-api 3.14)."""

from collections.abc import Iterable, MutableMapping
from typing import Any, cast

from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import Object, SetError
from gateway.simulator.mail import changes, listing, wire
from gateway.simulator.mail.message import Message
from gateway.simulator.mail.room import MailRoom
from gateway.simulator.objects import instants, patches
from gateway.simulator.objects.language import Vocabulary
from gateway.simulator.objects.values import Write
from gateway.simulator.text_ids import canonical
from gateway.simulator.world import ObjectType, World

MOST_IN_LIST = 500


class QueuedMessages(ObjectType):
    """Messages in the queue: they come by mail and go when nothing is left to do."""

    name = "QueuedMessage"

    def __init__(self, world: World, room: MailRoom, vocabulary: Vocabulary) -> None:
        super().__init__(world)
        self.room = room
        self.queue = room.queue
        self.schema = vocabulary.objects[self.name].schema
        self.known = vocabulary.known

    def exists(self, id_: str, variant: str = "") -> bool:
        """Whether there is such a message."""
        return id_ in self.queue.messages and not variant

    def get(self, caller: Caller, arguments: Object) -> Object:
        """Messages by id, without ids the first ones."""
        given = arguments.get("ids")
        if given is None:
            found = [message for message in self.queue.messages.values() if self._visible(caller, message)][:MOST_IN_LIST]
            unreadable, missing = [], []
        else:
            unreadable = [id_ for id_ in given if canonical(id_) is None]
            ids = [known for id_ in given if (known := canonical(id_)) is not None]
            found = [message for id_ in ids if (message := self._message(caller, id_))]
            missing = [id_ for id_ in ids if not self._message(caller, id_)]
        wanted = self._wanted(arguments.get("properties"))
        now = self.world.clock.seconds()
        shown = [_part(wire.message(message, now), wanted) for message in found]
        return {"accountId": arguments["accountId"], "list": shown, "notFound": unreadable + missing}

    def query(self, caller: Caller, arguments: Object) -> Object:
        """Ids of messages that wait for something."""
        return listing.find(self.queue.messages.values(), arguments, self.known, lambda message: self._visible(caller, message, by_recipient=True))

    def set(self, caller: Caller, arguments: Object, references: MutableMapping[str, str]) -> Object:
        """Changes, then removals; nothing can be created. A patch that is no object has no effect."""
        answer: Object = {"accountId": arguments["accountId"]}
        for name in arguments.get("create") or {}:
            _refuse(answer, "notCreated", name, SetError("forbidden", "Queued messages cannot be created"))
        doomed = {canonical(id_) for id_ in arguments.get("destroy") or ()}
        for given, patch in (arguments.get("update") or {}).items():
            id_ = canonical(given)
            if id_ is None:
                continue
            try:
                self._update(caller, id_, patch, references, doomed=id_ in doomed)
                answer.setdefault("updated", {})[id_] = None
            except SetError as error:
                _refuse(answer, "notUpdated", id_, error)
        for id_ in filter(None, map(canonical, arguments.get("destroy") or ())):
            if self._message(caller, id_) and self.queue.remove(id_):
                answer.setdefault("destroyed", []).append(id_)
            else:
                _refuse(answer, "notDestroyed", id_, SetError("notFound"))
        return answer

    def _update(self, caller: Caller, id_: str, patch: Any, references: MutableMapping[str, str], *, doomed: bool) -> None:
        if doomed:
            raise SetError("willDestroy", "ID will be destroyed.")
        message = self._message(caller, id_)
        if message is None:
            raise SetError("notFound")
        if not isinstance(patch, dict):
            return
        now = self.world.clock.seconds()
        old = wire.message(message, now)
        new = patches.apply(self.schema, old, patch, Write(creating=False, created=references))
        instants.fill(self.schema, new, text_of(now))
        changes.apply(message, old, new, next_retry=new["nextRetry"] if any(patches.tokens(pointer) == ["nextRetry"] for pointer in patch) else None)
        if message.pending():
            self.queue.changed(message)
        else:
            self.queue.remove(id_)

    def _message(self, caller: Caller, id_: str) -> Message | None:
        message = self.queue.messages.get(id_)
        return message if message and self._visible(caller, message) else None

    def _visible(self, caller: Caller, message: Message, *, by_recipient: bool = False) -> bool:
        """A caller of a tenant sees mail from its domains, in a query also mail to them; nothing in editions that know no tenants (recording `tenant`)."""
        if caller.tenant_id is None:
            return True
        if not self.world.enterprise:
            return False
        domains = {message.return_path.rpartition("@")[2]}
        if by_recipient:
            domains |= {recipient.address.domain for recipient in message.recipients}
        return any(self.world.tenant_of(domain) == caller.tenant_id for domain in domains)

    def _wanted(self, properties: Iterable[str] | None) -> frozenset[str]:
        return frozenset(properties or ()) & (self.schema.variants[None].keys() | {"id"})


def room_of(world: World) -> MailRoom:
    """The mail room of a world."""
    return cast("QueuedMessages", world.types[QueuedMessages.name]).room


def _part(shown: Object, wanted: frozenset[str]) -> Object:
    """The wanted properties and `id`; all when none are named."""
    return {name: content for name, content in shown.items() if name in wanted or name == "id"} if wanted else shown


def _refuse(answer: Object, member: str, name: str, error: SetError) -> None:
    answer.setdefault(member, {})[name] = error.wire()
