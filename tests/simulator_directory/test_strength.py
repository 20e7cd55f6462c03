"""How hard passwords are to guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.directory.strength import estimate

STRONG = [
    "long pass phrase 42",
    "replaced phrase 44",
    "third phrase 48",
    "Chosen-Secret-7",
    "ab4ufe839Rnhg",
    "_J9..rasmJqA3aqVSDsw",
    "{SSHA}!!!",
    "{FOO}bar-long-enough-7Q",
    "$6$saltsalt$tooshort",
    "Op-tenant-pass-1",
]


@pytest.mark.parametrize("text", STRONG)
def test_what_the_server_took(text):
    assert estimate(text).score >= 3


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("password1", "common"),
        ("Password1", "word"),
        ("p@ssw0rd", "common"),
        ("abcdefgh", "sequence"),
        ("hgfedcba", "sequence"),
        ("aaaaaaaaaaaa", "repetition"),
        ("k9Zk9Zk9Zk9Z", "repetition"),
        ("summer2024", "word"),
        ("Tx7q", ""),
    ],
)
def test_what_makes_a_password_easy(text, kind):
    assert estimate(text).score < 3
    assert estimate(text).kind == kind


def test_eight_random_characters_are_one_too_few():
    assert [estimate("k3$Tq9!z"[:size]).score for size in (2, 4, 8)] == [0, 1, 2]
    assert estimate("k3$Tq9!zx").score == 3


@given(st.text(max_size=128))
def test_every_text_has_a_score(text):
    assert 0 <= estimate(text).score <= 4
    assert estimate(text + "Zq9#vK2!mW7%").score >= estimate(text).score
