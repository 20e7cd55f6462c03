"""Answers outside JMAP, and how refusals become HTTP (jmap-management-api 1.9)."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from gateway.simulator.errors import Problem

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, X-Requested-With",
    "Access-Control-Allow-Methods": "POST, GET, PATCH, PUT, DELETE, HEAD, OPTIONS",
}
CHALLENGES = ('Bearer realm="Stalwart Server", resource_metadata="/.well-known/oauth-protected-resource"', 'Basic realm="Stalwart Server"')


def not_found() -> Problem:
    """Unknown path, wrong method, or a blob that is not there for the caller."""
    return Problem(404, "Not Found", "The requested resource does not exist on this server.")


def unauthorized() -> Problem:
    """No or wrong credentials; carries both challenges."""
    return Problem(401, "Unauthorized", "You have to authenticate first.")


def expired() -> Problem:
    """The credential was right, but its time is over: no challenge is sent."""
    return Problem(401, "Unauthorized", "You have to authenticate first.", challenge=False)


def code_required() -> Problem:
    """The password is right, but the account has a second factor, which Basic cannot carry."""
    text = "This account requires multi-factor authentication. Alternatively, you can use an app password if your account has one."
    return Problem(402, "MFA code required", text)


def forbidden() -> Problem:
    """Not allowed to use the endpoint at all."""
    return Problem(403, "Forbidden", "You do not have enough permissions to access this resource.")


def json_answer(content: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """200 with a JSON body."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(body=body, headers={"Content-Type": JSON, **(headers or {})})


def problem_answer(problem: Problem) -> web.Response:
    """The problem document."""
    headers = CIMultiDict({"Content-Type": PROBLEM, **problem.headers})
    if problem.status == 401 and problem.challenge:  # noqa: PLR2004 - HTTP
        for challenge in CHALLENGES:
            headers.add("WWW-Authenticate", challenge)
    return web.Response(status=problem.status, body=json.dumps(problem.body, ensure_ascii=False).encode(), headers=headers)


def redirect(status: int, location: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Elsewhere, without a body."""
    return web.Response(status=status, headers={"Location": location, **(headers or {})})
