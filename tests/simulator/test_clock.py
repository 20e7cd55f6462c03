import pytest

from gateway.simulator.clock import Clock


def test_a_frozen_clock_moves_only_when_it_is_moved():
    clock = Clock(1000)
    assert clock.now() == 1000
    clock.advance(60)
    assert (clock.now(), clock.seconds()) == (1060, 1060)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_things_happen_in_order_each_at_its_own_instant():
    clock = Clock(1000)
    seen = []
    clock.at(1030, lambda: seen.append(("late", clock.now())))
    clock.at(1010, lambda: (seen.append(("early", clock.now())), clock.at(clock.now() + 5, lambda: seen.append(("from within", clock.now())))))
    clock.at(1010, lambda: seen.append(("same instant, noted later", clock.now())))
    clock.at(1011, lambda: seen.append("never")).cancel()
    clock.advance(20)
    assert seen == [("early", 1010), ("same instant, noted later", 1010), ("from within", 1015)]
    clock.advance(20)
    assert seen[3:] == [("late", 1030)]


def test_what_was_due_long_ago_happens_at_the_next_chance():
    clock = Clock(1000)
    seen = []
    clock.at(10, lambda: seen.append(clock.now()))
    assert seen == []
    clock.run_due()
    assert seen == [10]
