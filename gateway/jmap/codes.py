"""Passwords with a code of a second factor, exchanged for access tokens: the new server takes no code in a Basic header (mapping-principals 6.1).

Nothing is kept but tokens, under a keyed hash of name, password and code: another code is another login. A code works here as long as its token
is kept, which is how an old client that sends one code with a series of calls can end the series.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from cachetools import LRUCache

from gateway.jmap import wire
from gateway.jmap.connection import fields
from gateway.jmap.errors import Garbled, HttpRefusal

if TYPE_CHECKING:
    from gateway.jmap.client import Upstream

CLIENT = "legacy-gateway"
TOKEN_PATH = "/auth/token"  # noqa: S105 - a path
LONGEST = 300.0
REMEMBERED = 1024
REFUSED = frozenset({400, 401})

_FORM = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", "User-Agent": "stalwart-legacy-gateway"}

_log = logging.getLogger(__name__)


class Coded(Protocol):
    """A name, a password and the code that came behind it."""

    @property
    def name(self) -> str:
        """As the new server knows it."""

    @property
    def secret(self) -> str:
        """The password alone."""

    @property
    def code(self) -> str:
        """Six to eight digits."""


class Codes:
    """The exchange with one new server, and the tokens that it gave."""

    def __init__(self, upstream: "Upstream") -> None:
        self._upstream = upstream
        self._key = secrets.token_bytes(32)
        self._tokens: LRUCache[bytes, tuple[float, str]] = LRUCache(REMEMBERED)
        self._expected: LRUCache[bytes, bool] = LRUCache(REMEMBERED)
        self._flights: dict[bytes, asyncio.Task[str | None]] = {}

    @property
    def flights(self) -> Collection["asyncio.Task[str | None]"]:
        """The exchanges under way."""
        return self._flights.values()

    def known(self, login: Coded) -> str | None:
        """The token that was given for the same name, password and code."""
        ends, token = self._tokens.get(self._hash(login.name, login.secret, login.code), (0.0, None))
        return token if time.monotonic() < ends else None

    def expects(self, login: Coded) -> bool:
        """Whether that password was accepted with a code before, so that the next digits behind it are a code, too."""
        return self._hash(login.name, login.secret) in self._expected

    async def exchange(self, login: Coded, client_address: str | None) -> str | None:
        """A token; None when name, password or code is wrong, or when the account wants no code: then the digits belong to the password, which is wrong."""
        key = self._hash(login.name, login.secret, login.code)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._exchange(key, login, client_address))
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    def drop(self, token: str | None = None) -> None:
        """Forget a token that was refused, or after a change of secrets all of them."""
        for key in [key for key, (_, known) in self._tokens.items() if token in (None, known)]:
            del self._tokens[key]

    async def _exchange(self, key: bytes, login: Coded, client_address: str | None) -> str | None:
        given = {"type": "authCode", "accountName": login.name, "accountSecret": login.secret, "clientId": CLIENT, "redirectUri": ""}
        try:
            if not self.expects(login) and (await self._upstream.log_in(given, client_address))["type"] != "mfaRequired":
                return None
            answer = await self._upstream.log_in(given | {"mfaToken": login.code}, client_address)
        except HttpRefusal as refusal:
            if refusal.status not in REFUSED:
                raise
            _log.warning("the new server lets the client %s make no tokens: codes of a second factor cannot be used", CLIENT)
            return None
        code = answer.get("client_code")
        if answer["type"] != "authenticated" or not isinstance(code, str):
            return None
        self._expected[self._hash(login.name, login.secret)] = True
        return await self._token(key, code, client_address)

    async def _token(self, key: bytes, code: str, client_address: str | None) -> str | None:
        form = urlencode({"grant_type": "authorization_code", "code": code, "client_id": CLIENT, "redirect_uri": ""}).encode()
        try:
            headers = fields(_FORM | self._upstream.told(client_address))
            value = wire.value_of(await self._upstream.send("POST", self._upstream.transport.target(TOKEN_PATH), headers, form, write=True))
        except HttpRefusal as refusal:
            if refusal.status in REFUSED:
                return None
            raise
        token, seconds = (value.get("access_token"), value.get("expires_in")) if isinstance(value, dict) else (None, None)
        if not isinstance(token, str) or not isinstance(seconds, int):
            raise Garbled("no access token")
        self._tokens[key] = time.monotonic() + min(LONGEST, seconds), token
        return token

    def _landed(self, key: bytes, flight: "asyncio.Task[str | None]") -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # seen, even if everybody who waited has left

    def _hash(self, *parts: str) -> bytes:
        text = "\0".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
