"""Answers other than 200 (jmap-management-api 1.9)."""

import re
from collections.abc import Mapping

from gateway.jmap import wire
from gateway.jmap.connection import Reply
from gateway.jmap.errors import HttpRefusal

BAD_REQUEST = 400
LONGEST_WAIT = 86_400

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_RATE_LIMIT = re.compile(r";\s*t=([0-9]{1,9})", re.ASCII)
_LIMITS = ("maxSizeRequest", "maxSizeUpload", "maxCallsInRequest", "maxConcurrentRequests", "maxConcurrentUpload")


def refusal_of(reply: Reply) -> HttpRefusal:
    """Refusal of an answer other than 200; of the body only the name of a known limit is kept."""
    limit = None
    if reply.status == BAD_REQUEST:
        problem = wire.value_of(reply.body)
        named = problem.get("limit") if isinstance(problem, dict) else None
        limit = named if named in _LIMITS else None
    return HttpRefusal(reply.status, limit, _retry_after(reply.headers))


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds of `Retry-After`, else of the `t` of `RateLimit`, None without either."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        match = _RATE_LIMIT.search(headers.get("RateLimit", ""))
        text = match[1] if match else ""
    return min(int(text), LONGEST_WAIT) if _SECONDS.fullmatch(text) else None
