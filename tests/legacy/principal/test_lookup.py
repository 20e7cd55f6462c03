"""Finding principals by name: what is asked for, what counts, and what is not clear."""

import time
from dataclasses import replace

import pytest

from gateway.jmap.calls import request_body
from gateway.legacy.principal.candidates import Pool
from gateway.legacy.principal.context import OWN_TENANT, Context, Domain, Role, Tenant, context_calls
from gateway.legacy.principal.facts import MAIL_KINDS, PROPERTIES
from gateway.legacy.principal.lookup import Lookup, look_up
from gateway.legacy.refusals import Forbidden, ItemNotFound, Other
from gateway.state import OldName, Recollection

CONTEXT = Context(
    domains={"b": Domain("b", "a.test", frozenset({"a.test", "alias.test"}), None, None), "c": Domain("c", "b.test", frozenset({"b.test"}), None, None)},
    roles={
        "b": Role("b", "desk", None, frozenset(), None),
        "c": Role("c", "twin", None, frozenset(), None),
        "d": Role("d", "twin", None, frozenset(), None),
        "e": Role("e", "Group", None, frozenset(), None),
        "f": Role("f", "User", None, frozenset(), None),
    },
    tenants={"b": Tenant("b", "acme", None)},
    defaults=None,
    default_domain="b",
    forbidden=frozenset(),
)
PLACES = {"a.test": "b", "b.test": "c", "c.test": "d"}


def account(id_, address, type_="User"):
    name, _, place = address.partition("@")
    return {"id": id_, "@type": type_, "name": name, "domainId": PLACES[place], "emailAddress": address}


def mailing_list(id_, address, *recipients):
    return account(id_, address) | {"recipients": dict.fromkeys(recipients, True)}


def client(id_, name):
    return {"id": id_, "clientId": name}


def lookup(exchange, *, accounts=(), lists=(), clients=(), old=(), cached=False, context=CONTEXT, forbidden=()):
    pool = Pool(old_names=old)
    pool.add("Account", accounts)
    pool.add("MailingList", lists)
    pool.add("OAuthClient", clients)
    return Lookup(exchange, "", context, cached=cached, pool=pool, forbidden=frozenset(forbidden))


@pytest.fixture
def known(server, exchange_with):
    """What was found, without a server that could be asked for more."""
    return lambda **found: lookup(exchange_with(server([])), **found)


@pytest.mark.parametrize(
    ("name", "word", "id_"),
    [
        ("kim@a.test", "individual", "f"),
        ("kim", "individual", "f"),
        ("lee", "individual", "h"),
        ("crew", "group", "i"),
        ("all", "list", "b"),
        ("all@b.test", "list", "b"),
        ("a.test", "domain", "b"),
        ("alias.test", "domain", "b"),
        ("desk", "role", "b"),
        ("role:desk", "role", "b"),
        ("roleid:d", "role", "d"),
        ("group", "role", "e"),
        ("Group", "role", "e"),
        ("acme", "tenant", "b"),
        ("tenant:acme", "tenant", "b"),
        ("tenantid:b", "tenant", "b"),
        ("panel", "oauthClient", "b"),
        ("oauthclient:panel", "oauthClient", "b"),
    ],
)
async def test_a_name_means(known, name, word, id_):
    found = known(
        accounts=[account("f", "kim@a.test"), account("g", "kim@b.test"), account("h", "lee@b.test"), account("i", "crew@c.test", "Group")],
        lists=[mailing_list("b", "all@b.test")],
        clients=[client("b", "panel")],
    )
    meant = await found.one(name)
    assert (meant.kind.word, meant.id) == (word, id_)


@pytest.mark.parametrize("name", ["Kim", "KIM@a.test", "kim@c.test", "DESK", "57", "", "role:kim", "roleid:zz", "apikey:c:b", "desk ", "user"])
async def test_a_name_means_nothing(known, name):
    with pytest.raises(ItemNotFound) as refusal:
        await known(accounts=[account("f", "kim@a.test")]).one(name)
    assert refusal.value.body == {"error": "notFound", "item": name}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("twin", '"twin" matches: roleid:c, roleid:d'),
        ("both", '"both" matches: both@b.test, both@c.test'),
        ("panel", '"panel" matches: oauthclient:panel, tenant:panel'),
    ],
)
async def test_a_name_that_means_several_things_is_refused(known, name, reason):
    context = replace(CONTEXT, tenants={"c": Tenant("c", "panel", None)})
    found = known(
        accounts=[account("f", "both@b.test"), account("g", "both@c.test")], clients=[client("b", "panel")], context=context
    )
    with pytest.raises(Other) as refusal:
        await found.one(name)
    assert refusal.value.body == {"error": "other", "details": "Ambiguous principal name", "reason": reason}


async def test_whoever_changes_something_must_be_clear(known):
    found = known(accounts=[account("f", "desk@b.test")])
    assert (await found.one("desk")).kind.word == "role"
    with pytest.raises(Other, match="other") as refusal:
        await found.one("desk", strict=True)
    assert refusal.value.body["reason"] == '"desk" matches: desk@b.test, role:desk'
    assert (await found.one("role:desk", strict=True)).id == "b"
    assert (await found.one("desk@b.test", strict=True)).id == "f"


async def test_only_some_kinds_count_in_list_fields(known):
    found = known(accounts=[account("f", "desk@b.test")])
    assert (await found.one("desk", MAIL_KINDS)).id == "f"
    assert await found.find("a.test", MAIL_KINDS) is None


async def test_a_remembered_name_is_what_the_client_means(known):
    accounts = [account("f", "kim@a.test"), account("g", "kim@b.test")]
    old = OldName("Account", "g", "kim", "kim@b.test", implied=False)
    assert (await known(accounts=accounts, old=[old]).one("kim", strict=True)).id == "g"
    renamed = OldName("Account", "g", "kim", "kimberly@b.test", implied=False)
    assert (await known(accounts=accounts, old=[renamed]).one("kim")).id == "f"


async def test_a_caller_who_may_see_no_accounts_is_refused(known):
    found = known(forbidden={"Account", "MailingList"})
    found.name = "kim"
    with pytest.raises(Forbidden):
        await found.target()
    found.name = "desk"
    assert (await found.target()).id == "b"


async def test_a_refusal_that_rests_on_an_older_context_is_confirmed(server, exchange_with):
    types = {"Domain": [{"id": "f", "name": "new.test", "memberTenantId": None}], "Role": [], "Tenant": [], "Authentication": [], "SystemSettings": []}
    upstream = server([], always=(request_body(context_calls())["methodCalls"], [[f"x:{type_}/get", {"list": list_}, ""] for type_, list_ in types.items()]))
    looked = lookup(exchange_with(upstream), cached=True)
    assert (await looked.one("new.test")).id == "f"
    looked = lookup(exchange_with(upstream), cached=True)
    with pytest.raises(ItemNotFound):
        await looked.one("a.test2")
    assert not looked.cached


def search(type_, filter_, tag):
    query = {"filter": filter_, "position": 0, "limit": 500, "calculateTotal": True} if filter_ else {"position": 0, "limit": 500, "calculateTotal": True}
    reference = {"resultOf": tag, "name": f"x:{type_}/query", "path": "/ids"}
    return [[f"x:{type_}/query", query, tag], [f"x:{type_}/get", {"#ids": reference, "properties": list(PROPERTIES[type_])}, f"{tag}g"]]


def found(type_, *objects, total=None):
    return [
        [f"x:{type_}/query", {"ids": [it["id"] for it in objects], "total": len(objects) if total is None else total}, ""],
        [f"x:{type_}/get", {"list": list(objects)}, ""],
    ]


@pytest.fixture
def warm(server, exchange_with):
    """An exchange whose caller has the context at hand."""

    def build(rounds, **more):
        upstream = server(rounds)
        upstream.notes["principals"] = CONTEXT
        return exchange_with(upstream, **more)

    return build


async def test_a_target_and_others_are_looked_up_in_one_round_trip(warm):
    asked = [
        *search("Account", {"name": "kim"}, "0"),
        *search("MailingList", {"text": "kim"}, "1"),
        *search("MailingList", {"text": "kim@a.test"}, "2"),
        *search("Account", {"name": "crew"}, "3"),
        *search("MailingList", {"text": "crew"}, "4"),
    ]
    all_ = mailing_list("b", "all@a.test", "KIM@a.test")
    answers = [*found("Account", account("f", "kim@a.test")), *found("MailingList"), *found("MailingList", all_), *found("Account"), *found("MailingList")]
    looked = await look_up(warm([(asked, answers)]), "kim@a.test", others=["crew", "role:desk"])
    assert (await looked.target()).id == "f"
    assert looked.lists_of(["kim@a.test"]) == [all_]


async def test_a_name_without_words_makes_all_lists_candidates(warm):
    asked = [*search("Account", {"name": "-"}, "0"), *search("MailingList", None, "1"), *search("OAuthClient", {"clientId": "-"}, "2")]
    answers = [*found("Account"), *found("MailingList", mailing_list("c", "-@a.test")), *found("OAuthClient")]
    assert (await (await look_up(warm([(asked, answers)]), "-")).target()).id == "c"


async def test_the_empty_name_is_nothing_that_could_be_asked_for(warm):
    exchange = warm([])
    assert (await look_up(exchange, "")).meanings("") == []


async def test_a_search_goes_on_to_its_end(server, exchange_with):
    def page(at):
        calls = search("Account", {"name": "kim"}, "0")
        calls[0][1] |= {"position": at, "limit": 2}
        return calls

    first = [*page(0), *search("MailingList", {"text": "kim"}, "1"), *search("OAuthClient", {"clientId": "kim"}, "2")]
    for call in first[2::2]:
        call[1]["limit"] = 2
    few = [account("f", "kim@c.test"), account("g", "kim@a.test"), account("h", "kim@b.test")]
    upstream = server(
        [
            (first, [*found("Account", *few[:2], total=3), *found("MailingList"), *found("OAuthClient")]),
            (page(2), found("Account", few[2], total=3)),
        ]
    )
    upstream.notes["principals"] = CONTEXT
    looked = await look_up(exchange_with(upstream, get_page=2), "kim")
    assert looked.pool.accounts.keys() == {"f", "g", "h"}


async def test_an_object_remembered_under_another_local_part_is_read_too(warm):
    memory = Recollection()
    await memory.remember(OldName("Account", "j", "dr. kim", "kim@a.test", implied=True))
    asked = [
        *search("Account", {"name": "dr. kim"}, "0"),
        *search("MailingList", {"text": "dr. kim"}, "1"),
        *search("OAuthClient", {"clientId": "dr. kim"}, "2"),
        ["x:Account/get", {"ids": ["j"], "properties": list(PROPERTIES["Account"])}, "3"],
    ]
    stray = account("j", "kim@a.test")
    answers = [*found("Account"), *found("MailingList"), *found("OAuthClient"), ["x:Account/get", {"list": [stray]}, ""]]
    looked = await look_up(warm([(asked, answers)], memory=memory), "dr. kim")
    assert (await looked.target(strict=True)).object == stray


SEARCHES = [*search("Account", {"name": "kim"}, "0"), *search("MailingList", {"text": "kim"}, "1"), *search("OAuthClient", {"clientId": "kim"}, "2")]


@pytest.mark.parametrize(
    ("there", "left"),
    [([account("f", "kim@a.test")], ["kim"]), ([], []), ([account("f", "kim@b.test")], []), ([account("g", "kim@b.test")], [])],
    ids=["as it was", "gone", "moved", "another one"],
)
async def test_a_name_that_does_not_hold_is_forgotten(warm, there, left):
    memory = Recollection()
    await memory.remember(OldName("Account", "f", "kim", "kim@a.test", implied=False))
    await look_up(warm([(SEARCHES, [*found("Account", *there), *found("MailingList"), *found("OAuthClient")])], memory=memory), "kim")
    assert [old.name for old in await memory.called(["kim"])] == left


@pytest.mark.parametrize("type_", ["Account", "MailingList"])
async def test_what_a_caller_does_not_find_may_still_be_there(server, exchange_with, type_):
    """Callers in a tenant see only its objects, and words find a list only some time after it was made."""
    memory = Recollection()
    await memory.remember(OldName(type_, "f", "kim", "kim@a.test", implied=False))
    upstream = server([(SEARCHES, [*found("Account"), *found("MailingList"), *found("OAuthClient")])])
    tenants = {"b": replace(CONTEXT.domains["b"], tenant=OWN_TENANT)}
    upstream.notes["principals"] = replace(CONTEXT, domains=tenants) if type_ == "Account" else CONTEXT
    await look_up(exchange_with(upstream, memory=memory), "kim")
    assert len(await memory.called(["kim"])) == 1


async def test_types_that_the_caller_may_not_see_have_no_candidates(warm):
    asked = [*search("Account", {"name": "kim"}, "0"), *search("MailingList", {"text": "kim"}, "1"), *search("OAuthClient", {"clientId": "kim"}, "2")]
    refused = [["error", {"type": "forbidden"}, ""], ["error", {"type": "invalidResultReference"}, ""]]
    looked = await look_up(warm([(asked, [*found("Account", account("f", "kim@a.test")), *refused, *refused])]), "kim")
    assert looked.forbidden == {"MailingList", "OAuthClient"}
    assert (await looked.target()).id == "f"


async def test_nothing_is_asked_when_the_context_has_the_one_name(warm):
    looked = await look_up(warm([]), "a.test", exact_suffices=True)
    assert (await looked.target()).id == "b"


def test_thousands_of_names_among_thousands_of_accounts_take_no_time():
    old_names = [OldName("Account", f"n{number}", f"mr{number}", f"p{number}@a.test", implied=False) for number in range(4000)]
    pool = Pool(old_names=old_names)
    pool.add("Account", [account(f"n{number}", f"p{number}@a.test") for number in range(4000)])
    began = time.process_time()
    for number in range(4000):
        name = f"p{number}"
        assert [it.id for it in pool.loose(name, CONTEXT)] == [it.id for it in pool.exact(f"{name}@a.test", CONTEXT)] == [f"n{number}"]
        assert [it.id for it in pool.remembered(f"mr{number}")] == [f"n{number}"]
    assert time.process_time() - began < 2
    pool.add("Account", [account("n0", "renamed@a.test")])
    pool.lists["n0"] = mailing_list("n0", "p0@a.test")
    assert [it.name for it in pool.loose("p0", CONTEXT)] == ["p0@a.test"]
    assert [it.kind.word for it in pool.loose("p0", CONTEXT)] == ["list"]
    assert pool.loose("renamed", CONTEXT)


async def test_many_names_are_not_searched_for_one_by_one_and_nothing_is_forgotten_for_them(warm):
    memory = Recollection()
    await memory.remember(OldName("Account", "zz", "p1", "p1@b.test", implied=False))
    names = [f"p{number}" for number in range(49)]
    people = [account(f"n{number}", f"p{number}@a.test") for number in range(2, 49)]
    everything = {"sort": [{"property": "id", "isAscending": True}], "position": 0, "limit": 5000, "calculateTotal": True}
    ids = [it["id"] for it in people]
    rounds = [
        (search("OAuthClient", {"clientId": "-"}, "2") + search("Account", {"name": "-"}, "0") + search("MailingList", None, "1"), [*found("OAuthClient"), *found("Account"), *found("MailingList")]),
        (
            [[f"x:{type_}/query", everything, ""] for type_ in ("Account", "MailingList")],
            [["x:Account/query", {"ids": ids, "total": len(ids)}, ""], ["x:MailingList/query", {"ids": [], "total": 0}, ""]],
        ),
        ([["x:Account/get", {"ids": ids, "properties": list(PROPERTIES["Account"])}, ""]], [["x:Account/get", {"list": people}, ""]]),
    ]
    looked = await look_up(warm(rounds, memory=memory), "-", others=names)
    assert [it.id for name in names for it in looked.meanings(name)] == ids
    assert [old.name for old in await memory.called(["p1"])] == ["p1"]
