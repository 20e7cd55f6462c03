"""Settings that only clients know (`lab.x`): the new server has no place for them, so they live here and nowhere else.

    OwnSettings       in this process
    └── Durable       in the database, shared by all gateways on it

Unlike other memories they must not be lost quietly: what cannot be read or written is an error. Their texts lie in the database as they were
given, since clients read them back; they are never logged.
"""

import asyncio
from collections.abc import Collection, Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.state.database import FAILURES, Database, Signature
from gateway.state.revisions import COUNT, NEXT
from gateway.state.schema import StateError

MOST_KEYS = 10_000
MOST_CHARACTERS = 4 * 1024 * 1024
MOST_KEY_BYTES = 1024

_READ = text("SELECT name, value FROM own_settings WHERE server = :server")
_SIZE = text("SELECT COUNT(*), COALESCE(SUM(LENGTH(name) + LENGTH(value)), 0) FROM own_settings WHERE server = :server")
_WRITE = text(
    "INSERT INTO own_settings (server, name, value) VALUES (:server, :name, :value)"
    " ON CONFLICT (server, name) DO UPDATE SET value = excluded.value"
)
_REMOVE = text("DELETE FROM own_settings WHERE server = :server AND name = :name")


class OwnSettingsFull(Exception):
    """The settings cannot be kept, and nothing was changed; the text says why and quotes none of them."""


class OwnSettingsChanged(Exception):
    """Another gateway changed the settings after they were read, and nothing was written."""


class OwnSettings:
    """Own settings of one new server, by key."""

    def __init__(self) -> None:
        self._texts: Mapping[str, str] = {}

    async def read(self) -> Mapping[str, str]:
        """All of them in no order; StateError when they cannot be known."""
        return self._texts

    async def change(self, *, written: Mapping[str, str], removed: Collection[str] = (), seen: Mapping[str, str] | None = None) -> None:
        """Write some and remove others, all or nothing and for good; `seen` is what was read before, when that must still hold.

        OwnSettingsFull for texts that are too long, or too many; OwnSettingsChanged; StateError when the database does not work.
        """
        _check(written)
        if seen is not None and seen != self._texts:
            raise OwnSettingsChanged
        texts = {**{key: value for key, value in self._texts.items() if key not in removed}, **written}
        _check_size(len(texts), sum(len(key) + len(value) for key, value in texts.items()))
        self._texts = texts


class Durable(OwnSettings):
    """Own settings in the database; what others changed there is read when the file, or the number of changes, says that there is something."""

    def __init__(self, database: Database, server: str) -> None:
        super().__init__()
        self._database = database
        self._server = server
        self._seen: Signature | None = None
        self._version: tuple[int, int] | None = None
        self._turn = asyncio.Lock()

    async def read(self) -> Mapping[str, str]:
        """All of them in no order; StateError when the database does not work."""
        signature = self._database.signature()
        if signature is not None and signature == self._seen:
            return self._texts
        async with self._turn:
            signature = self._database.signature()
            try:
                async with self._database.reading() as connection:
                    count: int = (await connection.execute(COUNT, {"server": self._server})).scalar() or 0
                    version = self._database.exchanged, count
                    if version != self._version:
                        self._texts = await self._stored(connection)
            except FAILURES as error:
                self._database.complain("read", error)
                raise StateError("the own settings cannot be read") from None
            self._seen, self._version = signature, version
            return self._texts

    async def change(self, *, written: Mapping[str, str], removed: Collection[str] = (), seen: Mapping[str, str] | None = None) -> None:
        """Write some and remove others in one transaction; OwnSettingsFull, OwnSettingsChanged, StateError."""
        _check(written)
        try:
            async with self._database.writing() as connection:
                number: int = (await connection.execute(NEXT, {"server": self._server})).scalar_one()
                # From here on no other gateway writes; the number also counts changes of other memories.
                untouched = seen is self._texts and self._version == (self._database.exchanged, number - 1)
                if seen is not None and not untouched and seen != await self._stored(connection):
                    raise OwnSettingsChanged
                if removed:
                    await connection.execute(_REMOVE, [{"server": self._server, "name": key} for key in removed])
                if written:
                    await connection.execute(
                        _WRITE,
                        [{"server": self._server, "name": key, "value": value} for key, value in written.items()],
                    )
                    _check_size(*(await connection.execute(_SIZE, {"server": self._server})).one())
        except FAILURES as error:
            self._database.complain("written", error)
            raise StateError("the own settings cannot be written") from None

    async def _stored(self, connection: AsyncConnection) -> Mapping[str, str]:
        return {row.name: row.value for row in await connection.execute(_READ, {"server": self._server})}


def _check(written: Mapping[str, str]) -> None:
    for key, value in written.items():
        if len(key.encode()) > MOST_KEY_BYTES:
            raise OwnSettingsFull(f"a key is longer than {MOST_KEY_BYTES} bytes")
        if "\0" in key or "\0" in value:
            raise OwnSettingsFull("a key or value has a NUL character")


def _check_size(keys: int, characters: int) -> None:
    if keys > MOST_KEYS:
        raise OwnSettingsFull(f"there may be {MOST_KEYS} of them")
    if characters > MOST_CHARACTERS:
        raise OwnSettingsFull(f"all of them together may have {MOST_CHARACTERS} characters")
