"""The object type Task (jmap-management-api 3.15; recordings `tasks`)."""

from collections.abc import Mapping, MutableMapping
from typing import Any, cast

from gateway.knowledge.instants import text_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import Cut, Object, SetError
from gateway.simulator.objects import events, instants, patches
from gateway.simulator.objects.events import Due
from gateway.simulator.objects.language import Vocabulary
from gateway.simulator.objects.shapes import Schema, validate
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.objects.values import Write
from gateway.simulator.tasks.life import NEVER, Worker, due_of
from gateway.simulator.text_ids import number_of
from gateway.simulator.world import World

MOST_IN_LIST = 500
INTERNAL = frozenset(
    ["CalendarAlarmEmail", "CalendarAlarmNotification", "CalendarItipMessage", "MergeThreads", "DmarcReport", "TlsReport", "RestoreArchivedItem", "DestroyAccount"]
)
REFERRED = frozenset(["Account", "Domain", "Tenant", "Trace"])
BUSY = "Task is currently being processed and cannot be updated"
NO_RECOVERY = "Account recovery is not supported in this deployment"


class Tasks(StoredObjects):
    """Background jobs, listed by the instant when they run; tasks that were given up come last."""

    def __init__(self, world: World, vocabulary: Vocabulary) -> None:
        super().__init__(world, vocabulary.objects["Task"], vocabulary)
        self.worker = Worker(world.clock, self.objects)

    def schedule(self, properties: Object, due: int, id_: str | None = None) -> str:
        """Add a task of the server's own: `@type` and properties; under `id_` when it is to share the id of what it works on."""
        id_ = id_ or self.world.snowflake()
        stored = self.schema.fresh(properties["@type"]) | properties
        stored["status"] = {"@type": "Pending", "createdAt": text_of(self.world.clock.seconds()), "due": text_of(due)}
        self.save(id_, stored)
        return id_

    # reading

    def get(self, caller: Caller, arguments: Object) -> Object:
        """Tasks by id; without ids those that run first."""
        if arguments.get("ids") is None:
            arguments = arguments | {"ids": self._in_order(self.objects)[:MOST_IN_LIST]}
        return super().get(caller, arguments)

    def show(self, caller: Caller, id_: str, stored: Object, wanted: frozenset[str]) -> Object:
        """Wire form, with `due` unless the task was given up."""
        return super().show(caller, id_, stored | {"due": stored["status"].get("due")}, wanted)

    def query(self, caller: Caller, arguments: Object) -> Object:  # noqa: ARG002 - every caller sees all tasks
        """Ids by the instant when they run. Of the states only `Failed` can be asked for; others do not filter."""
        due = Due()
        wanted: list[tuple[str, str]] = []
        for name, suffix, value in events.conditions(arguments.get("filter"), ("due", "status", "@type"), self.known):
            if not (due.narrow(suffix, value) if name == "due" else self._names(name, value)):
                raise events.unsupported(name)
            wanted += [(name, value)] * (name != "due")
        ascending = events.ascending(arguments, "tasks")
        found = {id_: stored for id_, stored in self.objects.items() if due_of(stored) in due and all(_fits(stored, *condition) for condition in wanted)}
        ids = self._in_order(found)
        return events.walk(arguments, ids if ascending else ids[::-1])

    def _names(self, name: str, value: Any) -> bool:
        variants = self.schema.variants if name == "@type" else self._statuses().variants
        return isinstance(value, str) and value in variants

    def _statuses(self) -> Schema:
        kind = self.schema.variants["StoreMaintenance"]["status"].kind
        assert isinstance(kind, Schema)  # noqa: S101 - as declared
        return kind

    def _in_order(self, objects: Mapping[str, Object]) -> list[str]:
        return sorted(objects, key=lambda id_: (self.worker.place(id_), number_of(id_)))

    # writing

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:  # noqa: ARG002
        """Make a task a client may make; checks in the order of the server."""
        stored = self.schema.parse(value, "", Write(creating=True, created=references))
        instants.fill(self._statuses(), stored["status"], text_of(self.world.clock.seconds()))
        validate(self.schema.errors(stored))
        kind = stored["@type"]
        self._permit(caller, "create", stored)
        if kind in INTERNAL:
            raise SetError("forbidden", f"{kind} is an internal task type that cannot be created by clients")
        for target, id_ in self.schema.links(stored):
            if target in REFERRED and not self.world.exists(target, id_):
                raise SetError("invalidForeignKey", object_id=(target, id_))
        id_ = self.world.snowflake()
        self.save(id_, stored)
        return {"id": id_}

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:  # noqa: ARG002
        """Change when a task runs; other changes count only together with a new status, another type never."""
        old = self.objects.get(id_)
        if old is None:
            raise SetError("notFound")
        if not isinstance(patch, dict):
            raise Cut
        self._permit(caller, "update", old)
        patch = {pointer: value for pointer, value in patch.items() if patches.tokens(pointer) != ["@type"]}
        new = patches.apply(self.schema, old, patch, Write(creating=False, created=references))
        instants.fill(self._statuses(), new["status"], text_of(self.world.clock.seconds()))
        validate(self.schema.errors(new))
        if self.worker.is_busy(id_):
            raise SetError("forbidden", BUSY)
        if new["status"] != old["status"]:
            self.save(id_, new)

    def destroy(self, caller: Caller, arguments: Object, id_: str) -> None:  # noqa: ARG002
        """Forget a task, also one that is being worked on."""
        stored = self.objects.get(id_)
        if stored is None:
            raise SetError("notFound")
        self._permit(caller, "destroy", stored)
        if stored["@type"] == "DestroyAccount" and not self.world.enterprise:
            raise SetError("forbidden", NO_RECOVERY)
        self.remove(id_)

    def save(self, id_: str, stored: Object) -> None:
        """Keep a task and have it run when it is due."""
        self.objects[id_] = stored
        self.worker.plan(id_)

    def remove(self, id_: str) -> Object:
        """Forget a task, without any check."""
        self.worker.forget(id_)
        return self.objects.pop(id_)

    def _permit(self, caller: Caller, verb: str, stored: Object) -> None:
        kind = stored["@type"]
        if not caller.may(f"task{kind}"):
            raise SetError("forbidden", f"Insufficient permissions to {verb} task of type {kind}")


def tasks_of(world: World) -> Tasks:
    """The background jobs of a world."""
    return cast("Tasks", world.types["Task"])


def _fits(stored: Object, name: str, value: str) -> bool:
    if name == "@type":
        return bool(stored["@type"] == value)
    return value != "Failed" or due_of(stored) == NEVER


