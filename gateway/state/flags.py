"""Remembered switches; implements `legacy.exchange.Flags`."""

from sqlalchemy import text

from gateway.state.database import FAILURES, Database, Signature

QUEUE_RUNNING = "queue_running"
WEBADMIN = "webadmin"

_READ = text("SELECT value FROM flags WHERE server = :server AND name = :name")
_WRITE = text(
    "INSERT INTO flags (server, name, value) VALUES (:server, :name, :value)"
    " ON CONFLICT (server, name) DO UPDATE SET value = excluded.value"
)


_NEXT = text(
    "INSERT INTO flags (server, name, value) VALUES (:server, :name, 1)"
    " ON CONFLICT (server, name) DO UPDATE SET value = flags.value + 1 RETURNING value"
)


class Flags:
    """Switches of one new server, and a number that counts.

    A database that does not work costs only the memory: reading gives what was last known here, and writing is logged.
    """

    def __init__(self, database: Database, server: str) -> None:
        self._database = database
        self._server = server
        self._known: dict[str, int] = {}
        self._seen: Signature | None = None

    async def queue_running(self) -> bool:
        """Whether the queue was last seen running; True when nothing is remembered."""
        return bool(await self._read(QUEUE_RUNNING, 1))

    async def set_queue_running(self, *, running: bool) -> None:
        """Remember the state of the queue."""
        await self._write(QUEUE_RUNNING, int(running))

    async def webadmin_edition(self) -> int:
        """How often the bundle of the old WebAdmin was exchanged, 0 when nothing is remembered."""
        return await self._read(WEBADMIN, 0)

    async def webadmin_updated(self) -> int:
        """Count one more exchange for all gateways, and give the number that it has."""
        try:
            async with self._database.writing() as connection:
                number: int = (await connection.execute(_NEXT, {"server": self._server, "name": WEBADMIN})).scalar_one()
        except FAILURES as error:
            self._database.complain("written", error)
            self._seen = None
            number = self._known.get(WEBADMIN, 0) + 1
        self._known[WEBADMIN] = number
        return number

    async def _read(self, name: str, otherwise: int) -> int:
        """The flag; without a query while the database file is still the one that was read."""
        signature = self._database.signature()
        known = self._unchanged(name, signature)
        if known is not None:
            return known
        try:
            async with self._database.reading() as connection:
                value = (await connection.execute(_READ, {"server": self._server, "name": name})).scalar()
        except FAILURES as error:
            self._database.complain("read", error)
            return self._known.get(name, otherwise)
        if signature != self._seen:
            self._known.clear()
        self._seen = signature
        self._known[name] = otherwise if value is None else int(value)
        return self._known[name]

    async def _write(self, name: str, value: int) -> None:
        """Set the flag; without a statement when the database file is known to say so already."""
        if self._unchanged(name, self._database.signature()) == value:
            return
        try:
            async with self._database.writing() as connection:
                await connection.execute(_WRITE, {"server": self._server, "name": name, "value": value})
        except FAILURES as error:
            self._database.complain("written", error)
            self._seen = None
        self._known[name] = value

    def _unchanged(self, name: str, signature: Signature | None) -> int | None:
        """The flag as last read, None unless the file is certainly as it was then."""
        return self._known.get(name) if signature is not None and signature == self._seen else None
