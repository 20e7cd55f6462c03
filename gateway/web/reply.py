"""Replies in the old form: `{"data": …}`, management errors, problem documents (legacy-rest-api 1.3 to 1.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from gateway.jmap import wire

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json"

ANNOUNCED_LENGTH = web.ResponseKey("announced_length", str)
"""Content-Length of a reply without a body; the old server announced one for OPTIONS."""

NEVER_KEPT = ("Cache-Control", "no-store, no-cache, must-revalidate")
CORS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, X-Requested-With"),
    ("Access-Control-Allow-Methods", "POST, GET, PATCH, PUT, DELETE, HEAD, OPTIONS"),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: status, body, content type and what other headers belong to it (repeated names stay separate lines)."""

    status: int
    body: bytes
    type: str
    headers: tuple[tuple[str, str], ...] = ()

    def response(self, headers: CIMultiDict[str]) -> web.Response:
        """The aiohttp response with further headers; `headers` is the response's from now on."""
        headers["Content-Type"] = self.type
        if self.headers:
            headers.extend(self.headers)
        return web.Response(status=self.status, body=self.body, headers=headers)


def success(value: Any, *headers: tuple[str, str]) -> Reply:
    """200 with the value under `data`; None is `null`."""
    return Reply(200, wire.dumps({"data": value}), JSON, headers)


def management_error(body: Mapping[str, Any]) -> Reply:
    """200 whose body has `error`."""
    return Reply(200, wire.dumps(body), JSON)


def problem(status: int, body: Mapping[str, Any], *headers: tuple[str, str]) -> Reply:
    """Problem document; members in the order given."""
    return Reply(status, wire.dumps(body), PROBLEM, headers)


def short_problem(status: HTTPStatus) -> Reply:
    """The short form of bare status answers (legacy-rest-api 1.5.6)."""
    return problem(status, {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": status.phrase})


def preflight(headers: CIMultiDict[str]) -> web.Response:
    """Answer to OPTIONS under `/api`: 204 without a body, although the length of its short problem is announced (legacy-rest-api 1.6)."""
    unsent = short_problem(HTTPStatus.NO_CONTENT)
    headers["Content-Type"] = unsent.type
    response = web.Response(status=unsent.status, headers=headers)
    response[ANNOUNCED_LENGTH] = str(len(unsent.body))
    return response
