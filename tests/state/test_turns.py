"""Turns of those who share a database file: one at a time for each name, whoever stops first."""

import asyncio
import contextlib
import subprocess
import sys

import pytest

from gateway.state.turns import Turns
from gateway.web.locks import Locks
from tests.postgres import CUT_OFF

from .conftest import SERVER

OTHER = """
import asyncio, sys
from gateway.state.turns import Turns

turns = Turns.beside(sys.argv[1])
asyncio.run(turns.take(("Account", "b")))
print("taken", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
async def turns(tmp_path):
    """Makes turns of one more process on the same database file."""
    made = []

    def another():
        made.append(Turns.beside(str(tmp_path / "state.db")))
        return made[-1]

    yield another
    for one in made:
        await one.close()


@pytest.fixture
async def gateways(open_state):
    """Two gateways on one database."""
    return [Locks((await open_state()).turns) for _ in range(2)]


async def test_others_wait_and_are_told_that_something_changed(gateways):
    here, there = gateways
    steps = []

    async def change(locks, name):
        since = locks.moment()
        async with locks(("Account", "b"), since=since) as changed:
            steps.append((f"+{name}", changed))
            await asyncio.sleep(0.02)
            steps.append((f"-{name}", changed))

    async with asyncio.timeout(10):
        await asyncio.gather(change(here, "one"), change(there, "two"), change(here, "three"))
    begun, ended = steps[::2], steps[1::2]
    assert [name[1:] for name, _ in begun] == [name[1:] for name, _ in ended]
    assert [changed for _, changed in begun] == [False, True, True]
    for locks, key in ((there, "b"), (there, "b"), (here, "c")):
        async with locks(("Account", key)) as changed:
            pass
    async with there(("Account", "b")) as again:
        assert (changed, again) == (False, False)


async def test_a_change_elsewhere_before_the_lock_is_told(gateways):
    here, there = gateways
    since = here.moment()
    async with there("a"):
        pass
    async with here("a", since=since) as changed, here("b", since=since) as other:
        assert (changed, other) == (True, False)


async def test_a_lost_patience_leaves_the_lock_to_its_holder(gateways):
    here, there = gateways
    async with here("a"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02), there("b", "a"):
                pass
        async with here("b"):
            pass
    async with asyncio.timeout(5), there("b", "a"):
        pass


async def test_the_locks_of_a_process_end_with_it(turns, tmp_path):
    mine = turns()
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", OTHER, str(tmp_path / "state.db"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert await other.stdout.readline() == b"taken\n"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await mine.take(("Account", "b"))
    other.kill()
    await other.communicate()
    async with asyncio.timeout(10):
        await mine.take(("Account", "b"))


async def test_without_a_file_there_is_nobody_to_wait_for(tmp_path, caplog):
    assert Turns.beside(None) is None
    locks = Locks(Turns.beside(str(tmp_path / "nowhere" / "state.db")))
    for _ in range(2):
        async with locks("a") as changed:
            assert not changed
    assert [it.message for it in caplog.records] == ["other gateways on this state are not waited for: No such file or directory"]


async def test_only_the_owner_may_open_the_file(turns, tmp_path):
    locks = Locks(turns())
    assert not [*tmp_path.iterdir()]
    async with locks("a"):
        pass
    assert (tmp_path / "state.db.locks").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def run(postgres_database):
    return postgres_database.run


async def test_locks_on_a_server_end_with_their_connection(opened, place, run, caplog):
    one, other = [Locks((await opened(place("postgresql"))).turns) for _ in range(2)]
    async with asyncio.timeout(20), one("a"):
        run(CUT_OFF)
        async with other("a") as changed:
            assert changed
    async with asyncio.timeout(20), one("a") as changed, one("b"), one("c"):
        assert changed
    assert "the state cannot be" not in caplog.text


async def test_without_the_server_nobody_is_waited_for(opened, place, postgres_database, caplog):
    locks = Locks((await opened(place("postgresql"))).turns)
    async with locks("a"):
        pass
    postgres_database.drop()
    for _ in range(3):
        async with asyncio.timeout(20), locks("a"):
            pass
    assert caplog.text.count("the state cannot be locked") == 1


async def test_locks_of_two_new_servers_are_apart(opened, place):
    one, other = [Locks((await opened(place("postgresql"), server)).turns) for server in (SERVER, f"{SERVER}0")]
    async with asyncio.timeout(20), one("a"), other("a"):
        pass


async def test_many_who_lose_patience_leave_nothing_behind(opened, place, run):
    one, other = [Locks((await opened(place("postgresql"))).turns) for _ in range(2)]

    async def impatient(number):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.005 * (number % 7)), (one, other)[number % 2](f"k{number % 3}"):
                await asyncio.sleep(0.002)

    async with asyncio.timeout(60):
        await asyncio.gather(*(impatient(number) for number in range(200)))
        for locks in (one, other):
            async with locks("k0", "k1", "k2"):
                pass
        while run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"):  # noqa: ASYNC110 - only the server knows when
            await asyncio.sleep(0.01)
