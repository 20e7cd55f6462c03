import asyncio

import pytest

from gateway.jmap.errors import Busy
from gateway.jmap.slots import Slots


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_keys_do_not_share_places():
    slots = Slots(width=1, queue=0, seconds=1)
    await slots.acquire("b")
    await slots.acquire("c")
    with pytest.raises(Busy):
        await slots.acquire("b")


async def test_who_waited_longest_is_next():
    slots = Slots(width=1, queue=9, seconds=5)
    order = []

    async def guest(name):
        await slots.acquire("b")
        order.append(name)
        await asyncio.sleep(0)
        slots.release("b")

    await slots.acquire("b")
    guests = [asyncio.create_task(guest(name)) for name in range(5)]
    await settle()
    late = asyncio.create_task(guest("late"))
    slots.release("b")
    await asyncio.gather(*guests, late)
    assert order == [0, 1, 2, 3, 4, "late"]


async def test_never_more_than_the_width_at_once():
    slots = Slots(width=4, queue=100, seconds=5)
    inside = most = 0

    async def guest():
        nonlocal inside, most
        await slots.acquire("b")
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.001)
        inside -= 1
        slots.release("b")

    await asyncio.gather(*(guest() for _ in range(60)))
    assert (most, inside, len(slots)) == (4, 0, 0)


async def test_the_queue_is_bounded():
    slots = Slots(width=1, queue=2, seconds=5)
    await slots.acquire("b")
    waiting = [asyncio.create_task(slots.acquire("b")) for _ in range(2)]
    await settle()
    with pytest.raises(Busy):
        await slots.acquire("b")
    for _ in range(3):
        slots.release("b")
        await settle()
    await asyncio.gather(*waiting)
    assert len(slots) == 0


async def test_waiting_ends_at_the_deadline():
    slots = Slots(width=1, queue=2, seconds=0.02)
    await slots.acquire("b")
    with pytest.raises(Busy):
        await slots.acquire("b")
    slots.release("b")
    assert len(slots) == 0


async def test_who_leaves_the_queue_is_not_waited_for():
    slots = Slots(width=1, queue=2, seconds=5)
    await slots.acquire("b")
    leaving, staying = (asyncio.create_task(slots.acquire("b")) for _ in range(2))
    await settle()
    leaving.cancel()
    await settle()
    slots.release("b")
    await staying
    slots.release("b")
    assert leaving.cancelled()
    assert len(slots) == 0


async def test_a_place_given_to_somebody_who_leaves_goes_on_to_the_next():
    slots = Slots(width=1, queue=2, seconds=5)
    await slots.acquire("b")
    leaving, staying = (asyncio.create_task(slots.acquire("b")) for _ in range(2))
    await settle()
    slots.release("b")
    leaving.cancel()
    await staying
    slots.release("b")
    assert leaving.cancelled()
    assert len(slots) == 0


async def test_a_narrower_width_lets_nobody_in_before_enough_have_left():
    slots = Slots(width=3, queue=5, seconds=5)
    for _ in range(3):
        await slots.acquire("b")
    slots.width = 1
    waiting = asyncio.create_task(slots.acquire("b"))
    for _ in range(2):
        slots.release("b")
        await settle()
        assert not waiting.done()
    slots.release("b")
    await waiting


async def test_holder_and_waiter_may_leave_in_the_same_moment():
    slots = Slots(width=1, queue=2, seconds=5)
    await slots.acquire("b")
    leaving = asyncio.create_task(slots.acquire("b"))
    await settle()
    leaving.cancel()
    slots.release("b")
    await slots.acquire("b")
    await asyncio.wait([leaving])
    assert leaving.cancelled()
    assert len(slots) == 1
    slots.release("b")
    assert len(slots) == 0
