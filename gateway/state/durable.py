"""The memory of principals and settings with the database behind it, shared by all gateways on that database."""

import asyncio
import logging
import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.state.database import FAILURES, Database, Signature
from gateway.state.key import Seal
from gateway.state.keys import Keys
from gateway.state.own import Durable
from gateway.state.recollection import LOGIN_SECONDS, SECRETS, Entries, Entry, Recollection
from gateway.state.revisions import COUNT, NEXT

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
        await self._change(lambda: [Entry(SECRETS, account, None) for account in self._texts[SECRETS]])

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
                await self._learn(connection, (await connection.execute(COUNT, {"server": self._server})).scalar() or 0)
        except FAILURES as error:
            self._database.complain("read", error)
        else:
            self._seen = signature

    async def _write(self, entries: Entries) -> None:
        async with self._turn:
            try:
                async with self._database.writing() as connection:
                    revision: int = (await connection.execute(NEXT, {"server": self._server})).scalar_one()
                    # From here on no other gateway writes: what they wrote before is to be known.
                    await self._learn(connection, revision - 1)
                    news = self._news(entries)
                    if news:
                        rows = [{"server": self._server, "revision": revision, **entry._asdict()} for entry in news]
                        await connection.execute(_WRITE, rows)
            except FAILURES as error:
                self._database.complain("written", error)
                news = self._news(entries)
            else:
                self._revision = revision
            self._apply(news)

    async def _learn(self, connection: AsyncConnection, count: int) -> None:
        """Take over what others changed, of so many changes that there are; everything, when it is not the database that was read before."""
        anew = self._database.exchanged != self._exchanged or count < self._revision
        revision = 0 if anew else self._revision
        if anew or count > revision:
            rows = (await connection.execute(_SINCE, {"server": self._server, "revision": revision})).all()
            if anew:
                self._clear()
            self._apply(Entry(*row[:3]) for row in rows)
            self._revision = max([count, *(row[3] for row in rows[-1:])])
            self._exchanged = self._database.exchanged

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
