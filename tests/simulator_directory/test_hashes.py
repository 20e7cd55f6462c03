"""Which texts are password hashes, and which secret belongs to them (recording `directory.secrets.hash`)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge import system_crypt
from gateway.simulator.directory.hashes import fresh, is_hash, matches

SECRET = "Chosen-Secret-7"
SIX = "$6$saltsalt$HysSDCD8rC.JD/S9xYq9D/FYsHLjF86qz7HI06UDHh9dZtC7zk7S4TawCHO2jcK2jQHFttKCAwQVBhGiXSfaX0"
BCRYPT = "$05$abcdefghijklmnopqrstuuJLTPRr1eCse1u09PaJpfubzisgF7RmC"
ARGON2ID = "$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$wuHxJkNHb9frcrijg5zhHB1JnhVeihy85Tg/WGCZp3s"
PBKDF2 = "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$CE2vGZXxIEva39kHIrRLvwM9RrQ/StxhkGJ/BCdNHi0"
HASHES = [
    ARGON2ID,
    "$argon2i$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$u660muKq5EVSQCFxqlc1ngzA0SM8KIUAbkZbDLowQ1E",
    "$argon2d$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$UrZAkc/d5mTG1GxBSsZ36DA3zNU0LfrqY6naxY/uD7c",
    PBKDF2,
    "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$uormdZYUB+1npaNTaqWe/yEU65b9e9LqYH3sLKChRNQ",
    "$2a" + BCRYPT,
    "$2b" + BCRYPT,
    "$2y" + BCRYPT,
    "$1$saltsalt$W126Z5pIWyyXsTQ0wRDrM0",
    "$5$saltsalt$gRi4aK/1PlCKLTrDgj71mzC2SAnhfT.GAVTswasyih3",
    "$5$rounds=2000$saltsalt$WM9/1F6ZhiCnESZpFMxS3wCo0RmPXyEAAF2bbRXNWr5",
    SIX,
    "$6$rounds=2000$saltsalt$.LjT4xHepIROl4gu3mlWfFadWYY0YGnU2.pupefEVw1.W3PiIcwhaTH1Q1EQPsbF5zS3rpwKGNkMhnWOVexxq0",
    "$sha1$1000$saltsalt$/vGtho9Hq5ZJQmz5Tbrag4DSZ5Uc",
    "{CRYPT}" + SIX,
    "{CRYPT}$2b" + BCRYPT,
    "{CRYPT}ab4ufe839Rnhg",
    "{SHA}Pppxit9SfXSH5uqt91wogosHBzU=",
    "{SSHA}jA9hEcuud2PvpDoMJ05/8s+Cqw5zYWx0c2FsdA==",
    "{ssha}jA9hEcuud2PvpDoMJ05/8s+Cqw5zYWx0c2FsdA==",
    "{SHA256}HZG79ZfPUxmlmyo9X/G9c99Gf1Eid2NvtHsdomhYgKk=",
    "{SSHA256}Bhr0kBLSU4gyjqM/2AKolvJ+hoqTwZEjJ3gF8mxO9xVzYWx0c2FsdA==",
    "{SHA512}7S8LE0lGoP8R2uA+Vq1T3mfZmzO2AZgAH04sO+fhV/cBvvgVDD08KFN1UpnQIcaRtP6gGQEXsmjD/IgpQ0o95A==",
    "{SSHA512}9eYpaW3BtfLnoKx30/XNszzCc9SGfkbtSybLtzuy2r4viFfrZkGI72nQBH7dHv2k38y4C0/+RwjKeZLgihqjmnNhbHRzYWx0",
    "{MD5}c96nt//pSMgjusr22deFvw==",
    "{ARGON2ID}" + ARGON2ID,
    "{PBKDF2}" + PBKDF2,
]
NO_HASHES = [
    "",
    "_J9..rasmJqA3aqVSDsw",
    "ab4ufe839Rnhg",
    "{PLAIN}" + SECRET,
    "{CLEAR}" + SECRET,
    "{PLAIN-MD5}73dea7b7ffe948c823bacaf6d9d785bf",
    "$y$j9T$saltsaltsaltsalt$rOJs3raY05eUkpJ03rJhAwSgxh8iWK3xzFJH/TEHX74",
    "$2b$05$abcdefghijklmnopqrstuu",
    "$6$saltsalt$tooshort",
    "{SSHA}!!!",
    "{SSHA}Pppxit9SfXSH5uqt91wogosHBzU=",
    "{SHA}jA9hEcuud2PvpDoMJ05/8s+Cqw5zYWx0c2FsdA==",
    "{FOO}bar-long-enough-7Q",
    "$app$bGFwdG9w$" + SIX,
    ARGON2ID[:60],
    "{CRYPT}" + SECRET,
    "{CRYPT}{SHA}Pppxit9SfXSH5uqt91wogosHBzU=",
]


@pytest.mark.parametrize("text", HASHES)
def test_a_hash_belongs_to_its_secret_and_to_no_other(text):
    assert is_hash(text)
    assert matches(SECRET, text)
    assert not matches("x" + SECRET, text)
    assert not matches(text, text)


@pytest.mark.parametrize("text", NO_HASHES)
def test_other_texts_are_no_hashes(text):
    assert not is_hash(text)
    assert not matches(SECRET, text)
    assert not matches(text, text)


def test_extended_des_is_known_by_its_form_and_never_fits():
    assert is_hash("{CRYPT}_J9..rasmJqA3aqVSDsw")
    assert not matches(SECRET, "{CRYPT}_J9..rasmJqA3aqVSDsw")


@pytest.mark.parametrize("text", ["$argon2id$v=19$m=1,t=1,p=9$c2FsdHNhbHQ$wuHxJkNHb9frcrijg5zhHB1JnhVeihy8", "$scrypt$ln=63,r=8,p=1$c2FsdHNhbHQ$wuHxJkNHb9frcrijg5zhHB1J"])
def test_costs_that_cannot_be_paid_fit_nothing(text):
    assert is_hash(text)
    assert not matches(SECRET, text)


def test_the_library_of_the_system_refuses_what_it_cannot_read():
    assert system_crypt.hashed("a\0b", SIX) is None
    assert not matches("Chosen-Secret-7\0more", SIX)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_fresh_hash_belongs_to_one_secret(secret, other):
    stored = fresh(secret)
    assert is_hash(stored)
    assert matches(secret, stored)
    assert matches(other, stored) == (other == secret)


@given(st.text(max_size=60) | st.from_regex(r"[{$][A-Za-z0-9]{1,8}[}$][A-Za-z0-9./+=$,-]{0,40}", fullmatch=True))
def test_any_text_has_an_answer(text):
    assert matches("secret", text) in {True, False}
    assert is_hash(text) or not matches("secret", text)
