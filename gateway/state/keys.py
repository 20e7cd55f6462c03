"""API keys whose secret a client chose (mapping-principals 2.7, decisions 7 and 21).

Of each key: which account of the new server stands for it, what its secrets are checked against, and the new server's key that is used in their place.

    Keys              in this process
    └── DurableKeys   in the database, shared by all gateways on it, everything but names and addresses encrypted

They live nowhere else, so that what cannot be read or written is an error, except at a login: that goes by what was known last.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.state.database import FAILURES, Database, Signature
from gateway.state.key import Seal
from gateway.state.names import OldName
from gateway.state.revisions import COUNT, NEXT
from gateway.state.schema import StateError

ACCOUNT = "Account"
LOGIN_SECONDS = 1.0

_READ = text("SELECT account, name, address, value, revision FROM api_keys WHERE server = :server")
_ANY = text("SELECT COUNT(*) FROM api_keys")
_ADD = text(
    "INSERT INTO api_keys (server, account, name, address, value, revision) VALUES (:server, :account, :name, :address, :value, :revision)"
)
_CHANGE = text(
    "UPDATE api_keys SET name = :name, address = :address, value = :value, revision = :revision"
    " WHERE server = :server AND account = :account AND revision = :seen"
)
_REMOVE = text("DELETE FROM api_keys WHERE server = :server AND account = :account")

_log = logging.getLogger(__name__)


class KeyTaken(Exception):
    """Another key has the name, and nothing was written."""


class KeyChanged(Exception):
    """The key is not what it was when it was read, and nothing was written."""


@dataclass(frozen=True, slots=True, repr=False)
class Verifier:
    """What one secret is checked against: a password hash. `name` is that of an app password, `shown` what clients may read instead of a placeholder."""

    hash: str
    name: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One key.

    `account` is the account of the new server that stands for it, `address` its own address: with another one it is not that account any more.
    `secret` is the new server's key, "" while the old one has no secret. `revision` is the change that it was last written with.
    """

    account: str
    name: str
    address: str
    verifiers: tuple[Verifier, ...] = ()
    secret: str = ""
    revision: int = 0


class Keys:
    """The keys of one new server."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._by_name: dict[str, str] = {}
        self._names: dict[str, OldName] = {}

    async def names(self, *, certain: bool = False) -> Mapping[str, OldName]:
        """Name and address of every key by account, as they were known last when there is no better way; StateError then if they must be `certain`."""
        await (self._refresh() if certain else self._refresh_if_possible())
        return self._names

    async def of(self, account: str, *, certain: bool = False) -> Key | None:
        """The key that an account stands for, as it was known last when there is no better way; StateError then if it must be `certain`."""
        await (self._refresh() if certain else self._refresh_if_possible())
        return self._keys.get(account)

    async def login(self, name: str) -> Key | None:
        """The key of this name, as it was known last when there is no better way."""
        await self._refresh_if_possible(for_login=name)
        account = self._by_name.get(name)
        return None if account is None else self._keys[account]

    def exist(self) -> bool:
        """Whether there is any key, as far as it is known."""
        return bool(self._keys)

    async def prepare(self) -> None:
        """StateError when no key could be kept."""

    async def add(self, key: Key, *, instead: Collection[str] = ()) -> None:
        """Keep a new key in place of those of accounts that are gone; KeyTaken, StateError."""
        other = self._by_name.get(key.name)
        if other is not None and other not in instead:
            raise KeyTaken
        self._known([it for it in self._keys.values() if it.account not in instead] + [key])

    async def change(self, key: Key, changed: Key) -> None:
        """Keep a key in place of what it was; KeyTaken, KeyChanged, StateError."""
        if self._keys.get(key.account) != key:
            raise KeyChanged
        if self._by_name.get(changed.name, key.account) != key.account:
            raise KeyTaken
        self._known(
            [it for it in self._keys.values() if it.account != key.account]
            + [replace(changed, revision=key.revision + 1)]
        )

    async def remove(self, accounts: Collection[str]) -> None:
        """Forget the keys of accounts; StateError."""
        self._known([it for it in self._keys.values() if it.account not in accounts])

    def _known(self, keys: Collection[Key]) -> None:
        self._keys = {it.account: it for it in keys}
        self._by_name = {it.name: it.account for it in keys}
        self._names = {it.account: OldName(ACCOUNT, it.account, it.name, it.address, implied=True) for it in keys}

    async def _refresh(self) -> None:
        """Learn what others changed; StateError."""

    async def _refresh_if_possible(self, *, for_login: str | None = None) -> None:
        """Learn what others changed, if that is possible; `for_login` by a known name a little later will do."""


class DurableKeys(Keys):
    """Keys in the database; `seal` gives what their contents are encrypted with, StateError when there is no such thing."""

    def __init__(self, database: Database, server: str, seal: Callable[[], Awaitable[Seal]]) -> None:
        super().__init__()
        self._database = database
        self._server = server
        self._seal = seal
        self._seen: Signature | None = None
        self._version: tuple[int, int] | None = None
        self._asked = float("-inf")
        self._failing = False
        self._turn = asyncio.Lock()

    @staticmethod
    async def in_database(database: Database) -> bool:
        """Whether a database holds keys, of whatever server; FAILURES."""
        async with database.reading() as connection:
            return bool((await connection.execute(_ANY)).scalar())

    async def prepare(self) -> None:
        """StateError when there is nothing to encrypt with."""
        await self._seal()

    async def add(self, key: Key, *, instead: Collection[str] = ()) -> None:
        """Keep a new key in place of those of accounts that are gone, in one transaction."""
        row = await self._row(key)
        try:
            async with self._database.writing() as connection:
                row["revision"] = await self._next(connection)
                for account in instead:
                    await connection.execute(_REMOVE, {"server": self._server, "account": account})
                await connection.execute(_ADD, row)
        except IntegrityError:
            raise KeyTaken from None
        except FAILURES as error:
            raise self._failed("written", error) from None
        await self._learn()

    async def change(self, key: Key, changed: Key) -> None:
        """Keep a key in place of what it was, if nobody changed it since."""
        row = await self._row(changed)
        try:
            async with self._database.writing() as connection:
                row["revision"] = await self._next(connection)
                written = await connection.execute(_CHANGE, row | {"seen": key.revision})
        except IntegrityError:
            raise KeyTaken from None
        except FAILURES as error:
            raise self._failed("written", error) from None
        await self._learn()
        if not written.rowcount:
            raise KeyChanged

    async def remove(self, accounts: Collection[str]) -> None:
        """Forget the keys of accounts, in one transaction."""
        if not accounts:
            return
        try:
            async with self._database.writing() as connection:
                await self._next(connection)
                await connection.execute(_REMOVE, [{"server": self._server, "account": it} for it in accounts])
        except FAILURES as error:
            raise self._failed("written", error) from None
        await self._learn()

    async def _refresh_if_possible(self, *, for_login: str | None = None) -> None:
        now = time.monotonic()
        # A new key is used at once, maybe here; but a database that does not work must not hold up every login.
        will_do = for_login in self._by_name or self._failing
        if for_login is not None and self._database.file is None and will_do and now - self._asked < LOGIN_SECONDS:
            return
        self._asked = now
        try:
            await self._refresh()
        except StateError:
            self._failing = True
        else:
            self._failing = False

    async def _refresh(self) -> None:
        signature = self._database.signature()
        if not self._database.alone and (signature is None or signature != self._seen):
            await self._read()

    async def _read(self) -> None:
        async with self._turn:
            signature = self._database.signature()
            try:
                async with self._database.reading() as connection:
                    count: int = (await connection.execute(COUNT, {"server": self._server})).scalar() or 0
                    version = self._database.exchanged, count
                    rows = (
                        None
                        if version == self._version
                        else (await connection.execute(_READ, {"server": self._server})).all()
                    )
            except FAILURES as error:
                raise self._failed("read", error) from None
            if rows is not None:
                seal = await self._seal() if rows else None
                self._known([key for row in rows if seal and (key := self._key(seal, row)) is not None])
            self._seen, self._version = signature, version

    async def _learn(self) -> None:
        """Read what was just written, which is kept whether or not that works."""
        with contextlib.suppress(StateError):
            await self._read()

    async def _next(self, connection: AsyncConnection) -> int:
        number: int = (await connection.execute(NEXT, {"server": self._server})).scalar_one()
        return number

    async def _row(self, key: Key) -> dict[str, str | int]:
        content = json.dumps([key.secret, [[it.hash, it.name, it.shown] for it in key.verifiers]], ensure_ascii=False)
        value = (await self._seal()).close(content, self._about(key.account))
        return {
            "server": self._server,
            "account": key.account,
            "name": key.name,
            "address": key.address,
            "value": value,
        }

    def _key(self, seal: Seal, row: Sequence[Any]) -> Key | None:
        account, name, address, value, revision = row
        content = seal.open(value, self._about(account))
        if content is None:
            _log.error("an API key was encrypted with another key, or moved; it is as good as forgotten")
            return None
        secret, verifiers = json.loads(content)
        return Key(account, name, address, tuple(Verifier(*it) for it in verifiers), secret, revision)

    def _about(self, account: str) -> str:
        return f"{self._server}\nkey {account}"

    def _failed(self, what: str, error: Exception) -> StateError:
        self._database.complain(what, error)
        return StateError(f"the API keys cannot be {what}")
