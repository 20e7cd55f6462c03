"""The state on a server: what cannot be used is named, a server that goes away costs no more than it must, and gateways start together."""

import asyncio
import contextlib
import re
import socket

import pytest

from gateway.state import OldName, State, StateError, database
from gateway.state.schema import MIGRATIONS
from tests.postgres import CUT_OFF

from .conftest import KEY, SERVER

KINDS = ("postgresql",)
"""What these tests run on."""


@pytest.fixture
def run(postgres_database):
    """Carries out statements beside the gateways."""
    return postgres_database.run


def changed(url, old, new):
    """The URL with a piece exchanged."""
    made, count = re.subn(old, new, url, count=1)
    assert count == 1
    return made


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("/state$", "/absent", 'database "absent" does not exist'),
        (r"Canary\w+", "Canary-of-nobody", "password authentication failed"),
        ("gateway:", "nobody:", "password authentication failed"),
        ("$", "?bogus=1", "unexpected keyword argument 'bogus'"),
        ("$", "?ssl=require", "SSL"),
        (r":\d+/", ":1/", "Connect call failed|refused"),
    ],
)
async def test_what_cannot_be_used_is_named_without_its_password(url, old, new, why):
    with pytest.raises(StateError, match=why) as error:
        await State.open(changed(url, old, new), SERVER)
    assert "canary" not in str(error.value).lower()


async def test_a_server_that_does_not_answer_is_given_up(url, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as quiet:
        async with asyncio.timeout(10):
            with pytest.raises(StateError, match="cannot be used"):
                await State.open(changed(url, r":\d+/", f":{quiet.getsockname()[1]}/"), SERVER)


async def test_the_database_of_another_program_is_left_alone(url, run):
    run("CREATE TABLE mails (id INTEGER)")
    with pytest.raises(StateError, match="another program"):
        await State.open(url, SERVER)
    assert [row["tablename"] for row in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")] == ["mails"]


async def test_a_newer_schema_is_left_alone(url, run, open_state):
    await (await open_state()).close()
    run("UPDATE schema_version SET version = version + 1")
    with pytest.raises(StateError, match="newer gateway"):
        await State.open(url, SERVER)


async def test_gateways_that_start_together_make_one_schema(open_state, run):
    states = await asyncio.gather(*(open_state() for _ in range(8)))
    await asyncio.gather(*(state.flags.set_queue_running(running=False) for state in states))
    assert [row["version"] for row in run("SELECT version FROM schema_version")] == [len(MIGRATIONS)]
    assert [await state.flags.queue_running() for state in states] == [False] * 8


async def test_gateways_that_start_together_have_one_key(url, opened, run):
    async def start(number):
        with contextlib.suppress(StateError):
            return await opened(url, secrets=True, state_key=f"{number}{KEY}")

    started = [state for state in await asyncio.gather(*(start(number) for number in range(4))) if state is not None]
    assert len(started) == 1
    assert len(run("SELECT * FROM key_proof")) == 1
    with pytest.raises(StateError, match="need the setting `state_key`"):
        await opened(url, secrets=True, state_key="")


async def test_connections_that_the_server_ended_are_made_anew(open_state, run, caplog):
    state = await open_state()
    await state.memory.own.change(written={"lab.x": "1"})
    for _ in range(2):
        run(CUT_OFF)
        assert await state.memory.own.read() == {"lab.x": "1"}
        await state.flags.set_queue_running(running=False)
        assert not await state.flags.queue_running()
    assert "the state cannot be" not in caplog.text


async def test_a_database_that_is_lost_costs_what_only_it_knew(open_state, postgres_database, caplog):
    state = await open_state()
    kim = OldName("Account", "b", "kim", "kim@a.test", implied=False)
    await state.memory.remember(kim)
    await state.flags.set_queue_running(running=False)
    await state.memory.own.change(written={"lab.canary": "canary"})
    postgres_database.drop()
    assert await state.memory.called(["kim"]) == [kim]
    assert not await state.flags.queue_running()
    for attempt in (state.memory.own.read(), state.memory.own.change(written={"lab.x": "canary"})):
        with pytest.raises(StateError):
            await attempt
    assert caplog.text.count("the state cannot be") == 1


async def test_a_writer_that_hangs_is_waited_for_no_longer_than_for_a_file(opened, url, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.5)
    one, other = await opened(url), await opened(url)
    await one.memory.own.change(written={"lab.x": "1"})
    async with asyncio.timeout(20), one._database.writing() as connection:  # noqa: SLF001 - a gateway that stops in the middle
        await connection.exec_driver_sql("UPDATE revisions SET value = value + 1")
        with pytest.raises(StateError):
            await other.memory.own.change(written={"lab.x": "2"})
    await other.memory.own.change(written={"lab.y": "2"})
    assert await one.memory.own.read() == {"lab.x": "1", "lab.y": "2"}


async def test_a_name_that_was_remembered_while_another_gateway_waited_is_not_dropped(open_state, run):
    """Both wait for their turn, the one that gives up the old name behind the one that remembers the new one."""
    one, other, third = [(await open_state()).memory for _ in range(3)]
    old, new = (OldName("Account", "b", name, f"{name}@a.test", implied=False) for name in ("kim", "lee"))
    await one.remember(old)

    async def waiting(count):
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while len(run(waits)) < count:  # noqa: ASYNC110 - only the server knows when
            await asyncio.sleep(0.01)

    async with asyncio.timeout(20), third._database.writing() as connection:  # noqa: SLF001 - a third gateway in the middle of a change
        await connection.exec_driver_sql("UPDATE revisions SET value = value + 1")
        first = asyncio.create_task(one.remember(new))
        await waiting(1)
        second = asyncio.create_task(other.drop([old]))
        await waiting(2)
    await asyncio.gather(first, second)
    assert await other.called(["kim", "lee"]) == [new]
    assert await third.called(["kim", "lee"]) == [new]
