"""Received reports: DMARC, TLS and abuse (legacy-rest-api 2.4, mapping-operations 4)."""

from gateway.legacy.reports.kinds import SEEN, report, report_target, same_report
from gateway.legacy.reports.listing import delete_reports, list_reports
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does, gets, removes

_QUERY, _GET, _SET = (f"x:{{Dmarc,Tls,Arf}}ExternalReport/{method}" for method in ("query", "get", "set"))

ROUTES = (
    route("listReports", does(list_reports, _QUERY, _GET)),
    route("deleteReports", does(delete_reports, _QUERY, _GET, _SET)),
    route("getReport", gets(report_target, report, _GET)),
    route("deleteReport", removes(report_target, SEEN, same_report, _GET, _SET)),
)
