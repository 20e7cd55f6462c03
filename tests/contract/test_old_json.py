"""What the old server's JSON reader said against a body (legacy-rest-api 1.5.1): words and places as recorded, or as that library gives them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.contract.old_json import READERS, complaint

RECORDED = [
    (b"", "EOF while parsing a value at line 1 column 0"),
    (b"{", "EOF while parsing an object at line 1 column 1"),
    (b"hello", "expected value at line 1 column 1"),
    (b"null", "invalid type: null, expected struct DkimSignature at line 1 column 4"),
    (b"5", "invalid type: integer `5`, expected struct DkimSignature at line 1 column 1"),
    (b'"x"', 'invalid type: string "x", expected struct DkimSignature at line 1 column 3'),
    (b"{}", "missing field `algorithm` at line 1 column 2"),
    (b"[]", "invalid length 0, expected struct DkimSignature with 4 elements at line 1 column 2"),
    (b"[null]", "invalid length 1, expected struct DkimSignature with 4 elements at line 1 column 6"),
    (b"[] x", "invalid length 0, expected struct DkimSignature with 4 elements at line 1 column 2"),
    (b'{"type":"group","name":"\xe9"}', "missing field `algorithm` at line 1 column 27"),
    (b'{"domain": "dk1.test"}', "missing field `algorithm` at line 1 column 22"),
    (b'{"algorithm": "Rsa"}', "missing field `domain` at line 1 column 20"),
    (b'{"algorithm": "Rsa", "domain": null}', "invalid type: null, expected a string at line 1 column 35"),
    (b'{"algorithm": null, "domain": "dk1.test"}', "expected value at line 1 column 15"),
    (
        b'{"algorithm": "rsa", "domain": "dk1.test"}',
        "unknown variant `rsa`, expected `Rsa` or `Ed25519` at line 1 column 19",
    ),
    (b'{"algorithm": 1, "domain": "dk1.test"}', "expected value at line 1 column 15"),
    (
        b'{"id": 5, "algorithm": "Rsa", "domain": "dk1.test"}',
        "invalid type: integer `5`, expected a string at line 1 column 8",
    ),
]

OTHERS = [
    (b"\xef\xbb\xbf{}", "expected value at line 1 column 1"),
    (b"  \n {", "EOF while parsing an object at line 2 column 2"),
    (b'\n{"domain": true}', "invalid type: boolean `true`, expected a string at line 2 column 15"),
    (b'{"domain": 1.5}', "invalid type: floating point `1.5`, expected a string at line 1 column 14"),
    (b'{"domain": []}', "invalid type: sequence, expected a string at line 1 column 11"),
    (b'{"domain": {}}', "invalid type: map, expected a string at line 1 column 11"),
    (b'{"domain": "a', "EOF while parsing a string at line 1 column 13"),
    (b'{"domain": "a\x01"}', "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 14"),
    (b'{"domain": "\xe9"}', "invalid unicode code point at line 1 column 14"),
    (b'{"domain": "a" "b"}', "expected `,` or `}` at line 1 column 16"),
    (b'{"domain": "a",}', "trailing comma at line 1 column 16"),
    (b'{"domain" "a"}', "expected `:` at line 1 column 11"),
    (b"{domain: 1}", "key must be a string at line 1 column 2"),
    (b'{"zz": [1, {"a": nul}]}', "expected ident at line 1 column 21"),
    (b'{"zz": [1 2]}', "expected `,` or `]` at line 1 column 11"),
    (b'{"zz": [1,]}', "trailing comma at line 1 column 11"),
    (b'{"zz": [1', "EOF while parsing a list at line 1 column 9"),
    (b'{"zz": tru', "EOF while parsing a value at line 1 column 10"),
    (b'[5, "Rsa", "a.test", null]', "invalid type: integer `5`, expected a string at line 1 column 2"),
    (b'"a\\"\\u0001"', 'invalid type: string "a\\"\\u{1}", expected struct DkimSignature at line 1 column 11'),
    (b'{"algorithm": "Rsa", "domain": "a.test"} x', "trailing characters at line 1 column 42"),
]

GOOD = [
    b'{"algorithm": "Rsa", "domain": "a.test"}',
    b' {"id": null, "algorithm": "Ed25519", "domain": "", "selector": null, "further": {"a": [1, -2.5e3, "\\n", true, {}]}} ',
]


@pytest.mark.parametrize(("raw", "words"), RECORDED + OTHERS, ids=lambda it: it if isinstance(it, str) else repr(it))
def test_words_and_places(raw, words):
    assert complaint("DkimSignature", raw) == words


@pytest.mark.parametrize("raw", GOOD)
def test_nothing_is_said_against_what_the_old_server_took(raw):
    assert complaint("DkimSignature", raw) is None


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ 0-9.eEnulltrafsidomx', max_size=60).map(str.encode))
def test_any_body_is_survived(raw):
    for name in READERS:
        said = complaint(name, raw)
        assert said is None or " at line " in said


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=3),
        lambda it: (
            st.lists(it, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "algorithm", "domain", "selector", "x"]), it, max_size=4)
        ),
    )
)
def test_what_it_complains_about_breaks_the_contract(contract, table, value):
    match = table.find("POST", "/api/dkim")
    raw = json.dumps(value).encode()
    if complaint("DkimSignature", raw) is not None:
        assert contract.check(match, {}, value, raw).detail == complaint("DkimSignature", raw)
    elif isinstance(value, dict) and not isinstance(value.get("algorithm"), dict):
        assert contract.check(match, {}, value, raw) is None
