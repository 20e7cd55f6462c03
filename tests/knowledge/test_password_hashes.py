"""Password hashes: our own slow kind, and which of the others a service can check logins against."""

import pytest

from gateway.knowledge.password_hashes import is_checkable, is_hash, matches, quick, slow
from gateway.knowledge.sha512_crypt import hashed

SIX = hashed("secret", "salt")


def test_a_slow_hash_fits_its_secret_only_and_is_never_the_same():
    first, second = slow("secret:ü"), slow("secret:ü")
    assert first != second
    assert (matches("secret:ü", first), matches("secret:ü", second), matches("secret:u", first)) == (True, True, False)
    assert first.startswith("$scrypt$ln=14,r=8,p=1$")
    assert is_hash(first)
    assert is_checkable(first)


@pytest.mark.parametrize(
    "text",
    [
        SIX,
        "{CRYPT}" + SIX,
        quick("x"),
        "{SHA}" + "A" * 27 + "=",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$pbkdf2-sha256$i=100000$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
    ],
)
def test_common_kinds_can_be_checked(text):
    assert is_checkable(text)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "$6$broken",
        "$6$rounds=999999999$salt$" + "a" * 86,
        "$2b$31$" + "a" * 53,
        "$argon2id$v=19$m=9999999,t=3,p=4$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$argon2id$v=19$m=65536,t=9999,p=4$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "{ARGON2ID}$argon2id$v=19$m=9999999,t=3,p=4$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$pbkdf2-sha256$i=999999999$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$scrypt$ln=99,r=9999,p=1$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$scrypt$ln=18,r=8,p=20$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "$argon2id$v=19$m=262144,t=20,p=1$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0b3V0cHV0",
        "{CRYPT}_" + "a" * 19,
        "{UNKNOWN}x",
    ],
)
def test_what_is_broken_or_would_cost_too_much_cannot(text):
    assert not is_checkable(text)
