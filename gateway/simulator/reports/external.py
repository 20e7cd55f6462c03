"""The object types of received reports: DmarcExternalReport, TlsExternalReport, ArfExternalReport (jmap-management-api 3.18 to 3.20)."""

import operator
from collections.abc import MutableMapping
from typing import Any

from gateway.knowledge.instants import text_of, unix_of
from gateway.simulator.callers import Caller
from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects import lookup
from gateway.simulator.objects.language import Vocabulary
from gateway.simulator.objects.stored import StoredObjects
from gateway.simulator.reports.messages import Received
from gateway.simulator.reports.searchable import texts, totals
from gateway.simulator.reports.shape import declaration
from gateway.simulator.world import World

PROPERTIES = ("report", "from", "subject", "to", "receivedAt", "expiresAt", "memberTenantId")
RANGED = ("totalFailedSessions", "totalSuccessfulSessions", "expiresAt")

_EXPIRES = lookup.Field("instant", lambda _id, stored: (stored["expiresAt"],))
# what a query without filter asks for: it makes the pages of index paging follow the expiry (jmap-management-api 2.4.4)
_EVER = lookup.Condition(_EXPIRES, "expiresAt", 0, operator.gt)


class ExternalReports(StoredObjects):
    """Received reports of one class: read, searched and destroyed, never made or changed by a client."""

    def __init__(self, world: World, name: str, vocabulary: Vocabulary) -> None:
        super().__init__(world, declaration(vocabulary, name, PROPERTIES, "tenant"), vocabulary)
        self.filters = {
            "text": lookup.Field("words", lambda _id, stored: texts(name, stored)),
            "memberTenantId": lookup.Field("id", lambda _id, stored: filter(None, (stored["memberTenantId"],))),
            "totalSuccessfulSessions": lookup.Field("number", lambda _id, stored: (totals(name, stored)[0],)),
            "totalFailedSessions": lookup.Field("number", lambda _id, stored: (totals(name, stored)[1],)),
            "expiresAt": _EXPIRES,
        }
        self.sorts = {"expiresAt": _EXPIRES}

    def query(self, caller: Caller, arguments: Object) -> Object:
        """Ids of the reports that meet the filter; whoever belongs to a tenant cannot filter by tenant."""
        fields = {name: field for name, field in self.filters.items() if name != "memberTenantId" or caller.tenant_id is None}
        wanted = lookup.conditions(arguments.get("filter"), fields, self.known, RANGED)
        return lookup.find(self.visible(caller, arguments), arguments, wanted or [_EVER], self.sorts)

    def create(self, caller: Caller, arguments: Object, value: Any, references: MutableMapping[str, str]) -> Object:  # noqa: ARG002
        """Refused."""
        raise SetError("forbidden", "Reports cannot be created")

    def update(self, caller: Caller, arguments: Object, id_: str, patch: Any, references: MutableMapping[str, str]) -> None:  # noqa: ARG002
        """Refused, whether there is such a report or not."""
        raise SetError("forbidden", "External reports cannot be updated")

    def keep(self, received: Received, report: dict[str, Any], *, now: int, lifetime: int, tenant: str | None) -> str:
        """Store a report that arrived at `now` (unix seconds) for `lifetime` seconds; its id."""
        id_ = self.world.snowflake()
        self.save(
            id_,
            {
                "report": report,
                "from": received.sender,
                "subject": received.subject,
                "to": dict.fromkeys(received.recipients, True),
                "receivedAt": text_of(now),
                "expiresAt": text_of(now + lifetime),
                "memberTenantId": tenant,
            },
        )
        return id_

    def expire(self, now: int) -> None:
        """Forget the reports whose time is over at `now` (unix seconds)."""
        for id_ in [id_ for id_, stored in self.objects.items() if (unix_of(stored["expiresAt"]) or 0) <= now]:
            self.remove(id_)
