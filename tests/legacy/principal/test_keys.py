"""What API keys cost in round trips, what is sent for them, and what is undone when it cannot be finished."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.jmap.errors import MethodError
from gateway.knowledge import password_hashes
from gateway.legacy.principal.context import read
from gateway.legacy.principal.create import create_principal
from gateway.legacy.principal.facts import PROPERTIES
from gateway.legacy.principal.keys.values import Secrets, slug
from gateway.legacy.principal.numbers import key_of, legacy_id, legacy_key_id
from gateway.legacy.refusals import Forbidden, ManagementError, Other
from gateway.settings import Settings
from gateway.state import Key, Keys, Recollection, StateError, Verifier

EXAMPLES = json.loads((Path(__file__).parents[2] / "vectors" / "principal.json").read_text())
CONTEXT = (EXAMPLES["contextCalls"], EXAMPLES["contextReply"])
NO_MAIL = {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {"emailReceive": True}}
NOBODY = {"@type": "Custom", "roleIds": {}}
SCRIPT = {"@type": "User", "name": "script", "domainId": "b", "permissions": NO_MAIL, "roles": NOBODY}
BODY = {"type": "apiKey", "name": "Script", "secrets": ["s3cret"]}


def looked_up(name, accounts=()):
    searches = [("Account", {"name": name}, accounts), ("MailingList", {"text": name}, ()), ("OAuthClient", {"clientId": name}, ())]
    calls, answers = [], []
    for type_, filter_, objects in searches:
        calls.append([f"x:{type_}/query", {"filter": filter_, "limit": 500, "calculateTotal": True}, type_])
        reference = {"resultOf": type_, "name": f"x:{type_}/query", "path": "/ids"}
        calls.append([f"x:{type_}/get", {"#ids": reference, "properties": list(PROPERTIES[type_])}, ""])
        answers += [[f"x:{type_}/query", {"ids": [it["id"] for it in objects], "total": len(objects)}], [f"x:{type_}/get", {"list": list(objects)}]]
    return calls, answers


def account_made(value=SCRIPT, id_="s", error=None):
    answer = {"notCreated": {"c0": error}} if error else {"created": {"c0": {"id": id_}}}
    return [["x:Account/set", {"create": {"c0": value}}, ""]], [["x:Account/set", answer]]


def key_made(answer=None, name="script"):
    call = ["x:ApiKey/set", {"accountId": "s", "create": {"k": {"description": name}}}, ""]
    return [call], [answer or ["x:ApiKey/set", {"created": {"k": {"id": "b", "secret": "API_new"}}}]]


DESTROYED = [["x:Account/set", {"destroy": ["s"]}, ""]], [["x:Account/set", {"destroyed": ["s"]}]]


@pytest.fixture(name="create")
def _create(server, exchange_with):
    async def run(body, *rounds, memory=None, rights=None):
        upstream = server(list(rounds), always=CONTEXT, rights=rights)
        exchange = replace(exchange_with(upstream, memory=memory or Recollection()), body=body)
        await read(exchange)
        try:
            return await create_principal(exchange)
        finally:
            assert not upstream.left

    return run


async def test_a_key_takes_three_round_trips_and_two_without_a_secret(create):
    memory = Recollection()
    assert await create(BODY, looked_up("script"), account_made(), key_made(), memory=memory) == legacy_key_id("s", "b")
    key = await memory.keys.login("script")
    assert (key.account, key.name, key.address, key.secret) == ("s", "script", "script@example.org", "API_new")
    assert [password_hashes.matches("s3cret", it.hash) for it in key.verifiers] == [True]
    assert key.verifiers[0].hash.startswith("$scrypt$")
    memory = Recollection()
    await create(BODY | {"secrets": []}, looked_up("script"), account_made(), memory=memory)
    assert (await memory.keys.login("script")).secret == ""


async def test_what_may_make_users_keeps_the_rights_that_it_gives_them(create):
    admin = SCRIPT | {"permissions": {"@type": "Inherit"}, "roles": {"@type": "Admin"}}
    await create(BODY | {"secrets": [], "roles": ["admin"]}, looked_up("script"), account_made(admin))
    rights = {"@type": "Merge", "enabledPermissions": {"sysAccountCreate": True}, "disabledPermissions": {}}
    await create(BODY | {"secrets": [], "enabledPermissions": ["individual-create"]}, looked_up("script"), account_made(SCRIPT | {"permissions": rights}))


async def test_without_the_right_nothing_is_asked(create):
    with pytest.raises(Forbidden):
        await create(BODY, rights=frozenset({"authenticate", "sysAccountCreate", "sysAccountQuery", "sysAccountGet"}))


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (["error", {"type": "forbidden"}], MethodError),
        (["x:ApiKey/set", {"notCreated": {"k": {"type": "forbidden", "description": "No."}}}], Forbidden),
        (["x:ApiKey/set", {"notCreated": {"k": {"type": "forbidden", "description": "You are not authorized to grant permissions: a"}}}], Other),
        (["x:ApiKey/set", {"notCreated": {"k": {"type": "overQuota", "description": "No."}}}], Exception),
    ],
)
async def test_a_key_that_the_new_server_refuses_leaves_nothing_behind(create, answer, refusal):
    memory = Recollection()
    with pytest.raises(refusal):
        await create(BODY, looked_up("script"), account_made(), key_made(answer), DESTROYED, memory=memory)
    assert not await memory.keys.names()


async def test_a_key_that_cannot_be_kept_leaves_nothing_behind(create):
    class Broken(Keys):
        async def add(self, *_given, **_more):
            raise StateError("the API keys cannot be written")

    class Closed(Keys):
        async def prepare(self):
            raise StateError("no key")

    with pytest.raises(StateError):
        await create(BODY, looked_up("script"), account_made(), key_made(), DESTROYED, memory=Recollection(keys=Broken()))
    with pytest.raises(StateError):
        await create(BODY, looked_up("script"), memory=Recollection(keys=Closed()))


async def test_a_name_that_another_gateway_took_meanwhile(create):
    class Quick(Keys):
        async def add(self, key, *, instead=()):
            await super().add(replace(key, account="other"))
            await super().add(key, instead=instead)

    with pytest.raises(ManagementError) as refusal:
        await create(BODY, looked_up("script"), account_made(), key_made(), DESTROYED, memory=Recollection(keys=Quick()))
    assert refusal.value.body == {"error": "fieldAlreadyExists", "field": "name", "value": "script"}


async def test_a_key_of_an_account_that_is_gone_makes_room_for_a_new_one(create):
    memory = Recollection()
    await memory.keys.add(Key("r", "script", "script@example.org"))
    calls, answers = looked_up("script")
    gone = [*calls, ["x:Account/get", {"ids": ["r"], "properties": list(PROPERTIES["Account"])}, ""]], [*answers, ["x:Account/get", {"list": []}]]
    await create(BODY | {"secrets": []}, gone, account_made(), memory=memory)
    assert list(await memory.keys.names()) == ["s"]


@pytest.mark.parametrize(
    ("name", "local"),
    [("script", "script"), ("My Key!", "my-key"), ("ärger", "rger"), ("...", "api-key"), ("Ω", "api-key"), ("a@b", "a-b"), ("x" * 99, "x" * 48)],
)
def test_the_account_is_named_alike(name, local):
    assert slug(name) == local


async def test_secrets_of_one_version_and_of_all():
    union, latest = Settings(), Settings(legacy_version="0.15")
    for settings, kept in ((union, ["one", "two"]), (latest, ["one"])):
        secrets = Secrets((), settings)
        secrets.set(["one", "two", "$app$x$three"])
        assert [it.value for it in secrets.after] == [*kept, "three"]
        secrets.add("new")
        assert sorted(it.value for it in secrets.after) == ["new", "three"]


async def test_what_was_just_added_is_not_removed_with_what_was_there():
    old, named = Verifier(password_hashes.quick("old")), Verifier(password_hashes.quick("other"), "cron")
    for text, left in (("****", []), ("old", []), ("new", ["old"]), ("", ["old"]), ("$app$cron", ["old"]), ("$app$cr", ["old"]), ("zz", ["old"])):
        secrets = Secrets([old, named], Settings())
        await secrets.remove(text)
        assert [("old" if it is old else "named") for it in secrets.after if it is not named] == left
    secrets = Secrets([old], Settings())
    secrets.add("new")
    await secrets.remove("****")
    assert [it.value for it in secrets.after] == ["new"]


@pytest.mark.parametrize(("account", "credential"), [("b", "b"), ("c", "d"), ("zzzz", "b"), ("zzzzzz", "b")])
def test_numbers_of_keys_are_told_apart(account, credential):
    assert key_of(legacy_key_id(account, credential)) == (account, credential)
    assert key_of(legacy_id("Account", account)) is None
