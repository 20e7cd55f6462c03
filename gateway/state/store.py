"""The store of remembered things: SQLite by default, any database that SQLAlchemy reaches asynchronously by URL."""

import contextlib
import logging
import os
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.state.schema import StateError, migrate

QUEUE_RUNNING = "queue_running"
SETTLED_NANOSECONDS = 100_000_000
BUSY_SECONDS = 10

_READ = text("SELECT value FROM flags WHERE server = :server AND name = :name")
_WRITE = text(
    "INSERT INTO flags (server, name, value) VALUES (:server, :name, :value)"
    " ON CONFLICT (server, name) DO UPDATE SET value = excluded.value"
)

_log = logging.getLogger(__name__)


class State:
    """What is remembered about one new server; implements `legacy.exchange.Flags`.

    Several processes may share a database. A database that stops working costs only the memory: reading gives what was last
    known here, and writing is logged.
    """

    def __init__(self, engine: AsyncEngine, server: str) -> None:
        self._engine = engine
        self._server = server.rstrip("/")
        file = _file_of(engine.url)
        self._file = None if file is None else str(file)
        self._opened = _identity(self._file)
        self._known: dict[str, int] = {}
        self._seen: tuple[int, ...] | None = None
        self._broken = False

    @classmethod
    async def open(cls, url: str, server: str) -> "State":
        """Open the database at an SQLAlchemy URL, create it (readable by the owner only) or bring its schema up to date.

        `server` is the address of the new server that memories belong to. StateError when it cannot be used.
        """
        engine = _engine(url)
        try:
            await _prepare(engine)
        except (SQLAlchemyError, OSError) as error:
            await engine.dispose()
            raise StateError(f"the state {engine.url.render_as_string()} cannot be used: {_reason(error)}") from error
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine, server)

    async def close(self) -> None:
        """Close the database."""
        await self._engine.dispose()

    async def queue_running(self) -> bool:
        """Whether the queue was last seen running; True when nothing is remembered."""
        return bool(await self._read(QUEUE_RUNNING, 1))

    async def set_queue_running(self, *, running: bool) -> None:
        """Remember the state of the queue."""
        await self._write(QUEUE_RUNNING, int(running))

    async def _read(self, name: str, otherwise: int) -> int:
        """The flag; without a query while the database file is still the one that was read."""
        signature = _signature(self._file)
        known = self._unchanged(name, signature)
        if known is not None:
            return known
        try:
            await self._stay_with_the_file()
            async with self._engine.connect() as connection:
                value = (await connection.execute(_READ, {"server": self._server, "name": name})).scalar()
        except (SQLAlchemyError, OSError, StateError) as error:
            self._complain("read", error)
            return self._known.get(name, otherwise)
        if signature != self._seen:
            self._known.clear()
        self._broken, self._seen = False, signature
        self._known[name] = otherwise if value is None else int(value)
        return self._known[name]

    async def _write(self, name: str, value: int) -> None:
        """Set the flag; without a statement when the database file is known to say so already."""
        if self._unchanged(name, _signature(self._file)) == value:
            return
        try:
            await self._stay_with_the_file()
            async with self._engine.begin() as connection:
                await connection.execute(_WRITE, {"server": self._server, "name": name, "value": value})
        except (SQLAlchemyError, OSError, StateError) as error:
            self._complain("written", error)
            self._seen = None
        self._known[name] = value

    def _unchanged(self, name: str, signature: tuple[int, ...] | None) -> int | None:
        """The flag as last read, None unless the file is certainly as it was then."""
        return self._known.get(name) if signature is not None and signature == self._seen else None

    def _complain(self, what: str, error: Exception) -> None:
        """Say once that the database does not work, not with every request."""
        if not self._broken:
            _log.error("the state cannot be %s: %s", what, _reason(error))
        self._broken = True

    async def _stay_with_the_file(self) -> None:
        """Begin anew when the database file was removed or exchanged under the open connections."""
        if _identity(self._file) != self._opened:
            _log.warning("the state was removed or exchanged; beginning with what is there now")
            await self._engine.dispose()
            await _prepare(self._engine)
            self._opened = _identity(self._file)


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_async_engine(parsed)
        # Without implicit transactions each statement is durable when it returns.
        return create_async_engine(parsed, connect_args={"isolation_level": None, "timeout": BUSY_SECONDS})
    except (ArgumentError, InvalidRequestError, ImportError) as error:
        raise StateError(f"the setting `state` names no usable database: {_reason(error)}") from error


async def _prepare(engine: AsyncEngine) -> None:
    """Create the database or bring its schema up to date."""
    _create(_file_of(engine.url))
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Only a rollback journal shows every change in the file itself, by which `State._read` goes.
            await connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.run_sync(migrate)


def _file_of(url: URL) -> Path | None:
    """The database file, None for a database in memory or on a server."""
    name = url.database
    return Path(name) if url.get_backend_name() == "sqlite" and name and name != ":memory:" else None


def _create(file: Path | None) -> None:
    """Make the database file before the library does, so that at no moment others may read it."""
    if file is not None:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _identity(file: str | None) -> tuple[int, ...] | None:
    """Which file stands at the path, None for none."""
    status = _status(file)
    return None if status is None else (status.st_dev, status.st_ino)


def _signature(file: str | None) -> tuple[int, ...] | None:
    """What changes with every commit: identity, size and time of the file; None while it is too young to tell two commits apart."""
    status = _status(file)
    if status is None or time.time_ns() - status.st_mtime_ns <= SETTLED_NANOSECONDS:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _status(file: str | None) -> os.stat_result | None:
    try:
        return None if file is None else os.stat(file)  # noqa: PTH116 - on the way of every list, and several times as fast
    except OSError:
        return None


def _reason(error: Exception) -> str:
    """One line of an error, without the statement and the values that SQLAlchemy adds."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
