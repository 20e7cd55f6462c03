from gateway.jmap.calls import BY_ID, Get, Query, Ref, Set, request_body


def test_query_and_the_objects_it_finds_are_one_request():
    calls = (
        Query("QueuedMessage", [{"property": "due", "isAscending": True}], 100, filter={"text": "ü/x"}),
        Get("QueuedMessage", Ref(0), ["id", "recipients"]),
    )
    assert request_body(calls) == {
        "using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"],
        "methodCalls": [
            [
                "x:QueuedMessage/query",
                {
                    "filter": {"text": "ü/x"},
                    "sort": [{"property": "due", "isAscending": True}],
                    "position": 0,
                    "limit": 100,
                    "calculateTotal": True,
                },
                "c0",
            ],
            [
                "x:QueuedMessage/get",
                {
                    "#ids": {"resultOf": "c0", "name": "x:QueuedMessage/query", "path": "/ids"},
                    "properties": ["id", "recipients"],
                },
                "c1",
            ],
        ],
    }


def test_what_is_not_asked_for_is_left_out():
    calls = (
        Query("Task", [BY_ID], 5, position=10),
        Get("Task", ["b", "c"]),
        Set("Task", destroy=["b"]),
        Set("Action", create={"a": {"@type": "PauseMtaQueue"}}),
        Set("QueuedMessage", update={"b": {"nextRetry": "2026-01-01T00:00:00Z"}}),
    )
    assert [arguments for _, arguments, _ in request_body(calls)["methodCalls"]] == [
        {"sort": [{"property": "id", "isAscending": True}], "position": 10, "limit": 5, "calculateTotal": True},
        {"ids": ["b", "c"]},
        {"destroy": ["b"]},
        {"create": {"a": {"@type": "PauseMtaQueue"}}},
        {"update": {"b": {"nextRetry": "2026-01-01T00:00:00Z"}}},
    ]


def test_only_sets_change_something():
    assert [call.writes for call in (Query("Task", [BY_ID], 1), Get("Task", ["b"]), Set("Task", destroy=["b"]))] == [
        False,
        False,
        True,
    ]
    assert Set("Task", create={"a": {}}, update={"b": {}, "c": {}}, destroy=["d"]).objects == 4


def test_what_is_expected_to_be_one_is_asked_for_without_a_total():
    assert request_body([Query("Account", (), 50, filter={"name": "kim"}, counted=False)])["methodCalls"] == [
        ["x:Account/query", {"filter": {"name": "kim"}, "limit": 50}, "c0"]
    ]
