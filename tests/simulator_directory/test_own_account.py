"""Self-service (jmap-management-api 3.2, 3.3, 3.12; recordings `directory.self-service`)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.directory.key_texts import problem
from gateway.simulator.directory.totp import accepts

PASSWORD = "long pass phrase 42"
SELF = ("self@lab.test", PASSWORD)
URL = "otpauth://totp/lab:self?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=lab"  # the secret of RFC 6238
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIHcMIGPoAMCAQICAQEwBQYDK2VwMBgxFjAUBgNVBAMMDXNlbGZAbGFiLnRlc3Qw
HhcNMjYwMTAxMDAwMDAwWhcNMzYwMTAxMDAwMDAwWjAYMRYwFAYDVQQDDA1zZWxm
QGxhYi50ZXN0MCowBQYDK2VwAyEAvlQMv9bdv/c8OmmZH/Nj2R/JUGoFhB8qEB1f
o3f6xlIwBQYDK2VwA0EAWDytYuJeFVC/QHYb7kWufrqY6R84ErnL1oMIjvcIm44g
Ti6y7tI2Hz1mpE47A03R0WT3tja2WzDMslxqHg/RCQ==
-----END CERTIFICATE-----
"""
OPENPGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n-----END PGP PUBLIC KEY BLOCK-----\n"


@pytest.fixture
def own(server):
    """Server with the account `self` (b)."""
    assert server.user("self") == "b"
    return server


def ask(server, kind, arguments, user=SELF):
    return server.one(f"x:{kind}", arguments, user)


def refusal(answer):
    return answer["notUpdated"]["singleton"]


def test_the_password_is_shown_masked(own):
    shown = {"id": "singleton", "secret": "****", "otpAuth": {}}
    for ids in (["singleton"], None):
        assert ask(own, "AccountPassword/get", {"ids": ids}) == {"list": [shown], "notFound": []}
    assert ask(own, "AccountPassword/get", {"ids": ["b"]}) == {"list": [], "notFound": ["b"]}
    admin = ("admin", "Canary-admin-1")
    assert ask(own, "AccountPassword/get", {"ids": ["singleton"]}, admin) == {"list": [], "notFound": ["singleton"]}
    assert ask(own, "AccountPassword/get", {"ids": None}, admin) == {"list": [], "notFound": []}
    assert ask(own, "AccountPassword/get", {"ids": ["singleton"], "accountId": "b"}, admin)["list"] == [shown]


@pytest.mark.parametrize(
    ("patch", "error"),
    [
        ({"secret": "new pass phrase 43"}, {"type": "forbidden", "description": "Current secret must be provided to change the password or OTP auth."}),
        ({"currentSecret": "wrong", "secret": "new pass phrase 43"}, {"type": "forbidden", "description": "Current secret is incorrect."}),
        (
            {"currentSecret": PASSWORD, "secret": "weak"},
            {"type": "invalidProperties", "description": "Password must be at least 8 characters long.", "properties": ["secret"]},
        ),
        ({"colour": 1}, {"type": "invalidPatch", "description": "Invalid property", "properties": ["colour"]}),
        ({"otpAuth/otpUrl": URL}, {"type": "forbidden", "description": "Current secret must be provided to change the password or OTP auth."}),
    ],
)
def test_a_change_that_is_refused(own, patch, error):
    assert refusal(ask(own, "AccountPassword/set", {"update": {"singleton": patch}})) == error
    assert own.status(*SELF) == 200


def test_what_changes_nothing_needs_no_secret(own):
    assert ask(own, "AccountPassword/set", {"update": {"singleton": {"secret": "****"}}}) == {"updated": {"singleton": None}}
    assert own.status(*SELF) == 200


def test_a_new_password(own):
    change = {"currentSecret": PASSWORD, "secret": "a new pass phrase 43"}
    assert ask(own, "AccountPassword/set", {"update": {"singleton": change}}) == {"updated": {"singleton": None}}
    assert (own.status(*SELF), own.status("self@lab.test", "a new pass phrase 43")) == (401, 200)


def test_a_second_factor_needs_a_code_to_be_changed(own):
    on = {"currentSecret": PASSWORD, "otpAuth": {"otpUrl": URL}}
    assert ask(own, "AccountPassword/set", {"update": {"singleton": on}}) == {"updated": {"singleton": None}}
    assert own.status(*SELF) == 402
    admin = ("admin", "Canary-admin-1")
    off = {"currentSecret": PASSWORD, "otpAuth/otpUrl": None}
    for more, text in (({}, "Current OTP code is required to change the password or OTP auth."), ({"otpAuth/otpCode": "000000"}, "Current secret is incorrect.")):
        answer = ask(own, "AccountPassword/set", {"accountId": "b", "update": {"singleton": off | more}}, admin)
        assert refusal(answer) == {"type": "forbidden", "description": text}


@pytest.mark.parametrize(
    ("url", "now", "code", "fits"),
    [
        (URL, 59, "287082", True),
        (URL, 59 + 30, "287082", True),
        (URL, 59 + 60, "287082", False),
        (URL + "&digits=8", 1_111_111_109, "07081804", True),
        (URL, 1_234_567_890, "005924", True),
        (URL.replace("issuer=lab", "issuer=other"), 59, "287082", False),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ", 59, "287082", False),
        ("nonsense", 59, "287082", False),
    ],
)
def test_codes_of_rfc_6238(url, now, code, fits):
    assert accepts(url, code, now) is fits


def test_settings_are_those_of_the_account(own):
    assert ask(own, "AccountSettings/set", {"update": {"singleton": {"description": "Me", "locale": "fr_FR"}}}) == {"updated": {"singleton": None}}
    shown = {"id": "singleton", "description": "Me", "locale": "fr_FR", "timeZone": None, "encryptionAtRest": {"@type": "Disabled"}}
    assert ask(own, "AccountSettings/get", {"ids": None})["list"] == [shown]
    assert own.shown("Account", "b")["description"] == "Me"
    assert ask(own, "AccountSettings/get", {"ids": None, "properties": ["locale"]})["list"] == [{"id": "singleton", "locale": "fr_FR"}]


@pytest.mark.parametrize(
    ("patch", "error"),
    [
        ({"quotas": {}}, {"type": "invalidProperties", "properties": ["quotas"]}),
        ({"encryptionAtRest/publicKey": "z"}, {"type": "invalidProperties", "properties": ["encryptionAtRest/publicKey"]}),
        ({"locale": "fr"}, {"type": "invalidPatch", "description": 'Invalid value Str("fr") for enum type EnUS.', "properties": ["locale"]}),
        ({"encryptionAtRest": {"@type": "Aes256", "publicKey": "zzz"}}, {"type": "invalidForeignKey", "objectId": {"object": "PublicKey", "id": "zzz"}}),
    ],
)
def test_settings_that_are_refused(own, patch, error):
    assert refusal(ask(own, "AccountSettings/set", {"update": {"singleton": patch}})) == error


def test_groups_and_other_ids_have_no_settings(own):
    group = own.made("Account", {"@type": "Group", "name": "team", "domainId": "b"})
    admin = ("admin", "Canary-admin-1")
    assert ask(own, "AccountSettings/get", {"accountId": group, "ids": ["singleton"]}, admin)["notFound"] == ["singleton"]
    sent = {"create": {"c": {}}, "update": {"b": {}}, "destroy": ["singleton"]}
    assert ask(own, "AccountSettings/set", sent) == {
        "notUpdated": {"b": {"type": "notFound"}},
        "notDestroyed": {"singleton": {"type": "singleton", "description": "Singletons cannot be created or destroyed."}},
    }


def test_keys_belong_to_the_account_of_the_call_and_go_with_it(own):
    made = own.one("x:PublicKey/set", {"accountId": "b", "create": {"k": {"description": "two", "key": CERTIFICATE}}})
    key = made["created"]["k"]["id"]
    assert own.shown("PublicKey", key)["accountId"] == "b"
    on = {"encryptionAtRest": {"@type": "Aes256", "publicKey": key}}
    assert ask(own, "AccountSettings/set", {"update": {"singleton": on}}) == {"updated": {"singleton": None}}
    assert own.one("x:PublicKey/set", {"destroy": [key]})["notDestroyed"][key]["linkedObjects"] == [{"object": "Account", "id": "b"}]
    assert own.one("x:Account/set", {"destroy": ["b"]}) == {"destroyed": ["b"]}
    assert own.one("x:PublicKey/get", {"ids": None})["list"] == []


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (None, "No valid public key found."),
        ("x", "No valid public key found."),
        (OPENPGP + CERTIFICATE, "Cannot mix OpenPGP and S/MIME certificates"),
        (OPENPGP * 2, "Failed to decode OpenPGP public key: Malformed Cert: Additional packets found, is this a keyring?"),
        (OPENPGP.replace("mQEN", "abcd"), "Failed to decode OpenPGP public key: Malformed packet: Malformed CTB: MSB of ptag (0b01101001) not set."),
        (
            "-----BEGIN CERTIFICATE-----\nabcd\n-----END CERTIFICATE-----",
            "Failed to decode X509 certificate: BER decoding error: Expected Tag { class: Universal, value: 16 } tag, actual tag: Tag { class: Application, value: 9 } (Codec: BER)",
        ),
    ],
)
def test_a_key_has_to_look_like_one(own, key, text):
    value = {"description": "k"} | ({"key": key} if key else {})
    answer = ask(own, "PublicKey/set", {"create": {"k": value}})
    assert answer["notCreated"]["k"] == {"type": "invalidProperties", "description": text, "properties": ["key"]}


def test_five_keys_are_enough(own):
    keys = {f"k{place}": {"description": "k", "key": CERTIFICATE} for place in range(6)}
    answer = ask(own, "PublicKey/set", {"create": keys})
    assert len(answer["created"]) == 5
    assert answer["notCreated"] == {"k5": {"type": "overQuota", "description": "You have exceeded your quota of 5 public keys."}}


def test_some_ciphers_need_a_certificate(own):
    keys = {"pgp": {"description": "k", "key": OPENPGP}, "pem": {"description": "k", "key": CERTIFICATE}}
    made = ask(own, "PublicKey/set", {"create": keys})["created"]

    def encrypt(cipher, key):
        on = {"encryptionAtRest": {"@type": cipher, "publicKey": made[key]["id"]}}
        return ask(own, "AccountSettings/set", {"update": {"singleton": on}})

    for cipher in ("Aes128", "Aes256", "Aes256Gcm", "ChaCha20Poly1305"):
        assert encrypt(cipher, "pem") == {"updated": {"singleton": None}}
    assert encrypt("Aes256", "pgp") == {"updated": {"singleton": None}}
    for cipher, called in {"Aes256Gcm": "AES-256-GCM", "ChaCha20Poly1305": "ChaCha20-Poly1305"}.items():
        text = f"{called} is only supported for S/MIME encryption, but the selected public key is an OpenPGP key."
        assert refusal(encrypt(cipher, "pgp")) == {"type": "invalidProperties", "description": text, "properties": ["encryptionAtRest"]}


@pytest.mark.parametrize("armour", ["CERTIFICATE", "PGP PUBLIC KEY BLOCK"])
@given(data=st.binary(max_size=200))
def test_any_bytes_in_an_armour_have_an_answer(armour, data):
    text = base64.b64encode(data).decode()
    assert isinstance(problem(f"-----BEGIN {armour}-----\n\n{text}\n-----END {armour}-----"), str)
