"""The one table of everything that can go wrong, and what the old API answers then.

     what                                  status  body                            source
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────
     1  legacy.refusals.Unauthorized       401     Unauthorized, ± two challenges  legacy-rest-api 1.5.2
     2  legacy.refusals.Problem            its own its own                         legacy-rest-api 1.5
     3  legacy.refusals.ManagementError    200     its own                         legacy-rest-api 1.4
     4  TooManyRequests                    429     Too Many Requests               legacy-rest-api 1.5.5
     5  TooManyLogins                      429     Too Many Authentication …       legacy-rest-api 1.5.5
     6  BodyTooSlow                        408     Request Timeout, short form     legacy-rest-api 1.5.6
     7  jmap HttpRefusal 401               401     as row 1                        mapping-operations 1.8
     8  jmap HttpRefusal 402               402     TOTP code required              legacy-rest-api 1.5.3
     9  jmap HttpRefusal 403               403     Forbidden                       mapping-operations 1.8
    10  jmap HttpRefusal 429               429     Too Many Requests               mapping-operations 1.8
    11  jmap HttpRefusal, crowded account  503     Service Unavailable + seconds   decision 23
    12  jmap HttpRefusal, other            500     Internal Server Error           mapping-operations 1.8, decision 23
    13  jmap MethodError, enterprise       200     unsupported                     mapping-operations 1.8
    14  jmap MethodError, bootstrap        200     unsupported                     mapping-operations 1.8
    15  jmap MethodError forbidden         403     Forbidden                       mapping-operations 1.8
    16  jmap MethodError, other            500     Internal Server Error           mapping-operations 1.8
    17  jmap Unreachable, Busy             503     Service Unavailable + seconds   decision 23
    18  jmap TooSlow                       503     Service Unavailable + seconds   decision 23
    19  jmap OutcomeUnknown                504     Gateway Timeout                 decision 23
    20  anything else                      500     Internal Server Error           legacy-rest-api 1.5.5

Only rows 11, 17 and 18 send `Retry-After`; the old server never did.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from gateway.jmap import errors as jmap
from gateway.legacy import refusals
from gateway.web.reply import Reply, management_error, problem, short_problem

CHALLENGES = (
    ("WWW-Authenticate", 'Bearer realm="Stalwart Server"'),
    ("WWW-Authenticate", 'Basic realm="Stalwart Server"'),
)
ENTERPRISE = "This feature is only available in the Enterprise edition"
SLOW_READ_SECONDS = 5

_CROWDED = frozenset({"maxConcurrentRequests", "maxConcurrentUpload"})


class TooManyRequests(Exception):
    """One client has too many requests under way."""


class TooManyLogins(Exception):
    """One client had too many credentials refused; nothing is asked upstream for it for a while."""


class BodyTooSlow(Exception):
    """The body of a request did not come in time."""


def _document(status: int, title: str, detail: str, *headers: tuple[str, str]) -> Reply:
    return problem(status, {"type": "about:blank", "status": status, "title": title, "detail": detail}, *headers)


def _known(refusal: refusals.Problem, *headers: tuple[str, str]) -> Reply:
    return problem(refusal.status, refusal.body, *headers)


_UNAUTHORIZED = {challenge: _known(refusals.Unauthorized(), *(CHALLENGES if challenge else ())) for challenge in (False, True)}
_FORBIDDEN = _known(refusals.Forbidden())
_CODE_MISSING = _document(
    402, "TOTP code required", "A TOTP code is required to authenticate this account. Try authenticating again using 'secret$totp_token'."
)
_TOO_MANY_REQUESTS = _document(429, "Too Many Requests", "Your request has been rate limited. Please try again in a few seconds.")
_TOO_MANY_LOGINS = _document(
    429, "Too Many Authentication Attempts", "Your request has been rate limited. Please try again in a few minutes."
)
_INTERNAL = _known(refusals.InternalError())
_OUTCOME_UNKNOWN = _document(
    504,
    HTTPStatus.GATEWAY_TIMEOUT.phrase,
    "The change was sent to the mail server, but its answer was lost: the outcome is unknown. Look at the present state before trying again.",
)

_OF_STATUS = {402: _CODE_MISSING, 403: _FORBIDDEN, 429: _TOO_MANY_REQUESTS}


def _unavailable(detail: str, seconds: int) -> Reply:
    return _document(503, HTTPStatus.SERVICE_UNAVAILABLE.phrase, detail, ("Retry-After", str(seconds)))


def _crowded(seconds: int) -> Reply:
    return _unavailable("Too many requests of this account are waiting for the mail server. Please try again.", seconds)


def _of_http(error: jmap.HttpRefusal, challenge: bool) -> Reply:
    if error.status == HTTPStatus.UNAUTHORIZED:
        return _UNAUTHORIZED[challenge]
    if error.limit in _CROWDED:
        return _crowded(error.retry_after or 1)
    return _OF_STATUS.get(error.status, _INTERNAL)


def _of_method(error: jmap.MethodError, _challenge: bool) -> Reply:
    if error.type != "forbidden":
        return _INTERNAL
    if error.description.startswith(ENTERPRISE):
        return management_error(refusals.EnterpriseOnly().body)
    if "bootstrap mode" in error.description.lower():
        return management_error(refusals.Unsupported("The server is in bootstrap mode").body)
    return _FORBIDDEN


_TABLE: Mapping[type[BaseException], Callable[[Any, bool], Reply]] = {
    refusals.Unauthorized: lambda error, _: _UNAUTHORIZED[error.challenge],
    refusals.Problem: lambda error, _: _known(error),
    refusals.ManagementError: lambda error, _: management_error(error.body),
    TooManyRequests: lambda _, __: _TOO_MANY_REQUESTS,
    TooManyLogins: lambda _, __: _TOO_MANY_LOGINS,
    BodyTooSlow: lambda _, __: short_problem(HTTPStatus.REQUEST_TIMEOUT),
    jmap.HttpRefusal: _of_http,
    jmap.MethodError: _of_method,
    jmap.Unreachable: lambda error, _: _unavailable("The mail server cannot be reached. Please try again.", error.retry_after),
    jmap.Busy: lambda error, _: _crowded(error.retry_after),
    jmap.TooSlow: lambda _, __: _unavailable("The mail server did not answer in time. Nothing was changed.", SLOW_READ_SECONDS),
    jmap.OutcomeUnknown: lambda _, __: _OUTCOME_UNKNOWN,
    Exception: lambda _, __: _INTERNAL,
}


def reply_to(error: Exception, *, challenge: bool = False) -> Reply:
    """What the old API answers; `challenge`: whether a 401 of the new server asks for credentials (legacy-rest-api 1.5.2)."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind](error, challenge)
    return _INTERNAL
