"""Logins with API keys whose secret a client chose: the secret is checked here, and a key of the new server goes upstream in its place.

Checking is slow on purpose, so that it happens beside the event loop, few at a time, and not again for a while once a secret was right. Refusals
take the same time whatever was wrong; after many of them a key is checked only for addresses that it was right for before, and for loopback
(mapping-principals 2.7, design 12.4).
"""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus

from cachetools import TTLCache

from gateway.jmap.errors import HttpRefusal
from gateway.knowledge import password_hashes
from gateway.legacy.exchange import Memory
from gateway.settings import Settings
from gateway.state import Key
from gateway.web.clients import is_loopback
from gateway.web.errors import TooManyLogins

REFUSED_SECONDS = 0.3
ACCEPTED_SECONDS = 60
KNOWN_SECONDS = 86_400
REMEMBERED = 4096
CHECKS_AT_ONCE = min(2, max(1, (os.cpu_count() or 1) // 2))
MOST_WAITING = 64


class KeyLogins:
    """Checks secrets of API keys."""

    def __init__(self, memory: Memory, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = memory.keys
        self._most = settings.limits.logins
        self._secret = secrets.token_bytes(32)
        self._decoy: str | None = None
        self._accepted: TTLCache[bytes, str] = TTLCache(REMEMBERED, ACCEPTED_SECONDS, clock)
        self._refused: TTLCache[bytes, list[int]] = TTLCache(REMEMBERED, settings.limits.login_seconds, clock)
        self._known: TTLCache[bytes, bool] = TTLCache(REMEMBERED, KNOWN_SECONDS, clock)
        self._places = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._waiting = 0
        self._clock = clock

    async def token(self, name: str, secret: str, address: str) -> str | None:
        """The new server's key that stands for a key and its secret, None when no key has the name.

        HttpRefusal 401 for a wrong secret, TooManyLogins after too many of them.
        """
        began = self._clock()
        key = await self._keys.login(name)
        if key is None:
            return None
        mark = self._mark(key, secret)
        if mark in self._accepted:
            return self._accepted[mark]
        self._insist_few(name, address)
        fits = await self._fits(key, secret)
        if not fits:
            # Another gateway may have changed the key a moment ago.
            newer = await self._keys.of(key.account)
            if newer is not None and newer.revision != key.revision and newer.name == name:
                key, fits = newer, await self._fits(newer, secret)
        if not fits:
            await self._delay(name, began)
            raise HttpRefusal(HTTPStatus.UNAUTHORIZED)
        self._accepted[self._mark(key, secret)] = key.secret
        self._known[self._hash(name, address)] = True
        return key.secret

    async def unknown(self, name: str, secret: str, address: str, began: float) -> None:
        """Take as long as for a wrong secret of a key, for a name that the new server refused with this secret; TooManyLogins likewise."""
        if not self._keys.exist() or await self._keys.login(name) is not None:
            return
        self._insist_few(name, address)
        await self._check(secret, [await self._pretended()])
        await self._delay(name, began)

    def exist(self) -> bool:
        """Whether there is any key that a refused login must not be told apart from."""
        return self._keys.exist()

    def now(self) -> float:
        """The present on the clock of `unknown`."""
        return self._clock()

    def _insist_few(self, name: str, address: str) -> None:
        count = self._refused.get(self._hash(name))
        if (
            count is not None
            and count[0] >= self._most
            and not is_loopback(address)
            and self._hash(name, address) not in self._known
        ):
            raise TooManyLogins

    async def _delay(self, name: str, began: float) -> None:
        """Note a refusal and wait until it has taken what every refusal takes."""
        # The time runs from the first refusal, so that nobody is shut out for good.
        self._refused.setdefault(self._hash(name), [0])[0] += 1
        await asyncio.sleep(max(0.0, REFUSED_SECONDS - (self._clock() - began)))

    async def _fits(self, key: Key, secret: str) -> bool:
        """Whether a secret belongs to a key that opens anything."""
        hashes = [it.hash for it in key.verifiers] or [await self._pretended()]
        return await self._check(secret, hashes) and bool(key.secret)

    def _mark(self, key: Key, secret: str) -> bytes:
        """What an accepted secret is remembered by, for as long as the key stays what it is."""
        return self._hash(key.account, str(key.revision), key.name, secret)

    async def _check(self, secret: str, hashes: list[str]) -> bool:
        if self._waiting >= MOST_WAITING:
            raise TooManyLogins
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(_fits, secret, hashes)
        finally:
            self._waiting -= 1

    async def _pretended(self) -> str:
        """A hash that no secret belongs to."""
        if self._decoy is None:
            self._decoy = await asyncio.to_thread(password_hashes.slow, secrets.token_hex())
        return self._decoy

    def _hash(self, *texts: str) -> bytes:
        """What texts are remembered by, secrets among them."""
        return hashlib.blake2b("\0".join(texts).encode(), key=self._secret, digest_size=32).digest()


def _fits(secret: str, hashes: list[str]) -> bool:
    """Whether a secret belongs to one of the hashes; each is looked at, whichever it is."""
    found = [password_hashes.matches(secret, it) for it in hashes]
    return any(found)
