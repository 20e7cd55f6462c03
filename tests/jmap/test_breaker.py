import pytest

from gateway.jmap.breaker import FAILURES, OPEN_SECONDS, Breaker
from gateway.jmap.errors import Unreachable


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(clock):
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.admit()
        breaker.bad()
    return breaker


def refused(breaker):
    try:
        breaker.admit()
    except Unreachable as error:
        return error.retry_after
    return None


def test_it_opens_after_failures_in_a_row(clock):
    breaker = Breaker(clock)
    for _ in range(FAILURES - 1):
        breaker.bad()
    breaker.good()
    for _ in range(FAILURES - 1):
        breaker.bad()
    assert not breaker.is_open
    breaker.bad()
    assert breaker.is_open


def test_it_tells_when_to_come_back(opened, clock):
    assert refused(opened) == OPEN_SECONDS
    clock.now += OPEN_SECONDS - 1.5
    assert refused(opened) == 2


def test_one_request_probes_and_the_others_wait(opened, clock):
    clock.now += OPEN_SECONDS
    assert refused(opened) is None
    assert refused(opened) == 1


def test_a_good_probe_closes_it(opened, clock):
    clock.now += OPEN_SECONDS
    opened.admit()
    opened.good()
    assert not opened.is_open
    assert refused(opened) is None


def test_a_bad_probe_opens_it_anew(opened, clock):
    clock.now += OPEN_SECONDS
    opened.admit()
    opened.bad()
    assert refused(opened) == OPEN_SECONDS


def test_an_abandoned_probe_leaves_the_place_to_the_next(opened, clock):
    clock.now += OPEN_SECONDS
    opened.admit()
    opened.abandon()
    assert refused(opened) is None
