"""API keys in the state: shared by gateways, encrypted, one for each name, and never quietly lost."""

import sqlite3

import pytest

from gateway.state import Key, KeyChanged, Keys, KeyTaken, State, StateError, Verifier

SERVER = "http://127.0.0.1:8080"
KEY = "a key for tests that is long enough for it"
HASH = "$scrypt$ln=14,r=8,p=1$Y2FuYXJ5$Canary-of-a-verifier"
SCRIPT = Key("c", "script", "script@a.test", (Verifier(HASH, "", "$6$Canary-shown"), Verifier("{SHA}x", "cron")), "API_Canary")


@pytest.fixture
def open_keys(opened, url):
    """Opens the state of the test, or another one; on a server it needs a key for API keys."""

    async def make(server=SERVER, url=url):
        return (await opened(url, server, state_key=KEY if url.startswith("postgresql") else "")).memory.keys

    return make


@pytest.fixture(params=["in memory", "database", "process"])
async def keys(request, open_keys, place):
    """Keys in a database in memory, in the database of the test, and in none."""
    if request.param == "process":
        return Keys()
    return await (open_keys() if request.param == "database" else open_keys(url=place("in memory")))


def contents(key):
    return key.account, key.name, key.address, key.verifiers, key.secret


async def test_a_key_is_found_by_name_and_account(keys):
    assert (await keys.login("script"), await keys.of("c"), await keys.names(), keys.exist()) == (None, None, {}, False)
    await keys.prepare()
    await keys.add(SCRIPT)
    assert contents(await keys.login("script")) == contents(SCRIPT) == contents(await keys.of("c", certain=True))
    (name,) = (await keys.names(certain=True)).values()
    assert (name.type, name.id, name.name, name.address, keys.exist()) == ("Account", "c", "script", "script@a.test", True)
    assert await keys.login("Script") is None


async def test_a_name_has_one_key(keys):
    await keys.add(SCRIPT)
    other = Key("d", "script", "script-1@a.test")
    with pytest.raises(KeyTaken):
        await keys.add(other)
    await keys.add(Key("e", "other", "other@a.test"))
    with pytest.raises(KeyTaken):
        await keys.change(await keys.of("e"), Key("e", "script", "other@a.test"))
    await keys.add(other, instead=["c"])
    assert await keys.of("c") is None
    assert (await keys.login("script")).account == "d"


async def test_a_change_takes_the_place_of_what_was_read_and_of_nothing_else(keys):
    await keys.add(SCRIPT)
    first = await keys.of("c")
    await keys.change(first, Key("c", "renamed", "script@a.test"))
    assert (await keys.login("script"), (await keys.login("renamed")).verifiers) == (None, ())
    with pytest.raises(KeyChanged):
        await keys.change(first, Key("c", "script", "script@a.test"))
    await keys.remove(["c", "zz"])
    with pytest.raises(KeyChanged):
        await keys.change(first, Key("c", "script", "script@a.test"))
    assert not await keys.names()


async def test_gateways_on_one_database_know_the_same_keys(open_keys):
    one, other = await open_keys(), await open_keys()
    await one.add(SCRIPT)
    assert contents(await other.login("script")) == contents(SCRIPT)
    seen = await other.of("c")
    await one.change(await one.of("c"), Key("c", "renamed", "script@a.test"))
    with pytest.raises(KeyChanged):
        await other.change(seen, Key("c", "mine", "script@a.test"))
    assert await other.login("script") is None
    with pytest.raises(KeyTaken):
        await other.add(Key("d", "renamed", "d@a.test"))
    await other.remove(["c"])
    assert not await one.names()
    assert await one.login("renamed") is None


async def test_a_key_is_known_at_once_to_the_other_gateway(open_keys):
    one, other = await open_keys(), await open_keys()
    assert await other.login("script") is None
    await one.add(SCRIPT)
    assert contents(await other.login("script")) == contents(SCRIPT)


async def test_servers_do_not_share_keys(open_keys):
    await (await open_keys()).add(SCRIPT)
    elsewhere = await open_keys("http://127.0.0.1:8081")
    assert await elsewhere.login("script") is None
    await elsewhere.add(SCRIPT)


async def test_a_copy_of_the_database_opens_nothing(open_keys, url, file, tmp_path):
    await (await open_keys()).add(SCRIPT)
    content = file.read_bytes()
    assert b"Canary" not in content
    assert HASH.encode() not in content
    (tmp_path / "state.db.key").rename(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="missing"):
        await State.open(url, SERVER)
    with pytest.raises(StateError, match=r"not the one .* API keys of clients cannot work"):
        await State.open(url, SERVER, state_key="another key of thirty-two letters")


async def test_secrets_that_are_not_remembered_any_more_leave_the_key_of_the_keys(open_keys, url):
    key = KEY if url.startswith("postgresql") else ""
    state = await State.open(url, SERVER, secrets=True, state_key=key)
    await state.memory.keys.add(SCRIPT)
    await state.memory.set_secrets("b", {"a": "x"})
    await state.close()
    state = await State.open(url, SERVER, state_key=key)
    await state.tidy()
    await state.close()
    assert contents(await (await open_keys()).login("script")) == contents(SCRIPT)


async def test_what_was_moved_to_another_account_is_no_key(open_keys, file, caplog):
    await (await open_keys()).add(SCRIPT)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE api_keys SET account = 'd'")
    connection.close()
    assert await (await open_keys()).login("script") is None
    assert "as good as forgotten" in caplog.text


async def test_what_cannot_be_written_is_an_error_and_logins_go_by_what_was_known(open_keys, file):
    keys = await open_keys()
    await keys.add(SCRIPT)
    assert await keys.login("script")
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE api_keys")
        connection.execute("UPDATE revisions SET value = value + 1")
    connection.close()
    for failing in (keys.add(Key("d", "x", "x@a.test")), keys.change(SCRIPT, SCRIPT), keys.remove(["c"]), keys.names(certain=True), keys.of("c", certain=True)):
        with pytest.raises(StateError):
            await failing
    assert await keys.login("script")
    assert list(await keys.names()) == ["c"]


async def test_a_database_on_a_server_needs_a_key_of_its_own(opened, postgres_database):
    keys = (await opened(postgres_database.url, SERVER, state_key="")).memory.keys
    for failing in (keys.prepare(), keys.add(SCRIPT)):
        with pytest.raises(StateError, match="state_key"):
            await failing
    assert not await keys.names(certain=True)
