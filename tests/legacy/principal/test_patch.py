"""PATCH of a principal: order of refusals, what is written together and what behind, what is remembered, and what other writers do meanwhile."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.jmap.errors import MethodError
from gateway.jmap.session import Account
from gateway.legacy.principal.context import NOTE, read
from gateway.legacy.principal.facts import PROPERTIES
from gateway.legacy.principal.patch import patch_principal
from gateway.legacy.principal.patch.write import mended
from gateway.legacy.refusals import BadRequest, Forbidden, ItemNotFound, ManagementError, Other, Unsupported
from gateway.state import OldName, Recollection
from gateway.web.locks import Locks

EXAMPLES = json.loads((Path(__file__).parents[2] / "vectors" / "principal.json").read_text())
CONTEXT = (EXAMPLES["contextCalls"], EXAMPLES["contextReply"])

USER = {
    "id": "f", "@type": "User", "name": "kim", "domainId": "b", "emailAddress": "kim@example.org", "description": None,
    "aliases": {"0": {"name": "k", "domainId": "b", "enabled": True}}, "memberGroupIds": {}, "memberTenantId": None,
    "roles": {"@type": "User"}, "permissions": {"@type": "Inherit"}, "quotas": {}, "usedDiskQuota": 0,
    "credentials": {"0": {"@type": "Password", "credentialId": "a", "secret": "****"}}, "locale": "en_US",
}  # fmt: skip
GROUP = USER | {"id": "h", "@type": "Group", "name": "sales", "emailAddress": "sales@example.org", "aliases": {}, "credentials": {}}
LIST = {
    "id": "c", "name": "all", "domainId": "b", "emailAddress": "all@example.org", "description": None, "aliases": {},
    "memberTenantId": None, "recipients": {"Kim@example.org": True, "xy@far.test": True},
}  # fmt: skip


def query(type_, filter_, objects, at):
    call = [f"x:{type_}/query", {"filter": filter_, "limit": 500, "calculateTotal": True}, f"q{at}"]
    return call, [f"x:{type_}/query", {"ids": [it["id"] for it in objects], "total": len(objects)}]


def got(type_, objects, at):
    reference = {"resultOf": f"q{at}", "name": f"x:{type_}/query", "path": "/ids"}
    call = [f"x:{type_}/get", {"#ids": reference, "properties": list(PROPERTIES[type_])}, f"g{at}"]
    return call, [f"x:{type_}/get", {"list": objects}]


def rounds(*pairs):
    return [call for call, _ in pairs], [answer for _, answer in pairs]


def looked_up(name, *others, accounts=(USER,), lists=()):
    """The round in which a name, and others, are looked up; each finds all that is given with this local part."""
    pairs = []
    for at, one in enumerate((name, *others)):
        local = one.partition("@")[0]
        found = [it for it in accounts if it["name"] == local]
        pairs += (query("Account", {"name": local}, found, 10 * at), got("Account", found, 10 * at))
        pairs += (query("MailingList", {"text": local}, list(lists), 10 * at + 1), got("MailingList", list(lists), 10 * at + 1))
    if "@" in name:
        pairs += (query("MailingList", {"text": name}, list(lists), 5), got("MailingList", list(lists), 5))
    else:
        pairs += (query("OAuthClient", {"clientId": name}, [], 5), got("OAuthClient", [], 5))
    return rounds(*pairs)


def lists_with(address, *lists):
    call, answer = query("MailingList", {"text": address}, lists, 0)
    reference = {"resultOf": "q0", "name": "x:MailingList/query", "path": "/ids"}
    get = ["x:MailingList/get", {"#ids": reference, "properties": ["id", "emailAddress", "recipients"]}, "g0"]
    return [call, get], [answer, ["x:MailingList/get", {"list": list(lists)}]]


def written(type_, update, failed=None):
    answer = {"notUpdated": failed} if failed else {"updated": dict.fromkeys(update)}
    return [[f"x:{type_}/set", {"update": update}, "s"]], [[f"x:{type_}/set", answer]]


def both(first, second):
    return first[0] + second[0], first[1] + second[1]


def step(action, field, value):
    return {"action": action, "field": field, "value": value}


@pytest.fixture(name="patch")
def _patch(server, exchange_with):
    async def run(body, *parts, name="kim@example.org", memory=None, objection=None, rights=None, locks=None, **settings):
        upstream = server(list(parts), always=CONTEXT)
        if rights is not None:
            upstream.account = lambda: _account(rights)
        settings = {"verify_index_writes": False} | settings
        exchange = exchange_with(upstream, path={"name": name}, memory=memory, **settings)
        exchange = replace(exchange, body=body, objection=objection, **({"locks": locks} if locks else {}))
        await read(exchange)
        try:
            await patch_principal(exchange)
        finally:
            assert upstream.left == [], "not everything that was expected was asked"
        return exchange

    return run


async def _account(rights):
    return Account(frozenset(rights), "oss", "en_US")


ALIAS = {"aliases/2000000": {"name": "new", "domainId": "b"}}


async def test_nothing_to_change(patch):
    await patch([], looked_up("kim@example.org"))
    await patch([step("set", "description", ""), step("set", "quota", 0), step("set", "name", "KIM@example.org")], looked_up("kim@example.org"))


async def test_the_order_of_refusals(patch):
    wrong = [step("set", "emails", 5)]
    with pytest.raises(ItemNotFound):
        await patch(None, looked_up("zz@example.org", accounts=()), name="zz@example.org", objection=BadRequest(), rights=())
    with pytest.raises(Forbidden):
        await patch(None, looked_up("kim@example.org"), objection=BadRequest(), rights=())
    with pytest.raises(BadRequest):
        await patch(None, looked_up("kim@example.org"), objection=BadRequest())
    with pytest.raises(BadRequest):
        await patch([step("set", "zz", "x")], looked_up("kim@example.org"))
    with pytest.raises(Forbidden):
        await patch(wrong, looked_up("kim@example.org"), rights=("sysDomainUpdate",))
    with pytest.raises(Other):
        await patch(wrong, looked_up("kim@example.org"), rights=("sysAccountUpdate",))
    with pytest.raises(Forbidden):
        await patch([], looked_up("kim@example.org"), rights=())


async def test_the_first_step_that_fails_refuses_everything(patch):
    steps = [step("set", "description", "x"), step("addItem", "memberOf", "zz"), step("set", "emails", 5)]
    with pytest.raises(ItemNotFound) as refusal:
        await patch(steps, looked_up("kim@example.org", "zz"))
    assert refusal.value.body["item"] == "zz"
    with pytest.raises(Other) as refusal:
        await patch(steps[::-1], looked_up("kim@example.org", "zz"))
    assert refusal.value.body["reason"] == "Invalid value Integer(5) for emails"


async def test_other_objects_are_left_alone_when_the_principal_is_refused(patch):
    steps = [step("addItem", "lists", "all"), step("addItem", "emails", "new@example.org"), step("addItem", "emails", "@example.net")]
    other = LIST | {"recipients": {"xy@far.test": True}}
    taken = {"f": {"type": "primaryKeyViolation", "properties": ["email"], "objectId": {"object": "Account", "id": "k"}}}
    holder = USER | {"id": "k", "emailAddress": "new@example.org", "aliases": {}}
    with pytest.raises(ManagementError) as refusal:
        await patch(
            steps,
            looked_up("kim@example.org", "all", lists=[other]),
            lists_with("k@example.org"),
            written("Account", {"f": ALIAS}, taken),
            ([["x:Account/get", {"ids": ["k"], "properties": ["id", "emailAddress", "aliases", "domainId"]}, "g"]],
             [["x:Account/get", {"list": [holder]}]]),
        )  # fmt: skip
    assert refusal.value.body == {"error": "fieldAlreadyExists", "field": "emails", "value": "new@example.org"}


async def test_other_objects_come_behind_the_principal(patch):
    steps = [step("addItem", "lists", "all"), step("addItem", "emails", "new@example.org"), step("addItem", "emails", "@example.net")]
    other = LIST | {"recipients": {"xy@far.test": True}}
    await patch(
        steps,
        looked_up("kim@example.org", "all", lists=[other]),
        lists_with("k@example.org"),
        written("Account", {"f": ALIAS}),
        both(
            written("Domain", {"c": {"catchAllAddress": "kim@example.org"}}),
            written("MailingList", {"c": {"recipients/kim@example.org": True}}),
        ),
    )


async def test_a_rename_keeps_the_old_address_and_takes_the_lists_along(patch):
    exchange = await patch(
        [step("set", "name", "K2")],
        looked_up("kim@example.org", lists=[LIST]),
        written("Account", {"f": {"name": "k2", "aliases/2000000": {"name": "kim", "domainId": "b"}}}),
        written("MailingList", {"c": {"recipients/Kim@example.org": None, "recipients/k2@example.org": True}}),
    )
    (old,) = await exchange.memory.called(["k2"])
    assert old == OldName("Account", "f", "k2", "k2@example.org", implied=True)


async def remembering(name="kim", *, implied=False):
    memory = Recollection()
    await memory.remember(OldName("Account", "f", name, "kim@example.org", implied))
    return memory


async def test_a_rename_to_an_alias(patch):
    exchange = await patch(
        [step("set", "name", "k")],
        looked_up("kim", accounts=[USER]),
        lists_with("kim@example.org"),
        written("Account", {"f": {"name": "k", "aliases/0": None, "aliases/2000000": {"name": "kim", "domainId": "b"}}}),
        name="kim",
        memory=await remembering(),
    )
    assert await exchange.memory.called(["kim"]) == []
    (old,) = await exchange.memory.called(["k"])
    assert (old.address, old.implied) == ("k@example.org", False)


async def test_an_implied_address_does_not_outlive_a_rename(patch):
    exchange = await patch(
        [step("set", "name", "lee")],
        looked_up("kim"),
        lists_with("kim@example.org"),
        written("Account", {"f": {"name": "lee"}}),
        name="kim",
        memory=await remembering(implied=True),
    )
    assert [it.address for it in await exchange.memory.called(["lee"])] == ["lee@example.org"]


async def test_a_bare_name_may_give_its_first_address_away(patch):
    exchange = await patch(
        [step("removeItem", "emails", "kim@example.org")],
        looked_up("kim", lists=[LIST]),
        lists_with("kim@example.org", LIST),
        written("Account", {"f": {"name": "k", "aliases/0": None}}),
        written("MailingList", {"c": {"recipients/Kim@example.org": None, "recipients/k@example.org": True}}),
        name="kim",
        memory=await remembering(),
    )
    assert await exchange.memory.called(["kim"]) == [OldName("Account", "f", "kim", "k@example.org", implied=False)]


@pytest.mark.parametrize("name", ["example.org", "helpdesk", "acme"])
async def test_names_of_other_principals_are_taken(patch, name):
    with pytest.raises(ManagementError) as refusal:
        await patch([step("set", "name", name)], looked_up("kim@example.org"))
    assert refusal.value.body == {"error": "fieldAlreadyExists", "field": "name", "value": name}


async def test_a_role_keeps_its_description_when_it_is_renamed(patch):
    await patch([step("set", "name", "Desk")], written("Role", {"f": {"description": "desk | Help desk staff"}}), name="role:helpdesk")
    await patch([step("set", "description", "")], written("Role", {"f": {"description": "helpdesk"}}), name="role:helpdesk")
    for wrong in ("a | b", ""):
        with pytest.raises(Other):
            await patch([step("set", "name", wrong)], name="role:helpdesk")
    with pytest.raises(ManagementError):
        await patch([step("set", "name", "auditor")], name="role:helpdesk")


async def test_a_domain_keeps_its_name(patch):
    found = looked_up("example.net", accounts=())
    with pytest.raises(Unsupported):
        await patch([step("set", "name", "example.com")], found, name="example.net")
    await patch(
        [step("set", "picture", "https://p"), step("set", "description", "x")],
        found,
        written("Domain", {"c": {"logo": "https://p", "description": "x"}}),
        name="example.net",
    )


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (step("set", "urls", ["x"]), 'Field "urls" is not available for type "individual" in Stalwart 0.16'),
        (step("addItem", "externalMembers", "x@far.org"), 'Field "externalMembers" is not available for type "individual" in Stalwart 0.16'),
    ],
)
async def test_fields_without_a_place(patch, body, refusal):
    with pytest.raises(Unsupported) as told:
        await patch([body], looked_up("kim@example.org"))
    assert told.value.body["details"] == refusal
    await patch([body], looked_up("kim@example.org"), lossy_fields="drop")
    await patch([body | {"action": "removeItem", "value": "x"}], looked_up("kim@example.org"))
    await patch([body | {"action": "set", "value": []}], looked_up("kim@example.org"))


@pytest.mark.parametrize(
    ("field", "reason"),
    [("memberOf", 'Principal "lee" is not a Group.'), ("lists", 'Principal "lee" is not a List.')],
)
async def test_memberships_of_a_wrong_kind(patch, field, reason):
    lee = USER | {"id": "l", "name": "lee", "emailAddress": "lee@example.org"}
    with pytest.raises(Other) as refusal:
        await patch([step("addItem", field, "lee")], looked_up("kim@example.org", "lee", accounts=[USER, lee]))
    assert refusal.value.body["reason"] == reason


async def test_what_a_list_cannot_be_in(patch):
    found = looked_up("all@example.org", "sales", accounts=[GROUP], lists=[LIST])
    with pytest.raises(Other) as refusal:
        await patch([step("addItem", "memberOf", "sales")], found, name="all@example.org")
    assert refusal.value.body["reason"] == 'Principal "sales" cannot be added as a member.'
    with pytest.raises(Other) as refusal:
        await patch([step("addItem", "roles", "user")], looked_up("all@example.org", lists=[LIST]), name="all@example.org")
    assert refusal.value.body == {
        "error": "other", "details": "Invalid roles value", "reason": 'Principal "user" cannot be added as a member.',
    }  # fmt: skip


async def test_groups_in_groups(patch):
    crew = GROUP | {"id": "k", "name": "crew", "emailAddress": "crew@example.org"}
    for field in ("members", "memberOf"):
        found = looked_up("sales@example.org", "crew", accounts=[GROUP, crew])
        with pytest.raises(Unsupported) as refusal:
            await patch([step("addItem", field, "crew")], found, name="sales@example.org")
        assert refusal.value.body["details"] == "Nested groups are not supported in Stalwart 0.16"


async def test_all_members_of_a_group(patch):
    present = [["x:Account/query", {"filter": {"memberGroupIds": "h"}, "sort": [{"property": "name", "isAscending": True}], "limit": 500,
                                    "calculateTotal": True}, "q"],
               ["x:Account/get", {"#ids": {"resultOf": "q", "name": "x:Account/query", "path": "/ids"},
                                  "properties": ["id", "emailAddress"]}, "g"]]  # fmt: skip
    pat = {"id": "p", "emailAddress": "pat@example.org"}
    await patch(
        [step("set", "members", ["kim"])],
        looked_up("sales@example.org", "kim", accounts=[USER, GROUP]),
        (present, [["x:Account/query", {"ids": ["p"], "total": 1}], ["x:Account/get", {"list": [pat]}]]),
        written("Account", {"f": {"memberGroupIds/h": True}, "p": {"memberGroupIds/h": None}}),
        name="sales@example.org",
    )


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (step("set", "members", []), {"recipients/Kim@example.org": None}),
        (step("removeItem", "members", "kim"), {"recipients/Kim@example.org": None}),
        (step("removeItem", "members", "KIM@example.org"), {"recipients/Kim@example.org": None}),
        (step("removeItem", "members", "xy@far.test"), None),
        (step("set", "members", ["kim@example.org"]), None),
        (step("addItem", "externalMembers", "Y Z@far.test"), {"recipients/yz@far.test": True}),
        (step("addItem", "externalMembers", "XY@far.test"), None),
        (step("removeItem", "externalMembers", "xy@far.test"), {"recipients/xy@far.test": None}),
        (step("removeItem", "externalMembers", "XY@far.test"), None),
        (step("set", "externalMembers", []), {"recipients/xy@far.test": None}),
    ],
)
async def test_recipients_of_a_list(patch, body, pointers):
    named = [body["value"]] if isinstance(body["value"], str) else body["value"]
    found = looked_up("all@example.org", *(named if body["field"] == "members" else ()), lists=[LIST])
    await patch([body], found, *([written("MailingList", {"c": pointers})] if pointers else []), name="all@example.org")


async def test_names_in_a_step_that_is_never_done_are_not_looked_up(patch):
    many = [f"p{number}" for number in range(1000)]
    with pytest.raises(Other) as refusal:
        await patch([step("addItem", "members", many)], looked_up("all@example.org", lists=[LIST]), name="all@example.org")
    assert refusal.value.body["reason"].startswith('Invalid value StringList(["p0", "p1", ')


async def test_a_recipient_removed_and_added_again_stays(patch):
    body = [step("removeItem", "externalMembers", "xy@far.test"), step("addItem", "externalMembers", "xy@far.test")]
    await patch(body, looked_up("all@example.org", lists=[LIST]), name="all@example.org")


async def test_thousands_of_recipients_take_no_time(patch):
    addresses = [f"e{number}@far.test" for number in range(3000)]
    body = [step("set", "externalMembers", addresses), *(step("removeItem", "externalMembers", it) for it in addresses)]
    began = time.process_time()
    await patch(body, looked_up("all@example.org", lists=[LIST]), written("MailingList", {"c": {"recipients/xy@far.test": None}}), name="all@example.org")
    assert time.process_time() - began < 2


@pytest.mark.parametrize("address", ["noat", "x@far", "xy@far.test", "pat@example.localdomain", "x@@far.org", "@far.org", ""])
async def test_recipients_that_v015_refused(patch, address):
    with pytest.raises(Other) as refusal:
        await patch(
            [step("addItem", "externalMembers", address)], looked_up("all@example.org", lists=[LIST]), name="all@example.org", legacy_version="0.15"
        )
    assert refusal.value.body["reason"] == f'Invalid value "{address}" for externalMembers'


async def test_members_of_a_role(patch):
    role = written("Role", {"g": {"roleIds/f": None}})
    found = looked_up("x", "auditor", accounts=())
    found = (found[0][4:-2], found[1][4:-2])
    await patch([step("removeItem", "members", "auditor")], found, role, name="role:helpdesk")
    found = looked_up("x", "kim")
    found = (found[0][4:-2], found[1][4:-2])
    with pytest.raises(Other) as refusal:
        await patch([step("addItem", "members", "kim")], found, name="role:helpdesk")
    assert refusal.value.body["reason"] == 'Principal "kim" is not one of Role.'


async def test_a_new_list_of_one_membership_replaces_all_three_on_demand(patch):
    user = USER | {"memberGroupIds": {"h": True}, "aliases": {}}
    await patch(
        [step("set", "roles", ["admin"])],
        looked_up("kim@example.org", accounts=[user], lists=[LIST]),
        written("Account", {"f": {"roles": {"@type": "Admin"}, "memberGroupIds/h": None}}),
        written("MailingList", {"c": {"recipients/Kim@example.org": None}}),
        membership_set="all",
    )
    await patch(
        [step("set", "roles", ["admin"])],
        looked_up("kim@example.org", accounts=[user], lists=[LIST]),
        written("Account", {"f": {"roles": {"@type": "Admin"}}}),
    )


async def test_a_name_that_is_no_role(patch):
    found = looked_up("sales", accounts=[GROUP])
    with pytest.raises(Other) as refusal:
        await patch([step("addItem", "roles", "sales")], looked_up("kim@example.org"), found)
    assert refusal.value.body["reason"] == 'Principal "sales" is not a Role.'
    with pytest.raises(ItemNotFound):
        await patch([step("addItem", "roles", "zz")], looked_up("kim@example.org"), looked_up("zz", accounts=()))


async def test_roles_of_an_account_whose_permissions_replace_them(patch):
    user = USER | {"permissions": {"@type": "Replace", "enabledPermissions": {}, "disabledPermissions": {}}}
    with pytest.raises(Unsupported):
        await patch([step("addItem", "roles", "helpdesk")], looked_up("kim@example.org", accounts=[user]))


async def test_a_role_that_is_gone_when_it_is_written(patch):
    wanted = {"f": {"roles": {"@type": "Custom", "roleIds": {"b": True, "f": True}}}}
    failing = ([["x:Account/set", {"update": wanted}, "s"]], [["error", {"type": "serverUnavailable"}]])
    with pytest.raises(MethodError):
        await patch([step("addItem", "roles", "helpdesk")], looked_up("kim@example.org"), failing)


GONE = {"type": "invalidPatch", "properties": ["aliases/0"], "description": "Invalid value for object property"}


async def test_an_entry_that_moved_is_looked_for_once_more(patch):
    moved = USER | {"aliases": {"3": USER["aliases"]["0"]}}
    await patch(
        [step("removeItem", "emails", "k@example.org")],
        looked_up("kim@example.org"),
        written("Account", {"f": {"aliases/0": None}}, {"f": GONE}),
        looked_up("kim@example.org", accounts=[moved]),
        written("Account", {"f": {"aliases/3": None}}),
    )
    with pytest.raises(Other) as refusal:
        await patch(
            [step("removeItem", "emails", "k@example.org")],
            *(looked_up("kim@example.org"), written("Account", {"f": {"aliases/0": None}}, {"f": GONE})) * 2,
        )
    assert refusal.value.body["reason"] == "Invalid value for object property"


async def test_what_a_removal_by_position_hit_is_put_back(patch):
    after = ["x:Account/get", {"ids": ["f"], "properties": ["id", "aliases", "credentials"]}, "g"]
    two = USER | {"aliases": USER["aliases"] | {"1": {"name": "z", "domainId": "b", "enabled": True}}}

    def removal(seen):
        set_, answers = written("Account", {"f": {"aliases/0": None}})
        return [*set_, after], [*answers, ["x:Account/get", {"list": [seen]}]]

    steps = [step("removeItem", "emails", "k@example.org")]
    good = two | {"aliases": {"0": two["aliases"]["1"]}}
    await patch(steps, looked_up("kim@example.org", accounts=[two]), removal(good), verify_index_writes=True)
    bad = two | {"aliases": {"0": two["aliases"]["0"]}}
    repair = {"f": {"aliases/0": None, "aliases/2000000": two["aliases"]["1"]}}
    await patch(steps, looked_up("kim@example.org", accounts=[two]), removal(bad), written("Account", repair), verify_index_writes=True)


def test_repairs():
    before = {"credentials": {"0": {"credentialId": "a"}, "1": {"credentialId": "b"}}, "aliases": {}}
    assert mended(before, {"credentials/1": None}, {"credentials": {"0": {"credentialId": "a"}}}) == {}
    after = {"credentials": {"0": {"credentialId": "b"}}}
    assert mended(before, {"credentials/1": None}, after) == {"credentials/0": None}
    assert mended(before, {"credentials/0/secret": "x"}, before) == {}


async def test_whoever_waited_for_another_change_reads_again(patch):
    locks, held = Locks(), asyncio.Event()

    async def other():
        async with locks(("Account", "f")):
            held.set()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(other())
    await held.wait()
    changed = USER | {"aliases": {}}
    await patch(
        [step("removeItem", "emails", "k@example.org")], looked_up("kim@example.org"), looked_up("kim@example.org", accounts=[changed]), locks=locks
    )
    await task


async def test_changes_under_one_name_read_one_after_the_other(server, exchange_with):
    # Else one could read, the other read and write, and the first write over it.
    reading, most = 0, 0

    class Slow(server):
        async def attempt(self, *calls):
            nonlocal reading, most
            reading += 1
            most = max(most, reading)
            await asyncio.sleep(0.01)
            reading -= 1
            return await super().attempt(*calls)

    locks = Locks()
    upstreams = [Slow([looked_up("kim@example.org")], always=CONTEXT) for _ in range(2)]
    for upstream in upstreams:
        exchange = exchange_with(upstream)
        await read(exchange)
    changes = [replace(exchange_with(it, path={"name": "kim@example.org"}), body=[], locks=locks) for it in upstreams]
    await asyncio.gather(*map(patch_principal, changes))
    assert [it.left for it in upstreams] == [[], []]
    assert most == 1


async def test_a_change_under_another_name_that_ended_during_the_look_is_seen(server, exchange_with):
    # Else the whole-value fields that both change would lose what the first one wrote.
    right, other = "email-send", "email-receive"
    permissions = {"@type": "Merge", "enabledPermissions": {"emailSend": True}, "disabledPermissions": {}}
    first = server([looked_up("kim@example.org"), written("Account", {"f": {"permissions": permissions}})], always=CONTEXT)
    locks = Locks()
    changes = {}

    class Slow(server):
        async def attempt(self, *calls):
            seen = await super().attempt(*calls)
            if self.rounds == 1 and first.left:
                await patch_principal(changes["first"])
            return seen

    both_rights = {"f": {"permissions/enabledPermissions/emailReceive": True}}
    changed = USER | {"permissions": permissions}
    second = Slow([looked_up("kim"), looked_up("kim", accounts=[changed]), written("Account", both_rights)], always=CONTEXT)
    for name, upstream, address, wanted in (("first", first, "kim@example.org", right), ("second", second, "kim", other)):
        exchange = exchange_with(upstream, path={"name": address})
        await read(exchange)
        changes[name] = replace(exchange, body=[step("addItem", "enabledPermissions", wanted)], locks=locks)
    await patch_principal(changes["second"])
    assert (first.left, second.left) == ([], [])


async def test_secrets_are_remembered_where_that_is_wanted(patch):
    crypt = "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."
    for switch, strings in (("hashes", {"f": {"a": crypt}}), ("off", {})):
        memory = Recollection()
        await patch(
            [step("addItem", "secrets", crypt)],
            looked_up("kim@example.org"),
            written("Account", {"f": {"credentials/0/secret": crypt}}),
            memory=memory,
            secrets_memory=switch,
        )
        assert await memory.secrets(["f"]) == strings


async def test_a_refusal_that_rests_on_an_old_context_is_judged_again(server, exchange_with):
    steps = [step("addItem", "emails", "new@example.net"), step("addItem", "roles", "helpdesk")]
    changed = {"f": {"aliases/2000000": {"name": "new", "domainId": "c"}, "roles": {"@type": "Custom", "roleIds": {"b": True, "f": True}}}}
    upstream = server([looked_up("kim@example.org"), written("Account", changed)], always=CONTEXT)
    exchange = replace(exchange_with(upstream, path={"name": "kim@example.org"}), body=steps)
    context = (await read(exchange)).context
    known = {"domains": {"b": context.domains["b"]}, "roles": {}}
    upstream.keep(NOTE, replace(context, **known), 0)
    await patch_principal(exchange)
    assert upstream.left == []


async def test_tenants_where_they_need_another_edition(patch):
    found = looked_up("acme", accounts=())
    with pytest.raises(Unsupported) as refusal:
        await patch([step("set", "description", "x")], found, name="acme", tenant_gate="enterprise")
    assert refusal.value.body["details"] == "Enterprise feature"
    await patch([step("set", "description", "x")], found, written("Tenant", {"b": {"name": "acme | x"}}), name="acme")


async def test_tenants_of_principals(patch):
    await patch([step("set", "tenant", "acme")], looked_up("kim@example.org"), written("Account", {"f": {"memberTenantId": "b"}}))
    await patch([step("set", "tenant", "")], looked_up("kim@example.org"))
    for name, reason in (("example.org", 'Principal "example.org" is not a tenant'), ("helpdesk", 'Principal "helpdesk" is not a tenant')):
        with pytest.raises(Other) as refusal:
            await patch([step("set", "tenant", name)], looked_up("kim@example.org"), looked_up(name, accounts=()))
        assert refusal.value.body == {"error": "other", "details": "Not a tenant", "reason": reason}
    with pytest.raises(ItemNotFound):
        await patch([step("set", "tenant", "zz")], looked_up("kim@example.org"), looked_up("zz", accounts=()))


async def test_too_much_at_once(patch):
    with pytest.raises(Other) as refusal:
        await patch([step("addItem", "secrets", "x" * 500)] * 201, looked_up("kim@example.org"))
    assert refusal.value.body["reason"] == "Principal object size exceeds 100kb safety limit."
