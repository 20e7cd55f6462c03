import pytest

from gateway.jmap.calls import BY_ID, Get, Query, Ref, Set
from gateway.jmap.errors import Garbled
from gateway.jmap.replies import read

QUERY = Query("Task", [BY_ID], 10)
FOUND = ["x:Task/query", {"accountId": "b", "ids": ["ba", "bb"], "total": 2}, "c0"]


def answered(*responses):
    return {"methodResponses": list(responses), "sessionState": "3e25b2a0"}


def test_answers_come_in_the_order_of_the_calls():
    got = ["x:Task/get", {"list": [{"id": "bb"}, {"id": "ba"}], "notFound": []}, "c1"]
    assert read((QUERY, Get("Task", Ref(0))), answered(FOUND, got)) == [FOUND[1], got[1]]


def test_method_errors_keep_their_place_type_and_text():
    error = ["error", {"type": "forbidden", "description": "You are not authorized to perform this action"}, "c1"]
    first, failure = read((QUERY, Get("Task", ["b"])), answered(FOUND, error))
    assert first == FOUND[1]
    assert (failure.method, failure.type, failure.description) == (
        "x:Task/get",
        "forbidden",
        "You are not authorized to perform this action",
    )


def test_a_changed_objects_outcome_is_read_by_name():
    change = Set("Task", create={"a": {}}, update={"b": {}}, destroy=["c", "d"])
    outcome = {
        "created": {"a": {"id": "e"}},
        "updated": {"b": None},
        "destroyed": ["c"],
        "notDestroyed": {"d": {"type": "notFound"}},
    }
    assert read((change,), answered(["x:Task/set", outcome, "c0"])) == [outcome]


def test_an_object_named_twice_may_be_done_and_missing():
    outcome = {"destroyed": ["c"], "notDestroyed": {"c": {"type": "notFound"}}}
    assert read((Set("Task", destroy=["c", "c"]),), answered(["x:Task/set", outcome, "c0"])) == [outcome]


def test_references_to_creations_are_the_servers_business():
    got = ["x:Task/get", {"list": [{"id": "e"}], "notFound": []}, "c0"]
    assert read((Get("Task", ["#a"]),), answered(got)) == [got[1]]
    outcome = ["x:Task/set", {"destroyed": ["e"]}, "c0"]
    assert read((Set("Task", destroy=["#a"]),), answered(outcome)) == [outcome[1]]


@pytest.mark.parametrize("found", [None, [None], [{}], [{"id": 5}], [{"id": None}], [{"id": []}], ["id"]])
@pytest.mark.parametrize("ids", [None, ["#a"]])
def test_objects_without_ids_are_garbled_even_where_any_is_welcome(found, ids):
    with pytest.raises(Garbled):
        read((Get("Task", ids),), answered(["x:Task/get", {"list": found}, "c0"]))


def test_all_objects_may_be_asked_for():
    got = ["x:Task/get", {"list": [{"id": "e"}, {"id": "f"}], "notFound": []}, "c0"]
    assert read((Get("Task", None),), answered(got)) == [got[1]]


def test_a_reference_to_a_failed_call_finds_nothing():
    failed = ["error", {"type": "serverUnavailable"}, "c0"]
    with pytest.raises(Garbled):
        read((QUERY, Get("Task", Ref(0))), answered(failed, ["x:Task/get", {"list": [{"id": "ba"}]}, "c1"]))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "x",
        {},
        {"methodResponses": None},
        {"methodResponses": {}},
        answered(),
        answered(FOUND, FOUND),
        answered("x"),
        answered(["x:Task/query", {}]),
        answered(["x:Task/query", {"ids": [], "total": 0}, "c1"]),
        answered(["x:Task/query", {"ids": [], "total": 0}, 0]),
        answered(["x:Task/query", [], "c0"]),
        answered([None, {"ids": [], "total": 0}, "c0"]),
        answered(["x:Task/get", {"list": []}, "c0"]),
        answered(["x:Action/query", {"ids": [], "total": 0}, "c0"]),
        answered(["x:Task/query", {"ids": [], "total": "0"}, "c0"]),
        answered(["x:Task/query", {"ids": []}, "c0"]),
        answered(["x:Task/query", {"total": 0}, "c0"]),
        answered(["x:Task/query", {"ids": [1], "total": 1}, "c0"]),
        answered(["x:Task/query", {"ids": {"a": 1}, "total": 1}, "c0"]),
        answered(["error", {}, "c0"]),
        answered(["error", {"type": 3}, "c0"]),
    ],
)
def test_an_answer_of_another_form_is_garbled(document):
    with pytest.raises(Garbled):
        read((QUERY,), document)


@pytest.mark.parametrize(
    "found", [None, {}, [None], [{}], [{"id": 5}], [{"id": "zz"}], [{"id": "ba"}, {"id": "zz"}]]
)
@pytest.mark.parametrize("ids", [Ref(0), ["ba", "bb"]])
def test_objects_that_were_not_asked_for_are_garbled(found, ids):
    with pytest.raises(Garbled):
        read((QUERY, Get("Task", ids)), answered(FOUND, ["x:Task/get", {"list": found}, "c1"]))


@pytest.mark.parametrize(
    "outcome",
    [
        {},
        {"destroyed": None},
        {"destroyed": "c"},
        {"destroyed": [{"c": 1}]},
        {"destroyed": ["x"]},
        {"destroyed": ["c", "x"]},
        {"notDestroyed": ["c"]},
        {"notDestroyed": {"c": None}},
        {"notDestroyed": {"c": {}}},
        {"updated": {"c": None}},
        {"destroyed": ["c"], "notDestroyed": {"x": {"type": "notFound"}}},
    ],
)
def test_a_change_whose_outcome_is_not_told_is_garbled(outcome):
    with pytest.raises(Garbled):
        read((Set("Task", destroy=["c"]),), answered(["x:Task/set", outcome, "c0"]))


def test_no_part_of_the_answer_is_in_the_error():
    document = answered(["x:Task/query", {"ids": ["canary"], "canary": 1}, "canary"])
    with pytest.raises(Garbled) as garbled:
        read((QUERY,), document)
    assert "canary" not in str(garbled.value)
