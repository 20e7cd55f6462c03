"""SHA-512 crypt against hashes that other programs made."""

import pytest

from gateway.knowledge.sha512_crypt import hashed, matches

KNOWN = [
    ("lab-secret-1", "labsalt", "$6$labsalt$a3FamHDugO/Lm35zk1fCx1h7jQpQdR0A5uhy5hB8g7bhJI.O3jQrz91XPW.wRT3PFF37vZGUzMvWvYzFqYRfo."),
    (
        "Hello world!",
        "saltstring",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
]


@pytest.mark.parametrize(("password", "salt", "text"), KNOWN)
def test_known_hashes(password, salt, text):
    assert hashed(password, salt) == text
    assert matches(password, text)
    assert not matches(password + "x", text)


def test_a_long_password_and_a_long_salt():
    text = hashed("ä" * 100, "0123456789abcdefgh")
    assert text.startswith("$6$0123456789abcdef$")
    assert matches("ä" * 100, text)


@pytest.mark.parametrize("text", ["", "lab-secret-1", "$6$$x", "$6$rounds=1000$labsalt$" + "a" * 86, "$5$labsalt$" + "a" * 43])
def test_other_forms_match_nothing(text):
    assert not matches("lab-secret-1", text)
