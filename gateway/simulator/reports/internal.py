"""The object types of reports that are being collected: DmarcInternalReport, TlsInternalReport (jmap-management-api 3.21, 3.22).

Each has a task of the same id that sends it; the report is gone before it is sent.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from gateway.knowledge.instants import text_of, unix_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import Cut, Object, SetError
from gateway.simulator.objects import lookup
from gateway.simulator.objects.language import Vocabulary
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.reports.shape import declaration
from gateway.simulator.tasks.tasks import Tasks
from gateway.simulator.world import World


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of collected report: its object type and properties, the `@type` of its task, and how its filter compares domains."""

    name: str
    properties: tuple[str, ...]
    task: str
    compare: Callable[[str, str], bool] | None


DMARC = Kind("DmarcInternalReport", ("rua", "policyIdentifier", "report", "domain", "createdAt", "deliverAt"), "DmarcReport", str.startswith)
TLS = Kind("TlsInternalReport", ("policyIdentifiers", "mailRua", "httpRua", "report", "domain", "createdAt", "deliverAt"), "TlsReport", None)


class InternalReports(StoredObjects):
    """Reports of one kind: read, found by domain, destroyed; of the rest only `deliverAt` takes a new value, and does harm."""

    def __init__(self, world: World, kind: Kind, vocabulary: Vocabulary, tasks: Tasks) -> None:
        super().__init__(world, declaration(vocabulary, kind.name, kind.properties), vocabulary)
        self.kind = kind
        self.tasks = tasks
        domain = lookup.Field("keyword", lambda _id, stored: (stored["domain"],))
        self.filters = {"domain": domain}
        self.sorts = {"domain": domain}

    def query(self, caller: Caller, arguments: Object) -> Object:
        """Ids of the reports of a domain; for DMARC the beginning of its name is enough, as recorded."""
        wanted = lookup.conditions(arguments.get("filter"), self.filters, self.known, ())
        wanted = [lookup.Condition(each.field, each.name, each.wanted, self.kind.compare) for each in wanted]
        return lookup.find(self.visible(caller, arguments), arguments, wanted, self.sorts)

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:  # noqa: ARG002
        """Refused."""
        raise SetError("forbidden", "Reports cannot be created")

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:  # noqa: ARG002
        """A later `deliverAt` is taken, and damages the plan of the tasks; everything else is refused."""
        if id_ not in self.objects:
            raise SetError("notFound")
        if not isinstance(patch, dict):
            raise Cut
        for name, value in patch.items():
            if name != "deliverAt" or not isinstance(value, str):
                raise SetError("invalidProperties", properties=[name])
        if "deliverAt" not in patch:
            raise SetError("invalidPatch", "Missing required property", properties=["deliverAt"])
        due = unix_of(patch["deliverAt"])
        if due is None or due <= self.world.clock.seconds():
            raise SetError("invalidPatch", "Invalid value for property", properties=["deliverAt"])
        self.objects[id_] = self.objects[id_] | {"deliverAt": text_of(due)}
        self.tasks.worker.damage(id_, due)

    def remove(self, id_: str) -> Object:
        """Forget a report and its task."""
        if self.tasks.exists(id_):
            self.tasks.remove(id_)
        return self.take(id_)

    def take(self, id_: str) -> Object:
        """Take a report away to send it, which its task is doing."""
        return super().remove(id_)

    def of(self, domain: str) -> str | None:
        """Id of the report about a domain that is being collected, None when there is none."""
        return next((id_ for id_, stored in self.objects.items() if stored["domain"] == domain), None)

    def begin(self, stored: Object, due: int) -> str:
        """Keep a new report and plan the task that sends it at `due` (unix seconds); its id."""
        id_ = self.world.snowflake()
        self.save(id_, stored)
        return self.tasks.schedule({"@type": self.kind.task, "reportId": id_}, due, id_)
