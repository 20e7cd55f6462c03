"""Reads credentials and brings them into one form; whether they are right is for the new server to say (legacy-rest-api 1.2)."""

import base64
import binascii
from typing import NamedTuple
from urllib.parse import quote

from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.knowledge.query_string import parse
from gateway.legacy.exchange import Login
from gateway.legacy.refusals import Unauthorized

KEY_PREFIX = "api_"
TAKES_TOKENS = (
    ("/api/troubleshoot/", "/api/live/delivery/", "troubleshoot"),
    ("/api/telemetry/traces", "/api/live/tracing", "tracing-live"),
    ("/api/telemetry/metrics", "/api/live/metrics", "metrics-live"),
)
"""Where the old server looked at a `token` of the query, which live stream of the new one it opens, and the right that it stands for."""

GROUP = 4


class Credential(NamedTuple):
    """What a request identifies itself with.

    `header` goes upstream; `login` is the name of a login with a secret, which is a Basic credential upstream; `challenge` tells whether its refusal
    asks for credentials: refused logins do not, refused tokens do (legacy-rest-api 1.5.2). `given` is what was exchanged for a token in `header`.
    """

    header: str
    login: str | None
    challenge: bool
    given: Login | None = None

    def __repr__(self) -> str:
        return type(self).__name__


def read(header: str | None) -> Credential:
    """Credential of an Authorization header; Unauthorized when there is none or when it cannot be read."""
    scheme, space, value = (header or "").partition(" ")
    if not space:
        raise Unauthorized
    value = value.strip(" \t")
    match scheme.lower():
        case "basic":
            return _basic(value)
        case "bearer":
            return _bearer(value)
        case _:
            raise Unauthorized(challenge=True)


class Token(NamedTuple):
    """The token of a live stream: where the new server takes it (raw path and query), and the new rights that it stands for."""

    probe: str
    rights: tuple[str, ...]

    def __repr__(self) -> str:
        return type(self).__name__


def token_of(path: str, query: str) -> Token | None:
    """The token that a request brings where the old server looked at one (legacy-rest-api 1.2)."""
    for prefix, stream, right in TAKES_TOKENS:
        if path.startswith(prefix):
            text = parse(query).get("token")
            return Token(f"{stream}?token={quote(text, safe='')}", ("authenticate", *NEW_RIGHTS[right])) if text else None
    return None


def renamed(credential: Credential, login: str) -> Credential:
    """A Basic credential with another login upstream."""
    return credential._replace(header="Basic " + base64.b64encode(f"{login}:{secret_of(credential)}".encode()).decode())


def login_of(credential: Credential | None) -> Login | None:
    """Name and secret of a Basic credential as the new server knows them; None for a token."""
    if credential is None or credential.given is not None:
        return credential and credential.given
    scheme, _, value = credential.header.partition(" ")
    return Login(*_decoded(value)[::2]) if scheme == "Basic" else None


def secret_of(credential: Credential) -> str:
    """The secret of a Basic credential."""
    return _decoded(credential.header.removeprefix("Basic "))[2]


def _basic(value: str) -> Credential:
    login, colon, secret = _decoded(value)
    if not colon:
        raise Unauthorized(challenge=True)
    return _login(login, secret)


def _bearer(value: str) -> Credential:
    """An old API key is a login and a secret in another dress; everything else is a token."""
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise Unauthorized(challenge=True)
    if value.startswith(KEY_PREFIX):
        login, colon, secret = _decoded(value[len(KEY_PREFIX) :])
        if colon:
            return _login(login, secret)
    return token(value)


def token(text: str) -> Credential:
    """A credential that is no login: a token, or a key that the new server made."""
    return Credential(f"Bearer {text}", None, challenge=True)


def _login(login: str, secret: str) -> Credential:
    name = login.strip().lower()
    return Credential("Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode(), name, challenge=False)


def _decoded(value: str) -> tuple[str, str, str]:
    """Login, colon and secret of `login:secret` in base64, three empty texts where it is none.

    The old server dropped an incomplete last group and looked up what was left, which no account has (recorded as a refused login).
    """
    whole = len(value) - len(value) % GROUP
    try:
        parts = base64.b64decode(value[:whole], validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", "", ""
    if parts[1] and whole != len(value):
        raise Unauthorized
    return parts
