"""The number of changes that were made to what is remembered of one new server, by which every gateway on the database learns of them."""

from sqlalchemy import text

COUNT = text("SELECT value FROM revisions WHERE server = :server")
"""How many there were; no row for none."""

NEXT = text(
    "INSERT INTO revisions (server, value) VALUES (:server, 1)"
    " ON CONFLICT (server) DO UPDATE SET value = revisions.value + 1 RETURNING value"
)
"""Number of the change that is being made; other writers for that server wait until it is committed."""
