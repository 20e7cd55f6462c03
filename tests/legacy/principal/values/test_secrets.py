"""What a written secret is, and what it does to the credentials of an account."""

import json
from pathlib import Path

import pytest

from gateway.legacy.principal.values.credentials import Secrets, created
from gateway.legacy.principal.values.hashes import is_hash, is_unusable
from gateway.legacy.principal.values.secrets import classify, is_placeholder, is_same, stored
from gateway.legacy.refusals import ManagementError, Other, Unsupported
from gateway.settings import Settings

EXAMPLES = json.loads((Path(__file__).parents[3] / "vectors" / "secrets.json").read_text())
CRYPT = "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."
OTP = "otpauth://totp/lab:kim?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=lab&algorithm=SHA1&digits=6&period=30"
OFF = Settings()
HASHES = Settings(secrets_memory="hashes", plain_passwords="hash")

PASSWORD = {"@type": "Password", "credentialId": "a", "secret": "****"}
PHONE = {"@type": "AppPassword", "credentialId": "b", "description": "Phone", "createdAt": "2026-01-01T00:00:00Z"}
TABLET = PHONE | {"credentialId": "d", "description": "Tablet"}
PHONE_NAME = "UGhvbmUkMjAyNi0wMS0wMVQwMDowMDowMFo="


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda it: it["legacySecret"][:24])
def test_examples(example):
    busy = example.get("account") == "has a password"
    secrets = Secrets({"credentials": {"0": PASSWORD} if busy else {}}, None, {}, OFF)
    if "reply" in example:
        with pytest.raises(ManagementError) as refusal:
            add(secrets, example["legacySecret"])
        assert refusal.value.body == example["reply"]
        return
    (value,) = add(secrets, example["legacySecret"]).patch.values()
    assert value == {"@type": "Password", "secret": example["send"]}


def add(secrets, text):
    secrets.add(text)
    return secrets.change()


@pytest.mark.parametrize(
    "text",
    [
        "$5$labsalt$JYGB9244feNenfCikSl.MftvT6vr3E2sDQ1fQuijy00",
        "$1$labsalt$W1asc7M1rRVP3glfzSIUd0",
        "$2b$04$abcdefghijklmnopqrstuu4mHXyT66nBf64j6PIBG.IGF65mdXifG",
        "$2y$04$abcdefghijklmnopqrstuu4mHXyT66nBf64j6PIBG.IGF65mdXifG",
        "$pbkdf2-sha256$i=1000,l=32$bGFic2FsdGxhYnNhbHQxMg$hmUmGMvXTQApFL5tqmQym+ae/KDEOBh3lYi1ZIO/Gz4",
        "$scrypt$ln=4,r=8,p=1$bGFic2FsdGxhYnNhbHQxMg$JY+HTjzUNGSGo/B0gqFN2M6f9+z9AwT5yzUDKCDQSMA",
        "$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq",
        "{ARGON2ID}$argon2id$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
        "{ssha512}xH3ZvvmPZWYhAzHB34wGB2EMHG/CtTrp3g5CSF3RHDP6By8UtihaNp07oKlAYL7UsB/GdBHgb/+2y7nzzSTjCXNhbHQ=",
        "{MD5}WEH6cTV2MylTaVxIfaMCRQ==",
        "{crypt}" + CRYPT,
        CRYPT,
    ],
)
def test_hashes(text):
    assert is_hash(text)
    assert not is_unusable(text)
    cut = text.rpartition("$")[0] if "argon2" in text or "=" in text.partition("$")[2] else text[:-1]
    assert not is_hash(cut)


@pytest.mark.parametrize("text", ["$zz$x", "{ZZ}x", "{open", "$", "{}", "{MD5}!!", "$2b$4$" + "a" * 53, "_J9..rasmCEDLi9u7U3k", "{Plain}x"])
def test_unusable_hashes(text):
    assert is_unusable(text)
    with pytest.raises(Other):
        classify(text)


@pytest.mark.parametrize("text", ["plain", "_too-short", "abzlUXK5ed5rs", "p$6$", ""])
def test_plain_texts(text):
    assert not is_hash(text)
    assert not is_unusable(text)


@pytest.mark.parametrize(
    "url",
    [
        "otpauth://totp/kim?secret=JBSWY3DP",
        "otpauth://totp/lab:kim?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=other",
        "otpauth://totp/lab:kim",
        "otpauth://totp/lab:kim?secret=!BSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "otpauth://hotp/lab:kim?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "otpauth://totp/lab:kim?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=12",
        "otpauth://[/x",
    ],
)
def test_otp_urls_that_would_lock_the_account(url):
    with pytest.raises(Other) as refusal:
        classify(url)
    assert refusal.value.body["reason"] == "The OTP URL cannot be used"


@pytest.mark.parametrize("url", [OTP, OTP.replace("lab:kim", "kim"), OTP.replace("&issuer=lab", ""), OTP.replace("digits=6", "digits=8")])
def test_usable_otp_urls(url):
    assert classify(url).value == url


def test_placeholders():
    assert all(map(is_placeholder, ["****", "otpauth://****", "$app$x$****"]))
    assert not any(map(is_placeholder, ["", "***", "$app$", "$app$****", "otpauth://"]))


def test_only_a_hash_of_a_plain_password_is_remembered():
    kept = stored(classify("{PLAIN}open sesame"), HASHES)
    assert kept.send == kept.remember
    assert kept.send.startswith("$6$")
    assert is_same("open sesame", kept.remember)
    assert is_same("{CLEAR}open sesame", kept.remember)
    assert not is_same("Open sesame", kept.remember)
    kept = stored(classify("$app$phone$open sesame"), Settings(secrets_memory="hashes"))
    assert kept.send == "open sesame"
    assert kept.remember.startswith("$app$phone$$6$")
    assert is_same("$app$phone$open sesame", kept.remember)
    assert stored(classify("open sesame"), OFF).remember == ""


def test_credentials_of_a_new_account():
    made = created([OTP, CRYPT, "****"], OFF)
    assert made.value == {"0": {"@type": "Password", "secret": CRYPT, "otpAuth": OTP}}
    assert made.strings == {"a": CRYPT, "otp": OTP}
    assert created([], OFF).value == created([""], OFF).value == {}
    made = created([f"$app$phone${CRYPT}"], OFF)
    assert (made.value, made.slot) == ({"0": {"@type": "Password", "secret": CRYPT}}, "phone")


@pytest.mark.parametrize("texts", [["one", "two"], [OTP], ["one", "$app$a$b"], ["$app$a$b", "$app$c$d"], [OTP, "$app$a$b"]])
def test_a_new_account_has_one_password(texts):
    with pytest.raises(Unsupported):
        created(texts, OFF)


def change(held, *steps, slot=None, remembered=None, settings=OFF):
    account = {"id": "f", "credentials": {str(index): it for index, it in enumerate(held)}}
    secrets = Secrets(account, slot, remembered or {}, settings)
    for action, value in steps:
        getattr(secrets, action)(value)
    return secrets.change()


WITH_OTP = PASSWORD | {"otpAuth": "****"}


@pytest.mark.parametrize(
    ("held", "steps", "patch"),
    [
        ([PHONE, PASSWORD], [("add", CRYPT)], {"credentials/1/secret": CRYPT}),
        ([PASSWORD], [("add", "one"), ("add", "two")], {"credentials/0/secret": "two"}),
        ([PASSWORD], [("add", "****")], {}),
        ([PASSWORD], [("add", OTP)], {"credentials/0/otpAuth": OTP}),
        ([PASSWORD], [("remove", "****")], {"credentials/0": None}),
        ([PASSWORD], [("remove", "****"), ("add", "new")], {"credentials/0/secret": "new"}),
        ([PASSWORD], [("remove", "something else")], {}),
        ([PASSWORD], [("add", "")], {"credentials/0": None}),
        ([WITH_OTP], [("remove", "otpauth://")], {"credentials/0/otpAuth": None}),
        ([WITH_OTP], [("remove", "otpauth://****"), ("add", OTP)], {"credentials/0/otpAuth": OTP}),
        ([PASSWORD], [("remove", "otpauth://")], {}),
        ([WITH_OTP, PHONE, TABLET], [("remove", "")], {"credentials/1": None, "credentials/2": None, "credentials/0/otpAuth": None}),
        ([PASSWORD, PHONE, TABLET], [("remove", "$app$")], {"credentials/1": None, "credentials/2": None}),
        ([PASSWORD, PHONE, TABLET], [("remove", f"$app${PHONE_NAME}")], {"credentials/1": None}),
        ([PASSWORD, PHONE, TABLET], [("remove", f"$app${PHONE_NAME}$secret")], {"credentials/1": None}),
        ([PASSWORD, PHONE], [("remove", "$app$zz")], {}),
        ([WITH_OTP, PHONE], [("set", ["****", "otpauth://****", f"$app${PHONE_NAME}$****"])], {}),
        ([WITH_OTP, PHONE], [("set", ["****"])], {"credentials/1": None, "credentials/0/otpAuth": None}),
        ([WITH_OTP, PHONE], [("set", ["new"])], {"credentials/1": None, "credentials/0/otpAuth": None, "credentials/0/secret": "new"}),
        ([WITH_OTP, PHONE], [("set", [])], {"credentials/1": None, "credentials/0": None}),
        ([WITH_OTP], [("set", [""])], {"credentials/0": None}),
        ([], [("set", [])], {}),
    ],
)
def test_changes(held, steps, patch):
    assert change(held, *steps).patch == patch


def test_two_app_passwords_of_one_name():
    with pytest.raises(Other) as refusal:
        change([PHONE, PHONE | {"credentialId": "d"}], ("remove", f"$app${PHONE_NAME}$secret"))
    assert refusal.value.body["reason"] == f"Several app passwords are named {PHONE_NAME}"


@pytest.mark.parametrize(
    ("held", "steps", "slot"),
    [
        ([], [("add", OTP)], None),
        ([PASSWORD], [("remove", "****"), ("add", OTP)], None),
        ([PASSWORD], [("add", "$app$x$y")], None),
        ([], [("add", "$app$x$y"), ("add", "pw")], None),
        ([], [("add", "$app$x$y"), ("add", "$app$z$y")], None),
        ([], [("add", "$app$noname")], None),
        ([PASSWORD], [("add", "pw")], "phone"),
        ([PASSWORD], [("add", OTP)], "phone"),
        ([PASSWORD], [("add", "$app$x$y")], "phone"),
        ([PASSWORD], [("set", ["one", "two"])], None),
    ],
)
def test_there_is_one_place_for_a_password(held, steps, slot):
    with pytest.raises(Unsupported):
        change(held, *steps, slot=slot)


def test_the_app_password_in_the_place_of_the_password():
    made = change([], ("add", f"$app$phone${CRYPT}"))
    assert list(made.patch.values()) == [{"@type": "Password", "secret": CRYPT}]
    assert (made.slot, made.strings) == ("phone", {"b": f"$app$phone${CRYPT}"})
    for text in ("$app$", "$app$pho", "$app$phone$****", ""):
        made = change([PASSWORD], ("remove", text), slot="phone")
        assert (made.patch, made.slot) == ({"credentials/0": None}, None)
    made = change([PASSWORD], ("remove", "$app$phone"), ("add", CRYPT), slot="phone")
    assert (made.patch, made.slot) == ({"credentials/0/secret": CRYPT}, None)
    made = change([PASSWORD], ("set", ["$app$phone$****"]), slot="phone")
    assert (made.patch, made.slot) == ({}, "phone")
    made = change([PASSWORD], ("remove", "****"), slot="phone")
    assert (made.patch, made.slot) == ({}, "phone")


def test_a_slot_without_a_password_is_empty():
    made = change([], slot="phone")
    assert (made.patch, made.slot) == ({}, None)
    made = change([], ("add", CRYPT), slot="phone")
    assert (list(made.patch.values()), made.slot) == ([{"@type": "Password", "secret": CRYPT}], None)


def test_remembered_strings():
    known = {"a": CRYPT, "otp": OTP, "b": "$app$x$y"}
    assert change([WITH_OTP, PHONE], ("add", CRYPT), ("add", OTP), remembered=known).patch == {}
    made = change([WITH_OTP, PHONE], ("set", [CRYPT, OTP]), remembered=known)
    assert (made.patch, made.strings) == ({"credentials/1": None}, {"a": CRYPT, "otp": OTP})
    made = change([WITH_OTP, PHONE], ("remove", CRYPT), remembered=known)
    assert (made.patch, made.strings) == ({"credentials/0": None}, {"b": "$app$x$y"})
    made = change([WITH_OTP], ("remove", "lab-secret-1"), remembered=known)
    assert made.patch == {"credentials/0": None}
    made = change([WITH_OTP], ("remove", "otpauth://totp/other"), remembered=known)
    assert made.patch == {}
    made = change([PASSWORD, PHONE], ("add", "new"), remembered=known)
    assert made.strings == {"otp": OTP, "b": "$app$x$y"}
    made = change([PASSWORD], ("add", "new"), remembered=known, settings=HASHES)
    assert is_same("new", made.strings["a"])
    made = change([PHONE, TABLET], ("add", CRYPT))
    assert made.strings == {"e": CRYPT}


def test_secrets_do_not_show_when_printed():
    for value in (classify("open sesame"), created(["open sesame"], OFF), change([PASSWORD], ("add", "open sesame"))):
        assert "sesame" not in repr(value)
