"""Clients: those that were registered and what they may ask for (RFC 7591; jmap-management-api 4.1, 4.6)."""

import re
import secrets
from urllib.parse import urlsplit

from gateway.simulator.errors import Object
from gateway.simulator.world import World

BAD_REDIRECT = "Redirect URI must be an https URL, a loopback (http://127.0.0.1/, http://[::1]/) or a private-use scheme URI."
PREFIX = "swc1."

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_ECHOED = ("redirect_uris", "client_name", "token_endpoint_auth_method")


class Clients:
    """Clients that registered themselves, and those an administrator made; others are not known and may ask as well."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._registered: dict[str, list[str]] = {}

    def register(self, given: Object) -> tuple[int, Object]:
        """Status and answer for a body that could be read."""
        if not all(_may_be_sent_to(redirect) for redirect in given["redirect_uris"]):
            return 400, {"error": "invalid_redirect_uri", "error_description": BAD_REDIRECT}
        client = PREFIX + secrets.token_urlsafe(32)
        self._registered[client] = given["redirect_uris"]
        answer: Object = {"client_id": client, "client_id_issued_at": self._world.clock.seconds()}
        return 201, answer | {name: given[name] for name in _ECHOED if name in given}

    def fits(self, client: str, redirect: str, method: str | None) -> bool:
        """Whether the client may be sent back to this address, and has the protection it must have."""
        if client.startswith(PREFIX):
            return redirect in self._registered.get(client, ()) and method == "S256"
        made = next((one for one in self._world.kept("OAuthClient").objects.values() if one["clientId"] == client), None)
        return made is None or not made["redirectUris"] or redirect in made["redirectUris"]


def _may_be_sent_to(redirect: str) -> bool:
    try:
        parts = urlsplit(redirect)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme == "http":
        return host in _LOOPBACK
    return bool(_SCHEME.fullmatch(parts.scheme)) and (parts.scheme != "https" or bool(host))
