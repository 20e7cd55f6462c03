"""The list: parameters, what is asked for, what is tested here, order, pages."""

import pytest

from gateway.knowledge.ids import encode
from gateway.legacy.exchange import Listing
from gateway.legacy.principal.context import Context, Domain, Tenant
from gateway.legacy.principal.facts import KINDS, PROPERTIES
from gateway.legacy.principal.listing import list_principals
from gateway.legacy.principal.merging import Merger
from gateway.legacy.principal.numbers import legacy_id
from gateway.legacy.principal.search import Search, Sieve, search
from gateway.legacy.principal.wanted import Wanted, plan
from gateway.legacy.refusals import Forbidden, Unsupported
from gateway.state import OldName, Recollection

CONTEXT = Context(
    domains={"b": Domain("b", "a.test", frozenset({"a.test", "alias.test"}), None, None), "c": Domain("c", "b-two.test", frozenset({"b-two.test"}), None, None)},
    roles={},
    tenants={"b": Tenant("b", "acme", None)},
    defaults=None,
    default_domain="b",
    forbidden=frozenset(),
)
BY_NAME = [{"property": "name", "isAscending": True}]
BY_ID = [{"property": "id", "isAscending": True}]
NAMED = ["id", "name", "emailAddress", "description", "clientId"]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({"types": "group,role"}, ["group", "role"]),
        ({"type": "list"}, ["list"]),
        ({"type": "list", "types": "role"}, ["role"]),
        ({"types": "superuser,zz,other"}, ["individual"]),
        ({"types": "individual, group"}, ["individual"]),
        ({"types": "resource,location"}, []),
        ({"types": "resource,group,apiKey"}, ["group", "apiKey"]),
        ({"types": "Individual"}, [*KINDS]),
        ({"types": "other"}, [*KINDS]),
        ({}, [*KINDS]),
    ],
)
def test_kinds(query, kinds):
    assert [it.word for it in Wanted.of(query).kinds] == kinds


@pytest.mark.parametrize(
    ("fields", "shown"),
    [("name,emails", {"name", "emails"}), ("name, description", {"name"}), ("zz,name", {"name"}), ("zz", None), ("id", None), ("", None), (",", None)],
)
def test_fields(fields, shown):
    assert Wanted.of({"fields": fields}).fields == shown


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("individual", "   ", Search({}, exact=True)),
        ("individual", "!!!", None),
        ("individual", "1", None),
        ("individual", "Kim Lee", Search({"text": "Kim Lee"})),
        ("individual", "a.test", Search({"domainId": "b"}, exact=True)),
        ("group", "@Alias.test", Search({"domainId": "b"}, exact=True)),
        ("individual", "kim@a.test", Search({"text": "kim", "domainId": "b"}, exact=True)),
        ("individual", "-@a.test", Search({"domainId": "b"}, exact=True)),
        ("individual", "kim@far.test", Search({"text": "kim far"}, tested=True)),
        ("individual", "two", Search({}, tested=True)),
        ("list", "kim", Search({"text": "kim"}, tested=True)),
        ("list", "a.test", Search({}, tested=True)),
        ("role", "desk", Search({"description": "desk"})),
        ("domain", "a.test", Search({"text": "a.test"})),
        ("tenant", "acme", Search({"text": "acme"})),
        ("oauthClient", "panel", Search({}, tested=True)),
    ],
)
def test_what_a_text_looks_for(word, text, expected):
    assert search(KINDS[word], text, CONTEXT) == expected


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (["red"], ["red apple", "Red pear"]),
        (["red", "pear"], ["Red pear"]),
        (["nothing", "pear"], ["Red pear", "green pear"]),
        (["pear", "nothing"], []),
        (["pear", "nothing", "pear"], []),
        (["nothing"], []),
        (["ear"], []),
        ([], []),
    ],
)
def test_every_word_must_be_shown_but_leading_ones_that_nothing_has(wanted, kept):
    sieve, rows = Sieve(wanted), ["red apple", "Red pear", "green pear"]
    shown = [sieve.shown([row, "fruit"]) for row in rows]
    assert [row for row, bits in zip(rows, shown, strict=True) if sieve.holds(bits)] == kept


async def test_a_word_that_one_kind_lacks_counts_when_another_has_it(play):
    people = [account(1, "kim@a.test", description="a person, red"), account(2, "lee@a.test", description="red")]
    lists = [{"id": "b", "name": "crew", "emailAddress": "crew@a.test", "description": "red", "recipients": {}}]
    rounds = [
        (
            [
                *asked("Account", filter={"@type": "User", "text": "person red"}, sort=BY_ID, limit=500),
                *asked("MailingList", filter={"text": "person red"}, sort=BY_ID, limit=500, tag="1"),
            ],
            [*told("Account", people[:1]), *told("MailingList", lists)],
        )
    ]
    answer, _ = await play(rounds, {"types": "individual,list", "filter": "person red", "fields": "name"})
    assert [it["name"] for it in answer["items"]] == ["kim@a.test"]


def account(number, address, type_="User", **more):
    name, _, domain = address.partition("@")
    return {
        "id": f"b{'abcdefghij'[number]}", "@type": type_, "name": name, "domainId": {"a.test": "b", "b-two.test": "c"}[domain],
        "emailAddress": address, "description": None, "aliases": {}, "memberTenantId": None, "roles": {"@type": "Custom", "roleIds": {}},
        "permissions": {"@type": "Inherit"}, "quotas": {}, "usedDiskQuota": 0, "locale": "en_US",
    } | more  # fmt: skip


def asked(type_, *, sort, limit, position=0, filter=None, properties=None, tag="0"):  # noqa: A002 - the word of the protocol
    query = {"sort": sort, "position": position, "limit": limit, "calculateTotal": True} | ({"filter": filter} if filter else {})
    reference = {"resultOf": tag, "name": f"x:{type_}/query", "path": "/ids"}
    return [[f"x:{type_}/query", query, tag], [f"x:{type_}/get", {"#ids": reference, "properties": list(properties or PROPERTIES[type_])}, ""]]


def told(type_, objects, total=None):
    return [
        [f"x:{type_}/query", {"ids": [it["id"] for it in objects], "total": len(objects) if total is None else total}, ""],
        [f"x:{type_}/get", {"list": list(objects)}, ""],
    ]


def read_again(people, left=None):
    """A round in which people are read by their ids, of whom some may be left."""
    calls = [["x:Account/get", {"ids": [it["id"] for it in people], "properties": list(PROPERTIES["Account"])}, ""]]
    return calls, [["x:Account/get", {"list": people if left is None else left}, ""]]


@pytest.fixture
def play(server, exchange_with):
    """Answer of the list; the rounds must have been asked for, all of them."""

    async def run(rounds, query, *, rights=None, **more):
        upstream = server(rounds, rights=rights)
        upstream.notes["principals"] = CONTEXT
        answer = await list_principals(exchange_with(upstream, query=query, **more))
        pages = None
        if isinstance(answer, Listing):
            pages = [[it["name"] for it in page] async for page in answer.pages]
            answer = {"items": [name for page in pages for name in page], "total": answer.total}
        assert upstream.left == []
        return answer, pages

    return run


USERS = {"filter": {"@type": "User"}, "sort": BY_NAME}


async def test_users_come_sorted_and_page_by_page(play):
    people = [account(at, f"u{at}@a.test") for at in range(5)]
    rounds = [
        (asked("Account", **USERS, limit=2), told("Account", people[:2], 5)),
        (asked("Account", **USERS, limit=3, position=2)[:1], told("Account", people[2:], 5)[:1]),
        read_again(people[2:4]),
        read_again(people[4:]),
    ]
    answer, pages = await play(rounds, {"types": "individual", "fields": "name"}, get_page=2)
    assert pages == [["u0@a.test", "u1@a.test"], ["u2@a.test", "u3@a.test"], ["u4@a.test"]]
    assert answer["total"] == 5


async def test_a_limit_above_a_page_ends_where_it_says(play):
    people = [account(at, f"u{at}@a.test") for at in range(5)]
    rounds = [
        (asked("Account", **USERS, limit=2, position=3), told("Account", people[3:5], 9)),
        (asked("Account", **USERS, limit=1, position=5)[:1], told("Account", people[:1], 9)[:1]),
        read_again(people[:1]),
    ]
    answer, pages = await play(rounds, {"types": "individual", "fields": "name", "limit": "3", "page": "2"}, get_page=2)
    assert pages == [["u3@a.test", "u4@a.test"], ["u0@a.test"]]
    assert answer["total"] == 9


@pytest.mark.parametrize(("page", "position"), [("2", 2), ("18446744073709551615", 2**31 - 1)])
async def test_a_page_behind_the_end_is_empty(play, page, position):
    rounds = [(asked("Account", **USERS, limit=2, position=position), told("Account", [], 2))]
    answer, _ = await play(rounds, {"types": "individual", "limit": "2", "page": page})
    assert answer == {"items": [], "total": 2}


async def test_several_kinds_are_sorted_here_by_old_name(play):
    memory = Recollection()
    await memory.remember(OldName("Account", "bb", "zoe", "adam@a.test", implied=False))
    rounds = [
        (
            [*asked("Account", filter={"@type": "Group"}, sort=BY_ID, limit=500), *asked("Tenant", sort=BY_ID, limit=500, tag="1")],
            [
                *told("Account", [account(1, "adam@a.test", "Group"), account(2, "bert@a.test", "Group")]),
                *told("Tenant", [{"id": "b", "name": "acme | Acme", "permissions": {"@type": "Inherit"}}]),
            ],
        )
    ]
    answer, _ = await play(rounds, {"types": "group,tenant", "fields": "name", "page": "1", "limit": "2"}, memory=memory)
    assert answer == {
        "items": [{"id": 0x40000001, "type": "tenant", "name": "acme"}, {"id": 34, "type": "group", "name": "bert@a.test"}],
        "total": 3,
    }


async def test_many_of_several_kinds_are_read_again_page_by_page(play):
    people = [account(at, f"u{at}@a.test") for at in range(3)]
    gone = people[1]
    rounds = [
        (
            [*asked("Account", filter={"@type": "User"}, sort=BY_ID, limit=2), *asked("Domain", sort=BY_ID, limit=2, tag="1")],
            [*told("Account", people[:2], 3), *told("Domain", [{"id": "b", "name": "a.test"}])],
        ),
        (
            asked("Account", filter={"@type": "User"}, sort=BY_ID, limit=2, position=2, properties=NAMED),
            told("Account", [{"id": people[2]["id"], "emailAddress": "u2@a.test"}], 3),
        ),
        (
            [
                ["x:Domain/get", {"ids": ["b"], "properties": list(PROPERTIES["Domain"])}, ""],
                ["x:Account/get", {"ids": [people[0]["id"]], "properties": list(PROPERTIES["Account"])}, ""],
            ],
            [["x:Domain/get", {"list": [{"id": "b", "name": "a.test"}]}, ""], ["x:Account/get", {"list": people[:1]}, ""]],
        ),
        (
            [["x:Account/get", {"ids": [gone["id"], people[2]["id"]], "properties": list(PROPERTIES["Account"])}, ""]],
            [["x:Account/get", {"list": people[2:]}, ""]],
        ),
    ]
    answer, pages = await play(rounds, {"types": "individual,domain", "fields": "name"}, get_page=2)
    assert pages == [["a.test", "u0@a.test"], ["u2@a.test"]]
    assert answer["total"] == 4


async def test_words_of_domains_are_looked_for_here(play):
    people = [account(1, "kim@b-two.test"), account(2, "two@a.test"), account(3, "lee@a.test"), account(4, "max@a.test", description="Two!")]
    memory = Recollection()
    await memory.remember(OldName("Account", people[0]["id"], "kim", "kim@b-two.test", implied=True))
    rounds = [(asked("Account", filter={"@type": "User"}, sort=BY_ID, limit=500), told("Account", people))]
    answer, _ = await play(rounds, {"types": "individual", "filter": "two", "fields": "name"}, memory=memory)
    assert [it["name"] for it in answer["items"]] == ["max@a.test", "two@a.test"]
    rounds = [(asked("Account", filter={"@type": "User"}, sort=BY_ID, limit=500), told("Account", people))]
    answer, _ = await play(rounds, {"types": "individual", "filter": "two", "count": "1"})
    assert answer == {"items": [], "total": 3}


async def test_recipients_of_a_list_are_not_looked_at(play):
    lists = [
        {"id": "b", "name": "crew", "emailAddress": "crew@a.test", "recipients": {"kim@far.com": True}},
        {"id": "c", "name": "kim", "emailAddress": "kim@a.test", "recipients": {}},
    ]
    rounds = [(asked("MailingList", filter={"text": "kim"}, sort=BY_ID, limit=500), told("MailingList", lists))]
    answer, _ = await play(rounds, {"type": "list", "filter": "kim", "fields": "name"})
    assert [it["name"] for it in answer["items"]] == ["kim@a.test"]


async def test_counts_need_no_objects(play):
    calls = [
        ["x:Account/query", {"filter": {"@type": "Group", "memberTenantId": "b"}, "limit": 1, "calculateTotal": True}, ""],
        ["x:Tenant/query", {"limit": 1, "calculateTotal": True}, ""],
    ]
    answers = [["x:Account/query", {"ids": ["b"], "total": 7}, ""], ["x:Tenant/query", {"ids": ["b"], "total": 2}, ""]]
    answer, _ = await play([(calls, answers)], {"types": "group,tenant", "tenant": "acme", "count": "false"})
    assert answer == {"items": [], "total": 9}


@pytest.mark.parametrize("query", [{"types": "location"}, {"filter": "-"}, {"types": "role", "filter": "*", "count": "1"}])
async def test_what_nothing_can_match_asks_for_nothing(play, query):
    answer, _ = await play([], query)
    assert answer == {"items": [], "total": 0}


async def test_what_is_around_the_rows_is_asked_for_once_a_page(play):
    groups = [account(1, "crew@a.test", "Group"), account(2, "ops@a.test", "Group")]
    members = {"sort": BY_NAME, "limit": 500, "properties": ["id", "emailAddress"]}
    rounds = [
        (asked("Account", filter={"@type": "Group"}, sort=BY_NAME, limit=500), told("Account", groups)),
        (
            [
                *asked("Account", filter={"memberGroupIds": groups[0]["id"]}, **members),
                *asked("Account", filter={"memberGroupIds": groups[1]["id"]}, tag="1", **members),
                *asked("MailingList", sort=BY_ID, limit=500, properties=["id", "emailAddress", "recipients"], tag="2"),
            ],
            [
                *told("Account", [account(3, "zoe@a.test"), account(4, "bea@a.test")]),
                *told("Account", []),
                *told("MailingList", [{"id": "b", "emailAddress": "all@a.test", "recipients": {"OPS@a.test": True}}]),
            ],
        ),
    ]
    answer, _ = await play(rounds, {"types": "group", "fields": "members,lists"})
    assert answer["items"] == [
        {"id": 33, "type": "group", "members": ["bea@a.test", "zoe@a.test"]},
        {"id": 34, "type": "group", "lists": ["all@a.test"]},
    ]


async def test_tenants_belong_to_an_edition_where_the_settings_say_so(play):
    gate = {"tenant_gate": "enterprise"}
    with pytest.raises(Unsupported) as refusal:
        await play([], {"types": "tenant,domain"}, **gate)
    assert refusal.value.body == {"error": "unsupported", "details": "Enterprise feature"}
    rounds = [(asked("Account", **USERS, limit=500), told("Account", []))]
    assert (await play(rounds, {"types": "individual", "tenant": "acme"}, **gate))[0] == {"items": [], "total": 0}
    types = ("Account", "Account", "Domain", "MailingList", "Role", "OAuthClient")
    filters = ({"@type": "User"}, {"@type": "Group"}, None, None, None, None)
    calls = [call for at, (type_, filter_) in enumerate(zip(types, filters, strict=True)) for call in asked(type_, filter=filter_, sort=BY_ID, limit=500, tag=str(at))]
    # API keys that were made elsewhere are looked for in the accounts that are found anyway.
    calls.append(["x:Account/get", {"#ids": calls[1][1]["#ids"], "properties": ["id", "credentials"]}, ""])
    answers = [*(answer for type_ in types for answer in told(type_, [])), ["x:Account/get", {"list": []}, ""]]
    assert (await play([(calls, answers)], {}, **gate))[0] == {"items": [], "total": 0}


async def test_types_that_the_new_server_is_not_asked_for_need_their_right_too(play):
    for query in ({"types": "location"}, {"types": "apiKey"}, {"types": "role,domain", "filter": "-"}):
        with pytest.raises(Forbidden):
            await play([], query, rights=frozenset())


async def test_who_moved_to_the_next_page_meanwhile_is_listed_once_and_who_is_gone_not_at_all(play):
    people = [account(at, f"u{at}@a.test") for at in range(5)]
    found = [people[2], people[3], people[2], people[1], people[4]]
    rounds = [
        (asked("Account", **USERS, limit=2), told("Account", people[:2], 7)),
        (asked("Account", **USERS, limit=5, position=2)[:1], told("Account", found, 8)[:1]),
        read_again(people[2:4], people[3:4]),
        read_again(people[4:]),
    ]
    _, pages = await play(rounds, {"types": "individual", "fields": "name"}, get_page=2)
    assert pages == [["u0@a.test", "u1@a.test"], ["u3@a.test"], ["u4@a.test"]]


async def test_a_long_list_is_found_in_pages_of_the_query_and_read_in_smaller_ones(play):
    people = [account(0, f"u{at:04}@a.test", id=encode(1000 + at)) for at in range(1017)]
    rounds = [
        (asked("Account", **USERS, limit=400), told("Account", people[:400], 1017)),
        (
            [call for at in (400, 900) for call in asked("Account", **USERS, limit=500, position=at)[:1]],
            [answer for at in (400, 900) for answer in told("Account", people[at : at + 500], 1017)[:1]],
        ),
        read_again(people[400:650]),
        read_again(people[650:900]),
        read_again(people[900:]),
    ]
    _, pages = await play(rounds, {"types": "individual", "fields": "name"}, get_page=400, query_page=500)
    assert [len(page) for page in pages] == [250, 150, 250, 250, 117]
    assert [name for page in pages for name in page] == [it["emailAddress"] for it in people]


@pytest.mark.parametrize("text", ["", "red"])
async def test_many_results_are_sorted_and_stand_there_once(text, server, exchange_with):
    people = [account(0, f"u{at * 7 % 1250:04}@a.test", id=encode(1000 + at), description="red" if at % 3 else None) for at in range(1250)]
    (part,) = plan(Wanted.of({"types": "individual", "filter": text}), CONTEXT)
    merger = Merger(exchange_with(server([])), CONTEXT, Sieve([text]) if text else None, {})
    for _ in range(3):
        await merger.take(part, people)
    expected = [it for it in people if it["description"] or not text]
    assert await merger.lines() == sorted((it["emailAddress"].encode(), legacy_id("Account", it["id"])) for it in expected)
