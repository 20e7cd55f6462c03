"""People at work on their own account: password, second factor, app passwords, encryption (legacy-rest-api 2.14)."""

import base64
import datetime as dt
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.knowledge.sha512_crypt import hashed

from . import second_factor

PASSWORD = "Canary-plum-kettle-7-orbit"
ANOTHER = "Canary-brook-lantern-4-maple"
SERVICE = "admin:Canary-of-the-admin-1"
ACCOUNT = "/api/account/auth"
CRYPTO = "/api/account/crypto"
DONE = (200, {"data": None})


async def made(client, *secrets, **members):
    """A client that logs in as a new user."""
    person = {"type": "individual", "name": "kim@desk.test", "secrets": list(secrets or [PASSWORD]), "roles": ["user"]} | members
    for body in ({"type": "domain", "name": "desk.test"}, person):
        status, answer = await client.call("POST", "/api/principal", json.dumps(body))
        assert (status, list(answer)) == (200, ["data"]), answer
    return client.as_(("kim@desk.test", PASSWORD))


async def change(client, *elements):
    return await client.call("POST", ACCOUNT, json.dumps(elements))


async def jmap(old, client, *calls):
    """Answers of the new server to a user of its own API, past the gateway."""
    body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"], "methodCalls": [[*call, f"{at}"] for at, call in enumerate(calls)]}
    async with old.http.post(f"{old.both.simulator}/jmap/", json=body, headers={"Authorization": client.authorization()}) as answer:
        return [arguments for _, arguments, _ in (await answer.json())["methodResponses"]]


async def test_a_new_password(old):
    kim = await made(old)
    assert await change(kim, {"type": "setPassword", "password": ANOTHER}) == DONE
    assert (await kim.call("GET", ACCOUNT))[0] == 401
    again = kim.as_(("kim@desk.test", ANOTHER))
    assert await again.get(ACCOUNT) == {"otpEnabled": False, "appPasswords": []}
    assert (await again.response("GET", "/jmap/session"))[0] == 200


async def test_a_password_that_the_policy_refuses(old):
    kim = await made(old)
    status, answer = await change(kim, {"type": "setPassword", "password": "short"})
    assert (status, answer["error"], answer["details"]) == (200, "other", "Invalid password")
    assert "8 characters" in answer["reason"]
    assert (await kim.call("GET", ACCOUNT))[0] == 200


async def test_a_hash_needs_the_service_account(old):
    kim = await made(old)
    status, answer = await change(kim, {"type": "setPassword", "password": hashed(ANOTHER, "labsalt")})
    assert (status, answer["error"]) == (200, "unsupported")
    assert "no service account" in answer["details"]
    assert (await kim.call("GET", ACCOUNT))[0] == 200


async def test_the_page_for_the_own_password_of_webadmin(serving):
    async with serving(service_credential=SERVICE) as old:
        kim = await made(old)
        assert await change(kim, {"type": "setPassword", "password": hashed(ANOTHER, "labsalt")}) == DONE
        assert (await kim.call("GET", ACCOUNT))[0] == 401
        again = kim.as_(("kim@desk.test", ANOTHER))
        assert (await again.call("GET", ACCOUNT))[0] == 200
        (made_app,) = await jmap(old, again, ["x:AppPassword/set", {"create": {"a": {"description": "Phone"}}}])
        by_app = kim.as_(("kim@desk.test", made_app["created"]["a"]["secret"]))
        status, answer = await change(by_app, {"type": "setPassword", "password": hashed(PASSWORD, "labsalt")})
        assert (status, answer["error"]) == (200, "unsupported")
        for wrong in ("$6$cut", "{SSHA}no", "****", "$app$phone$secret"):
            status, answer = await change(again, {"type": "setPassword", "password": wrong})
            assert (status, "error" in answer) == (200, True), wrong
        assert (await again.call("GET", ACCOUNT))[0] == 200


async def test_passwords_that_are_hashed_here_are_seen_by_no_policy(serving):
    async with serving(service_credential=SERVICE, plain_passwords="hash") as old:
        kim = await made(old)
        assert await change(kim, {"type": "setPassword", "password": "a"}) == DONE
        short = kim.as_(("kim@desk.test", "a"))
        assert (await short.call("GET", ACCOUNT))[0] == 200
        assert await change(short, {"type": "setPassword", "password": ""}) == DONE
        assert [(await kim.as_(("kim@desk.test", secret)).call("GET", ACCOUNT))[0] for secret in ("a", "", PASSWORD)] == [401, 401, 401]


async def test_a_service_account_that_may_not_do_its_work(serving):
    async with serving(service_credential="admin:wrong") as old:
        kim = await made(old)
        status, answer = await change(kim, {"type": "setPassword", "password": hashed(ANOTHER, "labsalt")})
        assert (status, answer["title"]) == (500, "Internal Server Error")
        assert (await kim.call("GET", ACCOUNT))[0] == 200


async def test_a_second_factor_on_and_off(running_clock):
    old = running_clock
    kim = await made(old)
    assert await change(kim, {"type": "enableOtpAuth", "url": second_factor.URL}) == DONE
    assert (await kim.call("GET", ACCOUNT))[0] == 402
    now = old.both.world.clock.seconds()
    with_code = kim.as_(("kim@desk.test", f"{PASSWORD}${second_factor.code(now)}"))
    assert await with_code.get(ACCOUNT) == {"otpEnabled": True, "appPasswords": []}
    assert (await with_code.response("GET", "/jmap/session"))[0] == 200
    assert await change(with_code, {"type": "setPassword", "password": ANOTHER}) == DONE
    assert (await with_code.call("GET", ACCOUNT))[0] == 401, "its token is forgotten"
    with_code = kim.as_(("kim@desk.test", f"{ANOTHER}${second_factor.code(now)}"))
    assert await change(with_code, {"type": "disableOtpAuth", "url": None}) == DONE
    assert await kim.as_(("kim@desk.test", ANOTHER)).get(ACCOUNT) == {"otpEnabled": False, "appPasswords": []}


async def test_a_url_that_would_lock_the_account(old):
    kim = await made(old)
    status, answer = await change(kim, {"type": "enableOtpAuth", "url": "otpauth://totp/Mail:kim?secret=short"})
    assert (status, answer) == (200, {"error": "other", "details": "Invalid secret", "reason": "The OTP URL cannot be used"})
    assert (await kim.call("GET", ACCOUNT))[0] == 200


async def test_app_passwords_are_listed_and_removed(old):
    kim = await made(old)
    await jmap(old, kim, *(["x:AppPassword/set", {"create": {"a": {"description": name}}}] for name in ("Phone", "Tablet", "Car", "Boat")))
    listed = (await kim.get(ACCOUNT))["appPasswords"]
    names = [base64.b64decode(it).decode().rpartition("$")[0] for it in listed]
    assert sorted(names) == ["Boat", "Car", "Phone", "Tablet"]
    assert await change(kim, {"type": "removeAppPassword", "name": listed[names.index("Phone")]}) == DONE
    assert await change(kim, {"type": "removeAppPassword", "name": "Car"}, {"type": "removeAppPassword", "name": "Tab"}) == DONE
    left = (await kim.get(ACCOUNT))["appPasswords"]
    assert sorted(base64.b64decode(it).decode().rpartition("$")[0] for it in left) == ["Boat", "Tablet"]
    assert await change(kim, {"type": "removeAppPassword", "name": None}) == DONE
    assert (await kim.get(ACCOUNT))["appPasswords"] == []


async def test_nothing_is_removed_when_the_password_is_refused(old):
    kim = await made(old)
    await jmap(old, kim, ["x:AppPassword/set", {"create": {"a": {"description": "Phone"}}}])
    status, answer = await change(kim, {"type": "removeAppPassword"}, {"type": "setPassword", "password": "short"})
    assert (status, answer["error"]) == (200, "other")
    assert len((await kim.get(ACCOUNT))["appPasswords"]) == 1


async def test_an_app_password_that_took_the_place_of_the_password(serving):
    async with serving(service_credential=SERVICE) as old:
        kim = await made(old, f"$app$phone${PASSWORD}")
        assert await kim.get(ACCOUNT) == {"otpEnabled": False, "appPasswords": ["phone"]}
        status, answer = await change(kim, {"type": "setPassword", "password": ANOTHER})
        assert (status, answer["error"], "holds the app password" in answer["details"]) == (200, "unsupported", True)
        assert await change(kim, {"type": "removeAppPassword", "name": "phone"}) == DONE
        assert (await kim.call("GET", ACCOUNT))[0] == 401


async def test_an_app_password_in_that_place_stays_without_a_service_account(old):
    kim = await made(old, f"$app$phone${PASSWORD}")
    for element in ({"type": "removeAppPassword", "name": "phone"}, {"type": "removeAppPassword"}, {"type": "enableOtpAuth", "url": second_factor.URL}):
        status, answer = await change(kim, element)
        assert (status, answer["error"]) == (200, "unsupported"), element
    assert (await kim.get(ACCOUNT))["appPasswords"] == ["phone"]


@pytest.mark.parametrize(
    "elements",
    [[{"type": "zz"}], [{"type": "setPassword"}], [{"type": "setPassword", "password": None}], [{"type": "SetPassword", "password": "x"}],
     [{"type": "enableOtpAuth"}], [{"type": "addAppPassword", "name": "x"}], [{"type": "removeAppPassword", "name": 7}], [7], {}, "x", None,
     [{"type": "removeAppPassword", "name": "q"}, {"type": "zz"}]],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["enforce", "off"])
async def test_bodies_that_say_nothing(serving, elements, mode):
    async with serving(validation=f"setAccountAuth={mode}") as old:
        status, answer = await old.call("POST", ACCOUNT, json.dumps(elements))
        assert (status, answer["detail"]) == (400, "JSON deserialization failed")


async def test_an_empty_list_and_the_fallback_administrator(old):
    assert (await change(old))[1]["detail"] == "Empty request"
    for element in (
        {"type": "addAppPassword", "name": "x", "password": "x"}, {"type": "enableOtpAuth", "url": second_factor.URL},
        {"type": "disableOtpAuth"}, {"type": "removeAppPassword"},
    ):  # fmt: skip
        status, answer = await change(old, element)
        assert (status, answer["error"], answer["details"]) == (200, "other", "Fallback administrator accounts do not support 2FA or AppPasswords")
    assert (await change(old, {"type": "setPassword", "password": ANOTHER}))[1]["error"] == "unsupported"
    assert await old.get(CRYPTO) == {"type": "disabled"}


def certificate():
    """A certificate that signs itself, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Kim")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    build = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = build.not_valid_before(now).not_valid_after(now + dt.timedelta(days=36500)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


async def test_encryption(union):
    kim = await made(union)
    assert await kim.get(CRYPTO) == {"type": "disabled"}
    text = certificate()
    for count, (algorithm, certs) in enumerate((("Aes256", text), ("Aes128", text + certificate())), 1):
        body = {"type": "sMIME", "algo": algorithm, "certs": certs}
        assert await kim.call("POST", CRYPTO, json.dumps(body)) == (200, {"data": count})
        assert await kim.get(CRYPTO) == body | {"allow_spam_training": False}
    (keys,) = await jmap(union, kim, ["x:PublicKey/get", {"ids": None, "properties": ["id", "description"]}])
    assert [it["description"] for it in keys["list"]] == ["Legacy API"], "the text of the key in use is exchanged"
    assert await kim.call("POST", CRYPTO, '{"type": "disabled"}') == DONE
    assert await kim.get(CRYPTO) == {"type": "disabled"}
    assert await kim.call("POST", CRYPTO, json.dumps(body | {"allow_spam_training": True})) == (200, {"data": 2})
    assert (await kim.get(CRYPTO))["allow_spam_training"] is True


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"certs": ""}, "Could not find any valid certificates"),
        ({"certs": "-----STALWART CERTIFICATE-----\r\nMIID\r\n"}, "Could not find any valid certificates"),
        ({"certs": "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----"}, "No valid certificates found for the selected encryption"),
        ({"certs": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n-----END PGP PUBLIC KEY BLOCK-----"}, "No valid certificates found for the selected encryption"),
        ({"certs": "-----BEGIN CERTIFICATE-----\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n"}, "Cannot mix OpenPGP and S/MIME certificates"),
        ({"type": "SMIME"}, 400),
        ({"algo": "aes256"}, 400),
        ({"algo": None}, 400),
        ({"certs": 7}, 400),
        ({"allow_spam_training": 1}, 400),
    ],
)
async def test_encryption_that_is_refused(union, body, expected):
    kim = await made(union)
    status, answer = await kim.call("POST", CRYPTO, json.dumps({"type": "sMIME", "algo": "Aes256", "certs": "x"} | body))
    assert (status if status != 200 else answer["details"]) == expected
    assert await kim.get(CRYPTO) == {"type": "disabled"}


async def test_the_last_old_version_wants_to_know_about_training(old):
    kim = await made(old)
    body = {"type": "sMIME", "algo": "Aes256", "certs": certificate()}
    status, answer = await kim.call("POST", CRYPTO, json.dumps(body))
    assert (status, answer["detail"]) == (400, "missing field `allow_spam_training`")


async def test_who_may_change_what(old):
    kim = await made(old, disabledPermissions=["manage-passwords"])
    assert (await change(kim, {"type": "setPassword", "password": ANOTHER}))[0] == 403
    assert (await change(kim))[0] == 403, "the right comes before the body"
    assert (await kim.call("GET", CRYPTO))[0] == 200
