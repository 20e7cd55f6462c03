"""Both ways of paging, filters and sorting (jmap-management-api 2.4; recordings `directory.bulk.many.query`, `directory.accounts.query`)."""

import pytest

ROLES = ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]


@pytest.fixture
async def roles(server):
    """Ten roles, `b` to `k`."""
    create = {f"r{place}": {"description": f"helper {place} of night-shift" if place % 2 else f"Deputy {place}"} for place in range(6)}
    await server.one("x:Role/set", {"create": create})
    return server


ID_UP = {"sort": [{"property": "id", "isAscending": True}]}
ID_DOWN = {"sort": [{"property": "id", "isAscending": False}]}
TOTAL = {"calculateTotal": True}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (TOTAL, {"position": 0, "ids": ROLES[::-1], "total": 10}),
        (TOTAL | ID_UP | {"limit": 3}, {"position": 0, "ids": ["b", "c", "d"], "total": 10, "limit": 3}),
        (TOTAL | ID_UP | {"limit": 3, "position": 8}, {"position": 8, "ids": ["j", "k"], "total": 10, "limit": 3}),
        (TOTAL | ID_UP | {"position": 99, "limit": 3}, {"position": 0, "ids": [], "total": 10, "limit": 3}),
        (TOTAL | ID_UP | {"position": -2}, {"position": 8, "ids": ["j", "k"], "total": 10}),
        (TOTAL | ID_UP | {"position": -99, "limit": 1}, {"position": 0, "ids": ["b"], "total": 10, "limit": 1}),
        (TOTAL | {"limit": 2, "position": 1}, {"position": 1, "ids": ["j", "i"], "total": 10, "limit": 2}),
        (TOTAL | ID_UP | {"anchor": "f", "limit": 2}, {"position": 4, "ids": ["f", "g"], "total": 10, "limit": 2}),
        (TOTAL | ID_UP | {"anchor": "f", "anchorOffset": -1, "limit": 2}, {"position": 3, "ids": ["e", "f"], "total": 10, "limit": 2}),
        (TOTAL | ID_UP | {"limit": 0}, {"position": 0, "ids": ROLES, "total": 10, "limit": 0}),
        ({"position": 0, "limit": 2}, {"position": 0, "ids": ["k", "j"], "limit": 2}),
    ],
)
async def test_the_whole_result_is_paged(roles, arguments, expected):
    head = {"accountId": "d333333", "queryState": "n", "canCalculateChanges": True}
    assert await roles.one("x:Role/query", arguments) == head | expected


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ({}, ROLES[::-1]),
        ({"limit": 3}, ["d", "c", "b"]),
        ({"limit": 3, "position": 2}, ["f", "e", "d"]),
        (ID_UP | {"limit": 3, "position": 2}, ["d", "e", "f"]),
        (ID_UP | {"anchor": "d", "limit": 2}, ["e", "f"]),
        (ID_DOWN | {"anchor": "d", "limit": 2}, ["f", "e"]),
        (ID_UP | {"anchor": "zzz"}, []),
        ({"limit": 0}, ["b"]),
    ],
)
async def test_the_index_is_paged_in_ascending_order(roles, arguments, ids):
    head = {"accountId": "d333333", "queryState": "n", "canCalculateChanges": True}
    assert await roles.one("x:Role/query", arguments) == head | {"position": 0, "ids": ids}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("night", ["g", "i", "k"]),
        ("NIGHT-shift", ["g", "i", "k"]),
        ("nig", []),
        ("", []),
        ("a", []),
        ("helper a", ["g", "i", "k"]),
        ("unknown helper", ["g", "i", "k"]),
        ("helper unknown", []),
        ("helper unknown night", []),
        ("deputy administrator", []),
    ],
)
async def test_every_word_must_be_there_but_unknown_words_in_front(roles, text, ids):
    assert (await roles.one("x:Role/query", TOTAL | ID_UP | {"filter": {"description": text}}))["ids"] == ids


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"@type": "User"}, ["b", "c", "d"]),
        ({"@type": "Group"}, ["e"]),
        ({"name": "olga"}, ["b"]),
        ({"name": "Olga"}, []),
        ({"name": "olga", "domainId": "b"}, ["b"]),
        ({"nameIsGreaterThan": "hank"}, ["b", "d", "e"]),
        ({"nameIsGreaterThanOrEqual": "hank", "nameIsLessThan": "p"}, ["b", "c"]),
        ({"memberGroupIds": "e"}, ["b"]),
        ({"domainId": "c"}, []),
        ({"text": "abuse"}, ["d"]),
        ({"operator": "AND", "conditions": [{"@type": "User"}, {"operator": "AND", "conditions": [{"text": "hank"}]}]}, ["c"]),
        ({"operator": "AND", "conditions": []}, ["b", "c", "d", "e"]),
    ],
)
async def test_filters(server, given, ids):
    group = await server.made("Account", {"@type": "Group", "name": "sales", "domainId": "b"})
    await server.changed("Account", "b", {"memberGroupIds": {group: True}})
    assert (await server.one("x:Account/query", TOTAL | ID_UP | {"filter": given}))["ids"] == ids


@pytest.mark.parametrize(
    ("given", "description"),
    [
        ({"nope": 1}, "nope"),
        ({"#domainId": "b"}, "#domainId"),
        ({"name": 5}, "Filter on property name is not supported or invalid"),
        ({"description": "x"}, "Filter on property description is not supported or invalid"),
        ({"domainId": "5!"}, "Filter on property domainId is not supported or invalid"),
        ({"@type": "Robot"}, "Filter on property @type is not supported or invalid"),
        ({"operator": "OR", "conditions": []}, "Only AND is supported in filters"),
        ({"operator": "AND", "conditions": [{"operator": "NOT", "conditions": []}]}, "Only AND is supported in filters"),
    ],
)
async def test_filters_that_are_refused(server, given, description):
    assert (await server.batch(("x:Account/query", {"filter": given})))[0] == ["error", {"type": "unsupportedFilter", "description": description}]


async def test_sorting(server):
    by = {name: (await server.one("x:Account/query", TOTAL | {"sort": [{"property": name}]}))["ids"] for name in ("name", "@type", "memberGroupIds")}
    assert by == {"name": ["c", "b", "d"], "@type": ["b", "c", "d"], "memberGroupIds": []}
    refused = await server.batch(("x:Account/query", {"sort": [{"property": "description"}]}), ("x:Account/query", {"sort": [{}]}))
    assert refused == [
        ["error", {"type": "unsupportedSort", "description": "Property description is not supported for sorting"}],
        ["error", {"type": "unsupportedSort", "description": "Property  is not supported for sorting"}],
    ]


async def test_an_anchor_that_is_not_there(server):
    ((name, error),) = await server.batch(("x:Account/query", TOTAL | {"anchor": "zz"}))
    assert (name, error["type"]) == ("error", "anchorNotFound")
