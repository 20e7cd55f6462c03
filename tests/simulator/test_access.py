"""Who is let in, and what he may do (jmap-management-api 1.3, 1.4, 4.2)."""

import base64

import pytest

USER = ("olga@lab.test", "canary of olga 1")


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("login", ["olga@lab.test", "olga", " OLGA@Lab.Test "])
async def test_logins_are_trimmed_and_completed(server, login):
    answer = await server.ask("GET", "/jmap/session", user=(login, USER[1]))
    assert (answer.status, answer.json["username"], list(answer.json["accounts"])) == (200, "olga@lab.test", ["b"])


@pytest.mark.parametrize(
    "header",
    ["Basic !!!", "Bearer nonsense", "Digest x", "Basic", basic("olga@lab.test")["Authorization"], basic("olga@lab.test:another canary")["Authorization"]],
)
async def test_bad_credentials_get_both_challenges(server, header):
    answer = await server.ask("GET", "/jmap/session", user=None, headers={"Authorization": header})
    assert answer.json == {"type": "about:blank", "status": 401, "title": "Unauthorized", "detail": "You have to authenticate first."}
    assert answer.headers.getall("WWW-Authenticate") == [
        'Bearer realm="Stalwart Server", resource_metadata="/.well-known/oauth-protected-resource"',
        'Basic realm="Stalwart Server"',
    ]


async def test_a_second_factor_cannot_be_given(server):
    await server.changed("Account", "b", {"credentials/0/otpAuth": "otpauth://totp/lab:olga?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"})
    answer = await server.ask("GET", "/api/account", user=USER)
    assert (answer.status, answer.json["title"]) == (402, "MFA code required")
    assert (await server.ask("GET", "/api/account", user=(USER[0], "another canary"))).status == 401


async def test_without_credentials_the_session_is_an_empty_skeleton(server):
    session = (await server.ask("GET", "/jmap/session", user=None)).json
    assert (session["accounts"], session["primaryAccounts"], session["username"], session["state"]) == ({}, {}, "", "0")
    assert session["apiUrl"] == "http://mail.example.org:8080/jmap/"


async def test_the_session_names_the_own_account(server):
    session = (await server.ask("GET", "/jmap/session")).json
    assert session["primaryAccounts"]["urn:stalwart:jmap"] == "d333333"
    assert session["accounts"]["d333333"]["accountCapabilities"]["urn:stalwart:jmap"] == {}
    assert "urn:stalwart:jmap" not in session["capabilities"]
    assert session["state"] == (await server.ask("POST", "/jmap/", {"using": [], "methodCalls": []})).json["sessionState"]


async def test_what_a_caller_may_do(server):
    admin = (await server.ask("GET", "/api/account")).json
    user = (await server.ask("GET", "/api/account", user=USER)).json
    assert (len(admin["permissions"]), admin["edition"], admin["locale"]) == (622, "oss", "POSIX")
    assert (len(user["permissions"]), user["edition"], user["locale"]) == (239, "oss", "en_US")
    assert admin["permissions"][:2] == ["jmapPrincipalCreate", "jmapSieveScriptDestroy"]
    assert admin["permissions"].index("jmapFileNodeCopy") == admin["permissions"].index("sysWebHookQuery") - 1


async def test_permissions_by_role_and_by_name(server):
    async def held():
        return set((await server.ask("GET", "/api/account", user=USER)).json["permissions"])

    plain = await held()
    merge = {"@type": "Merge", "enabledPermissions": {"sysLogGet": True}, "disabledPermissions": {"emailSend": True}}
    await server.changed("Account", "b", {"permissions": merge})
    assert await held() == (plain | {"sysLogGet"}) - {"emailSend"}
    await server.changed("Account", "b", {"permissions": {"@type": "Replace", "enabledPermissions": {"authenticate": True}}})
    assert await held() == {"authenticate"}
    helper = await server.made("Role", {"description": "queue", "enabledPermissions": {"authenticate": True, "sysQueuedMessageGet": True}})
    both = await server.made("Role", {"description": "both", "roleIds": {helper: True}, "disabledPermissions": {"sysLogGet": True}})
    await server.changed("Account", "b", {"permissions": {"@type": "Inherit"}, "roles": {"@type": "Custom", "roleIds": {both: True}}})
    assert await held() == {"authenticate", "sysQueuedMessageGet"}
    await server.changed("Account", "b", {"permissions": {"@type": "Merge", "disabledPermissions": {"authenticate": True}}})
    answer = await server.ask("GET", "/api/account", user=USER)
    assert (answer.status, answer.json["detail"]) == (403, "You do not have enough permissions to access this resource.")


async def test_methods_need_their_permission(server):
    await server.changed("Account", "b", {"permissions": {"@type": "Merge", "enabledPermissions": {"sysRoleGet": True, "sysRoleUpdate": True}}})
    answers = await server.batch(
        ("x:Role/get", {"ids": []}),
        ("x:Role/query", {}),
        ("x:Role/set", {"update": {"zz": {}}}),
        ("x:Role/set", {"create": {"k": {}}}),
        ("x:Role/set", {"destroy": ["zz"]}),
        ("x:Domain/set", {}),
        user=USER,
    )
    assert [found if name == "error" else name for name, found in answers] == [
        "x:Role/get",
        {"type": "forbidden", "description": "You are not authorized to perform this action"},
        "x:Role/set",
        {"type": "forbidden", "description": "You are not authorized to create objects of this type"},
        {"type": "forbidden", "description": "You are not authorized to destroy objects of this type"},
        {"type": "forbidden", "description": "You are not authorized to create, update or destroy objects of this type"},
    ]


async def test_nobody_gives_what_he_does_not_have(server):
    rights = {"sysAccountUpdate": True, "sysAccountGet": True, "sysRoleCreate": True}
    await server.changed("Account", "b", {"permissions": {"@type": "Merge", "enabledPermissions": rights}})
    answers = await server.batch(
        ("x:Account/set", {"update": {"c": {"roles": {"@type": "Admin"}}}}),
        ("x:Role/set", {"create": {"k": {"description": "r", "enabledPermissions": {"sysLogGet": True}}}}),
        ("x:Account/set", {"update": {"c": {"description": "fine"}}}),
        user=USER,
    )
    admin, log = answers[0][1]["notUpdated"]["c"], answers[1][1]["notCreated"]["k"]
    assert admin["type"] == log["type"] == "forbidden"
    assert admin["description"].endswith(" more")
    assert log["description"] == "You are not authorized to grant permissions: sysLogGet"
    assert answers[2][1]["updated"] == {"c": None}


async def test_foreign_accounts(server):
    ((_, foreign),) = await server.batch(("x:AppPassword/get", {"accountId": "c"}), user=USER)
    assert foreign == {"type": "forbidden", "description": "You are not an owner of account c"}
    own = await server.batch(("x:AppPassword/get", {"accountId": "b"}), ("x:AppPassword/get", {"accountId": "!"}), user=USER)
    assert [found["accountId"] for _, found in own] == ["b", "b"]
    assert (await server.one("x:AppPassword/get", {"accountId": "c"}))["accountId"] == "c"


async def test_a_tenant_sees_its_own(server):
    tenant = await server.made("Tenant", {"name": "acme"})
    domain = await server.made("Domain", {"name": "acme.test", "memberTenantId": tenant, "dkimManagement": {"@type": "Manual"}})
    rights = {"sysDomainGet": True, "sysDomainQuery": True, "sysDomainUpdate": True, "sysDomainCreate": True}
    await server.changed("Account", "b", {"memberTenantId": tenant, "domainId": domain, "permissions": {"@type": "Merge", "enabledPermissions": rights}})
    create = {"k": {"name": "second.test", "dkimManagement": {"@type": "Manual"}}}
    answers = await server.batch(
        ("x:Domain/query", {"filter": {"memberTenantId": "zz"}}),
        ("x:Domain/get", {"ids": ["b", domain]}),
        ("x:Domain/set", {"update": {domain: {"memberTenantId": None}, "b": {"description": "mine"}}}),
        ("x:Domain/set", {"create": create}),
        user=("olga@acme.test", USER[1]),
    )
    assert answers[0][1]["ids"] == [domain]
    (seen,) = answers[1][1]["list"]
    assert (seen["name"], "memberTenantId" in seen, answers[1][1]["notFound"]) == ("acme.test", False, ["b"])
    assert answers[2][1]["notUpdated"] == {
        domain: {"type": "invalidPatch", "description": "Cannot modify memberTenantId property", "properties": ["memberTenantId"]},
        "b": {"type": "notFound"},
    }
    made = answers[3][1]["created"]["k"]["id"]
    assert (await server.one("x:Domain/get", {"ids": [made]}))["list"][0]["memberTenantId"] == tenant


@pytest.mark.parametrize("name", ["Trace", "Metric", "ArchivedItem", "MaskedEmail"])
async def test_enterprise_objects_are_refused(server, name):
    text = "This feature is only available in the Enterprise edition. Obtain your trial license at https://license.stalw.art/trial."
    calls = [(f"x:{name}/{verb}", {}) for verb in ("get", "query", "set")]
    assert await server.batch(*calls) == [["error", {"type": "forbidden", "description": text}]] * 3
