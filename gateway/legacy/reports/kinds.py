"""Classes of received reports and how one report is named, read and searched (mapping-operations 4)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.ids import decode, encode
from gateway.knowledge.instants import seconds
from gateway.knowledge.report_ids import IncomingId, incoming
from gateway.knowledge.value_forms import members
from gateway.legacy.exchange import Exchange
from gateway.legacy.refusals import NotFound
from gateway.legacy.reports.arf import arf_report, arf_texts
from gateway.legacy.reports.dmarc import dmarc_report, dmarc_texts
from gateway.legacy.reports.tls import tls_report, tls_texts
from gateway.legacy.vocabulary import Target

SEEN = ("id", "expiresAt")


@dataclass(frozen=True, slots=True)
class Kind:
    """One class: the type of its objects, the old form of a report and the texts in which the old server searched."""

    type: str
    shape: Callable[[Object], Object]
    texts: Callable[[Object], Iterator[str | None]]

    def mentions(self, received: Object, text: str) -> bool:
        """Whether the old server would have found the received report by the text, which is taken as it is written."""
        envelope = (received["from"], received["subject"], *members(received["to"]))
        return any(text in it.lower() for it in envelope) or any(
            text in it for it in self.texts(received["report"]) if it
        )


KINDS = {
    "dmarc": Kind("DmarcExternalReport", dmarc_report, dmarc_texts),
    "tls": Kind("TlsExternalReport", tls_report, tls_texts),
    "arf": Kind("ArfExternalReport", arf_report, arf_texts),
}


def kind_of(exchange: Exchange) -> Kind:
    """The class that the path names; NotFound for others."""
    kind = KINDS.get(exchange.path["class"])
    if kind is None:
        raise NotFound
    return kind


def report_target(exchange: Exchange) -> Target:
    """The report that the path names; NotFound for what is no id."""
    kind, named = kind_of(exchange), incoming(exchange.path["id"])
    if named is None:
        raise NotFound
    return Target(kind.type, encode(named.number))


def same_report(received: Object, exchange: Exchange) -> bool:
    """Whether the expiry in the path is that of the report: a stale id must not reach another one."""
    return old_id(received) == incoming(exchange.path["id"])


def old_id(received: Object) -> IncomingId:
    """Old id of a received report, of which `id` and `expiresAt` are looked at."""
    return IncomingId(decode(received["id"]), seconds(received["expiresAt"]))


def report(received: Object, exchange: Exchange) -> Any:
    """Old form of the report that was read; NotFound when the path means another one."""
    if not same_report(received, exchange):
        raise NotFound
    return {
        "from": received["from"],
        "to": members(received["to"]),
        "subject": received["subject"],
        "report": kind_of(exchange).shape(received["report"]),
    }
