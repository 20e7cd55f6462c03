"""POST of principals: order of refusals, what is written, what is undone, what is remembered."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.jmap.errors import MethodError
from gateway.jmap.session import Account
from gateway.legacy.principal.context import read
from gateway.legacy.principal.create import create_principal
from gateway.legacy.principal.facts import PROPERTIES
from gateway.legacy.refusals import BadRequest, Forbidden, ItemNotFound, ManagementError, Other, Problem, Unsupported
from gateway.state import OldName, Recollection

EXAMPLES = json.loads((Path(__file__).parents[2] / "vectors" / "principal.json").read_text())
CONTEXT = (EXAMPLES["contextCalls"], EXAMPLES["contextReply"])
HASH = "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."

KIM = {
    "id": "f", "@type": "User", "name": "kim", "domainId": "c", "emailAddress": "kim@example.net", "description": None,
    "aliases": {"0": {"name": "k", "domainId": "b", "enabled": True}}, "memberGroupIds": {}, "memberTenantId": None,
    "roles": {"@type": "User"}, "permissions": {"@type": "Inherit"}, "quotas": {}, "usedDiskQuota": 0, "credentials": {}, "locale": "en_US",
}  # fmt: skip
SALES = KIM | {"id": "h", "@type": "Group", "name": "sales", "domainId": "b", "emailAddress": "sales@example.org", "aliases": {}}
ALL = {
    "id": "c", "name": "all", "domainId": "b", "emailAddress": "all@example.org", "description": None, "aliases": {},
    "memberTenantId": None, "recipients": {"xy@far.test": True},
}  # fmt: skip
INHERIT = {"permissions": {"@type": "Inherit"}}
NOTHING = INHERIT | {"roles": {"@type": "Custom", "roleIds": {}}}


def found_by(type_, filter_, objects, at, properties=None):
    filtered = {"filter": filter_} if filter_ else {}
    query = [f"x:{type_}/query", {**filtered, "limit": 500, "calculateTotal": True}, f"q{at}"]
    reference = {"resultOf": f"q{at}", "name": f"x:{type_}/query", "path": "/ids"}
    get = [f"x:{type_}/get", {"#ids": reference, "properties": list(properties or PROPERTIES[type_])}, f"g{at}"]
    answers = [[query[0], {"ids": [it["id"] for it in objects], "total": len(objects)}], [get[0], {"list": list(objects)}]]
    return [query, get], answers


def together(*parts):
    return [call for calls, _ in parts for call in calls], [answer for _, answers in parts for answer in answers]


def looked_up(name, *others, accounts=(KIM, SALES), lists=(ALL,), clients=()):
    parts = []
    for at, one in enumerate((name, *others)):
        local = one.rpartition("@")[0] if "@" in one else one
        parts.append(found_by("Account", {"name": local}, [it for it in accounts if it["name"] == local], f"a{at}"))
        parts.append(found_by("MailingList", {"text": local}, [it for it in lists if it["name"] == local], f"l{at}"))
    parts.append(found_by("MailingList", {"text": name}, [], "m") if "@" in name else found_by("OAuthClient", {"clientId": name}, clients, "m"))
    return together(*parts)


def made(type_, value, id_="s"):
    return [[f"x:{type_}/set", {"create": {"c0": value}}, "s"]], [[f"x:{type_}/set", {"created": {"c0": {"id": id_}}}]]


def not_made(type_, value, error):
    return [[f"x:{type_}/set", {"create": {"c0": value}}, "s"]], [[f"x:{type_}/set", {"notCreated": {"c0": error}}]]


def changed(type_, update, failed=None, destroy=None):
    arguments = {"update": update} | ({"destroy": destroy} if destroy else {})
    done = [it for it in update if it not in (failed or {})]
    answer = {"updated": dict.fromkeys(done), "notUpdated": failed or {}, "destroyed": destroy or []}
    return [[f"x:{type_}/set", arguments, "s"]], [[f"x:{type_}/set", answer]]


def failing(type_, arguments, error):
    return [[f"x:{type_}/set", arguments, "s"]], [["error", {"type": error}]]


@pytest.fixture(name="create")
def _create(server, exchange_with):
    async def run(body, *parts, memory=None, rights=None, edition="oss", later=None, **settings):
        upstream = server(list(parts), always=CONTEXT)
        if rights is not None:

            async def account():
                return Account(frozenset(rights), edition, "en_US")

            upstream.account = account
        exchange = replace(exchange_with(upstream, memory=memory, **settings), body=body)
        await read(exchange)
        if later is not None:
            upstream.always = server([], always=(CONTEXT[0], later)).always
        try:
            return await create_principal(exchange)
        finally:
            assert upstream.left == [], "not everything that was expected was asked"

    return run


def individual(**more):
    return {"type": "individual", "name": "new", **more}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"type": "individual", "name": "new", "zz": 1}, BadRequest),
        ({"type": "zz", "name": "new"}, BadRequest),
        ([], BadRequest),
        ({"type": "location", "name": ""}, 'Principals of type "location" do not exist in Stalwart 0.16'),
        ({"type": "individual", "name": "", "emails": ["kim@example.net"]}, {"error": "fieldMissing", "field": "name"}),
    ],
)
async def test_refused_before_anything_is_asked(create, body, expected):
    with pytest.raises(expected if isinstance(expected, type) else ManagementError) as raised:
        await create(body)
    if isinstance(expected, str):
        assert raised.value.body == {"error": "unsupported", "details": expected}
    elif isinstance(expected, dict):
        assert raised.value.body == expected


ORDER = [
    ("members", {"members": ["nobody"]}, {"error": "notFound", "item": "nobody"}),
    ("memberOf", {"memberOf": ["kim"]}, {"error": "notFound", "item": "kim"}),
    ("lists", {"lists": ["sales"]}, {"error": "notFound", "item": "sales"}),
    ("roles", {"roles": ["nobody"]}, {"error": "notFound", "item": "nobody"}),
    (
        "enabledPermissions", {"enabledPermissions": ["zz"]},
        {"error": "other", "details": "Invalid enabledPermissions value", "reason": 'Permission "zz" is invalid'},
    ),
    (
        "urls", {"urls": ["https://x.test"]},
        {"error": "unsupported", "details": 'Field "urls" is not available for type "individual" in Stalwart 0.16'},
    ),
    ("emails", {"emails": ["x@nowhere.test"]}, {"error": "notFound", "item": "nowhere.test"}),
    ("quota", {"quota": [1, 2]}, {"error": "unsupported", "details": "Quota position 1 is not available in Stalwart 0.16"}),
    ("locale", {"locale": "xx"}, {"error": "unsupported", "details": 'Locale "xx" is not available in Stalwart 0.16'}),
    ("secrets", {"secrets": ["$6$cut"]}, {"error": "other", "details": "Invalid secret", "reason": "The password hash is not in a supported format"}),
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(ORDER)), ids=[name for name, _, _ in ORDER])
async def test_refusals_come_in_the_old_order(create, first):
    """Each is given although everything that would be refused later is there too."""
    body = individual()
    for _, part, _ in ORDER[first:]:
        body |= part
    names = [*body.get("members", ()), *body.get("memberOf", ()), *body.get("lists", ())]
    with pytest.raises(ManagementError) as raised:
        await create(body, looked_up("new", *names))
    assert raised.value.body == ORDER[first][2]


async def test_a_taken_name_is_refused_before_what_the_principal_names(create):
    with pytest.raises(ManagementError) as raised:
        await create(individual(name="Example.NET", memberOf=["nobody"], emails=["x@nowhere.test"]), looked_up("example.net", "nobody"))
    assert raised.value.body == {"error": "fieldAlreadyExists", "field": "name", "value": "example.net"}


async def test_an_address_is_taken_before_a_later_domain_is_unknown(create):
    body = individual(emails=["k@example.org", "x@nowhere.test"])
    holders = ["id", "emailAddress", "aliases", "domainId"]
    search = together(
        found_by("Account", {"name": "k"}, [], 0, holders), found_by("MailingList", None, [ALL | {"aliases": KIM["aliases"]}], 1, holders)
    )
    with pytest.raises(ManagementError) as raised:
        await create(body, looked_up("new"), search)
    assert raised.value.body == {"error": "fieldAlreadyExists", "field": "emails", "value": "k@example.org"}


async def test_whoever_may_not_create_hears_only_that(create):
    with pytest.raises(Forbidden):
        await create(individual(name="example.net"), looked_up("example.net"), rights={"authenticate", "sysAccountGet", "sysAccountQuery"})


async def test_a_group_in_a_group_is_refused(create):
    with pytest.raises(Unsupported) as raised:
        await create({"type": "group", "name": "new", "members": ["sales"]}, looked_up("new", "sales"))
    assert raised.value.body["details"] == "Nested groups are not supported in Stalwart 0.16"
    with pytest.raises(Unsupported) as raised:
        await create({"type": "group", "name": "new", "memberOf": ["sales"]}, looked_up("new", "sales"))
    assert raised.value.body["details"] == "Nested groups are not supported in Stalwart 0.16"


async def test_members_of_a_wrong_kind(create):
    with pytest.raises(Other) as raised:
        await create({"type": "group", "name": "new", "members": ["all"]}, looked_up("new", "all"))
    assert raised.value.body == {"error": "other", "details": "Invalid members value", "reason": 'Principal "all" is not one of Individual, Group.'}
    with pytest.raises(Other) as raised:
        await create({"type": "role", "name": "new", "members": ["kim"]}, looked_up("new", "kim"))
    assert raised.value.body["reason"] == 'Principal "kim" is not one of Role.'


async def test_a_bare_name_is_remembered_with_the_address_that_nobody_listed(create):
    memory = Recollection()
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING}
    assert await create(individual(emails=[""]), looked_up("new"), made("Account", value), memory=memory) == 18
    assert await memory.called({"new"}) == [OldName("Account", "s", "new", "new@example.org", implied=True)]


async def test_a_listed_address_is_not_implied_and_a_full_name_needs_no_memory(create):
    memory = Recollection()
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING}
    await create(individual(emails=["NEW@example.org"]), looked_up("new"), made("Account", value), memory=memory)
    assert await memory.called({"new"}) == [OldName("Account", "s", "new", "new@example.org", implied=False)]
    body = individual(name="two@example.org", emails=["two@example.org"])
    await create(body, looked_up("two@example.org"), made("Account", value | {"name": "two"}), memory=memory)
    assert await memory.called({"two@example.org"}) == []


async def test_a_remembered_name_is_taken_although_nothing_else_has_it(create):
    memory = Recollection()
    await memory.remember(OldName("Account", "f", "boss", "kim@example.net", implied=False))
    read_again = [["x:Account/get", {"ids": ["f"], "properties": list(PROPERTIES["Account"])}, "r"]], [["x:Account/get", {"list": [KIM]}]]
    with pytest.raises(ManagementError) as raised:
        await create({"type": "role", "name": "boss"}, together(looked_up("boss"), read_again), memory=memory)
    assert raised.value.body == {"error": "fieldAlreadyExists", "field": "name", "value": "boss"}
    body = {"type": "domain", "name": "boss.test"}
    await memory.remember(OldName("Account", "f", "boss.test", "kim@example.net", implied=False))
    with pytest.raises(ManagementError) as raised:
        await create(body, read_again, memory=memory)
    assert raised.value.body["value"] == "boss.test"


async def test_strings_of_secrets_are_remembered_by_credential(create):
    memory = Recollection()
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING, "credentials": {"0": {"@type": "Password", "secret": HASH}}}
    await create(individual(secrets=HASH), looked_up("new"), made("Account", value), memory=memory, secrets_memory="hashes")
    assert await memory.secrets({"s"}) == {"s": {"a": HASH}}


async def test_what_has_no_place_can_be_left_out(create):
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING}
    body = individual(urls=["https://x.test"], picture="https://x.test/p.png", externalMembers="a@b.test")
    assert await create(body, looked_up("new"), made("Account", value), lossy_fields="drop") == 18


async def test_what_cannot_be_finished_is_undone(create):
    """The list that took the new address loses it again, and the new account goes."""
    memory = Recollection()
    body = individual(lists=["all"], emails=["new@example.org", "@empty.test"])
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING}
    joined = changed("MailingList", {"c": {"recipients/new@example.org": True}})
    refused = changed("Domain", {"e": {"catchAllAddress": "new@example.org"}}, {"e": {"type": "forbidden"}})
    undone = changed("MailingList", {"c": {"recipients/new@example.org": None}})
    gone = [["x:Account/set", {"destroy": ["s"]}, "d"]], [["x:Account/set", {"destroyed": ["s"]}]]
    with pytest.raises(Forbidden):
        await create(body, looked_up("new", "all"), made("Account", value), together(joined, refused), together(undone, gone), memory=memory)
    assert await memory.called({"new"}) == []


async def test_members_of_a_group_leave_it_when_it_is_undone(create):
    bob = KIM | {"id": "j", "name": "bob", "emailAddress": "bob@example.net"}
    body = {"type": "group", "name": "new", "members": ["kim", "bob"]}
    value = {"@type": "Group", "name": "new", "domainId": "b", **INHERIT, "roles": {"@type": "Default"}}
    update = {"f": {"memberGroupIds/s": True}, "j": {"memberGroupIds/s": True}}
    with pytest.raises(ItemNotFound) as raised:
        await create(
            body,
            looked_up("new", "kim", "bob", accounts=(KIM, bob)),
            made("Account", value),
            changed("Account", update, {"j": {"type": "notFound"}}),
            changed("Account", {"f": {"memberGroupIds/s": None}}, destroy=["s"]),
        )
    assert raised.value.body["item"] == "bob"


async def test_a_forbidden_call_behind_the_create_is_undone_too(create):
    body = individual(lists=["all"])
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING}
    gone = [["x:Account/set", {"destroy": ["s"]}, "d"]], [["x:Account/set", {"destroyed": ["s"]}]]
    with pytest.raises(MethodError, match="forbidden"):
        await create(
            body,
            looked_up("new", "all"),
            made("Account", value),
            failing("MailingList", {"update": {"c": {"recipients/new@example.org": True}}}, "forbidden"),
            gone,
        )


async def test_a_list_that_has_the_address_already_is_left_alone(create):
    known = ALL | {"recipients": {"new@example.org": True}}
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING}
    assert await create(individual(lists=["all"]), looked_up("new", "all", lists=(known,)), made("Account", value)) == 18


async def test_a_role_that_vanished_is_named(create):
    """The new server only says that it cannot, for the whole call."""
    value = {"@type": "User", "name": "new", "domainId": "b", **INHERIT, "roles": {"@type": "Custom", "roleIds": {"f": True}}}
    part = failing("Account", {"create": {"c0": value}}, "serverUnavailable")
    with pytest.raises(MethodError, match="serverUnavailable"):
        await create(individual(roles=["helpdesk"]), looked_up("new"), part)
    later = [[name, {**answer, "list": [it for it in answer["list"] if (name, it["id"]) != ("x:Role/get", "f")]}, tag] for name, answer, tag in CONTEXT[1]]
    with pytest.raises(ItemNotFound) as raised:
        await create(individual(roles=["helpdesk"]), looked_up("new"), part, later=later)
    assert raised.value.body["item"] == "helpdesk"


@pytest.mark.parametrize(
    ("error", "body"),
    [
        ({"type": "overQuota"}, {"title": "Tenant quota exceeded"}),
        ({"type": "forbidden", "description": "You are not authorized to grant permissions: sysLogGet"}, {"details": "Invalid permission"}),
        ({"type": "invalidForeignKey", "objectId": {"object": "Domain", "id": "b"}}, {"error": "notFound", "item": "example.org"}),
        ({"type": "primaryKeyViolation", "properties": ["email"]}, {"error": "fieldAlreadyExists", "field": "name", "value": "new"}),
        ({"type": "willDestroy"}, {"error": "other", "details": "Operation failed", "reason": "willDestroy"}),
    ],
)
async def test_refusals_of_the_new_server(create, error, body):
    value = {"@type": "User", "name": "new", "domainId": "b", **NOTHING}
    with pytest.raises((ManagementError, Problem)) as raised:
        await create(individual(), looked_up("new"), not_made("Account", value, error))
    assert raised.value.body.items() >= body.items()


@pytest.mark.parametrize("name", ["a b.test", "a@b.test", "-a.test", "a..test", "a_b.test.", "x" * 64 + ".test", " ", "a/b.test"])
async def test_names_that_can_be_no_domain(create, name):
    with pytest.raises(Other) as raised:
        await create({"type": "domain", "name": name})
    assert raised.value.body["reason"] == f'"{name}" is not a valid domain name'


async def test_a_domain_costs_one_round_trip(create):
    value = {"name": "new.test", "dkimManagement": {"@type": "Manual"}}
    assert await create({"type": "domain", "name": "NEW.test"}, made("Domain", value, "g")) == 0x10000006
    assert await create({"type": "domain", "name": "own.test"}, made("Domain", {"name": "own.test"}, "h"), domain_dkim="server") == 0x10000007


async def test_tenants_can_be_kept_for_enterprise_editions(create):
    rights = {"sysTenantCreate"}
    with pytest.raises(Unsupported) as raised:
        await create({"type": "tenant", "name": "new"}, tenant_gate="enterprise", rights=rights)
    assert raised.value.body["details"] == "Enterprise feature"
    value = {"name": "new", **INHERIT, "roles": {"@type": "Custom", "roleIds": {}}}
    body = {"type": "tenant", "name": "new"}
    assert await create(body, looked_up("new"), made("Tenant", value, "d"), tenant_gate="enterprise", rights=rights, edition="enterprise") == 0x40000003


async def test_a_tenant_has_no_tenant(create):
    with pytest.raises(Other) as raised:
        await create({"type": "tenant", "name": "new", "tenant": "acme"}, looked_up("new"))
    assert raised.value.body == {"error": "other", "details": "Invalid field", "reason": "Tenants cannot contain a tenant field"}


@pytest.mark.parametrize("type_", ["role", "tenant"])
async def test_a_name_with_the_separator_in_it(create, type_):
    with pytest.raises(Other) as raised:
        await create({"type": type_, "name": "night | shift"}, looked_up("night | shift"))
    assert raised.value.body["reason"] == 'The name must not contain " | "'


async def test_too_large_a_principal(create):
    urls = [f"https://big.test/{'x' * 480}{number}" for number in range(210)]
    with pytest.raises(Other) as raised:
        await create({"type": "oauthClient", "name": "new", "urls": urls}, looked_up("new"))
    assert raised.value.body["reason"] == "Principal object size exceeds 100kb safety limit."


async def test_a_role_in_roles(create):
    value = {"description": "new | Night staff", "roleIds": {"b": True, "f": True}}
    members = changed("Role", {"g": {"roleIds/i": True}})
    body = {"type": "role", "name": "new", "description": "Night staff", "roles": ["helpdesk", "user"], "members": ["auditor"]}
    assert await create(body, looked_up("new", "auditor"), made("Role", value, "i"), members) == 0x30000008
