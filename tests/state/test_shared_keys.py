"""API keys whose secret a client chose: kept on each kind of database alike, never double, never lost, by several gateways at the same time."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from gateway.state import Key, KeyChanged, Keys, KeyTaken, StateError, Verifier

from .conftest import KEY, KINDS, SERVER

ONE = Key("b", "panel", "key-1@a.test", (Verifier("$scrypt$canary"), Verifier("$scrypt$x", "phone", "$app$phone$")), "API_canary")


@pytest.fixture(params=["in this process", *KINDS])
async def any_keys(request, opened, place):
    return Keys() if request.param == "in this process" else (await opened(place(request.param), secrets=True)).memory.keys


@pytest.fixture
def open_keys(open_state):
    async def make(server=SERVER):
        return (await open_state(server, secrets=True)).memory.keys

    return make


async def test_a_key_is_kept_changed_and_removed(any_keys):
    assert not any_keys.exist()
    await any_keys.add(ONE)
    kept = await any_keys.of("b", certain=True)
    assert replace(kept, revision=0) == ONE
    assert await any_keys.login("panel") == kept
    await any_keys.change(kept, replace(kept, name="other", verifiers=()))
    assert (await any_keys.login("panel"), (await any_keys.login("other")).verifiers) == (None, ())
    with pytest.raises(KeyChanged):
        await any_keys.change(kept, replace(kept, name="third"))
    await any_keys.remove(["b", "absent"])
    assert (await any_keys.of("b"), any_keys.exist()) == (None, False)


async def test_a_name_is_that_of_one_key(any_keys):
    await any_keys.add(ONE)
    await any_keys.add(second := replace(ONE, account="c", name="second"))
    with pytest.raises(KeyTaken):
        await any_keys.add(replace(ONE, account="d"))
    with pytest.raises(KeyTaken):
        await any_keys.change(await any_keys.of("c"), replace(second, name="panel"))
    await any_keys.add(replace(ONE, account="d"), instead=["b"])
    assert {account: old.name for account, old in (await any_keys.names()).items()} == {"c": "second", "d": "panel"}


async def test_gateways_see_each_others_keys_at_once(open_keys):
    one, other = await open_keys(), await open_keys()
    await one.add(ONE)
    assert (await other.of("b")).secret == "API_canary"
    await other.remove(["b"])
    assert await one.of("b", certain=True) is None


async def test_keys_outlive_the_process_and_belong_to_one_server(open_keys):
    await (await open_keys()).add(ONE)
    assert replace(await (await open_keys()).of("b"), revision=0) == ONE
    assert await (await open_keys("http://127.0.0.1:8081")).of("b") is None


async def test_of_many_who_want_a_name_one_gets_it(open_keys):
    gateways = [await open_keys() for _ in range(3)]

    async def add(number):
        with contextlib.suppress(KeyTaken):
            await gateways[number % 3].add(replace(ONE, account=f"b{number}"))
            return f"b{number}"

    (winner,) = [account for account in await asyncio.gather(*(add(number) for number in range(12))) if account]
    assert [{*await keys.names(certain=True)} for keys in gateways] == [{winner}] * 3


async def test_changes_at_the_same_time_lose_nothing(open_keys):
    gateways = [await open_keys() for _ in range(3)]
    await gateways[0].add(replace(ONE, verifiers=()))

    async def grow(keys, own):
        done = 0
        while done < 5:
            seen = await keys.of("b", certain=True)
            with contextlib.suppress(KeyChanged):
                await keys.change(seen, replace(seen, verifiers=(*seen.verifiers, Verifier(f"{own}.{done}"))))
                done += 1

    async with asyncio.timeout(60):
        await asyncio.gather(*(grow(keys, own) for own, keys in enumerate(gateways)))
    found = {verifier.hash for verifier in (await gateways[0].of("b", certain=True)).verifiers}
    assert found == {f"{own}.{number}" for own in range(3) for number in range(5)}


async def test_what_a_database_holds_opens_nothing(opened, place, postgres_database):
    await (await opened(place("postgresql"), secrets=True)).memory.keys.add(ONE)
    (row,) = postgres_database.run("SELECT * FROM api_keys")
    assert "canary" not in str(dict(row))
    with pytest.raises(StateError, match="`state_key` is not the one"):
        await opened(place("postgresql"), secrets=True, state_key=KEY + "!")
