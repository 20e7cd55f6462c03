"""DELETE of principals: what uses them, what names their addresses, what is remembered of them, who may."""

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.jmap.errors import MethodError
from gateway.jmap.session import Account
from gateway.legacy.principal.bulk_delete import delete_principals
from gateway.legacy.principal.context import read
from gateway.legacy.principal.delete import delete_principal
from gateway.legacy.principal.facts import PROPERTIES
from gateway.legacy.refusals import Forbidden, ItemNotFound, Other, Unsupported
from gateway.state import OldName, Recollection
from gateway.web.locks import Locks

EXAMPLES = json.loads((Path(__file__).parents[2] / "vectors" / "principal.json").read_text())
CONTEXT = (EXAMPLES["contextCalls"], EXAMPLES["contextReply"])

BOB = {
    "id": "j", "@type": "User", "name": "bob", "domainId": "b", "emailAddress": "bob@example.org", "description": None,
    "aliases": {"0": {"name": "b", "domainId": "c", "enabled": True}, "1": {"name": "off", "domainId": "c", "enabled": False}},
    "memberGroupIds": {}, "memberTenantId": None, "roles": {"@type": "User"}, "permissions": {"@type": "Inherit"}, "quotas": {}, "usedDiskQuota": 0,
    "credentials": {}, "locale": "en_US",
}  # fmt: skip
SALES = BOB | {"id": "h", "@type": "Group", "name": "sales", "emailAddress": "sales@example.org", "aliases": {}}
ALL = {
    "id": "c", "name": "all", "domainId": "b", "emailAddress": "all@example.org", "description": None, "aliases": {},
    "memberTenantId": None, "recipients": {"Bob@example.org": True, "off@example.net": True, "xy@far.test": True},
}  # fmt: skip
BY_ID = [{"property": "id", "isAscending": True}]


def query(type_, filter_, ids, at, sort=None):
    arguments = {"filter": filter_} if filter_ else {}
    arguments |= {"sort": sort} if sort else {}
    return [f"x:{type_}/query", {**arguments, "limit": 500, "calculateTotal": True}, f"q{at}"], [f"x:{type_}/query", {"ids": ids, "total": len(ids)}]


def found_by(type_, filter_, objects, at, properties=None, *, sort=None):
    reference = {"resultOf": f"q{at}", "name": f"x:{type_}/query", "path": "/ids"}
    get = [f"x:{type_}/get", {"#ids": reference, "properties": list(properties or PROPERTIES[type_])}, f"g{at}"]
    shown = [{name: it[name] for name in properties} if properties else it for it in objects]
    asked = query(type_, filter_, [it["id"] for it in objects], at, sort)
    return [asked[0], get], [asked[1], [get[0], {"list": shown}]]


def together(*parts):
    return [call for calls, _ in parts for call in calls], [answer for _, answers in parts for answer in answers]


def looked_up(name, accounts=(), lists=()):
    local = name.rpartition("@")[0] if "@" in name else name
    parts = [found_by("Account", {"name": local}, accounts, "a"), found_by("MailingList", {"text": local}, [], "l")]
    parts.append(found_by("MailingList", {"text": name}, lists, "m") if "@" in name else found_by("OAuthClient", {"clientId": name}, [], "m"))
    return together(*parts)


def one(*pair):
    return [pair[0]], [pair[1]]


def written(type_, arguments, answer):
    return [[f"x:{type_}/set", arguments, "s"]], [[f"x:{type_}/set", answer]]


def destroyed(type_, id_):
    return written(type_, {"destroy": [id_]}, {"destroyed": [id_]})


def linked(type_, id_, *links):
    error = {"type": "objectIsLinked", "linkedObjects": [{"object": other, "id": it} for other, it in links]}
    return written(type_, {"destroy": [id_]}, {"notDestroyed": {id_: error}})


def refused(method, error, arguments):
    return [[method, arguments, "s"]], [["error", {"type": error}]]


@pytest.fixture(name="delete")
def _delete(server, exchange_with):
    async def run(target, *parts, memory=None, rights=None, **settings):
        upstream = server(list(parts), always=CONTEXT)
        if rights is not None:

            async def account():
                return Account(frozenset(rights), "oss", "en_US")

            upstream.account = account
        row, path, asked = (delete_principals, {}, target) if isinstance(target, dict) else (delete_principal, {"name": target}, {})
        exchange = exchange_with(upstream, path=path, query=asked, memory=memory, **settings)
        await read(exchange)
        try:
            return await row(exchange)
        finally:
            assert upstream.left == [], "not everything that was expected was asked"

    return run


def searched(address, *lists):
    return found_by("MailingList", {"text": address}, lists, address, ("id", "recipients"))


async def test_every_enabled_address_leaves_lists_and_domains(delete):
    memory = Recollection()
    await memory.remember(OldName("Account", "j", "bobby", "bob@example.org", implied=True))
    first = together(looked_up("bob@example.org", [BOB], [ALL]))
    second = together(searched("b@example.net", ALL | {"recipients": {"b@example.net": True}, "id": "d"}), destroyed("Account", "j"))
    lists = written("MailingList", {"update": {"c": {"recipients/Bob@example.org": None}, "d": {"recipients/b@example.net": None}}}, {"updated": {"c": None, "d": None}})
    domain = written("Domain", {"update": {"b": {"catchAllAddress": None}}}, {"updated": {"b": None}})
    assert await delete("bob@example.org", first, second, together(lists, domain), memory=memory) is None
    assert await memory.called({"bobby"}) == []


@pytest.mark.parametrize("renamed", [True, False])
async def test_what_changes_during_the_look_is_looked_up_once_more(server, exchange_with, renamed):
    locks = Locks()
    alias = BOB | {"aliases": {"0": {"name": "new", "domainId": "c", "enabled": True}}}
    again = looked_up("bob@example.org", [] if renamed else [alias])
    domain = written("Domain", {"update": {"b": {"catchAllAddress": None}}}, {"updated": {"b": None}})
    rest = [] if renamed else [together(searched("new@example.net"), destroyed("Account", "j")), domain]

    class Slow(server):
        async def attempt(self, *calls):
            seen = await super().attempt(*calls)
            if self.rounds == 1:
                async with locks(("Account", "j")):
                    pass
            return seen

    upstream = Slow([looked_up("bob@example.org", [BOB]), again, *rest], always=CONTEXT)
    exchange = replace(exchange_with(upstream, path={"name": "bob@example.org"}), locks=locks)
    await read(exchange)
    with pytest.raises(ItemNotFound) if renamed else nullcontext():
        await delete_principal(exchange)
    assert upstream.left == []


async def test_an_address_that_cannot_be_taken_off_is_no_reason_to_refuse(delete, caplog):
    first, second = looked_up("sales@example.org", [SALES], [ALL | {"recipients": {"sales@example.org": True}}]), destroyed("Account", "h")
    second = together(one(*query("Account", {"memberGroupIds": "h"}, [], "g", BY_ID)), second)
    last = refused("x:MailingList/set", "forbidden", {"update": {"c": {"recipients/sales@example.org": None}}})
    assert await delete("sales@example.org", first, second, last) is None
    assert "addresses of destroyed principals stay in objects of type MailingList: forbidden" in caplog.text


async def test_who_joins_a_group_meanwhile_leaves_it_too(delete):
    members = one(*query("Account", {"memberGroupIds": "h"}, ["f"], "g", BY_ID))
    first = together(members, linked("Account", "h", ("Account", "f")))
    again = {"type": "objectIsLinked", "linkedObjects": [{"object": "Account", "id": "j"}]}
    second = written(
        "Account", {"update": {"f": {"memberGroupIds/h": None}}, "destroy": ["h"]}, {"updated": {"f": None}, "notDestroyed": {"h": again}}
    )
    third = written("Account", {"update": {"j": {"memberGroupIds/h": None}}, "destroy": ["h"]}, {"updated": {"j": None}, "destroyed": ["h"]})
    assert await delete("sales@example.org", looked_up("sales@example.org", [SALES]), first, second, third) is None


async def test_a_group_stays_whose_members_may_not_be_changed(delete):
    memory = Recollection()
    await memory.remember(OldName("Account", "h", "team", "sales@example.org", implied=False))
    members = one(*query("Account", {"memberGroupIds": "h"}, ["f"], "g", BY_ID))
    link = {"type": "objectIsLinked", "linkedObjects": [{"object": "Account", "id": "f"}]}
    stays = {"notUpdated": {"f": {"type": "forbidden"}}, "notDestroyed": {"h": link}}
    second = written("Account", {"update": {"f": {"memberGroupIds/h": None}}, "destroy": ["h"]}, stays)
    with pytest.raises(Forbidden):
        await delete(
            "sales@example.org", looked_up("sales@example.org", [SALES]), together(members, linked("Account", "h", ("Account", "f"))), second,
            memory=memory,
        )  # fmt: skip
    assert len(await memory.called({"team"})) == 1


async def test_a_role_stays_in_tenants_that_may_not_be_changed(delete):
    accounts = written("Account", {"update": {"f": {"roles/roleIds/f": None}}}, {"updated": {"f": None}})
    tenants = refused("x:Tenant/set", "forbidden", {"update": {"b": {"roles/roleIds/f": None}}})
    link = {"type": "objectIsLinked", "linkedObjects": [{"object": "Tenant", "id": "b"}]}
    role = written("Role", {"destroy": ["f"]}, {"notDestroyed": {"f": link}})
    with pytest.raises(MethodError, match="forbidden"):
        await delete("helpdesk", looked_up("helpdesk"), linked("Role", "f", ("Account", "f"), ("Tenant", "b")), together(accounts, tenants, role))


async def test_a_domain_tells_five_of_its_users(delete):
    links = [*(("Account", it) for it in "fgh"), ("MailingList", "c"), ("SystemSettings", "singleton"), ("Account", "j"), ("Account", "k")]
    named = [["x:Account/get", {"ids": ["f", "g", "h"], "properties": ["id", "emailAddress"]}, "a"],
             ["x:MailingList/get", {"ids": ["c"], "properties": ["id", "emailAddress"]}, "l"]]  # fmt: skip
    answers = [["x:Account/get", {"list": [{"id": "f", "emailAddress": "kim@empty.test"}, {"id": "h", "emailAddress": "sales@empty.test"}]}],
               ["error", {"type": "forbidden"}]]  # fmt: skip
    memory = Recollection()
    await memory.remember(OldName("Account", "h", "sales", "sales@empty.test", implied=False))
    with pytest.raises(Other) as raised:
        await delete("empty.test", looked_up("empty.test"), linked("Domain", "e", *links), (named, answers), memory=memory)
    assert raised.value.body == {
        "error": "other", "details": "Domain has members",
        "reason": "Domains must have no members to be deleted: Found: kim@empty.test, Account g, sales, MailingList c, SystemSettings singleton and 2 others",
    }  # fmt: skip


async def test_what_is_gone_meanwhile_is_not_found(delete):
    gone = written("Domain", {"destroy": ["e"]}, {"notDestroyed": {"e": {"type": "notFound"}}})
    with pytest.raises(ItemNotFound) as raised:
        await delete("empty.test", looked_up("empty.test"), gone)
    assert raised.value.body["item"] == "empty.test"


ALL_OF = {"confirm": "true"}


async def test_bulk_default_roles_and_the_default_domain_are_not_there(delete):
    roles = one(*query("Role", None, ["b", "c", "d", "e"], "r", BY_ID))
    assert await delete({"type": "role", **ALL_OF}, roles) is False
    domains = one(*query("Domain", None, ["b"], "d", BY_ID))
    assert await delete({"type": "domain", **ALL_OF}, domains) is False


async def test_bulk_what_is_used_is_released_each_by_itself(delete):
    found = found_by("Account", {"@type": "Group"}, [SALES, SALES | {"id": "m"}, SALES | {"id": "n"}], "g", ("id", "emailAddress", "aliases"), sort=BY_ID)
    links = {
        "h": {"type": "objectIsLinked", "linkedObjects": [{"object": "Account", "id": "f"}]},
        "m": {"type": "objectIsLinked", "linkedObjects": [{"object": "Domain", "id": "b"}]},
    }
    first = written("Account", {"destroy": ["h", "m", "n"]}, {"destroyed": ["n"], "notDestroyed": links})
    second = written("Account", {"update": {"f": {"memberGroupIds/h": None}}, "destroy": ["h"]}, {"updated": {"f": None}, "destroyed": ["h"]})
    cleared = found_by("MailingList", None, [], "c", ("id", "recipients"), sort=BY_ID)
    memory = Recollection()
    await memory.remember(OldName("Account", "h", "team", "sales@example.org", implied=False))
    assert await delete({"type": "group", **ALL_OF}, found, first, second, cleared, memory=memory) is True
    assert await memory.called({"team"}) == []


async def test_bulk_forbidden_is_forbidden_even_when_there_is_nothing(delete):
    asked = {"type": "list", **ALL_OF}
    nothing = found_by("MailingList", None, [], "l", ("id", "emailAddress", "aliases"), sort=BY_ID)
    with pytest.raises(Forbidden):
        await delete(asked, nothing, rights={"authenticate", "sysMailingListGet", "sysMailingListQuery"})
    some = found_by("MailingList", None, [ALL], "l", ("id", "emailAddress", "aliases"), sort=BY_ID)
    with pytest.raises(MethodError, match="forbidden"):
        await delete(asked, some, refused("x:MailingList/set", "forbidden", {"destroy": ["c"]}))


async def test_bulk_an_implied_address_is_not_searched(delete):
    """The old server knew no such address, so the domain in it does not choose the account."""
    memory = Recollection()
    await memory.remember(OldName("Account", "j", "bob", "bob@example.org", implied=True))
    asked = {"type": "individual", "filter": "example.org", **ALL_OF}
    properties = ("id", "emailAddress", "aliases")
    found = found_by("Account", {"@type": "User", "domainId": "b"}, [BOB | {"aliases": {}}], "a", properties, sort=BY_ID)
    domain = CONTEXT[1][0][1]["list"][0]
    assert domain["catchAllAddress"] == "bob@example.org"
    assert await delete(asked | {"filter": "example.net"}, found_by("Account", {"@type": "User", "domainId": "c"}, [], "a", properties, sort=BY_ID)) is False
    gone = [destroyed("Account", "j"), found_by("MailingList", None, [], "c", ("id", "recipients"), sort=BY_ID)]
    caught = written("Domain", {"update": {"b": {"catchAllAddress": None}}}, {"updated": {"b": None}})
    assert await delete(asked, found, *gone, caught, memory=memory) is True, "the catch-all address is one that clients see"


@pytest.mark.parametrize("stray", [{"filters": "x"}, {"filter": "  "}, {"types": "group"}])
async def test_bulk_parameters_that_the_old_server_would_have_ignored(delete, stray):
    with pytest.raises(Unsupported) as raised:
        await delete({"type": "group", **ALL_OF, **stray})
    assert "refusing to delete" in raised.value.body["details"]


async def test_bulk_an_unknown_tenant_is_not_found_and_tenants_have_none(delete):
    with pytest.raises(ItemNotFound) as raised:
        await delete({"type": "group", "tenant": "nobody", **ALL_OF})
    assert raised.value.body["item"] == "nobody"
    assert await delete({"type": "tenant", "tenant": "acme", **ALL_OF}) is False
    assert await delete({"type": "resource", **ALL_OF}) is False
