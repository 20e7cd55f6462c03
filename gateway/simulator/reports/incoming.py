"""Reports from others: a mail to an analysis address is looked through, and what is a report is kept (recordings `reports-in`)."""

from collections.abc import Mapping

from gateway.simulator.mail.facts import Accepted
from gateway.simulator.reports import messages
from gateway.simulator.reports.external import ExternalReports
from gateway.simulator.reports.searchable import totals
from gateway.simulator.world import World

HOLD = 30 * 86_400


class Incoming:
    """Keeps received reports of every class, until they expire and the data are purged."""

    def __init__(self, world: World, types: Mapping[str, ExternalReports]) -> None:
        self.world = world
        self.types = types

    def accepted(self, mail: Accepted) -> None:
        """A mail came in; one analysis address among its recipients is enough. It goes to the mailboxes all the same."""
        patterns = self.world.applied("ReportSettings")["inboundReportAddresses"]
        for address in mail.recipients:
            if any(meets(f"{address.folded}@{address.domain}", pattern) for pattern in patterns):
                self.take(mail.data, self.world.clock.seconds(), self.world.tenant_of(address.domain))
                return

    def take(self, data: bytes, when: int, tenant: str | None) -> None:
        """Keep the reports in a message that arrived at `when` (unix seconds) for a domain of the tenant."""
        received = messages.read(data)
        for name, report in received.reports:
            self.types[name].keep(received, report, now=when, lifetime=HOLD, tenant=tenant)
            self.world.tell("report.received", (name, received.sender, totals(name, {"report": report})[1] > 0))

    def purge(self, now: int) -> None:
        """Remove what has expired."""
        for reports in self.types.values():
            reports.expire(now)


def meets(address: str, pattern: str) -> bool:
    """Whether an address in lower case meets a pattern: a beginning before `*`, an end after it, or the whole."""
    wanted = pattern.lower()
    if wanted.endswith("*"):
        return address.startswith(wanted[:-1])
    if wanted.startswith("*"):
        return address.endswith(wanted[1:])
    return address == wanted
