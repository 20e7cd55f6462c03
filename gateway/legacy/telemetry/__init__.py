"""Telemetry of the Enterprise edition: traces, metrics, live streams and their tokens (legacy-rest-api 2.16, mapping-operations 8)."""

from gateway.legacy.table import route
from gateway.legacy.telemetry.metrics import get_metrics
from gateway.legacy.telemetry.traces import get_trace, get_traces, list_traces
from gateway.legacy.vocabulary import does

ROUTES = (
    route("listTraces", does(list_traces, "x:Trace/query", "x:Trace/get")),
    route("getTraces", does(get_traces, "x:Trace/get")),
    route("getTrace", does(get_trace, "x:Trace/get")),
    route("getMetrics", does(get_metrics, "x:Metric/query", "x:Metric/get")),
)
