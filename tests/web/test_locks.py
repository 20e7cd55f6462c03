"""Locks by name: one holder at a time, no two that wait for each other, nothing left over."""

import asyncio

import pytest

from gateway.web.locks import REMEMBERED_ENDS, Locks


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


async def test_changes_since_a_moment_are_told():
    locks = Locks()
    before = locks.moment()
    async with locks("a", since=before) as changed:
        assert not changed
    async with locks("a", since=before) as changed:
        assert changed
    async with locks("b", since=before) as changed:
        assert not changed
    async with locks("c", "a", since=before) as changed:
        assert changed
    async with locks("a") as changed, locks("b", since=locks.moment()) as other:
        assert (changed, other) == (False, False)


async def test_a_change_that_was_under_way_is_told_to_who_waited():
    locks, held = Locks(), asyncio.Event()

    async def hold():
        async with locks("a"):
            held.set()
            await asyncio.sleep(0.01)

    task = asyncio.create_task(hold())
    await held.wait()
    async with locks("a") as changed:
        assert changed
    await task


async def test_what_is_not_remembered_may_have_changed():
    locks = Locks()
    before = locks.moment()
    for number in range(REMEMBERED_ENDS + 1):
        async with locks(number):
            pass
    after = locks.moment()
    async with locks(0, since=before) as first, locks("other", since=before) as other, locks(1, "third", since=after) as later:
        assert (first, other, later) == (True, True, False)
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
