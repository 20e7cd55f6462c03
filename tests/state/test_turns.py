"""Turns of those who share a database file: one at a time for each name, whoever stops first."""

import asyncio
import subprocess
import sys

import pytest

from gateway.state.turns import Turns
from gateway.web.locks import Locks

OTHER = """
import asyncio, sys
from gateway.state.turns import Turns

turns = Turns.beside(sys.argv[1])
asyncio.run(turns.take(("Account", "b")))
print("taken", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def turns(tmp_path):
    """Makes turns of one more process on the same database."""
    made = []

    def another():
        made.append(Turns.beside(str(tmp_path / "state.db")))
        return made[-1]

    yield another
    for one in made:
        one.close()


async def test_others_wait_and_are_told_that_something_changed(turns):
    here, there = Locks(turns()), Locks(turns())
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
    async with there(("Account", "b")) as changed, here(("Account", "c")) as other:
        assert (changed, other) == (False, False)


async def test_a_change_elsewhere_before_the_lock_is_told(turns):
    here, there = Locks(turns()), Locks(turns())
    since = here.moment()
    async with there("a"):
        pass
    async with here("a", since=since) as changed, here("b", since=since) as other:
        assert (changed, other) == (True, False)


async def test_a_lost_patience_leaves_the_lock_to_its_holder(turns):
    here, there = Locks(turns()), Locks(turns())
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
