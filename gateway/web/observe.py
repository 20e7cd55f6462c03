"""What the operator sees: request ids, the access log, metrics, and headers that name the replacement of an old call."""

import itertools
import logging
import os
import secrets
import time
from typing import NamedTuple

from aiohttp.web import BaseRequest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.contract import Operation

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METRICS_SECONDS = 1.0
LONGEST_AGENT = 200
Headers = tuple[tuple[str, str], ...]

NO_OPERATION = "none"
PASSED_THROUGH = "passthrough"
WEBADMIN = "webadmin"

DEPRECATED_SINCE = 1_795_219_200
"""Unix time of this gateway's first release, from which on every call is announced as deprecated (RFC 9745)."""

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "gateway_requests", "Answered requests by old operation, status, and tag of a management error", ("operation", "status", "error"), registry=REGISTRY
)
SECONDS = Histogram(
    "gateway_request_seconds",
    "Time until the reply was ready, for lists until it was written, for live streams until they began",
    ("operation",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
UNDER_WAY = Gauge("gateway_requests_under_way", "Requests being answered", registry=REGISTRY, multiprocess_mode="livesum")
STREAMS = Gauge("gateway_streams_open", "Live streams of the old API that are open", ("operation",), registry=REGISTRY, multiprocess_mode="livesum")
VIOLATIONS = Counter(
    "gateway_contract_violations", "Requests that break the contract, by operation and what happens to them", ("operation", "mode"), registry=REGISTRY
)
LOGINS_REFUSED = Counter("gateway_logins_refused", "Requests whose credential was refused", registry=REGISTRY)
READY = Gauge("gateway_upstream_ready", "1 when the new server answered the last question for its health", registry=REGISTRY, multiprocess_mode="livemin")

_access = logging.getLogger("gateway.access")
_RECORD = vars(logging.LogRecord(_access.name, logging.INFO, "", 0, "request", (), None))


class Visit:
    """What is noted about one request while it is answered.

    `headers` go with its reply; `challenge` tells whether a 401 of the new server asks for credentials; `head` when a live stream
    began, None for every other reply.
    """

    __slots__ = ("address", "agent", "caller", "challenge", "error", "head", "headers", "id", "method", "operation", "path", "started")

    def __init__(self, id_: str, request: BaseRequest, *, path: str, address: str, headers: Headers) -> None:
        self.id = id_
        self.method = request.method
        self.path = path
        self.address = address
        self.agent = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
        self.started = time.perf_counter()
        self.head: float | None = None
        self.operation = NO_OPERATION
        self.caller = ""
        self.error = ""
        self.challenge = False
        self.headers = headers


class Observer:
    """Numbers requests and notes how they ended."""

    def __init__(self, *, access_log: bool) -> None:
        self._access_log = access_log
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._requests: dict[tuple[str, int, str], Counter] = {}
        self._seconds: dict[str, Histogram] = {}
        self._exposition = (float("-inf"), b"")

    def resolve(self, operations: tuple[Operation, ...]) -> None:
        """Make the metrics of every operation before the first request."""
        for name in (NO_OPERATION, PASSED_THROUGH, WEBADMIN, *(operation.id for operation in operations)):
            self._seconds[name] = SECONDS.labels(name)
            self._requests[name, 200, ""] = REQUESTS.labels(name, "200", "")

    def begin(self, request: BaseRequest, path: str, address: str, headers: Headers) -> Visit:
        """Note a request under an id that is unique among processes."""
        return Visit(f"{self._prefix}-{next(self._numbers):x}", request, path=path, address=address, headers=headers)

    def done(self, visit: Visit, status: int, length: int) -> None:
        """Count a request and write its line in the access log; the query is left out, since it may hold a token."""
        elapsed = time.perf_counter() - visit.started
        key = (visit.operation, status, visit.error)
        counter = self._requests.get(key)
        if counter is None:
            counter = self._requests[key] = REQUESTS.labels(visit.operation, str(status), visit.error)
        counter.inc()
        self._seconds[visit.operation].observe(elapsed if visit.head is None else visit.head - visit.started)
        if self._access_log and _access.isEnabledFor(logging.INFO):
            fields = {
                "id": visit.id,
                "client": visit.address,
                "caller": visit.caller,
                "method": visit.method,
                "path": visit.path,
                "operation": visit.operation,
                "status": status,
                "error": visit.error,
                "bytes": length,
                "ms": round(elapsed * 1000, 2),
                "agent": visit.agent,
            }
            _access.handle(_record(fields))

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text form, at most a second old; with several workers those of all of them."""
        made, text = self._exposition
        now = time.monotonic()
        if now - made >= METRICS_SECONDS:
            text = generate_latest(_everything())
            self._exposition = (now, text)
        return text


def _record(fields: dict[str, object]) -> logging.LogRecord:
    """A record of the access log: a copy, because the library would look for code, thread and process, which costs every request more than its line."""
    record = logging.LogRecord.__new__(logging.LogRecord)
    now = time.time()
    vars(record).update(_RECORD, created=now, msecs=now % 1 * 1000, fields=fields)
    return record


class Successor(NamedTuple):
    """Where the replacement of an old call is, and its name there."""

    path: str
    name: str


def deprecation(operation: Operation) -> Headers:
    """`Deprecation` (RFC 9745) and `Link` (RFC 8288) headers of an operation."""
    since = ("Deprecation", f"@{DEPRECATED_SINCE}")
    if operation.replacement is None:
        return (since,)
    successor = _successor(operation.replacement)
    return since, ("Link", f'<{successor.path}>; rel="successor-version"; title="{successor.name}"')


def _successor(replacement: str) -> Successor:
    return Successor(replacement if replacement.startswith("/") else "/jmap/", replacement)


def _everything() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library has no types here
    return together
