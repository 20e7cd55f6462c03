import asyncio
import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from gateway.state import State, StateError
from gateway.state.schema import MIGRATIONS, migrate

from .conftest import SERVER

ROOT = Path(__file__).parents[2]


async def test_the_queue_runs_when_nothing_is_remembered(open_state):
    assert await (await open_state()).flags.queue_running()


async def test_what_is_remembered_outlives_the_process(open_state):
    state = await open_state()
    await state.flags.set_queue_running(running=False)
    await state.close()
    assert not await (await open_state()).flags.queue_running()


async def test_servers_do_not_share_memories(open_state):
    await (await open_state()).flags.set_queue_running(running=False)
    assert await (await open_state("http://127.0.0.1:8081")).flags.queue_running()
    assert not await (await open_state(SERVER + "/")).flags.queue_running()


async def test_gateways_on_one_file_see_each_others_changes_at_once(open_state):
    one, other = await open_state(), await open_state()
    for running in [False, True, True, False] * 10:
        await one.flags.set_queue_running(running=running)
        assert await other.flags.queue_running() is running
        assert await one.flags.queue_running() is running


async def test_a_change_is_seen_after_a_long_time_without_one(open_state):
    one, other = await open_state(), await open_state()
    for running in (False, True, False):
        await asyncio.sleep(0.15)
        assert [await state.flags.queue_running() for state in (one, other)] == [not running] * 2
        await one.flags.set_queue_running(running=running)
        assert await other.flags.queue_running() is running


async def test_what_is_remembered_already_is_not_written_again(open_state, file):
    state = await open_state()
    await state.flags.set_queue_running(running=False)
    await asyncio.sleep(0.15)
    assert not await state.flags.queue_running()
    before = file.stat().st_mtime_ns
    await state.flags.set_queue_running(running=False)
    assert file.stat().st_mtime_ns == before
    await state.flags.set_queue_running(running=True)
    assert file.stat().st_mtime_ns > before


async def test_the_file_is_the_owners_alone(open_state, file):
    before = os.umask(0)
    try:
        await open_state()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_only_flags_are_in_the_file(open_state, file):
    await (await open_state()).flags.set_queue_running(running=False)
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT * FROM flags").fetchall() == [(SERVER, "queue_running", 0)]
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [(len(MIGRATIONS),)]
    connection.close()


async def test_many_gateways_may_start_at_once(open_state):
    states = await asyncio.gather(*(open_state() for _ in range(6)))
    await asyncio.gather(*(state.flags.set_queue_running(running=False) for state in states))
    assert [await state.flags.queue_running() for state in states] == [False] * 6


async def test_a_newer_schema_is_left_alone(open_state, file, url):
    await (await open_state()).flags.set_queue_running(running=False)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(StateError, match=r"version 99.*newer gateway"):
        await State.open(url, SERVER)
    assert file.read_bytes() == before


async def test_an_older_schema_is_brought_up_to_date(open_state, file):
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO schema_version VALUES (0)")
    connection.close()
    state = await open_state()
    await state.flags.set_queue_running(running=False)
    assert not await state.flags.queue_running()


def test_migrations_run_once_each_and_as_a_whole(file):
    engine = create_engine(f"sqlite:///{file}", connect_args={"isolation_level": None})

    def bring_up_to_date(migrations):
        with engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            migrate(connection, migrations)

    second = ("CREATE TABLE names (old VARCHAR(255) NOT NULL)", "INSERT INTO names (old) VALUES ('once')")
    for migrations in (MIGRATIONS, (*MIGRATIONS, second), (*MIGRATIONS, second)):
        bring_up_to_date(migrations)
    with pytest.raises(OperationalError):
        bring_up_to_date((*MIGRATIONS, second, ("CREATE TABLE half (id INTEGER)", "nonsense")))
    with engine.begin() as connection:
        assert connection.execute(text("SELECT old FROM names")).scalars().all() == ["once"]
        assert connection.execute(text("SELECT version FROM schema_version")).scalars().all() == [len(MIGRATIONS) + 1]
        assert connection.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'half'")).scalar() == 0
    engine.dispose()


async def test_the_database_of_another_program_is_left_alone(file, url):
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE mails (id INTEGER)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(StateError, match="another program"):
        await State.open(url, SERVER)
    assert file.read_bytes() == before


async def test_a_file_that_is_no_database_is_left_alone(file, url):
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(StateError, match="not a database"):
        await State.open(url, SERVER)
    assert file.read_bytes() == b"no database at all" * 100


@pytest.mark.parametrize(
    "unusable", ["", "nonsense", "foo://x", "sqlite:///x.db", "sqlite+aiosqlite:////no/such/folder/state.db"]
)
async def test_an_unusable_setting_is_named(unusable):
    with pytest.raises(StateError, match="state"):
        await State.open(unusable, SERVER)


async def test_a_password_in_the_url_is_not_shown():
    pytest.importorskip("asyncpg", reason="no PostgreSQL driver installed")
    with pytest.raises(StateError) as error:
        await State.open("postgresql+asyncpg://user:canary@127.0.0.1:1/x", SERVER)
    assert "canary" not in str(error.value)


async def test_a_database_url_with_an_unreadable_port_is_not_quoted():
    with pytest.raises(StateError) as refusal:
        await State.open("postgresql+asyncpg://user@host:canary/x", SERVER)
    assert "canary" not in str(refusal.value)
    assert "port" in str(refusal.value)


async def test_a_database_in_memory_is_enough(open_state):
    state = await open_state(url="sqlite+aiosqlite://")
    await state.flags.set_queue_running(running=False)
    assert not await state.flags.queue_running()


async def test_a_lost_database_costs_only_the_memory_of_others(open_state, file, caplog):
    state = await open_state()
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE flags")
    connection.close()
    for running in (True, False, False):
        await state.flags.set_queue_running(running=running)
        assert await state.flags.queue_running() is running
    assert caplog.text.count("the state cannot be") == 1


async def test_a_deleted_file_does_not_stop_the_gateway(open_state, file):
    state = await open_state()
    await state.flags.set_queue_running(running=False)
    file.unlink()
    assert await state.flags.queue_running()
    await state.flags.set_queue_running(running=False)
    assert not await (await open_state()).flags.queue_running()


async def test_an_exchanged_file_is_noticed(open_state, file, url, tmp_path):
    state = await open_state()
    other = await open_state(url=f"{url}.new")
    await other.flags.set_queue_running(running=False)
    assert await state.flags.queue_running()
    (tmp_path / "state.db.new").rename(file)
    assert not await state.flags.queue_running()


WRITER = """
import asyncio, sys
from gateway.state import State

async def main():
    state = await State.open(sys.argv[1], sys.argv[2])
    running, count, rest = True, 0, int(sys.argv[3])
    while count < rest or rest < 0:
        running, count = not running, count + 1
        await state.flags.set_queue_running(running=running)
        print(int(running), flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


async def writer(url, server=SERVER, *, changes=-1):
    """A process that makes so many changes, or changes without end, reports each, and then waits for the end of its input."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, server, str(changes), stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT
    )


@pytest.mark.parametrize("changes", [1, 2, 3])
async def test_what_was_reported_as_remembered_survives_a_kill(open_state, url, changes):
    process = await writer(url, changes=changes)
    told = [int(await process.stdout.readline()) for _ in range(changes)]
    process.kill()
    await process.communicate(b"")
    assert await (await open_state()).flags.queue_running() is bool(told[-1])


async def test_a_kill_while_writing_leaves_a_sound_file(open_state, url, file):
    for lines in (3, 4, 8):
        process = await writer(url)
        for _ in range(lines):
            await process.stdout.readline()
        process.kill()
        await process.communicate(b"")
        state = await open_state()
        for running in (True, False):
            await state.flags.set_queue_running(running=running)
            assert await state.flags.queue_running() is running
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


async def test_processes_on_one_file_lose_no_change(open_state, url, file):
    """Four processes write at the same time, each for its own server; every last word stays."""
    servers = [f"http://server{n}" for n in range(4)]
    processes = [await writer(url, server, changes=25) for server in servers]
    for process in processes:
        output, errors = await process.communicate(b"")
        assert (process.returncode, len(output.splitlines()), errors) == (0, 25, b"")
    for server in servers:
        assert not await (await open_state(server)).flags.queue_running()
    assert not [path for path in file.parent.iterdir() if path != file]
