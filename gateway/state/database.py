"""The database behind the state: opened, brought up to date, and noticed when it changes, moves or breaks."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.state.schema import StateError, migrate

SETTLED_NANOSECONDS = 100_000_000
BUSY_SECONDS = 10
FAILURES = (SQLAlchemyError, OSError, StateError)
"""What a database that does not work raises."""

Signature = tuple[int, ...]

_log = logging.getLogger(__name__)


class Database:
    """An open database; `file` is where it lies, None for one in memory or on a server.

    `on_server` and `alone` tell that it is on a server, and that no other process can reach it. `exchanged` counts how often the file was removed or exchanged.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        file = _file_of(engine.url)
        self.file = None if file is None else str(file)
        self.on_server = engine.dialect.name != "sqlite"
        self.alone = file is None and not self.on_server
        self.exchanged = 0
        self._opened = _identity(self.file)
        self._broken = False
        # A database in memory has one connection for everybody.
        self._turn: contextlib.AbstractAsyncContextManager[None] = asyncio.Lock() if self.alone else contextlib.nullcontext()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open the database at an SQLAlchemy URL, create it (readable by the owner only) or bring its schema up to date; StateError."""
        engine = _engine(url)
        try:
            await _prepare(engine)
        except (SQLAlchemyError, OSError, TypeError) as error:
            # The driver takes options of the URL that it does not know for a mistake of the program.
            await engine.dispose()
            raise StateError(f"the state {engine.url.render_as_string()} cannot be used: {reason(error)}") from error
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; `FAILURES` when the database does not work."""
        await self._stay_with_the_file()
        async with self._turn, self._engine.connect() as connection:
            yield connection
        self._broken = False

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection with a transaction that is durable afterwards; `FAILURES` when the database does not work."""
        await self._stay_with_the_file()
        async with self._turn, self._engine.begin() as connection:
            await _begin(connection)
            yield connection
        self._broken = False

    async def session(self) -> AsyncConnection:
        """A connection to be kept, each statement of which is a transaction; `FAILURES`."""
        connection = await self._engine.connect()
        return await connection.execution_options(isolation_level="AUTOCOMMIT")

    def complain(self, what: str, error: Exception) -> None:
        """Say once that the database does not work, not with every request."""
        if not self._broken:
            _log.error("the state cannot be %s: %s", what, reason(error))
        self._broken = True

    def signature(self) -> Signature | None:
        """What changes with every commit: identity, size and time of the file; None while it is too young to tell two commits apart."""
        status = _status(self.file)
        if status is None or time.time_ns() - status.st_mtime_ns <= SETTLED_NANOSECONDS:
            return None
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    async def _stay_with_the_file(self) -> None:
        """Begin anew when the database file was removed or exchanged under the open connections."""
        if _identity(self.file) != self._opened:
            _log.warning("the state was removed or exchanged; beginning with what is there now")
            await self._engine.dispose()
            await _prepare(self._engine)
            self._opened = _identity(self.file)
            self.exchanged += 1


def reason(error: Exception) -> str:
    """One line of an error, without the statement and the values that SQLAlchemy adds."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            # Nobody waits longer for a server than for a busy file, and a connection that it has ended meanwhile is replaced.
            waits = {"timeout": BUSY_SECONDS, "command_timeout": BUSY_SECONDS}
            return create_async_engine(parsed, hide_parameters=True, connect_args=waits, pool_timeout=BUSY_SECONDS, pool_pre_ping=True)
        # Transactions begin where they are written, not where the driver guesses.
        return create_async_engine(parsed, hide_parameters=True, connect_args={"isolation_level": None, "timeout": BUSY_SECONDS})
    except ValueError:
        # Its text quotes what stands in place of the port, which may be a piece of the password.
        raise StateError("the setting `state` names no usable database: its port is no number, or its password needs %-encoding") from None
    except (ArgumentError, InvalidRequestError, ImportError) as error:
        raise StateError(f"the setting `state` names no usable database: {reason(error)}") from error


async def _prepare(engine: AsyncEngine) -> None:
    """Create the database or bring its schema up to date."""
    _create(_file_of(engine.url))
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Only a rollback journal shows every change in the file itself, by which `Database.signature` goes.
            await connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
        await _begin(connection)
        await connection.run_sync(migrate)


async def _begin(connection: AsyncConnection) -> None:
    """Keep other writers out from the first statement on; a server does so by the rows."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


def _file_of(url: URL) -> Path | None:
    """The database file, None for a database in memory or on a server."""
    name = url.database
    return Path(name) if url.get_backend_name() == "sqlite" and name and name != ":memory:" else None


def _create(file: Path | None) -> None:
    """Make the database file before the library does, so that at no moment others may read it."""
    if file is not None:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _identity(file: str | None) -> Signature | None:
    """Which file stands at the path, None for none."""
    status = _status(file)
    return None if status is None else (status.st_dev, status.st_ino)


def _status(file: str | None) -> os.stat_result | None:
    try:
        return None if file is None else os.stat(file)  # noqa: PTH116 - on the way of every list, and several times as fast
    except OSError:
        return None
