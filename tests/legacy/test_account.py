"""The own account as literals: what is asked of the new server, as whom, and what becomes of its refusals."""

import pytest

from gateway.jmap.errors import HttpRefusal
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.knowledge.sha512_crypt import matches
from gateway.legacy.exchange import Login
from gateway.legacy.refusals import Forbidden, InternalError, Other, Unsupported
from gateway.state import Recollection

RIGHTS = {"authenticate", *NEW_RIGHTS["manage-passwords"], *NEW_RIGHTS["manage-encryption"]}
KIM = Login("kim@acme.test", "Canary-old")
HASH = "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."
URL = "otpauth://totp/Mail:kim?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PROOF = ([["x:AccountPassword/get", {"ids": ["singleton"], "properties": ["id"]}]], [["x:AccountPassword/get", {"accountId": "b", "list": [{"id": "singleton"}], "notFound": []}]])
PASSWORD = {"@type": "Password", "credentialId": "a", "secret": "****"}
PHONE = {"@type": "AppPassword", "credentialId": "c", "description": "Phone", "createdAt": "2026-01-02T03:04:05Z", "secret": "****"}
PHONE_LISTED = "UGhvbmUkMjAyNi0wMS0wMlQwMzowNDowNVo="


def asked(patch):
    return [["x:AccountPassword/set", {"update": {"singleton": patch}}]]


def done(patch):
    return asked(patch), [["x:AccountPassword/set", {"accountId": "b", "updated": {"singleton": None}}]]


def refused(patch, **error):
    return asked(patch), [["x:AccountPassword/set", {"accountId": "b", "notUpdated": {"singleton": error}}]]


def shown(*credentials):
    held = {str(at): it for at, it in enumerate(credentials)}
    return [["x:Account/get", {"ids": ["b"], "properties": ["id", "credentials"]}]], [["x:Account/get", {"accountId": "z", "list": [{"id": "b", "credentials": held}], "notFound": []}]]


def stored(patch, **error):
    answer = {"notUpdated": {"b": error}} if error else {"updated": {"b": None}}
    return [["x:Account/set", {"update": {"b": patch}}]], [["x:Account/set", {"accountId": "z"} | answer]]


@pytest.fixture
def change(run):
    async def changed(rounds, *elements, login=KIM, **more):
        return await run("setAccountAuth", rounds, body=list(elements), login=login, rights=RIGHTS, **more)

    return changed


def password(text):
    return {"type": "setPassword", "password": text}


async def test_everything_in_one_patch(change):
    patch = {"currentSecret": "Canary-old", "otpAuth/otpCode": "123456", "secret": "Canary-new", "otpAuth/otpUrl": URL}
    login = Login(KIM.name, KIM.secret, "123456")
    await change([done(patch)], password("first"), {"type": "disableOtpAuth"}, password("Canary-new"), {"type": "enableOtpAuth", "url": URL}, login=login)


@pytest.mark.parametrize("text", ["Canary-new", "{PLAIN}Canary-new", "{clear}Canary-new"])
async def test_a_plain_password_goes_without_its_mark(change, text):
    await change([done({"currentSecret": "Canary-old", "secret": "Canary-new"})], password(text))


async def test_what_is_no_url_becomes_the_password(change):
    await change([done({"currentSecret": "Canary-old", "secret": "no-url"})], {"type": "enableOtpAuth", "url": "no-url"})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"type": "forbidden", "description": "Current secret is incorrect."}, 401),
        ({"type": "forbidden", "description": "Current OTP code is required to change the password or OTP auth."}, 402),
        ({"type": "forbidden", "description": "Your account does not support password changes"}, Unsupported("Your account does not support password changes")),
        ({"type": "forbidden"}, Forbidden()),
        ({"type": "notFound"}, Unsupported("This account has no password")),
        ({"type": "invalidProperties", "properties": ["secret"], "description": "Too short."}, Other("Invalid password", "Too short.")),
        ({"type": "invalidProperties", "properties": ["otpAuth"], "description": "No."}, Other("Operation failed", "No.")),
        ({"type": "singleton"}, Other("Operation failed", "singleton")),
    ],
)
async def test_refusals_of_the_new_server(change, error, expected):
    with pytest.raises(HttpRefusal if isinstance(expected, int) else type(expected)) as told:
        await change([refused({"currentSecret": "Canary-old", "secret": "Canary-new"}, **error)], password("Canary-new"))
    if isinstance(expected, int):
        assert told.value.status == expected
    else:
        assert told.value.body == expected.body


async def test_a_hash_is_stored_where_the_password_is(change):
    await change([PROOF], password(HASH), service=[shown(PHONE, PASSWORD), stored({"credentials/1/secret": HASH})])


async def test_with_a_hash_everything_goes_that_way(change):
    patch = {"credentials/1/secret": HASH, "credentials/1/otpAuth": URL, "credentials/0": None}
    elements = (password(HASH), {"type": "enableOtpAuth", "url": URL}, {"type": "removeAppPassword", "name": "Phone"})
    await change([PROOF], *elements, service=[shown(PHONE, PASSWORD), stored(patch)])


async def test_passwords_that_would_be_hashed_here_are_not_without_a_service_account(change):
    await change([done({"currentSecret": "Canary-old", "secret": "Canary-new"})], password("Canary-new"), settings={"plain_passwords": "hash"})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"type": "forbidden", "description": "Cannot change credentials of accounts in an external directory."}, Unsupported),
        ({"type": "invalidProperties", "properties": ["credentials/0/secret"], "description": "No."}, Other),
        ({"type": "forbidden"}, Forbidden),
    ],
)
async def test_refusals_of_what_the_service_account_writes(change, error, expected):
    with pytest.raises(expected):
        await change([PROOF], password(HASH), service=[shown(PASSWORD), stored({"credentials/0/secret": HASH}, **error)])


async def test_a_service_account_that_sees_nothing(change):
    with pytest.raises(InternalError):
        await change([PROOF], password(HASH), service=[(shown()[0], [["x:Account/get", {"accountId": "z", "list": [], "notFound": ["b"]}]])])
    with pytest.raises(InternalError):
        await change([PROOF], password(HASH), service=[(shown()[0], [["error", {"type": "forbidden"}]])])


async def test_an_app_password_in_the_place_of_the_password(change):
    memory = Recollection()
    await memory.set_app_slot("b", "phone")
    for element in (password("Canary-new"), {"type": "enableOtpAuth", "url": URL}, {"type": "removeAppPassword", "name": "phone"}, {"type": "removeAppPassword", "name": ""}):
        with pytest.raises(Unsupported):
            await change([], element, memory=memory)
    # Both in one request: the place is free for the password then.
    elements = ({"type": "removeAppPassword", "name": "phone"}, password("Canary-new"))
    await change([PROOF], *elements, memory=memory, service=[shown(PASSWORD), stored({"credentials/0/secret": "Canary-new"})])
    assert await memory.app_slots(["b"]) == {}


async def test_names_of_app_passwords_are_compared_as_a_whole(change):
    listed = [["x:AppPassword/get", {"ids": None, "properties": ["id", "description", "createdAt"]}]]
    apps = [{"id": "c", "description": "Phone", "createdAt": PHONE["createdAt"]}, {"id": "d", "description": "Phone 2", "createdAt": PHONE["createdAt"]}]
    read = (listed, [["x:AppPassword/get", {"accountId": "b", "list": apps, "notFound": ["a"]}]])
    for name in ("Phone", PHONE_LISTED):
        destroy = ([["x:AppPassword/set", {"destroy": ["c"]}]], [["x:AppPassword/set", {"accountId": "b", "destroyed": ["c"]}]])
        await change([read, destroy], {"type": "removeAppPassword", "name": name}, login=None)
    gone = ([["x:AppPassword/set", {"destroy": ["c", "d"]}]], [["x:AppPassword/set", {"accountId": "b", "destroyed": ["c"], "notDestroyed": {"d": {"type": "notFound"}}}]])
    await change([read, gone], {"type": "removeAppPassword"}, login=None)
    await change([read], {"type": "removeAppPassword", "name": "Pho"}, login=None)


async def test_what_is_remembered_of_secrets_follows(change):
    memory = Recollection()
    await memory.set_secrets("b", {"a": "$6$old", "otp": URL})
    settings = {"secrets_memory": "hashes"}
    await change([done({"currentSecret": "Canary-old", "secret": "Canary-new"})], password("Canary-new"), memory=memory, settings=settings)
    kept = (await memory.secrets(["b"]))["b"]
    assert kept["otp"] == URL
    assert matches("Canary-new", kept["a"])
    await change([], {"type": "disableOtpAuth", "url": "otpauth://totp/another"}, memory=memory, settings=settings)
    await change([done({"currentSecret": "Canary-old", "otpAuth/otpUrl": None})], {"type": "disableOtpAuth", "url": URL[:20]}, memory=memory, settings=settings)
    assert "otp" not in (await memory.secrets(["b"]))["b"]


async def test_the_key_in_use_may_be_one_that_is_not_listed(run):
    now = {"@type": "Aes256Gcm", "publicKey": "k9", "encryptOnAppend": False, "allowSpamTraining": True}
    first = (
        [["x:AccountSettings/get", {"ids": ["singleton"], "properties": ["id", "encryptionAtRest"]}], ["x:PublicKey/get", {"ids": None, "properties": ["id", "description", "key"]}]],
        [["x:AccountSettings/get", {"accountId": "b", "list": [{"id": "singleton", "encryptionAtRest": now}], "notFound": []}], ["x:PublicKey/get", {"accountId": "b", "list": [], "notFound": []}]],
    )
    second = (
        [["x:PublicKey/get", {"ids": ["k9"], "properties": ["id", "description", "key"]}]],
        [["x:PublicKey/get", {"accountId": "b", "list": [{"id": "k9", "description": "x", "key": "-----BEGIN CERTIFICATE-----"}], "notFound": []}]],
    )
    answer = await run("getAccountCrypto", [first, second], rights=RIGHTS)
    assert answer == {"type": "sMIME", "algo": "Aes256", "certs": "-----BEGIN CERTIFICATE-----", "allow_spam_training": True}
