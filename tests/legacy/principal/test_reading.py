"""Objects of the new server in the form of old principals, as literals."""

import pytest

from gateway.legacy.principal.around import Around
from gateway.legacy.principal.context import Context, Domain, Role, Tenant
from gateway.legacy.principal.facts import KINDS
from gateway.legacy.principal.names import Names
from gateway.legacy.principal.reading import (
    emails_of,
    locale_of,
    permissions_of,
    quota_of,
    role_names,
    roles_of,
    secrets_of,
    tenant_name,
)
from gateway.legacy.principal.shapes import shape
from gateway.state import OldName


def domain(id_, name, *aliases, catch_all=None):
    return Domain(id_, name, frozenset({name, *aliases}), None, catch_all)


def role(id_, name):
    return Role(id_, name, None, frozenset(), None)


CONTEXT = Context(
    domains={"b": domain("b", "a.test", "alias.test", catch_all="kim@a.test"), "c": domain("c", "b.test", catch_all="Info@a.test")},
    roles={"b": role("b", "User"), "c": role("c", "Tenant Administrator"), "d": role("d", "System Administrator"), "f": role("f", "desk"), "g": role("g", "audit")},
    tenants={"b": Tenant("b", "acme", None)},
    defaults={
        "user": frozenset("b"), "group": frozenset(), "tenant-admin": frozenset("bc"), "admin": frozenset("bd"),
    },
    default_domain="b",
    forbidden=frozenset(),
)  # fmt: skip
FULL = Names({}, None)


def alias(name, domain_id, *, enabled=True):
    return {"name": name, "domainId": domain_id, "enabled": enabled, "description": None}


def test_addresses_begin_with_the_own_one_and_hold_the_domains_whose_rest_it_gets():
    account = {
        "emailAddress": "kim@a.test",
        "aliases": {
            "0": alias("zoe", "b"),
            "1": alias("info", "b"),
            "2": alias("off", "b", enabled=False),
            "3": alias("info", "b"),
            "4": alias("kim", "b"),
            "5": alias("hidden", "zz"),
        },
    }
    assert emails_of(account, CONTEXT, implied=False) == ["kim@a.test", "@a.test", "@b.test", "info@a.test", "zoe@a.test"]
    assert emails_of(account, CONTEXT, implied=True) == ["@a.test", "@b.test", "info@a.test", "zoe@a.test"]
    assert emails_of({"emailAddress": "lee@b.test"}, CONTEXT, implied=True) == []


def credential(type_, id_, **more):
    return {"@type": type_, "credentialId": id_, "secret": "****"} | more


CREDENTIALS = {
    "0": credential("AppPassword", "c", description="Tablet", createdAt="2026-01-01T00:00:00Z"),
    "1": credential("Password", "a", otpAuth="****"),
    "2": credential("ApiKey", "d", description="Script", createdAt="2026-01-01T00:00:00Z"),
    "3": credential("AppPassword", "b", description="Phone", createdAt="2025-11-02T08:00:00Z"),
}
PHONE, TABLET = "$app$UGhvbmUkMjAyNS0xMS0wMlQwODowMDowMFo=$****", "$app$VGFibGV0JDIwMjYtMDEtMDFUMDA6MDA6MDBa$****"


@pytest.mark.parametrize(
    ("credentials", "slot", "remembered", "shown"),
    [
        ({}, None, {}, []),
        (CREDENTIALS, None, {}, ["otpauth://****", "****", PHONE, TABLET]),
        (CREDENTIALS, None, {"a": "$6$salt$hash", "otp": "otpauth://totp/x", "c": "$app$tab$x"}, ["otpauth://totp/x", "$6$salt$hash", PHONE, "$app$tab$x"]),
        ({"0": credential("Password", "b")}, "phone", {}, ["$app$phone$****"]),
        ({"0": credential("Password", "b")}, "phone", {"b": "$app$phone$$6$x"}, ["$app$phone$$6$x"]),
    ],
)  # fmt: skip
def test_secrets(credentials, slot, remembered, shown):
    assert secrets_of({"credentials": credentials}, slot, remembered) == shown


INHERIT = {"@type": "Inherit"}


@pytest.mark.parametrize(
    ("roles", "more", "names"),
    [
        ({"@type": "User"}, {}, ["user"]),
        ({"@type": "Default"}, {}, []),
        ({"@type": "Admin"}, {"memberTenantId": None}, ["admin"]),
        ({"@type": "Admin"}, {"memberTenantId": "b"}, ["tenant-admin"]),
        ({"@type": "Admin"}, {}, ["tenant-admin"]),
        ({"@type": "Custom", "roleIds": {}}, {}, []),
        ({"@type": "Custom", "roleIds": {"g": True, "f": True}}, {}, ["audit", "desk"]),
        ({"@type": "Custom", "roleIds": {"b": True, "f": True}}, {}, ["user", "desk"]),
        ({"@type": "Custom", "roleIds": {"b": True, "c": True, "d": True}}, {}, ["admin", "Tenant Administrator"]),
        ({"@type": "Custom", "roleIds": {"b": True, "c": True, "zz": True}}, {}, ["tenant-admin", "roleid:zz"]),
        ({"@type": "User"}, {"permissions": {"@type": "Replace"}}, []),
    ],
)
def test_roles(roles, more, names):
    assert roles_of({"roles": roles, "permissions": INHERIT} | more, CONTEXT) == names


def test_roles_without_knowing_the_built_in_ones():
    unknown = Context({}, {}, {}, None, None, frozenset())
    assert role_names(["b", "c"], unknown) == ["roleid:b", "roleid:c"]


def test_permissions_are_listed_when_all_that_they_stand_for_is_there():
    assert permissions_of({"sysDomainGet": True}) == ["domain-get"]
    assert permissions_of({"sysDomainGet": True, "sysDomainQuery": True}) == ["domain-list", "domain-get"]
    assert permissions_of({"sysQueuedMessageUpdate": True}) == ["message-queue-update"]
    assert permissions_of({"actionClassifySpam": True, "sysActionCreate": True}) == ["spam-filter-test"]
    assert permissions_of({"liveMetrics": False}) == []


@pytest.mark.parametrize(
    ("quotas", "shown"),
    [
        ({}, 0),
        ({"maxDiskQuota": 5, "maxDkimKeys": 3}, 5),
        ({"maxDiskQuota": 5, "maxAccounts": 2, "maxOauthClients": 1}, [5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ({"maxGroups": 4, "maxAccounts": 0}, [0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_quotas(quotas, shown):
    assert quota_of(quotas) == shown


def test_locales_and_tenants():
    assert [locale_of(it) for it in ("en_US", None, "de_DE", "sv_SE")] == [None, None, "de", "sv_SE"]
    assert [tenant_name(it, CONTEXT) for it in ({"memberTenantId": "b"}, {"memberTenantId": None}, {}, {"memberTenantId": "zz"})] == ["acme", None, None, "tenantid:zz"]


def account(type_="User", **more):
    return {
        "id": "f",
        "@type": type_,
        "name": "kim",
        "domainId": "b",
        "emailAddress": "kim@b.test",
        "description": None,
        "aliases": {},
        "memberTenantId": None,
        "roles": {"@type": "User"},
        "permissions": INHERIT,
        "quotas": {},
        "usedDiskQuota": 0,
        "locale": "en_US",
    } | more  # fmt: skip


def test_an_individual_with_everything():
    object_ = account(
        description="Kim",
        aliases={"0": alias("k", "b")},
        memberGroupIds={"h": True, "i": True, "zz": True},
        memberTenantId="b",
        permissions={"@type": "Merge", "enabledPermissions": {"sysDomainGet": True}, "disabledPermissions": {"emailSend": True}},
        quotas={"maxDiskQuota": 7},
        usedDiskQuota=3,
        locale="fr_FR",
        credentials={"0": credential("Password", "a")},
    )
    around = Around(
        CONTEXT,
        Names({"kim@b.test": OldName("Account", "f", "kim", "kim@b.test", implied=False)}, None),
        groups={"h": "zeta", "i": "alpha"},
        lists={"k@a.test": ["all@a.test"], "kim@b.test": ["all@a.test", "abc"]},
    )
    assert shape(KINDS["individual"], object_, around) == {
        "id": 5,
        "type": "individual",
        "name": "kim",
        "description": "Kim",
        "secrets": ["****"],
        "emails": ["kim@b.test", "k@a.test"],
        "memberOf": ["alpha", "zeta"],
        "lists": ["abc", "all@a.test"],
        "roles": ["user"],
        "enabledPermissions": ["domain-get"],
        "disabledPermissions": ["email-send"],
        "quota": 7,
        "usedQuota": 3,
        "tenant": "acme",
        "locale": "fr",
    }
    assert shape(KINDS["individual"], object_, around, frozenset({"name", "quota", "members"})) == {"id": 5, "type": "individual", "name": "kim", "quota": 7}


def test_a_name_that_belongs_to_another_object_of_that_address_is_not_its_own():
    for stranger in (OldName("Account", "g", "kim", "kim@b.test", implied=True), OldName("MailingList", "f", "kim", "kim@b.test", implied=True)):
        around = Around(CONTEXT, Names({"kim@b.test": stranger}, None))
        assert shape(KINDS["individual"], account(), around, frozenset({"name", "emails"})) == {
            "id": 5, "type": "individual", "name": "kim@b.test", "emails": ["kim@b.test"],
        }  # fmt: skip


def test_a_group():
    around = Around(CONTEXT, FULL, members={("Account", "f"): ["a", "b"]})
    assert shape(KINDS["group"], account("Group", roles={"@type": "Default"}), around) == {
        "id": 5, "type": "group", "name": "kim@b.test", "emails": ["kim@b.test"], "members": ["a", "b"],
    }  # fmt: skip


def test_recipients_of_a_list_are_parted_by_domain():
    list_ = {
        "id": "c",
        "name": "all",
        "domainId": "b",
        "emailAddress": "all@a.test",
        "description": "Everybody",
        "aliases": {},
        "memberTenantId": None,
        "recipients": {"Kim@A.test": True, "lee@alias.test": True, "x@far.test": True, "gone@b.test": False},
    }
    names = Names({"lee@alias.test": OldName("Account", "k", "lee", "lee@alias.test", implied=False)}, None)
    assert shape(KINDS["list"], list_, Around(CONTEXT, names)) == {
        "id": 0x20000002,
        "type": "list",
        "name": "all@a.test",
        "description": "Everybody",
        "emails": ["all@a.test"],
        "members": ["Kim@A.test", "lee"],
        "externalMembers": ["x@far.test"],
    }


def test_names_in_short():
    names = Names({}, "a.test")
    assert [names.address(it) for it in ("kim@a.test", "kim@b.test")] == ["kim", "kim@b.test"]


def test_a_domain_always_tells_how_many_members_it_has():
    object_ = {"id": "c", "name": "b.test", "aliases": {}, "description": "", "logo": "https://b.test/l.png", "memberTenantId": "b"}
    around = Around(CONTEXT, FULL, members={("Domain", "c"): 0})
    assert shape(KINDS["domain"], object_, around) == {
        "id": 0x10000002, "type": "domain", "name": "b.test", "members": 0, "picture": "https://b.test/l.png", "tenant": "acme",
    }  # fmt: skip


def test_a_tenant_with_roles_of_its_own():
    object_ = {
        "id": "b",
        "name": "acme | Acme | Inc",
        "logo": None,
        "roles": {"@type": "Custom", "roleIds": {"f": True}},
        "permissions": {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {"emailSend": True}},
        "quotas": {"maxDiskQuota": 9},
        "usedDiskQuota": 0,
    }
    assert shape(KINDS["tenant"], object_, Around(CONTEXT, FULL, members={("Tenant", "b"): 4})) == {
        "id": 0x40000001, "type": "tenant", "name": "acme", "description": "Acme | Inc", "members": 4, "roles": ["desk"],
        "disabledPermissions": ["email-send"], "quota": 9,
    }  # fmt: skip


def test_a_role():
    object_ = {
        "id": "f",
        "description": "desk",
        "memberTenantId": None,
        "roleIds": {"b": True, "g": True},
        "enabledPermissions": {"sysDomainGet": True},
        "disabledPermissions": {},
    }
    assert shape(KINDS["role"], object_, Around(CONTEXT, FULL)) == {
        "id": 0x30000005, "type": "role", "name": "desk", "roles": ["user", "audit"], "enabledPermissions": ["domain-get"],
    }  # fmt: skip


def test_a_client():
    object_ = {
        "id": "b",
        "clientId": "panel",
        "description": "Panel",
        "contacts": {"b@a.test": True, "a@a.test": True},
        "redirectUris": {"https://p.test/cb": True},
        "logo": None,
        "expiresAt": None,
        "memberTenantId": None,
    }
    assert shape(KINDS["oauthClient"], object_, Around(CONTEXT, FULL)) == {
        "id": 0x50000001, "type": "oauthClient", "name": "panel", "description": "Panel", "emails": ["a@a.test", "b@a.test"],
        "urls": ["https://p.test/cb"],
    }  # fmt: skip
