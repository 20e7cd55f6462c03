"""The memory of principals and settings with the database behind it, shared by all gateways on that database."""

import asyncio
import logging
import time
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.state.database import FAILURES, Database, Signature
from gateway.state.key import Seal
from gateway.state.keys import Keys
from gateway.state.own import Durable
from gateway.state.recollection import SECRETS, Entry, Recollection
from gateway.state.revisions import COUNT, NEXT

LOGIN_SECONDS = 1.0

_SINCE = text(
    "SELECT subject, id, value, revision FROM memories WHERE server = :server AND revision > :revision ORDER BY revision"
)
_WRITE = text(
    "INSERT INTO memories (server, subject, id, value, revision) VALUES (:server, :subject, :id, :value, :revision)"
    " ON CONFLICT (server, subject, id) DO UPDATE SET value = excluded.value, revision = excluded.revision"
)

_log = logging.getLogger(__name__)


class Memory(Recollection):
    """A memory that outlives the process.

    Every change has a number, the highest of its server; what others changed is read by the numbers that are not known here, and only when the
    database file says that there was a change. What was forgotten stays as an empty row, by which the others learn of it. A database that does
    not work costs only what others remember; changes made here still hold here.
    """

    def __init__(self, database: Database, server: str, seal: Seal | None, keys: Keys) -> None:
        super().__init__(Durable(database, server), keys)
        self._database = database
        self._server = server
        self._seal = seal
        self._revision = 0
        self._seen: Signature | None = None
        self._exchanged = database.exchanged
        self._asked = float("-inf")
        self._turn = asyncio.Lock()
        self._unreadable = False

    async def forget_all_secrets(self) -> None:
        """Forget the strings of all accounts: while they are not kept up to date they must not be shown later."""
        await self._refresh()
        await self._change([Entry(SECRETS, account, None) for account in self._texts[SECRETS]])

    async def _refresh(self, *, for_login: bool = False) -> None:
        """Read what others changed; no query while the database file is still the one that was read."""
        signature = self._database.signature()
        if signature is not None and signature == self._seen:
            return
        asked = time.monotonic()
        if self._database.alone or (for_login and self._database.file is None and asked - self._asked < LOGIN_SECONDS):
            return
        async with self._turn:
            # Whoever waited while somebody else asked knows what he knows.
            if self._asked <= asked:
                self._asked = time.monotonic()
                await self._read()

    async def _read(self) -> None:
        signature = self._database.signature()
        try:
            async with self._database.reading() as connection:
                count: int = (await connection.execute(COUNT, {"server": self._server})).scalar() or 0
                anew = self._database.exchanged != self._exchanged or count < self._revision
                revision = 0 if anew else self._revision
                rows = (await connection.execute(_SINCE, {"server": self._server, "revision": revision})).all()
        except FAILURES as error:
            self._database.complain("read", error)
            return
        if anew:
            self._clear()
        self._apply(Entry(*row[:3]) for row in rows)
        self._revision = rows[-1][3] if rows else revision
        self._seen, self._exchanged = signature, self._database.exchanged

    async def _write(self, entries: Sequence[Entry]) -> None:
        async with self._turn:
            try:
                async with self._database.writing() as connection:
                    revision = await self._store(connection, entries)
            except FAILURES as error:
                self._database.complain("written", error)
            else:
                # With other changes between, the next refresh reads them, and these again.
                if revision == self._revision + 1 and self._database.exchanged == self._exchanged:
                    self._revision = revision
            self._apply(entries)

    async def _store(self, connection: AsyncConnection, entries: Sequence[Entry]) -> int:
        revision: int = (await connection.execute(NEXT, {"server": self._server})).scalar_one()
        rows = [{"server": self._server, "revision": revision, **entry._asdict()} for entry in entries]
        await connection.execute(_WRITE, rows)
        return revision

    def _closed(self, account: str, text: str) -> str | None:
        return None if self._seal is None else self._seal.close(text, self._about(account))

    def _opened(self, account: str, value: str) -> str | None:
        if self._seal is None:
            return None
        opened = self._seal.open(value, self._about(account))
        if opened is None and not self._unreadable:
            self._unreadable = True
            _log.error("remembered secrets were encrypted with another key; they are as good as forgotten")
        return opened

    def _about(self, account: str) -> str:
        return f"{self._server}\n{account}"
