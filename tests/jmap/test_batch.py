from gateway.jmap.batch import divide, fits, join
from gateway.jmap.calls import BY_ID, Get, Query, Ref, Set
from gateway.jmap.session import ServerLimits

SMALL = ServerLimits(calls=3, objects_in_get=2, objects_in_set=2)
QUERY = Query("Task", [BY_ID], 2)


def test_an_ordinary_batch_fits():
    assert fits([QUERY, Get("Task", Ref(0))], SMALL)
    assert not fits([QUERY] * 4, SMALL)
    assert not fits([Get("Task", ["b", "c", "d"])], SMALL)
    assert not fits([Set("Task", update={"b": {}}, destroy=["c", "d"])], SMALL)


def test_too_many_calls_become_several_requests():
    assert divide([QUERY] * 7, SMALL) == [
        [(0, QUERY), (1, QUERY), (2, QUERY)],
        [(3, QUERY), (4, QUERY), (5, QUERY)],
        [(6, QUERY)],
    ]


def test_a_reference_stays_with_what_it_refers_to():
    calls = [QUERY, QUERY, QUERY, Get("Task", Ref(2)), QUERY, Get("Task", Ref(4))]
    assert divide(calls, SMALL) == [
        [(0, QUERY), (1, QUERY)],
        [(2, QUERY), (3, Get("Task", Ref(0)))],
        [(4, QUERY), (5, Get("Task", Ref(0)))],
    ]


def test_a_chain_that_is_too_long_goes_whole():
    calls = [QUERY, QUERY, QUERY, Get("Task", Ref(0))]
    assert divide(calls, SMALL) == [list(enumerate(calls))]


def test_too_many_objects_become_several_calls():
    change = Set("Task", create={"a": {"n": 1}}, update={"b": {}, "c": {}, "d": {}}, destroy=["e", "f", "g"])
    assert divide([Get("Task", ["b", "c", "d"], ["id"]), change], SMALL) == [
        [
            (0, Get("Task", ["b", "c"], ["id"])),
            (0, Get("Task", ["d"], ["id"])),
            (1, Set("Task", create={"a": {"n": 1}})),
        ],
        [
            (1, Set("Task", update={"b": {}, "c": {}})),
            (1, Set("Task", update={"d": {}})),
            (1, Set("Task", destroy=["e", "f"])),
        ],
        [(1, Set("Task", destroy=["g"]))],
    ]


def test_references_count_the_pieces_before_them():
    calls = [Set("Task", destroy=["b", "c", "d"]), QUERY, Get("Task", Ref(1))]
    assert divide(calls, ServerLimits(calls=4, objects_in_set=2)) == [
        [
            (0, Set("Task", destroy=["b", "c"])),
            (0, Set("Task", destroy=["d"])),
            (1, QUERY),
            (2, Get("Task", Ref(2))),
        ]
    ]


def test_answers_of_the_pieces_become_one():
    answers = [
        (0, {"accountId": "b", "list": [{"id": "b"}, {"id": "c"}], "notFound": []}),
        (0, {"accountId": "b", "list": [], "notFound": ["d"]}),
        (1, {"updated": {"b": None}, "notUpdated": {"c": {"type": "notFound"}}}),
        (1, {"destroyed": ["e"]}),
        (1, {"destroyed": ["f"], "notUpdated": {"d": {"type": "forbidden"}}}),
    ]
    assert join([Get("Task", ["b", "c", "d"]), Set("Task")], answers) == [
        {"accountId": "b", "list": [{"id": "b"}, {"id": "c"}], "notFound": ["d"]},
        {
            "updated": {"b": None},
            "notUpdated": {"c": {"type": "notFound"}, "d": {"type": "forbidden"}},
            "destroyed": ["e", "f"],
        },
    ]
