"""App passwords and API keys: what may be written, and who comes with them (recordings `directory.keys`, `directory.secrets`)."""

import base64

import pytest

from gateway.simulator.auth import caller_of
from gateway.simulator.problems import Problem

PASSWORD = "long pass phrase 42"
KINDS = ["AppPassword", "ApiKey"]
NAMES = {"AppPassword": "app passwords", "ApiKey": "API keys"}
LATER, PAST = "2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
URL = "otpauth://totp/lab:key?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=lab"


class Person:
    """An account with its password, and what can be done with its credentials."""

    def __init__(self, server, name="keyuser", **more):
        self.server, self.login, self.id = server, (f"{name}@lab.test", PASSWORD), server.user(name, **more)

    def make(self, kind, user=None, **value):
        """What `created` says, or the SetError."""
        answer = self.server.one(f"x:{kind}/set", {"accountId": self.id, "create": {"k": value}}, user or self.login)
        return answer["created"]["k"] if "created" in answer else answer["notCreated"]["k"]

    def change(self, kind, id_, patch):
        """None, or the SetError."""
        answer = self.server.one(f"x:{kind}/set", {"update": {id_: patch}}, self.login)
        return answer["updated"][id_] if "updated" in answer else answer["notUpdated"][id_]

    def held(self):
        """Credentials as (id, kind), in order."""
        shown = self.server.shown("Account", self.id)["credentials"]
        return [(item["credentialId"], item["@type"]) for _, item in sorted(shown.items(), key=lambda pair: int(pair[0]))]

    def come(self, secret, *, bearer=False, address="127.0.0.1"):
        """The caller, or the problem that a login meets."""
        header = f"Bearer {secret}" if bearer else "Basic " + base64.b64encode(f"{self.login[0]}:{secret}".encode()).decode()
        try:
            return caller_of(self.server.world, header, address)
        except Problem as problem:
            return problem


@pytest.fixture
def person(server):
    return Person(server)


def replace(*names):
    return {"@type": "Replace", "permissions": dict.fromkeys(names, True)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_is_told_once_and_works_in_its_own_way_only(person, kind):
    made = person.make(kind, description="phone")
    bearer = kind == "ApiKey"
    assert made["id"] == "b"
    assert made["secret"].startswith("API_" if bearer else "app_")
    assert person.come(made["secret"], bearer=bearer).account_id == person.id
    assert person.come(made["secret"], bearer=not bearer).status == 401
    assert person.come(made["secret"][:-1] + "#", bearer=bearer).status == 401
    shown = person.server.one(f"x:{kind}/get", {}, person.login)
    assert [one["secret"] for one in shown["list"]] == ["****"]
    assert shown["notFound"] == ["a"]
    other = next(name for name in KINDS if name != kind)
    assert person.server.one(f"x:{other}/get", {}, person.login) == {"list": [], "notFound": ["a", "b"]}


def test_the_old_form_of_an_app_password(person):
    secret = person.make("AppPassword", description="phone")["secret"]
    assert person.come(secret.replace("_", " ")).account_id == person.id


@pytest.mark.parametrize("key", ["API_", "API_x", "API_####", "API_" + "A" * 38, "", "sw1.abc", "app_abc"])
def test_other_tokens_are_nobody(person, key):
    person.make("ApiKey", description="key")
    problem = person.come(key, bearer=True)
    assert (problem.status, problem.challenge) == (401, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_credential_has_at_most_the_rights_of_its_account(person, kind):
    bearer = kind == "ApiKey"
    whole = person.come(PASSWORD).permissions
    for permissions, expected in (
        ({"@type": "Inherit"}, whole),
        ({"@type": "Disable", "permissions": {"emailSend": True}}, whole - {"emailSend"}),
        (replace("authenticate", "jmapEmailGet"), {"authenticate", "jmapEmailGet"}),
    ):
        made = person.make(kind, description="some", permissions=permissions)
        assert person.come(made["secret"], bearer=bearer).permissions == expected
    admin = person.make(kind, user=("admin", "Canary-admin-1"), description="more", permissions=replace("authenticate", "sysAccountGet"))
    assert person.come(admin["secret"], bearer=bearer).permissions == {"authenticate"}
    mute = person.make(kind, description="mute", permissions=replace("emailSend"))
    assert person.come(mute["secret"], bearer=bearer).status == 403


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({}, {"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "description"}]}),
        ({"description": ""}, {"type": "invalidPatch", "description": "Invalid value for property.", "properties": ["description"]}),
        ({"description": "x", "secret": "mine"}, {"type": "invalidPatch", "description": "Cannot modify server set property", "properties": ["secret"]}),
        ({"description": "x", "colour": 1}, {"type": "invalidPatch", "description": "Invalid key for object", "properties": [""]}),
        ({"expiresAt": "never"}, {"type": "invalidPatch", "description": "Failed to parse UTCDateTime from string", "properties": ["expiresAt"]}),
        (
            {"description": "x", "permissions": replace("fly")},
            {"type": "invalidPatch", "description": "Invalid key for object property", "properties": ["permissions/permissions"]},
        ),
        ({"description": "x", "permissions": replace("sysAccountGet")}, {"type": "forbidden", "description": "You are not authorized to grant permissions: sysAccountGet"}),
    ],
)
def test_creates_that_are_refused(person, kind, value, error):
    assert person.make(kind, **value) == error
    assert person.held() == [("a", "Password")]


@pytest.mark.parametrize("kind", KINDS)
def test_five_are_enough_unless_the_account_may_have_more(person, kind):
    quota = {"AppPassword": "maxAppPasswords", "ApiKey": "maxApiKeys"}[kind]
    for _ in range(5):
        assert "secret" in person.make(kind, description="x")
    assert person.make(kind, description="x") == {"type": "overQuota", "description": f"You have exceeded your quota of 5 {NAMES[kind]}."}
    person.server.changed("Account", person.id, {f"quotas/{quota}": 6})
    assert "secret" in person.make(kind, description="x")
    assert person.make(kind, description="x")["description"] == f"You have exceeded your quota of 6 {NAMES[kind]}."


@pytest.mark.parametrize("kind", KINDS)
def test_groups_and_unknown_accounts_have_none(server, kind):
    group = server.made("Account", {"@type": "Group", "name": "team", "domainId": "b"})
    for account in (group, "zz9"):
        assert server.one(f"x:{kind}/set", {"accountId": account, "create": {"k": {"description": "x"}}}) == {"notCreated": {"k": {"type": "notFound"}}}
        assert server.one(f"x:{kind}/get", {"accountId": account}) == {"list": [], "notFound": []}
        assert server.one(f"x:{kind}/query", {"accountId": account}) == {"type": "forbidden", "description": "Account not found."}


def test_update_and_destroy_take_credentials_of_both_kinds_but_not_the_password(person):
    app, key = person.make("AppPassword", description="app"), person.make("ApiKey", description="key")
    assert person.change("ApiKey", app["id"], {"description": "renamed"}) is None
    assert person.server.shown("Account", person.id)["credentials"]["1"]["description"] == "renamed"
    assert person.change("AppPassword", "a", {"description": "x"})["type"] == "invalidPatch"
    assert person.change("AppPassword", "a", {"expiresAt": LATER})["type"] == "forbidden"
    assert person.change("AppPassword", "zz9", {"description": "x"}) == {"type": "notFound"}
    assert person.change("ApiKey", key["id"], {"permissions": replace("sysAccountGet")})["type"] == "forbidden"
    assert person.change("ApiKey", key["id"], {"secret": "x"})["description"] == "Cannot modify server set property"
    answer = person.server.one("x:AppPassword/set", {"destroy": ["a", key["id"], "zz9"]}, person.login)
    own = {"type": "forbidden", "description": "Users are not allowed to destroy their own credentials."}
    assert answer == {"destroyed": [key["id"]], "notDestroyed": {"a": own, "zz9": {"type": "notFound"}}}
    assert person.held() == [("a", "Password"), ("b", "AppPassword")]
    assert person.come(key["secret"], bearer=True).status == 401


def test_queries(person):
    person.make("ApiKey", description="key")
    ids = [person.make("AppPassword", description="x", expiresAt=expiry)["id"] for expiry in (None, LATER)]
    assert person.server.one("x:AppPassword/query", {"calculateTotal": True}, person.login)["ids"] == ids[::-1]
    found = person.server.one("x:AppPassword/query", {"filter": {"expiresAtIsLessThan": "2040-01-01T00:00:00Z"}}, person.login)
    assert found["ids"] == ids[1:]


@pytest.mark.parametrize("kind", KINDS)
def test_time_and_place(person, kind):
    bearer = kind == "ApiKey"
    past = person.come(person.make(kind, description="x", expiresAt=PAST)["secret"], bearer=bearer)
    assert (past.status, past.challenge) == (401, False)
    near = person.make(kind, description="x", allowedIps={"192.0.2.0/24": True, "2001:db8::1": True})["secret"]
    assert [getattr(person.come(near, bearer=bearer, address=where), "status", 200) for where in ("192.0.2.77", "2001:db8::1", "192.0.3.1", "::1")] == [200, 200, 403, 403]


def test_a_credential_expires_while_time_goes_on(person):
    made = person.make("AppPassword", description="x", expiresAt="2026-11-21T14:00:00Z")
    assert person.come(made["secret"]).account_id == person.id
    person.server.world.clock.advance(3600)
    assert person.come(made["secret"]).status == 401


def test_a_second_factor_stops_the_password_alone(person):
    app, key = person.make("AppPassword", description="x"), person.make("ApiKey", description="x")
    assert person.server.changed("Account", person.id, {"credentials/0/otpAuth": URL}) is None
    assert person.come(PASSWORD).status == 402
    assert person.come("wrong").status == 401
    assert person.come(app["secret"]).account_id == person.come(key["secret"], bearer=True).account_id == person.id


def test_an_expired_password_is_good_for_a_new_one_only(person):
    person.server.changed("Account", person.id, {"credentials/0/expiresAt": PAST})
    assert person.come(PASSWORD).permissions == {"authenticate", "authenticateWithAlias", "sysAccountPasswordGet", "sysAccountPasswordUpdate", "emailReceive"}
    person.server.changed("Account", person.id, {"credentials/0/expiresAt": None, "credentials/0/allowedIps": {"192.0.2.1": True}})
    assert person.come(PASSWORD).status == 403
    assert person.come(PASSWORD, address="192.0.2.1").account_id == person.id


def test_new_passwords_get_the_time_that_the_server_gives_them(server):
    server.changed("Authentication", "singleton", {"passwordDefaultExpiry": 86_400_000})
    assert "created" in server.one("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})
    person = Person(server, "limited")

    def expiry():
        return server.shown("Account", person.id)["credentials"]["0"]["expiresAt"]

    assert expiry() == "2026-11-22T13:06:43Z"
    server.world.clock.advance(90_000)
    server.changed("Account", person.id, {"credentials/0/secret": "another phrase 43"})
    assert expiry() == "2026-11-23T14:06:43Z"
    server.changed("Account", person.id, {"credentials/0/secret": "another phrase 44"})
    assert expiry() == "2026-11-23T14:06:43Z"


def test_accounts_of_an_external_directory_keep_their_credentials(server):
    person = Person(server)
    server.world.kept("Domain").objects["b"]["directoryId"] = "c"
    server.world.directories = frozenset("c")
    refused = server.changed("Account", person.id, {"credentials/0/secret": "another phrase 43"})
    assert refused["type"] == "forbidden"
    assert server.changed("Account", person.id, {"description": "x"}) is None
    value = {"@type": "User", "name": "new", "domainId": "b", "credentials": {"0": {"@type": "Password", "secret": PASSWORD}}}
    error = server.one("x:Account/set", {"create": {"k": value}})["notCreated"]["k"]
    assert error == {"type": "forbidden", "description": "Cannot set credentials for accounts in an external directory."}


def test_no_secret_is_kept(person):
    app, key = person.make("AppPassword", description="x"), person.make("ApiKey", description="x")
    held = str(person.server.world.kept("Account").objects)
    assert not any(secret in held for secret in (PASSWORD, app["secret"], key["secret"]))
