"""The object type Action: commands that are carried out by creating them, and leave nothing behind (jmap-management-api 3.16)."""

from collections.abc import Callable, MutableMapping
from typing import Any

from gateway.knowledge.ids import encode
from gateway.simulator.actions import reloads
from gateway.simulator.actions.classify import classify
from gateway.simulator.actions.troubleshoot import troubleshoot
from gateway.simulator.callers import Caller
from gateway.simulator.errors import MethodError, Object, SetError
from gateway.simulator.mail.room import MailRoom
from gateway.simulator.objects.language import Vocabulary
from gateway.simulator.objects.shapes import validate
from gateway.simulator.objects.values import Write
from gateway.simulator.text_ids import canonical
from gateway.simulator.world import ObjectType, World

UNSET_IP = "0.0.0.0"  # noqa: S104 - the value of an address that was not given


class Actions(ObjectType):
    """Commands. `ReloadSettings` puts the stored settings in force: listeners of "settings.reloaded" hear of it."""

    name = "Action"

    def __init__(self, world: World, mail: MailRoom, vocabulary: Vocabulary) -> None:
        super().__init__(world)
        self.mail = mail
        self.schema = vocabulary.objects[self.name].schema
        self._commands: dict[str, Callable[[], None]] = {
            "ReloadSettings": self._reload,
            "ReloadTlsCertificates": lambda: reloads.certificates(world),
            "ReloadLookupStores": lambda: reloads.lookups(world),
            "ReloadBlockedIps": lambda: world.tell("blocked.reloaded", None),
            "InvalidateCaches": lambda: world.tell("caches.invalidated", None),
            "PauseMtaQueue": mail.queue.pause,
            "ResumeMtaQueue": mail.queue.resume,
        }
        self._questions: dict[str, Callable[[Object], Object]] = {
            "TroubleshootDmarc": lambda given: troubleshoot(given, mail.queue.surroundings),
            "ClassifySpam": lambda given: classify(given, mail.weights, mail.queue.surroundings, world.clock.seconds()),
        }

    def exists(self, id_: str, variant: str = "") -> bool:  # noqa: ARG002 - nothing is kept
        """Nothing is kept."""
        return False

    def get(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """No action can be read."""
        given = arguments.get("ids") or ()
        unreadable = [id_ for id_ in given if canonical(id_) is None]
        return {"accountId": arguments["accountId"], "list": [], "notFound": unreadable + [known for id_ in given if (known := canonical(id_)) is not None]}

    def query(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - the same for everybody
        """No action can be found."""
        raise MethodError("invalidArguments", "Actions cannot be queried")

    def set(self, caller: Caller, arguments: Object, references: MutableMapping[str, str]) -> Object:
        """Carry out what is created; the rest is refused."""
        answer: Object = {"accountId": arguments["accountId"]}
        for name, value in (arguments.get("create") or {}).items():
            try:
                made = self._carry_out(caller, value, references)
            except SetError as error:
                answer.setdefault("notCreated", {})[name] = error.wire()
                continue
            if "id" in made:
                references[name] = made["id"]
            answer.setdefault("created", {})[name] = made
        for verb, member, done in (("update", "notUpdated", "updated"), ("destroy", "notDestroyed", "destroyed")):
            for id_ in filter(None, map(canonical, arguments.get(verb) or ())):
                answer.setdefault(member, {})[id_] = SetError("forbidden", f"Actions cannot be {done}").wire()
        return answer

    def _carry_out(self, caller: Caller, value: Any, references: MutableMapping[str, str]) -> Object:
        """The entry of `created`: an id, or the result of a question."""
        given = self.schema.parse(value, "", Write(creating=True, created=references))
        kind = given["@type"]
        unset = [{"type": "Invalid", "property": "remoteIp", "value": UNSET_IP}] if given.get("remoteIp", "") in {None, UNSET_IP} else []
        validate(unset + list(self.schema.errors(given)))
        if not caller.may(f"action{kind}"):
            raise SetError("forbidden", f"Insufficient permissions to perform action of type {kind}")
        if kind in self._questions:
            return self._questions[kind](given)
        if kind in self._commands:
            self._commands[kind]()
        return {"id": encode(self.world.clock.seconds())}

    def _reload(self) -> None:
        reloads.settings(self.world)
        self.world.tell("settings.reloaded", None)
