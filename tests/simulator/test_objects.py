"""Objects of declared types: what may be written, how it is refused, what is shown (jmap-management-api 2)."""

import pytest

MIN = {"@type": "User", "name": "min", "domainId": "b"}


async def test_a_new_account_is_filled_with_defaults(server):
    id_ = await server.made("Account", MIN)
    assert (await server.one("x:Account/get", {"ids": [id_]}))["list"] == [
        {
            "@type": "User",
            "id": "e",
            "name": "min",
            "domainId": "b",
            "emailAddress": "min@lab.test",
            "createdAt": "2026-11-21T13:06:43Z",
            "credentials": {},
            "aliases": {},
            "memberGroupIds": {},
            "memberTenantId": None,
            "roles": {"@type": "User"},
            "permissions": {"@type": "Inherit"},
            "quotas": {},
            "description": None,
            "locale": "en_US",
            "timeZone": None,
            "encryptionAtRest": {"@type": "Disabled"},
            "usedDiskQuota": 0,
        }
    ]


async def test_secrets_are_never_shown(server):
    id_ = await server.made("Account", MIN | {"credentials": {"0": {"@type": "Password", "secret": "a canary at rest"}}})
    (shown,) = (await server.one("x:Account/get", {"ids": [id_], "properties": ["credentials"]}))["list"]
    password = {"@type": "Password", "credentialId": "a", "secret": "****", "expiresAt": None, "allowedIps": {}}
    assert shown == {"id": id_, "credentials": {"0": password}}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("x", {"type": "invalidPatch", "description": "Missing or invalid '@type' property in object", "properties": [""]}),
        ({"name": "q"}, {"type": "invalidPatch", "description": "Missing or invalid '@type' property in object", "properties": [""]}),
        (MIN | {"members": {}}, {"type": "invalidPatch", "description": "Invalid key for object", "properties": [""]}),
        (MIN | {"id": "z"}, {"type": "invalidPatch", "description": "Invalid property", "properties": ["id"]}),
        (MIN | {"usedDiskQuota": 5}, {"type": "invalidPatch", "description": "Cannot modify server set property", "properties": ["usedDiskQuota"]}),
        (MIN | {"name": 5}, {"type": "invalidPatch", "description": "Invalid value for property.", "properties": ["name"]}),
        (MIN | {"name": ""}, {"type": "invalidPatch", "description": "Invalid value for property.", "properties": ["name"]}),
        (MIN | {"name": "q@lab.test"}, {"type": "invalidPatch", "description": "Invalid email local part", "properties": ["name"]}),
        (MIN | {"domainId": "5!"}, {"type": "invalidPatch", "description": "Failed to parse Id from string", "properties": ["domainId"]}),
        (MIN | {"locale": "en"}, {"type": "invalidPatch", "description": 'Invalid value Str("en") for enum type EnUS.', "properties": ["locale"]}),
        (MIN | {"quotas": {"maxFoo": 1}}, {"type": "invalidPatch", "description": "Invalid key for object property", "properties": ["quotas"]}),
        (
            MIN | {"quotas": {"maxDiskQuota": -1}},
            {
                "type": "invalidPatch",
                "description": "Invalid value for unsigned integer property (expected non-negative integer)",
                "properties": ["quotas"],
            },
        ),
        (MIN | {"memberGroupIds": ["b"]}, {"type": "invalidPatch", "description": "Invalid value for object property", "properties": ["memberGroupIds"]}),
        (
            MIN | {"permissions": {"@type": "Merge", "enabledPermissions": {"fly": True}}},
            {"type": "invalidPatch", "description": "Invalid key for object property", "properties": ["permissions/enabledPermissions"]},
        ),
        ({"@type": "User", "name": "q"}, {"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "domainId"}]}),
        (MIN | {"domainId": "z9"}, {"type": "invalidForeignKey", "objectId": {"object": "Domain", "id": "z9"}}),
        (MIN | {"memberGroupIds": {"c": True}}, {"type": "invalidForeignKey", "objectId": {"object": "Account", "id": "c"}}),
        (MIN | {"name": " OLGA "}, {"type": "primaryKeyViolation", "properties": ["email"], "objectId": {"object": "Account", "id": "b"}}),
        (MIN | {"name": "dmarc"}, {"type": "primaryKeyViolation", "properties": ["email"], "objectId": {"object": "Account", "id": "d"}}),
        (
            MIN | {"credentials": {"0": {"@type": "Password", "secret": "short"}}},
            {"type": "invalidProperties", "description": "Password must be at least 8 characters long.", "properties": ["secret"]},
        ),
    ],
)
async def test_accounts_that_are_refused(server, value, error):
    assert await server.refused("Account", value) == error
    assert (await server.one("x:Account/query", {"calculateTotal": True}))["total"] == 3


ALIAS = {"enabled": True, "name": "jd", "domainId": "b", "description": None}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"description": "x"}, {"description": "x"}),
        ({"/description": "x"}, {"description": "x"}),
        ({"quotas": {"maxEmails": 1}, "quotas/maxEmails": 2, "quotas/maxFiles": None}, {"quotas": {"maxEmails": 2}}),
        ({"aliases/1": None}, {"aliases": {"0": {**ALIAS, "name": "dmarc"}, "1": {**ALIAS, "name": "abuse"}}}),
        ({"aliases/0": None, "aliases/2": None}, {"aliases": {"0": {**ALIAS, "name": "tlsrpt"}}}),
        (
            {"aliases/3000000001": {"name": "JD", "domainId": "b"}, "aliases/1/enabled": False},
            {
                "aliases": {
                    "0": {**ALIAS, "name": "dmarc"},
                    "1": {**ALIAS, "name": "tlsrpt", "enabled": False},
                    "2": {**ALIAS, "name": "abuse"},
                    "3": ALIAS,
                }
            },
        ),
        ({"aliases": {}, "aliases/4294967296": {"name": "jd", "domainId": "b"}}, {"aliases": {"0": ALIAS}}),
        ({"roles": {"@type": "Custom", "roleIds": {"c": True}}, "roles/roleIds/b": True}, {"roles": {"@type": "Custom", "roleIds": {"c": True, "b": True}}}),
        ({"roles/@type": "Admin"}, {"roles": {"@type": "User"}}),
        ({"@type": "User", "memberGroupIds/z": False}, {"memberGroupIds": {}}),
    ],
)
async def test_patches(server, patch, expected):
    shown = await server.changed("Account", "d", patch)
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("patch", "description", "path"),
    [
        ({"description": "must not stick", "locale": None}, "Invalid value Null for enum type EnUS.", "locale"),
        ({"quotas": None}, "Invalid value for object property", "quotas"),
        ({"quotas/maxFoo": 1}, "Invalid value for object property", "quotas/maxFoo"),
        ({"aliases/x": ALIAS}, "Invalid value for object property", "aliases/x"),
        ({"aliases/55": None}, "Invalid value for object property", "aliases/55"),
        ({"aliases/97": {"name": "a@b", "domainId": "b"}}, "Invalid email local part", "aliases/97/name"),
        ({"memberGroupIds/5!": True}, "Invalid value for object property", "memberGroupIds/5!"),
        ({"roles": None}, "Missing or invalid '@type' property in object", "roles"),
        ({"roles/roleIds/b": True}, "Invalid JSON Pointer path", "roles/roleIds/b"),
        ({"members": {}}, "Invalid property", "members"),
        ({"id": "q"}, "Invalid property", "id"),
        ({"emailAddress": "x@lab.test"}, "Cannot modify server set property", "emailAddress"),
    ],
)
async def test_patches_that_are_refused(server, patch, description, path):
    assert await server.changed("Account", "d", patch) == {"type": "invalidPatch", "description": description, "properties": [path]}
    assert (await server.changed("Account", "d", {}))["description"] == "Reports"


async def test_pointers_are_escaped_in_two_ways(server):
    id_ = await server.made("Role", {"description": "x"})
    assert (await server.changed("Role", id_, {"description": "a"}))["description"] == "a"
    made = await server.made("MailingList", {"name": "team", "domainId": "b", "recipients": {"a/b@x.test": True, "c~d@x.test": True, "e\\f@x.test": True}})
    shown = await server.changed("MailingList", made, {"recipients/a~1b@x.test": None, "recipients/c~0d@x.test": None, "recipients/e\\\\f@x.test": None})
    assert shown["recipients"] == {}


async def test_a_variant_can_be_exchanged(server):
    id_ = await server.made("MtaRoute", {"@type": "Relay", "name": "out", "address": "relay.test", "port": 587})
    error = {"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "name"}]}
    assert await server.changed("MtaRoute", id_, {"@type": "Mx"}) == error
    assert await server.changed("MtaRoute", id_, {"name": "renamed"}) == {
        "type": "invalidPatch",
        "description": "Cannot modify read-only property",
        "properties": ["name"],
    }
    assert await server.changed("MtaRoute", id_, {"@type": "Mx", "name": "out"}) == {
        "@type": "Mx",
        "id": id_,
        "name": "out",
        "description": None,
        "ipLookupStrategy": "v4ThenV6",
        "maxMultihomed": 2,
        "maxMxHosts": 5,
    }


async def test_what_is_referred_to_stays(server):
    role = await server.made("Role", {"description": "helpers"})
    await server.changed("Account", "c", {"roles": {"@type": "Custom", "roleIds": {role: True}}})
    linked = await server.one("x:Role/set", {"destroy": [role, "b"]})
    assert linked["notDestroyed"] == {
        role: {"type": "objectIsLinked", "objectId": {"object": "Role", "id": role}, "linkedObjects": [{"object": "Account", "id": "c"}]},
        "b": {"type": "objectIsLinked", "objectId": {"object": "Role", "id": "b"}, "linkedObjects": [{"object": "Authentication", "id": "singleton"}]},
    }
    await server.changed("Account", "c", {"roles": {"@type": "User"}})
    assert (await server.one("x:Role/set", {"destroy": [role]})) == {"accountId": "d333333", "destroyed": [role]}


async def test_one_set_creates_then_updates_then_destroys(server):
    answer = await server.one(
        "x:Role/set",
        {
            "create": {"two": {"description": "two", "roleIds": {"b": True}}, "bad": {}},
            "update": {"b": {"description": "Users"}, "zz": {}, "!": {}, "c": {"description": "never"}},
            "destroy": ["c", "zzz", "!"],
        },
    )
    linked = {"type": "objectIsLinked", "objectId": {"object": "Role", "id": "c"}, "linkedObjects": [{"object": "Authentication", "id": "singleton"}]}
    assert answer == {
        "accountId": "d333333",
        "created": {"two": {"id": "f"}},
        "notCreated": {"bad": {"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "description"}]}},
        "updated": {"b": None},
        "notUpdated": {"zz": {"type": "notFound"}, "c": {"type": "willDestroy", "description": "ID will be destroyed."}},
        "notDestroyed": {"c": linked, "zzz": {"type": "notFound"}},
    }


async def test_creates_may_name_each_other(server):
    domain = {"name": "new.test", "dkimManagement": {"@type": "Manual"}}
    answers = await server.batch(
        ("x:Domain/set", {"create": {"d": domain}}),
        ("x:Account/set", {"create": {"u": {"@type": "User", "name": "u", "domainId": "#d", "memberGroupIds": {}}}}),
        ("x:Account/get", {"ids": ["#u"], "properties": ["emailAddress"]}),
        ("x:Account/set", {"create": {"v": {"@type": "User", "name": "v", "domainId": "#nobody"}}}),
        ("x:Account/set", {"destroy": ["#u"]}),
    )
    assert answers[2][1]["list"] == [{"emailAddress": "u@new.test", "id": "e"}]
    assert answers[3] == [
        "error",
        {"type": "invalidResultReference", "description": 'Invalid reference to non-existing object "nobody" from "v"'},
    ]
    assert answers[4][1] == {"accountId": "d333333"}


async def test_ids_are_never_used_again(server):
    first = await server.made("Role", {"description": "one"})
    await server.one("x:Role/set", {"destroy": [first]})
    assert await server.made("Role", {"description": "two"}) == "g"


async def test_singletons(server):
    answers = await server.batch(
        ("x:Metrics/get", {}),
        ("x:Metrics/get", {"ids": ["singleton", "b"], "properties": ["metricsPolicy"]}),
        ("x:Metrics/set", {"update": {"b": {}}, "destroy": ["singleton"]}),
        ("x:Metrics/set", {"create": {"k": {"metricsPolicy": "include"}}}),
        ("x:Metrics/get", {"ids": ["singleton"], "properties": ["metricsPolicy"]}),
        ("x:Metrics/query", {}),
    )
    assert [found.get("list") for name, found in answers if name == "x:Metrics/get"] == [
        [],
        [{"metricsPolicy": "exclude", "id": "singleton"}],
        [{"metricsPolicy": "include", "id": "singleton"}],
    ]
    assert answers[1][1]["notFound"] == ["b"]
    assert answers[2][1]["notUpdated"] == {"b": {"type": "notFound"}}
    assert answers[2][1]["notDestroyed"]["singleton"]["type"] == "singleton"
    assert answers[3][1]["created"] == {"k": {"id": "singleton"}}
    assert answers[5] == ["error", {"type": "unknownMethod", "description": "x:Metrics/query"}]


async def test_expressions_are_compiled_when_they_are_written(server):
    error = await server.changed("MtaStageRcpt", "singleton", {"allowRelaying": {"match": {}, "else": "nosuchfunction("}})
    value = "Error parsing 'else' expression: Invalid variable or constant \"nosuchfunction\""
    assert error == {
        "type": "validationFailed",
        "properties": ["allowRelaying"],
        "validationErrors": [{"type": "Invalid", "property": "allowRelaying", "value": value}],
    }
