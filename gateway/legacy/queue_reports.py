"""Aggregate reports that the server collects and will send (legacy-rest-api 2.3, mapping-operations 3).

Their time of delivery is never written: doing so stops all background tasks of the new server.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.jmap.calls import BY_ID, Object, Query
from gateway.knowledge.ids import LARGEST, decode, encode
from gateway.knowledge.instants import seconds
from gateway.knowledge.query_string import number
from gateway.knowledge.report_ids import OutgoingId, OutgoingKind, outgoing, outgoing_form
from gateway.knowledge.value_forms import members
from gateway.legacy.caution import PAGE_NUMBERS, RANGE_NUMBERS, doubtful, insist, search_text
from gateway.legacy.exchange import Exchange
from gateway.legacy.paging import Found, Window, find, find_more, pages
from gateway.legacy.refusals import NotFound, Other
from gateway.legacy.reports.dmarc import dmarc_report
from gateway.legacy.reports.tls import tls_report
from gateway.legacy.table import route
from gateway.legacy.vocabulary import Target, does, gets, removes
from gateway.legacy.writing import destroy

PAIRS_PER_REQUEST = 8

_TYPES: Mapping[OutgoingKind, str] = {"dmarc": "DmarcInternalReport", "tls": "TlsInternalReport"}
_KINDS = {type_: kind for kind, type_ in _TYPES.items()}
_LISTED = ("id", "domain", "createdAt", "deliverAt")
_SEEN = ("id", "domain")
_TEXTS = frozenset({"domain", "type", "filter"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Selection:
    """Conditions on reports: kinds, texts inside the domain, and bounds of the time of delivery (unix seconds, the end exclusive)."""

    kinds: tuple[OutgoingKind, ...]
    domains: list[str] = field(default_factory=list)
    start: int = 0
    end: int = LARGEST

    def matches(self, report: OutgoingId) -> bool:
        return all(text in report.domain for text in self.domains) and self.start <= report.due < self.end


async def list_queue_reports(exchange: Exchange) -> Any:
    """Ids by time of delivery, then domain: `{"items", "total"}`."""
    window = Window.of(exchange.query)
    reports = await _matching(exchange, _selection(exchange, exchange.query.get("domain", "")))
    return {"items": [it.text for it in window.cut(reports)], "total": window.total(len(reports))}


async def delete_queue_reports(exchange: Exchange) -> Any:
    """Cancel the reports that the parameters select; whether there were any."""
    insist(exchange, "delete", texts=_TEXTS, numbers={*PAGE_NUMBERS, *RANGE_NUMBERS})
    if exchange.query.get("type", "dmarc") not in _TYPES:
        raise doubtful("type", "must be 'dmarc' or 'tls'", "delete")
    selection = _selection(exchange, exchange.query.get("domain", ""), search_text(exchange))
    reports = Window.of(exchange.query).cut(await _matching(exchange, selection, or_refuse=True))
    return await destroy(
        exchange, {_TYPES[kind]: [encode(it.number) for it in reports if it.kind == kind] for kind in selection.kinds}
    )


def queue_report(report: Object, exchange: Exchange) -> Any:
    """Old form of the report that was read; NotFound when the path means another one."""
    if not _same_report(report, exchange):
        raise NotFound
    kind = _named(exchange).kind
    if kind == "dmarc":
        content = dmarc_report(report["report"])
        addresses: list[Object] = [{"uri": address, "max_size": 0} for address in members(report["rua"])]
    else:
        content = tls_report(report["report"])
        addresses = [{"Mail": address} for address in members(report["mailRua"])]
        addresses += [{"Http": url} for url in members(report["httpRua"])]
    return {
        "type": kind,
        "id": _old_id(kind, report).text,
        "domain": report["domain"],
        "range_from": report["createdAt"],
        "range_to": report["deliverAt"],
        "report": content,
        "rua": addresses,
    }


def _selection(exchange: Exchange, *domains: str) -> _Selection:
    wanted = exchange.query.get("type")
    return _Selection(
        kinds=tuple(kind for kind in _TYPES if kind == wanted) or tuple(_TYPES),
        domains=[text.lower() for text in domains],
        start=number(exchange.query, "range-start"),
        end=number(exchange.query, "range-end", LARGEST),
    )


async def _matching(exchange: Exchange, selection: _Selection, *, or_refuse: bool = False) -> list[OutgoingId]:
    """Reports that match, in the old order. Beyond a bound reports are left out, or with `or_refuse` nothing is given at all."""
    page = exchange.settings.get_page
    queries = [Query(_TYPES[kind], [BY_ID], page) for kind in selection.kinds]
    found = await find(exchange.caller, queries, _LISTED)
    later = [
        query
        for first in found
        for query in pages(first.query, start=page, end=_bounded(exchange, first, or_refuse=or_refuse), page=page)
    ]
    found += [it async for it in find_more(exchange.caller, later, _LISTED, together=PAIRS_PER_REQUEST)]
    reports = {_old_id(_KINDS[some.query.type], it) for some in found for it in some.objects}
    return sorted(filter(selection.matches, reports), key=lambda it: (it.due, it.domain, it.kind, it.number))


def _bounded(exchange: Exchange, found: Found, *, or_refuse: bool) -> int:
    most = exchange.settings.max_scan_reports
    if found.total > most:
        if or_refuse:
            raise Other("Too many reports to search; nothing was deleted", f"{found.total} reports, limit {most}")
        _log.warning("only %d of %d outgoing reports of one kind are looked at", most, found.total)
    return min(found.total, most)


def _old_id(kind: OutgoingKind, report: Object) -> OutgoingId:
    return OutgoingId(
        kind, report["domain"], decode(report["id"]), seconds(report["createdAt"]), seconds(report["deliverAt"])
    )


def _named(exchange: Exchange) -> OutgoingId:
    named = outgoing(exchange.path["id"])
    if named is None:
        raise NotFound
    return named


def _target(exchange: Exchange) -> Target:
    named = _named(exchange)
    return Target(_TYPES[named.kind], encode(named.number))


def _removal_target(exchange: Exchange) -> Target | None:
    """The report to cancel; None for ids that the old server took although they can name nothing."""
    if outgoing(exchange.path["id"]) is None and outgoing_form(exchange.path["id"]):
        return None
    return _target(exchange)


def _same_report(report: Object, exchange: Exchange) -> bool:
    """Whether the domain in the path is that of the report; its times may have changed since the id was given."""
    return bool(report["domain"] == _named(exchange).domain)


_QUERY, _GET, _SET = (f"x:{{Dmarc,Tls}}InternalReport/{method}" for method in ("query", "get", "set"))

ROUTES = (
    route("listQueueReports", does(list_queue_reports, _QUERY, _GET)),
    route("deleteQueueReports", does(delete_queue_reports, _QUERY, _GET, _SET)),
    route("getQueueReport", gets(_target, queue_report, _GET)),
    route("deleteQueueReport", removes(_removal_target, _SEEN, _same_report, _GET, _SET)),
)
