"""Finding hundreds of names: everything is read where little is there, else each is searched for."""

import pytest

from gateway.jmap.calls import Query
from gateway.jmap.errors import MethodError
from gateway.legacy.principal.candidates import Pool
from gateway.legacy.principal.facts import PROPERTIES
from gateway.legacy.principal.lookup import by_words
from gateway.legacy.principal.many import find_many

LOCALS = {"kim", "lee", "max"}
ACCOUNTS = [Query("Account", (), 2, filter={"name": local}) for local in sorted(LOCALS)]
LISTS = [by_words("MailingList", local, 2) for local in sorted(LOCALS)]
FORBIDDEN = ["error", {"type": "forbidden"}, ""]


def all_of(type_, position=0):
    return [f"x:{type_}/query", {"sort": [{"property": "id", "isAscending": True}], "position": position, "limit": 5, "calculateTotal": True}, ""]


def ids_of(type_, total, *ids):
    return [f"x:{type_}/query", {"ids": list(ids), "total": total}, ""]


def read(type_, *ids):
    return [f"x:{type_}/get", {"ids": list(ids), "properties": list(PROPERTIES[type_])}, ""]


def objects(type_, *those):
    return [f"x:{type_}/get", {"list": [{"id": id_, "emailAddress": address} for id_, address in those]}, ""]


def searched(query, tag):
    wanted = {"filter": query.filter, "position": 0, "limit": 2, "calculateTotal": True}
    reference = {"resultOf": tag, "name": f"x:{query.type}/query", "path": "/ids"}
    return [[f"x:{query.type}/query", wanted, tag], [f"x:{query.type}/get", {"#ids": reference, "properties": list(PROPERTIES[query.type])}, ""]]


@pytest.fixture
def find(server, exchange_with):
    """What is in the pool after the rounds, all of which must have been asked for, and what was left."""

    async def run(rounds, searches):
        upstream, pool = server(rounds), Pool()
        many = await find_many(exchange_with(upstream, get_page=2, query_page=5), pool, searches, LOCALS)
        assert upstream.left == []
        return {it["emailAddress"] for it in (*pool.accounts.values(), *pool.lists.values())}, many

    return run


async def test_all_are_read_where_few_are_there_and_those_with_a_name_are_kept(find):
    rounds = [
        ([all_of("Account"), all_of("MailingList")], [ids_of("Account", 7, "b", "c", "d", "e", "f"), ids_of("MailingList", 0)]),
        ([all_of("Account", 5)], [ids_of("Account", 7, "g", "h")]),
        ([read("Account", "b", "c")], [objects("Account", ("b", "kim@a.test"), ("c", "zoe@a.test"))]),
        ([read("Account", "d", "e")], [objects("Account", ("d", "lee@a.test"))]),
        ([read("Account", "f", "g")], [objects("Account", ("f", "kim@b.test"), ("g", "Kim@c.test"))]),
        ([read("Account", "h")], [objects("Account", ("h", "max@a.test"))]),
    ]
    found, many = await find(rounds, [*ACCOUNTS, *LISTS])
    assert found == {"kim@a.test", "lee@a.test", "kim@b.test", "max@a.test"}
    assert many == (set(), [])


async def test_names_are_searched_for_where_many_objects_are_there(find):
    many_searches = [Query("Account", (), 2, filter={"name": f"p{at}"}) for at in range(9)]
    hit, nothing = objects("Account", ("b", "kim@a.test"), ("c", "kim@b.test")), objects("Account")
    rounds = [
        ([all_of("Account")], [ids_of("Account", 181, "b", "c", "d", "e", "f")]),
        (
            [call for at, it in enumerate(many_searches[:8]) for call in searched(it, str(at))],
            [ids_of("Account", 3, "b", "c"), hit, *[ids_of("Account", 0), nothing] * 7],
        ),
        (searched(many_searches[8], "0"), [ids_of("Account", 0), nothing]),
    ]
    found, many = await find(rounds, many_searches)
    assert found == {"kim@a.test", "kim@b.test"}
    assert [total for _, total in many.unfinished] == [3, *[0] * 8]


async def test_what_a_caller_may_not_look_at_is_told(find):
    assert await find([([all_of("Account")], [FORBIDDEN])], ACCOUNTS) == (set(), ({"Account"}, []))
    rounds = [([all_of("Account")], [ids_of("Account", 1, "b")]), ([read("Account", "b")], [FORBIDDEN])]
    assert await find(rounds, ACCOUNTS) == (set(), ({"Account"}, []))
    pairs = [call for at, it in enumerate(LISTS) for call in searched(it, str(at))]
    rounds = [([all_of("MailingList")], [ids_of("MailingList", 999, "b")]), (pairs, [FORBIDDEN] * 6)]
    assert await find(rounds, LISTS) == (set(), ({"MailingList"}, []))
    with pytest.raises(MethodError):
        await find([([all_of("Account")], [["error", {"type": "serverFail"}, ""]])], ACCOUNTS)
