import pytest

from gateway.jmap.calls import BY_ID, Get, Query, Set
from gateway.jmap.errors import MethodError, Unreachable
from gateway.jmap.retry import Cut, NoConnection, Repeats, after_race, nothing_written

LOST = MethodError("x:Task/set", "serverUnavailable")
REFUSED = MethodError("x:Task/set", "forbidden")
READ = Query("Task", [BY_ID], 1)
ONE, TWO = Set("Task", destroy=["b"]), Set("Task", destroy=["b", "c"])


@pytest.mark.parametrize(
    ("calls", "failures", "again"),
    [
        ([ONE], [LOST], True),
        ([READ, Get("Task", ["b"]), ONE], [None, None, LOST], True),
        ([ONE, ONE], [LOST, LOST], True),
        ([TWO], [LOST], False),
        ([Set("Task", update={"b": {}}, destroy=["c"])], [LOST], False),
        ([ONE, ONE], [None, LOST], False),
        ([ONE, ONE], [LOST, None], False),
        ([ONE, TWO], [LOST, LOST], False),
        ([ONE, ONE], [LOST, REFUSED], False),
        ([ONE], [REFUSED], False),
        ([READ], [MethodError("x:Task/query", "serverUnavailable")], False),
        ([READ, ONE], [MethodError("x:Task/query", "serverUnavailable"), None], False),
        ([], [], False),
    ],
)
def test_a_batch_goes_again_only_when_none_of_its_changes_was_made(calls, failures, again):
    assert nothing_written(calls, failures) is again


def test_a_race_is_run_three_more_times():
    assert [after_race(lost) is not None for lost in (1, 2, 3, 4)] == [True, True, True, False]


def test_pauses_differ():
    pauses = {after_race(1) for _ in range(50)}
    assert len(pauses) > 1
    assert all(0.02 <= pause <= 0.1 for pause in pauses)


def test_connects_and_cuts_are_bounded():
    repeats = Repeats(10)
    assert [repeats.after_failure(NoConnection()) is not None for _ in range(3)] == [True, False, False]
    assert [repeats.after_failure(Cut()) is not None for _ in range(3)] == [True, True, False]


def test_an_open_breaker_is_not_knocked_at():
    assert Repeats(10).after_failure(Unreachable()) is None


def test_a_crowd_is_waited_for_until_the_time_is_up():
    assert Repeats(10).after_crowd() is not None
    assert Repeats(0).after_crowd() is None
