"""The database's form, numbered from the first day: an older one is brought up to date at start, a newer one is left alone."""

from collections.abc import Sequence

from sqlalchemy import Connection, inspect, text

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE flags (
            server VARCHAR(255) NOT NULL,
            name VARCHAR(64) NOT NULL,
            value INTEGER NOT NULL,
            PRIMARY KEY (server, name)
        )
        """,
    ),
    (
        """
        CREATE TABLE memories (
            server VARCHAR(255) NOT NULL,
            subject VARCHAR(64) NOT NULL,
            id VARCHAR(64) NOT NULL,
            value TEXT,
            revision BIGINT NOT NULL,
            PRIMARY KEY (server, subject, id)
        )
        """,
        "CREATE INDEX memories_by_revision ON memories (server, revision)",
        "CREATE TABLE revisions (server VARCHAR(255) NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
        "CREATE TABLE key_proof (one INTEGER NOT NULL PRIMARY KEY, proof VARCHAR(255) NOT NULL)",
    ),
    (
        """
        CREATE TABLE own_settings (
            server VARCHAR(255) NOT NULL,
            name VARCHAR(1024) NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (server, name)
        )
        """,
    ),
    (
        """
        CREATE TABLE api_keys (
            server VARCHAR(255) NOT NULL,
            account VARCHAR(64) NOT NULL,
            name VARCHAR(1024) NOT NULL,
            address VARCHAR(1024) NOT NULL,
            value TEXT NOT NULL,
            revision BIGINT NOT NULL,
            PRIMARY KEY (server, account),
            UNIQUE (server, name)
        )
        """,
    ),
    ("CREATE TABLE turns (place INTEGER NOT NULL PRIMARY KEY, taken BIGINT NOT NULL)",),
)

_MIGRATION_LOCK = 0x5374616C


class StateError(Exception):
    """The state cannot be used; the text says why and what to do."""


def migrate(connection: Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring the schema to the version that this program knows, inside the caller's transaction; StateError for a newer one.

    `migrations[n]` leads from version n to n + 1.
    """
    if connection.dialect.name == "postgresql":
        # Several gateways may start at once; SQLite is locked by its own transaction.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    version = _version(connection)
    if version > len(migrations):
        raise StateError(
            f"the state has schema version {version}, this program knows up to {len(migrations)}:"
            " it was written by a newer gateway; use that one, or name another file in the setting `state`"
        )
    for statements in migrations[version:]:
        for statement in statements:
            connection.execute(text(statement))
    connection.execute(text("UPDATE schema_version SET version = :version"), {"version": len(migrations)})


def _version(connection: Connection) -> int:
    """Version of the schema, 0 for an empty database; StateError for a database of something else."""
    tables = inspect(connection).get_table_names()
    if "schema_version" not in tables:
        if tables:
            raise StateError("the database named by the setting `state` belongs to another program; name another one")
        connection.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO schema_version (version) VALUES (0)"))
    version: int | None = connection.execute(text("SELECT version FROM schema_version")).scalar()
    if version is None:
        raise StateError("the state has no schema version; remove the file named by the setting `state`")
    return version
