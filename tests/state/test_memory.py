"""The memory of principals in the database: for every process, for each server, through failures."""

import asyncio
import base64
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from gateway.state import OldName, Recollection, StateError
from gateway.state.recollection import LOGIN_SECONDS

from .conftest import KEY, KINDS, SERVER

ROOT = Path(__file__).parents[2]


def named(id_, name, address=None, type_="Account", *, implied=False):
    return OldName(type_, id_, name, address or f"{name}@a.test", implied)


@pytest.fixture
async def memory(open_state):
    return (await open_state()).memory


@pytest.fixture(params=["in this process", *KINDS])
async def any_memory(request, opened, place):
    return Recollection() if request.param == "in this process" else (await opened(place(request.param), secrets=True)).memory


async def test_a_name_that_is_only_the_address_is_none(any_memory):
    await any_memory.remember(named("b", "kim"))
    await any_memory.remember(named("b", "kim@a.test", "kim@a.test"))
    assert await any_memory.called(["kim", "kim@a.test"]) == []
    await any_memory.remember(implied := named("b", "kim@a.test", "kim@a.test", implied=True))
    assert await any_memory.called(["kim@a.test"]) == [implied]


async def test_an_address_belongs_to_what_was_remembered_last(any_memory):
    await any_memory.remember(named("b", "kim"))
    await any_memory.remember(named("c", "kim@a.test", "kim@a.test"))
    assert await any_memory.called(["kim"]) == []
    assert await any_memory.at_addresses(["kim@a.test"]) == {}


async def test_only_what_is_still_so_is_dropped(any_memory):
    await any_memory.remember(before := named("b", "kim"))
    await any_memory.remember(after := named("b", "lee"))
    await any_memory.drop([before])
    assert await any_memory.called(["lee"]) == [after]
    await any_memory.drop([after])
    assert await any_memory.called(["lee"]) == []


@pytest.mark.parametrize(
    ("remembered", "login", "address"),
    [
        ([named("b", "kim")], "kim", "kim@a.test"),
        ([named("b", "kim", "k.lee@b.test")], "kim", "k.lee@b.test"),
        ([named("b", "kim")], "lee", None),
        ([named("b", "kim"), named("c", "kim", "kim@b.test")], "kim", None),
        ([named("b", "kim", type_="MailingList")], "kim", None),
        ([named("b", "kim", type_="MailingList"), named("b", "kim", "kim@b.test")], "kim", "kim@b.test"),
        ([named("b", "kim@b.test", "kim@a.test")], "kim@b.test", None),
    ],
)
async def test_who_logs_in(any_memory, remembered, login, address):
    for old in remembered:
        await any_memory.remember(old)
    assert await any_memory.login(login) == address


async def test_everything_outlives_the_process(open_state):
    state = await open_state(secrets=True)
    await state.memory.remember(kim := named("b", "kim"))
    await state.memory.set_app_slot("b", "phone")
    await state.memory.set_secrets("b", {"a": "$6$x", "otp": "otpauth://x"})
    await state.close()
    again = (await open_state(secrets=True)).memory
    assert await again.called(["kim"]) == [kim]
    assert await again.app_slots(["b", "c"]) == {"b": "phone"}
    assert await again.secrets(["b", "c"]) == {"b": {"a": "$6$x", "otp": "otpauth://x"}}


async def test_gateways_on_one_database_see_each_others_changes_at_once(open_state):
    one, other = (await open_state()).memory, (await open_state()).memory
    for number in range(5):
        await one.remember(old := named("b", f"kim{number}"))
        assert await other.called([f"kim{number}"]) == [old]
        assert await other.called([f"kim{number - 1}"]) == []
        await other.set_app_slot("b", str(number))
        assert await one.app_slots(["b"]) == {"b": str(number)}
        await other.forget("Account", ["b"])
        assert (await one.called([f"kim{number}"]), await one.app_slots(["b"])) == ([], {})


async def test_a_change_is_seen_after_a_long_time_without_one(open_state, url):
    one, other = (await open_state()).memory, (await open_state()).memory
    for name in ("kim", "lee"):
        await asyncio.sleep(0.15)
        assert [await memory.login(name) for memory in (one, other)] == [None, None]
        await one.remember(named("b", name))
        if not url.startswith("sqlite"):
            # A name that a server did not know is not asked for again at once.
            await asyncio.sleep(LOGIN_SECONDS + 0.05)
        assert await other.login(name) == f"{name}@a.test"


async def test_a_name_is_known_elsewhere_with_its_first_login(open_state):
    one, other = (await open_state()).memory, (await open_state()).memory
    for name in ("kim", "lee", "max"):
        await one.remember(named("b", name))
        assert await other.login(name) == f"{name}@a.test"


async def test_changes_at_the_same_time_are_all_kept(open_state):
    states = [(await open_state()).memory for _ in range(3)]
    await asyncio.gather(*(states[number % 3].remember(named(f"b{number}", f"kim{number}")) for number in range(30)))
    for memory in (*states, (await open_state()).memory):
        assert len(await memory.called([f"kim{number}" for number in range(30)])) == 30


async def test_what_another_gateway_remembered_meanwhile_is_not_dropped(open_state):
    """One gives up the name that it knows while another one remembers a new one: the new one stays, whoever is first."""
    one, other = (await open_state()).memory, (await open_state()).memory
    await one.remember_records("Tracer", {"d": "old"})
    for number in range(20):
        await one.remember(before := named("b", f"kim{number}"))
        await other.called([before.name])
        after = named("b", f"lee{number}")
        changes = [one.remember(after), other.drop([before]), other.forget_records("Tracer", {"d": "old"}), one.remember_records("Tracer", {"d": "new"})]
        await asyncio.gather(*changes[:: 1 if number % 2 else -1])
        assert await other.called([after.name]) == [after]
        assert await one.record_ids(["Tracer"]) == {"Tracer": {"d": "new"}}
        await other.remember_records("Tracer", {"d": "old"})


async def test_an_address_that_two_gateways_give_away_has_one_name(open_state):
    gateways = [(await open_state()).memory for _ in range(3)]
    await asyncio.gather(*(gateways[number % 3].remember(named(f"b{number}", f"kim{number}", "kim@a.test")) for number in range(12)))
    left = [await memory.called([f"kim{number}" for number in range(12)]) for memory in gateways]
    assert [len(found) for found in left] == [1, 1, 1]
    assert left[0] == left[1] == left[2]


async def test_servers_do_not_share_memories(open_state, memory):
    await memory.remember(named("b", "kim"))
    assert await (await open_state("http://127.0.0.1:8081")).memory.login("kim") is None
    assert await (await open_state(SERVER + "/")).memory.login("kim") == "kim@a.test"


async def test_logins_cost_next_to_nothing(memory):
    for number in range(20):
        await memory.remember(named(f"b{number}", f"kim{number}"))
    await asyncio.sleep(0.15)
    await memory.login("kim1")
    started = time.process_time()
    for _ in range(5000):
        await memory.login("kim1")
        await memory.login("lee")
    assert (time.process_time() - started) / 10_000 < 0.000_1


async def test_what_is_remembered_already_is_not_written_again(memory, file):
    await memory.remember(named("b", "kim"))
    await asyncio.sleep(0.15)
    before = file.stat().st_mtime_ns
    await memory.remember(named("b", "kim"))
    await memory.forget("Account", ["z"])
    await memory.set_app_slot("z", None)
    assert file.stat().st_mtime_ns == before


async def test_a_deleted_file_costs_the_memory_alone(open_state, memory, file):
    await memory.remember(named("b", "kim"))
    file.unlink()
    assert await memory.login("kim") is None
    await memory.remember(named("b", "lee"))
    assert await (await open_state()).memory.login("lee") == "lee@a.test"


async def test_an_older_copy_in_the_place_of_the_file_is_noticed(memory, file):
    await memory.remember(named("b", "kim"))
    copy = file.read_bytes()
    await memory.remember(named("b", "lee"))
    await asyncio.sleep(0.15)
    assert await memory.login("lee") == "lee@a.test"
    file.write_bytes(copy)
    assert (await memory.login("kim"), await memory.login("lee")) == ("kim@a.test", None)


async def test_a_database_that_breaks_costs_only_what_others_know(memory, file, caplog):
    await memory.remember(named("b", "kim"))
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE memories")
    connection.close()
    assert await memory.login("kim") == "kim@a.test"
    await memory.remember(named("b", "lee"))
    assert (await memory.login("kim"), await memory.login("lee")) == (None, "lee@a.test")
    assert caplog.text.count("the state cannot be") == 1


async def test_secrets_are_remembered_only_where_that_is_wanted(open_state, file):
    memory = (await open_state()).memory
    await memory.set_secrets("b", {"a": "$6$canary"})
    assert await memory.secrets(["b"]) == {}
    assert b"canary" not in file.read_bytes()
    assert not file.with_name("state.db.key").exists()


async def test_secrets_cannot_be_moved_to_another_account(open_state, file):
    memory = (await open_state(secrets=True)).memory
    await memory.set_secrets("b", {"a": "$6$x"})
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE memories SET id = 'c'")
    connection.close()
    other = (await open_state(secrets=True)).memory
    assert await other.secrets(["b", "c"]) == {}


async def test_the_same_strings_look_different_each_time(open_state, file):
    memory = (await open_state(secrets=True)).memory
    for id_ in ("b", "c"):
        await memory.set_secrets(id_, {"a": "$6$x"})
    with sqlite3.connect(file) as connection:
        first, second = (value for (value,) in connection.execute("SELECT value FROM memories"))
    connection.close()
    assert first != second


async def test_the_key_is_made_once_even_by_gateways_that_start_together(open_state, file):
    states = await asyncio.gather(*(open_state(secrets=True) for _ in range(6)))
    key = file.with_name("state.db.key")
    assert (key.stat().st_mode & 0o777, len(base64.b64decode(key.read_text()))) == (0o600, 32)
    await states[0].memory.set_secrets("b", {"a": "$6$x"})
    assert [await state.memory.secrets(["b"]) for state in states] == [{"b": {"a": "$6$x"}}] * 6
    assert sorted(path.name for path in file.parent.iterdir()) == ["state.db", "state.db.key"]


async def test_the_content_of_the_key_file_is_as_good_in_the_setting(open_state, file):
    state = await open_state(secrets=True)
    await state.memory.set_secrets("b", {"a": "$6$x"})
    key = file.with_name("state.db.key")
    text = key.read_text().strip()
    key.unlink()
    assert await (await open_state(secrets=True, state_key=text)).memory.secrets(["b"]) == {"b": {"a": "$6$x"}}
    assert not key.exists()


async def test_another_key_is_refused_until_the_secrets_are_given_up(open_state):
    await (await open_state(secrets=True, state_key=KEY)).memory.set_secrets("b", {"a": "$6$x"})
    with pytest.raises(StateError, match="`state_key` is not the one") as error:
        await open_state(secrets=True, state_key=KEY + "!")
    assert KEY not in str(error.value)
    off = await open_state()
    await off.tidy()
    assert await (await open_state(secrets=True, state_key=KEY + "!")).memory.secrets(["b"]) == {}


async def test_giving_up_the_secrets_of_one_server_leaves_those_of_another(open_state):
    other = "http://127.0.0.1:8081"
    await (await open_state(secrets=True, state_key=KEY)).memory.set_secrets("b", {"a": "$6$x"})
    await (await open_state(other)).tidy()
    assert await (await open_state(secrets=True, state_key=KEY)).memory.secrets(["b"]) == {"b": {"a": "$6$x"}}
    with pytest.raises(StateError, match="`state_key` is not the one"):
        await open_state(other, secrets=True, state_key=KEY + "!")


@pytest.mark.parametrize("content", ["", "\n"])
async def test_an_empty_key_file_is_named(open_state, file, content):
    file.with_name("state.db.key").write_text(content)
    with pytest.raises(StateError, match=r"state\.db\.key is empty"):
        await open_state(secrets=True)


async def test_a_database_in_memory_needs_no_key(open_state):
    memory = (await open_state(url="sqlite+aiosqlite://", secrets=True)).memory
    await asyncio.gather(*(memory.set_secrets(f"b{number}", {"a": "$6$x"}) for number in range(10)))
    assert await memory.secrets(["b3"]) == {"b3": {"a": "$6$x"}}


WRITER = """
import asyncio, sys
from gateway.state import OldName, State

async def main():
    state = await State.open(sys.argv[1], sys.argv[2])
    for number in range(int(sys.argv[4])):
        name = f"{sys.argv[3]}{number}"
        await state.memory.remember(OldName("Account", name, name, name + "@a.test", False))
    await state.close()

asyncio.run(main())
"""


async def test_processes_on_one_database_lose_nothing(open_state, url):
    memory = (await open_state()).memory
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, SERVER, name, "15", stdout=pipe, stderr=pipe, cwd=ROOT)
        for name in ("kim", "lee", "sam")
    ]
    for process in processes:
        assert await process.communicate() == (b"", b"")
    names = [f"{name}{number}" for name in ("kim", "lee", "sam") for number in range(15)]
    assert {old.name for old in await memory.called(names)} == {*names}
