"""Locks by name: one holder at a time, no two that wait for each other, nothing left over."""

import asyncio

import pytest

from gateway.web.locks import Locks


async def test_holders_of_one_name_follow_each_other():
    locks, seen = Locks(), []

    async def hold(name):
        async with locks(("Account", "b")):
            seen.append(f"+{name}")
            await asyncio.sleep(0)
            seen.append(f"-{name}")

    await asyncio.gather(hold("one"), hold("two"), hold("three"))
    assert seen == ["+one", "-one", "+two", "-two", "+three", "-three"]
    assert len(locks) == 0


async def test_other_names_are_free():
    locks = Locks()
    async with asyncio.timeout(5), locks(("Account", "b")), locks(("Account", "c"), ("create", "Role")):
        assert len(locks) == 3
    assert len(locks) == 0


async def test_the_order_of_names_does_not_matter():
    locks, done = Locks(), []

    async def hold(*names):
        for _ in range(20):
            async with locks(*names):
                await asyncio.sleep(0)
        done.append(names)

    async with asyncio.timeout(5):
        await asyncio.gather(hold("a", "b", "c"), hold("c", "a"), hold("b", "a", "b"), hold("c", "b"))
    assert len(done) == 4
    assert len(locks) == 0


async def test_a_failure_and_a_lost_patience_free_the_name():
    locks = Locks()
    with pytest.raises(ValueError, match="inside"):
        async with locks("a"):
            raise ValueError("inside")
    async with locks("a"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), locks("b", "a"):
                pass
    assert len(locks) == 0
    async with asyncio.timeout(5), locks("a", "b"):
        pass
