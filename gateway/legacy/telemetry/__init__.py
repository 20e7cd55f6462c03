"""Telemetry of the Enterprise edition: traces, metrics, live streams and their tokens (legacy-rest-api 2.16, mapping-operations 8)."""

from gateway.legacy.table import route
from gateway.legacy.telemetry.live import stream_metrics, stream_traces
from gateway.legacy.telemetry.metrics import get_metrics
from gateway.legacy.telemetry.tokens import get_metrics_token, get_tracing_token
from gateway.legacy.telemetry.traces import get_trace, get_traces, list_traces
from gateway.legacy.vocabulary import does

ROUTES = (
    route("listTraces", does(list_traces, "x:Trace/query", "x:Trace/get")),
    route("streamTraces", does(stream_traces, "/api/live/tracing")),
    route("getTraces", does(get_traces, "x:Trace/get")),
    route("getTrace", does(get_trace, "x:Trace/get")),
    route("getTracingToken", does(get_tracing_token, "/api/token/tracing")),
    route("getMetricsToken", does(get_metrics_token, "/api/token/metrics")),
    route("getMetrics", does(get_metrics, "x:Metric/query", "x:Metric/get")),
    route("streamMetrics", does(stream_metrics, "/api/live/metrics")),
)
