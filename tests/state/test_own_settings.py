"""Settings that live in the state alone, and old record ids: for every process, for each server, through failures."""

import asyncio
import contextlib
import sqlite3

import pytest

from gateway.state import OwnSettingsChanged, OwnSettingsFull, Recollection, StateError
from gateway.state.own import MOST_CHARACTERS, MOST_KEY_BYTES, MOST_KEYS

from .conftest import KINDS, SERVER


@pytest.fixture
def open_memory(open_state):
    async def make(server=SERVER):
        return (await open_state(server)).memory

    return make


@pytest.fixture(params=["in this process", "in memory", *KINDS])
async def any_memory(request, opened, place):
    return Recollection() if request.param == "in this process" else (await opened(place(request.param))).memory


async def test_settings_are_written_over_and_removed(any_memory):
    own = any_memory.own
    assert await own.read() == {}
    await own.change(written={"lab.x": "1", "lab.y": "", "Größe": "☃\n"})
    await own.change(written={"lab.x": "2"}, removed=["lab.y", "lab.absent"])
    assert await own.read() == {"lab.x": "2", "Größe": "☃\n"}


async def test_a_key_that_is_removed_and_written_is_written(any_memory):
    await any_memory.own.change(written={"lab.x": "1"})
    await any_memory.own.change(written={"lab.x": "2"}, removed=["lab.x"])
    assert await any_memory.own.read() == {"lab.x": "2"}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"k" * (MOST_KEY_BYTES + 1): ""}, "key is longer"),
        ({"ü" * (MOST_KEY_BYTES // 2 + 1): ""}, "key is longer"),
        ({"a\0": ""}, "NUL"),
        ({"a": "\0"}, "NUL"),
        ({f"k{number}": "" for number in range(MOST_KEYS + 1)}, "there may be"),
        ({"k": "x" * MOST_CHARACTERS}, "together"),
    ],
)
async def test_what_is_too_much_is_refused_whole(any_memory, written, why):
    await any_memory.own.change(written={"lab.x": "1", "lab.y": "2"})
    with pytest.raises(OwnSettingsFull, match=why):
        await any_memory.own.change(written={"lab.x": "2", **written}, removed=["lab.y"])
    assert await any_memory.own.read() == {"lab.x": "1", "lab.y": "2"}


async def test_as_much_as_may_be_is_kept_and_can_be_removed(any_memory):
    longest = "ü" * (MOST_KEY_BYTES // 2)
    await any_memory.own.change(written={longest: "x" * (MOST_CHARACTERS - len(longest))})
    await any_memory.own.change(written={"a": ""}, removed=[longest])
    many = {f"k{number}": "" for number in range(MOST_KEYS - 1)}
    await any_memory.own.change(written=many)
    assert await any_memory.own.read() == {"a": "", **many}


async def test_settings_outlive_the_process_and_belong_to_one_server(open_memory):
    await (await open_memory()).own.change(written={"lab.x": "1"})
    assert await (await open_memory(SERVER + "/")).own.read() == {"lab.x": "1"}
    assert await (await open_memory("http://127.0.0.1:8081")).own.read() == {}


@pytest.mark.parametrize("pause", [0, 0.15])
async def test_gateways_on_one_database_see_each_others_changes_at_once(open_memory, pause):
    one, other = await open_memory(), await open_memory()
    for number in range(3):
        await one.own.change(written={"lab.x": str(number)})
        assert (await other.own.read())["lab.x"] == str(number)
        await other.own.change(written={"lab.y": str(number)}, removed=["lab.x"])
        assert await one.own.read() == {"lab.y": str(number)}
        await one.remember_records("Tracer", {"d": str(number)})
        assert await other.record_ids(["Tracer"]) == {"Tracer": {"d": str(number)}}
        await asyncio.sleep(pause)


async def test_changes_at_the_same_time_are_all_kept(open_memory):
    gateways = [await open_memory() for _ in range(3)]
    await asyncio.gather(*(gateways[number % 3].own.change(written={f"lab.{number}": "x"}) for number in range(30)))
    assert [len(await memory.own.read()) for memory in gateways] == [30] * 3


async def test_an_older_copy_or_nothing_in_the_place_of_the_file_is_noticed(open_memory, file):
    own = (await open_memory()).own
    await own.change(written={"lab.x": "1"})
    copy = file.read_bytes()
    await own.change(written={"lab.x": "2"})
    assert await own.read() == {"lab.x": "2"}
    file.write_bytes(copy)
    assert await own.read() == {"lab.x": "1"}
    file.unlink()
    assert await own.read() == {}


async def test_a_database_that_breaks_is_an_error_and_quotes_nothing(open_memory, file, caplog):
    own = (await open_memory()).own
    await own.change(written={"lab.canary": "canary"})
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE own_settings RENAME TO gone")
        connection.execute("UPDATE revisions SET value = value + 1")
    connection.close()
    for attempt in (
        own.read(),
        own.change(written={"lab.canary": "2"}),
        own.change(written={}, removed=["lab.canary"]),
    ):
        with pytest.raises(StateError) as error:
            await attempt
        assert "canary" not in str(error.value)
    assert caplog.text.count("the state cannot be") == 1
    assert "canary" not in caplog.text
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE gone RENAME TO own_settings")
    connection.close()
    assert await own.read() == {"lab.canary": "canary"}


async def test_a_change_that_fails_half_way_is_none(open_memory, file):
    own = (await open_memory()).own
    await own.change(written={"lab.x": "1", "lab.y": "1"})
    with sqlite3.connect(file) as connection:
        connection.execute(
            "CREATE TRIGGER t BEFORE INSERT ON own_settings WHEN NEW.name = 'lab.z' BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    connection.close()
    with pytest.raises(StateError):
        await own.change(written={"lab.x": "2", "lab.z": "2"}, removed=["lab.y"])
    assert await own.read() == {"lab.x": "1", "lab.y": "1"}


async def test_nothing_is_asked_while_the_file_is_the_one_that_was_read(open_memory):
    own = (await open_memory()).own
    await own.change(written={"lab.x": "1"})
    await asyncio.sleep(0.15)
    first = await own.read()
    assert await own.read() is first


async def test_record_ids_are_remembered_by_type(any_memory):
    await any_memory.remember_records("DkimSignature", {"d1": "mykey", "d2": "other"})
    await any_memory.remember_records("Tracer", {"d1": "log"})
    await any_memory.remember_records("DkimSignature", {"d2": "new"})
    assert await any_memory.record_ids(["DkimSignature", "Tracer", "Alert"]) == {
        "DkimSignature": {"d1": "mykey", "d2": "new"},
        "Tracer": {"d1": "log"},
        "Alert": {},
    }


async def test_only_record_ids_that_are_still_so_are_forgotten(any_memory):
    await any_memory.remember_records("DkimSignature", {"d1": "mykey", "d2": "new"})
    await any_memory.forget_records("DkimSignature", {"d1": "mykey", "d2": "other", "d3": "absent"})
    assert await any_memory.record_ids(["DkimSignature"]) == {"DkimSignature": {"d2": "new"}}


async def test_record_ids_outlive_the_process(open_memory):
    await (await open_memory()).remember_records("DkimSignature", {"d1": "mykey"})
    memory = await open_memory()
    assert await memory.record_ids(["DkimSignature"]) == {"DkimSignature": {"d1": "mykey"}}
    assert await memory.called(["mykey"]) == []


async def test_a_change_of_what_was_not_read_is_refused(any_memory):
    own = any_memory.own
    seen = await own.read()
    await own.change(written={"lab.x": "1"}, seen=seen)
    with pytest.raises(OwnSettingsChanged):
        await own.change(written={"lab.y": "1"}, seen=seen)
    await own.change(written={"lab.y": "1"}, seen=dict(await own.read()))
    assert await own.read() == {"lab.x": "1", "lab.y": "1"}


async def test_changes_of_other_memories_do_not_count(open_memory):
    one, other = await open_memory(), await open_memory()
    await one.own.change(written={"lab.x": "1"})
    seen = await one.own.read()
    await other.remember_records("Tracer", {"d": "mine"})
    await one.own.change(written={"lab.x": "2"}, seen=seen)
    assert await other.own.read() == {"lab.x": "2"}
    with pytest.raises(OwnSettingsChanged):
        await one.own.change(written={"lab.x": "3"}, seen=seen)


async def test_counting_in_several_gateways_loses_nothing(open_memory):
    async def count(memory):
        done = 0
        while done < 10:
            seen = await memory.own.read()
            with contextlib.suppress(OwnSettingsChanged):
                await memory.own.change(written={"lab.count": str(int(seen.get("lab.count", "0")) + 1)}, seen=seen)
                done += 1

    gateways = [await open_memory() for _ in range(3)]
    await asyncio.wait_for(asyncio.gather(*map(count, gateways)), 30)
    assert await gateways[0].own.read() == {"lab.count": "30"}
