import time

from hypothesis import given
from hypothesis import strategies as st

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


def test_thousands_of_calls_are_divided_in_no_time():
    calls = [call for at in range(0, 20_000, 2) for call in (QUERY, Get("Task", Ref(at)))]
    began = time.process_time()
    assert len(divide(calls, ServerLimits(calls=16))) == len(calls) // 16
    assert time.process_time() - began < 2


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


@st.composite
def batches(draw):
    calls = []
    for position in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["query", "get", "reference", "set"]))
        names = [f"{position}-{n}" for n in range(draw(st.integers(1, 9)))]
        queries = [n for n, call in enumerate(calls) if isinstance(call, Query)]
        if kind == "reference" and queries:
            calls.append(Get("Task", Ref(draw(st.sampled_from(queries)))))
        elif kind == "get":
            calls.append(Get("Task", names))
        elif kind == "set":
            cut = draw(st.integers(0, len(names)))
            calls.append(Set("Task", update={name: {} for name in names[:cut]}, destroy=names[cut:]))
        else:
            calls.append(Query("Task", [BY_ID], 1, filter={"text": str(position)}))
    return calls


@given(batches(), st.integers(1, 6), st.integers(1, 4))
def test_dividing_asks_for_the_same_things_once_and_in_order(calls, most_calls, most_objects):
    limits = ServerLimits(calls=most_calls, objects_in_get=most_objects, objects_in_set=most_objects)
    requests = divide(calls, limits)
    asked = [[] for _ in calls]
    for request in requests:
        for position, call in request:
            if isinstance(call, Set):
                assert call.objects <= most_objects
                asked[position] += [*(call.update or ()), *(call.destroy or ())]
            elif isinstance(call, Get) and isinstance(call.ids, Ref):
                target, query = request[call.ids.call]
                assert query is calls[target]
                asked[position].append(target)
            elif isinstance(call, Get):
                assert len(call.ids) <= most_objects
                asked[position] += call.ids
            else:
                assert call is calls[position]
                asked[position].append(call)
    for call, got in zip(calls, asked, strict=True):
        if isinstance(call, Set):
            assert got == [*call.update, *call.destroy]
        elif isinstance(call, Query):
            assert got == [call]
        else:
            assert got == ([call.ids.call] if isinstance(call.ids, Ref) else call.ids)
    flat = [position for request in requests for position, _ in request]
    assert flat == sorted(flat)
