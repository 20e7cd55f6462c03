"""Names of roles, and the three forms that roles have on the new server."""

import pytest

from gateway.legacy.principal.reading import role_names, roles_of
from gateway.legacy.principal.values.roles import (
    account_roles,
    custom,
    folded,
    id_patch,
    ids_of,
    meanings,
    role_ids,
    role_patch,
    tenant_roles,
    unknown,
)
from gateway.legacy.refusals import ItemNotFound, Other, Unsupported


def ids(*names):
    return {"@type": "Custom", "roleIds": dict.fromkeys(names, True)}


@pytest.mark.parametrize(
    ("names", "in_tenant", "value"),
    [
        ([], False, ids()),
        (["user"], False, {"@type": "User"}),
        (["admin"], False, {"@type": "Admin"}),
        (["admin", "user"], False, {"@type": "Admin"}),
        (["admin", "tenant-admin", "user"], False, {"@type": "Admin"}),
        (["tenant-admin"], True, {"@type": "Admin"}),
        (["tenant-admin", "user"], True, {"@type": "Admin"}),
        (["tenant-admin"], False, ids("b", "d")),
        (["admin"], True, ids("b", "e")),
        (["helpdesk"], False, ids("f")),
        (["helpdesk", "user"], False, ids("b", "f")),
        (["roleid:g", "role:helpdesk"], False, ids("f", "g")),
        (["boss"], False, ids("j")),
    ],
)
def test_roles_of_accounts(context, names, in_tenant, value):
    assert account_roles(names, context, in_tenant=in_tenant) == value


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (["tenant-admin"], {"@type": "Default"}),
        (["user", "tenant-admin"], {"@type": "Default"}),
        ([], ids()),
        (["user"], ids("b")),
        (["tenant-admin", "auditor"], ids("b", "d", "g")),
    ],
)
def test_roles_of_tenants(context, names, value):
    assert tenant_roles(names, context) == value


def test_names_that_mean_no_role(context):
    assert unknown(["user", "helpdesk", "zz", "HELPDESK", "acme", "role:zz"], context) == ["zz", "HELPDESK", "acme", "role:zz"]
    with pytest.raises(ItemNotFound) as refusal:
        role_ids(["helpdesk", "zz"], context)
    assert refusal.value.body["item"] == "zz"
    assert meanings("user", context) == []


def test_a_name_of_two_roles(context):
    with pytest.raises(Other) as refusal:
        custom(["twin"], context)
    assert refusal.value.body["reason"] == '"twin" matches: roleid:h, roleid:i'


def test_built_in_roles_that_the_caller_cannot_look_into(context_with):
    context = context_with(defaults=None)
    assert account_roles(["user"], context, in_tenant=False) == {"@type": "User"}
    assert ids_of(["helpdesk"], context) == {"f"}
    with pytest.raises(Unsupported) as refusal:
        account_roles(["user", "helpdesk"], context, in_tenant=False)
    assert refusal.value.body["details"] == 'The built-in role "user" cannot be combined by this account'


@pytest.mark.parametrize(
    ("present", "wanted", "patch"),
    [
        ({"@type": "User"}, {"@type": "User"}, {}),
        ({"@type": "User"}, ids("f"), {"roles": ids("f")}),
        (ids("f"), {"@type": "User"}, {"roles": {"@type": "User"}}),
        (ids("f", "g"), ids("g", "h"), {"roles/roleIds/f": None, "roles/roleIds/h": True}),
    ],
)
def test_patches(present, wanted, patch):
    assert role_patch(present, wanted) == patch


def test_members_with_slashes():
    assert id_patch(["https://a/b"], ["c~d"], "redirectUris") == {"redirectUris/https:~1~1a~1b": None, "redirectUris/c~0d": True}


def test_lists_of_names():
    assert folded(["admin"], ["user", "helpdesk"]) == ["admin", "helpdesk"]
    assert folded(["user"], ["helpdesk", "helpdesk"]) == ["user", "helpdesk"]


@pytest.mark.parametrize("names", [["user"], ["admin"], ["helpdesk"], ["user", "helpdesk"], ["admin", "auditor"], []])
def test_what_is_written_is_read(context, names):
    account = {"roles": account_roles(names, context, in_tenant=False), "permissions": {"@type": "Inherit"}, "memberTenantId": None}
    assert sorted(roles_of(account, context)) == sorted(names)
    assert sorted(role_names(ids_of(names, context), context)) == sorted(names)
