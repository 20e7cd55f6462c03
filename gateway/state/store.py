"""The store of remembered things: SQLite by default, any database that SQLAlchemy reaches asynchronously by URL."""

import asyncio
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.state import key
from gateway.state.database import FAILURES, Database, reason
from gateway.state.durable import Memory
from gateway.state.flags import Flags
from gateway.state.keys import DurableKeys
from gateway.state.recollection import SECRETS
from gateway.state.schema import StateError
from gateway.state.server_turns import ServerTurns
from gateway.state.turns import Turns

_REMEDY = "give that one back, or start once with secrets_memory=off, which forgets them"
_REMEDY_FOR_KEYS = "give that one back: without it the API keys of clients cannot work, or name another database in the setting `state`"

_OWN_PROOF = text("INSERT INTO key_proof (one, proof) VALUES (1, :proof) ON CONFLICT (one) DO NOTHING")
_PROOF = text("SELECT proof FROM key_proof WHERE one = 1")
_NO_PROOF = text(
    "DELETE FROM key_proof WHERE NOT EXISTS (SELECT 1 FROM memories WHERE subject = :subject AND value IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM api_keys)"
)


class State:
    """What is remembered about one new server: `flags`, and `memory` of its principals and settings. Several processes may share a database.

    `turns` are locks among them, None for a database in memory.
    """

    def __init__(self, database: Database, server: str, sealing: "_Sealing", seal: key.Seal | None) -> None:
        self._database = database
        self._remembers_secrets = seal is not None
        self.flags = Flags(database, server)
        self.memory = Memory(database, server, seal, DurableKeys(database, server, sealing.seal))
        self.turns = ServerTurns(database, server) if database.on_server else Turns.beside(database.file)

    @classmethod
    async def open(cls, url: str, server: str, *, secrets: bool = False, state_key: str = "") -> "State":
        """Open the database at an SQLAlchemy URL, create it (readable by the owner only) or bring its schema up to date.

        `server` is the address of the new server that memories belong to. With `secrets`, strings of secrets are remembered. These and API keys are
        encrypted under `state_key`, or the key in the file beside the database. StateError when the database or the key cannot be used.
        """
        database = await Database.open(url)
        try:
            sealing = _Sealing(database, state_key)
            sealing.holds_keys = await _holds_keys(database)
            seal = await sealing.seal() if secrets or sealing.holds_keys else None
        except BaseException:
            await database.close()
            raise
        return cls(database, server.rstrip("/"), sealing, seal if secrets else None)

    async def close(self) -> None:
        """Close the database."""
        if self.turns is not None:
            await self.turns.close()
        await self._database.close()

    async def tidy(self) -> None:
        """Erase the strings of secrets, and what ties the database to a key, when they are not to be remembered any more."""
        if self._remembers_secrets:
            return
        await self.memory.forget_all_secrets()
        try:
            async with self._database.reading() as connection:
                bound = (await connection.execute(_PROOF)).scalar()
            if bound is not None:
                async with self._database.writing() as connection:
                    await connection.execute(_NO_PROOF, {"subject": SECRETS})
        except FAILURES as error:
            self._database.complain("written", error)


class _Sealing:
    """Makes the seal of a database when it is needed for the first time; `holds_keys`: the database holds API keys."""

    def __init__(self, database: Database, state_key: str) -> None:
        self._database = database
        self._state_key = state_key
        self._made: key.Seal | None = None
        self._turn = asyncio.Lock()
        self.holds_keys = False

    async def seal(self) -> key.Seal:
        """The seal; StateError when there is no key, or another one than the database was encrypted with."""
        async with self._turn:
            if self._made is None:
                self._made = await _seal(
                    self._database, self._state_key, _REMEDY_FOR_KEYS if self.holds_keys else _REMEDY
                )
            return self._made


async def _holds_keys(database: Database) -> bool:
    try:
        return await DurableKeys.in_database(database)
    except FAILURES as error:
        raise StateError(f"the state cannot be read: {reason(error)}") from error


async def _seal(database: Database, state_key: str, remedy: str) -> key.Seal:
    """The seal of a database; StateError when there is no key, or another one than it was encrypted with."""
    file = None if state_key or database.file is None else key.file_beside(Path(database.file))
    source = f"the key in {file}" if file else "the setting `state_key`"
    try:
        async with database.reading() as connection:
            bound = (await connection.execute(_PROOF)).scalar() is not None
        if bound and file is not None and not file.exists():
            raise StateError(f"{source} is missing, with which the secrets in the state were encrypted: {remedy}")
        seal = key.Seal(state_key or _key_in(file, database))
        async with database.writing() as connection:
            await connection.execute(_OWN_PROOF, {"proof": seal.proof()})
            proof: str = (await connection.execute(_PROOF)).scalar_one()
    except (SQLAlchemyError, OSError) as error:
        raise StateError(f"the state cannot be written: {reason(error)}") from error
    if not seal.fits(proof):
        raise StateError(f"{source} is not the one that the secrets in the state were encrypted with: {remedy}")
    return seal


def _key_in(file: Path | None, database: Database) -> str:
    if file is None and database.alone:
        return key.of_the_moment()
    if file is None:
        raise StateError(
            "secrets_memory=hashes and API keys need the setting `state_key`: the state is no file that a key could lie beside"
        )
    try:
        return key.in_file(file)
    except (OSError, ValueError) as error:
        raise StateError(f"the key file {file} cannot be used: {reason(error)}") from error
