"""Tenants, links, rights and what goes with them (recordings `directory.tenants`, `directory.roles`, `directory.permissions`)."""

import pytest

from gateway.simulator.session import session

MANUAL = {"@type": "Manual"}
TENANT_TYPES = {
    "Account": {"@type": "User", "name": "third"},
    "MailingList": {"name": "third"},
}


@pytest.mark.parametrize("kind", TENANT_TYPES)
def test_objects_of_a_tenant_refer_to_objects_of_the_same_tenant(server, kind):
    tenant, other = server.made("Tenant", {"name": "acme"}), server.made("Tenant", {"name": "other"})
    own = server.made("Domain", {"name": "acme.test", "memberTenantId": tenant, "dkimManagement": MANUAL})
    foreign = server.made("Domain", {"name": "other.test", "memberTenantId": other, "dkimManagement": MANUAL})
    for domain in ("b", foreign):
        answer = server.one(f"x:{kind}/set", {"create": {"k": TENANT_TYPES[kind] | {"domainId": domain, "memberTenantId": tenant}}})
        assert answer["notCreated"]["k"] == {"type": "invalidForeignKey", "objectId": {"object": "Domain", "id": domain}}
    answer = server.one(f"x:{kind}/set", {"create": {"k": TENANT_TYPES[kind] | {"domainId": foreign, "memberTenantId": "zz"}}})
    assert answer["notCreated"]["k"] == {"type": "invalidForeignKey", "objectId": {"object": "Tenant", "id": "zz"}}
    made = server.made(kind, TENANT_TYPES[kind] | {"domainId": own, "memberTenantId": tenant})
    assert server.changed(kind, made, {"domainId": foreign}) == {"type": "invalidForeignKey", "objectId": {"object": "Domain", "id": foreign}}
    assert server.changed(kind, made, {"memberTenantId": None}) is None
    assert server.changed(kind, made, {"domainId": foreign}) is None


def test_a_role_that_is_not_there_stops_the_whole_call(server):
    create = {
        "first": {"@type": "User", "name": "first", "domainId": "b"},
        "bad": {"@type": "User", "name": "bad", "domainId": "b", "roles": {"@type": "Custom", "roleIds": {"zz": True}}},
        "last": {"@type": "User", "name": "last", "domainId": "b"},
    }
    ((name, error, _),) = server.batch(("x:Account/set", {"create": create}))
    assert (name, error["type"]) == ("error", "serverUnavailable")
    assert [server.found("Account", {"name": one}) for one in ("first", "bad", "last")] == [["b"], [], []]


def test_defaults_point_at_the_first_roles(server):
    shown = server.shown("Authentication", "singleton")
    assert [shown[f"default{kind}RoleIds"] for kind in ("User", "Group", "Tenant", "Admin")] == [
        {"b": True},
        {"c": True},
        {"d": True, "b": True},
        {"e": True, "b": True},
    ]
    assert server.shown("SystemSettings", "singleton")["defaultDomainId"] == "b"


def test_a_destroyed_account_leaves_a_task(server):
    account = server.user("gone")
    assert server.one("x:Account/set", {"destroy": [account]}) == {"destroyed": [account]}
    (task,) = [one for one in server.world.kept("Task").objects.values() if one["@type"] == "DestroyAccount"]
    assert {name: task[name] for name in ("accountId", "accountName", "accountDomainId", "accountType")} == {
        "accountId": account,
        "accountName": "gone",
        "accountDomainId": "b",
        "accountType": "User",
    }


def test_the_password_policy_takes_effect_with_a_reload(server):
    account = server.user("weak")
    assert server.changed("Authentication", "singleton", {"passwordMinLength": 4, "passwordMinStrength": "zero"}) is None
    assert server.changed("Account", account, {"credentials/0/secret": "abcd"})["type"] == "invalidProperties"
    server.one("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})
    assert server.changed("Account", account, {"credentials/0/secret": "abcd"}) is None


def test_an_account_shows_the_capabilities_it_has_a_right_for(server):
    group = server.made("Account", {"@type": "Group", "name": "team", "domainId": "b"})
    server.user("full", memberGroupIds={group: True})
    rights = {"authenticate": True, "jmapEmailGet": True}
    server.user("narrow", permissions={"@type": "Replace", "enabledPermissions": rights})
    full = session(server.world, server.caller("full@lab.test", "long pass phrase 42"))
    narrow = session(server.world, server.caller("narrow@lab.test", "long pass phrase 42"))
    assert len(full["primaryAccounts"]) == 17
    assert sorted(name.removeprefix("urn:ietf:params:jmap:") for name in narrow["primaryAccounts"]) == [
        *("emailpush", "mail", "mail:share", "principals", "principals:availability", "urn:stalwart:jmap", "websocket"),
    ]
    own = {id_: one["accountCapabilities"]["urn:ietf:params:jmap:principals"] for id_, one in full["accounts"].items()}
    assert own == {id_: {"currentUserPrincipalId": id_} for id_ in full["accounts"]}
    assert {id_: one["isPersonal"] for id_, one in full["accounts"].items()} == {group: False, "c": True}


def test_a_key_over_two_properties_and_two_types(server):
    key = server.made("MemoryLookupKey", {"namespace": "a", "key": "x"})
    server.made("MemoryLookupKey", {"namespace": "b", "key": "x"})
    taken = {"type": "primaryKeyViolation", "properties": ["namespace"], "objectId": {"object": "MemoryLookupKey", "id": key}}
    for kind, more in (("MemoryLookupKey", {}), ("MemoryLookupKeyValue", {"value": "v"})):
        answer = server.one(f"x:{kind}/set", {"create": {"k": {"namespace": "a", "key": "x"} | more}})
        assert answer["notCreated"]["k"] == taken


def test_rights_are_asked_for_before_ownership(server):
    other = server.user("other")
    server.user("plain")
    answers = server.batch(
        ("x:Account/get", {"accountId": other, "ids": []}),
        ("x:PublicKey/get", {"accountId": other, "ids": []}),
        user=("plain@lab.test", "long pass phrase 42"),
    )
    assert [answer["description"] for _, answer, _ in answers] == [
        "You are not authorized to perform this action",
        f"You are not an owner of account {other}",
    ]


@pytest.mark.parametrize(("edition", "cut"), [("oss", False), ("community", True), ("enterprise", False)])
def test_without_a_licence_accounts_of_tenants_are_plain_users(make_server, edition, cut):
    server = make_server(edition)
    tenant = server.made("Tenant", {"name": "acme"})
    domain = server.made("Domain", {"name": "acme.test", "memberTenantId": tenant, "dkimManagement": MANUAL})
    server.user("boss", domain, memberTenantId=tenant, roles={"@type": "Admin"})
    server.user("plain")
    boss, plain = (server.caller(login, "long pass phrase 42").permissions for login in ("boss@acme.test", "plain@lab.test"))
    assert (boss == plain) is cut
    assert ("sysAccountCreate" in boss) is not cut
