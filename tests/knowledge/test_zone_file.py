"""Zone files read as records (mapping-principals 6.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.zone_file import records


def record(type_, name, content):
    return {"type": type_, "name": name, "content": content}


LINES = [
    ("a.test. IN MX 10 mail.a.test.", record("MX", "a.test.", "10 mail.a.test.")),
    (
        's._domainkey.a.test. IN TXT (\n    "v=DKIM1; "\n    "p=AB"\n)',
        record("TXT", "s._domainkey.a.test.", "v=DKIM1; p=AB"),
    ),
    ('two words._domainkey.a.test. IN TXT "x"', record("TXT", "two words._domainkey.a.test.", "x")),
    ('a.test. IN TXT "one" "two"', record("TXT", "a.test.", "onetwo")),
    (r'a.test. IN TXT "a\"b\\c; (d"', record("TXT", "a.test.", 'a"b\\c; (d')),
    ('a.test. IN TXT ""', record("TXT", "a.test.", "")),
    ("a.test. IN TXT bare", record("TXT", "a.test.", "bare")),
    ('a.test. IN CAA 0 issue "ca.test"', record("CAA", "a.test.", '0 issue "ca.test"')),
    ("a.test. IN SOA (\n    ns.a.test.\n    1 2\n)", record("SOA", "a.test.", "ns.a.test. 1 2")),
]


@pytest.mark.parametrize(("text", "found"), LINES, ids=lambda it: it if isinstance(it, str) else it["type"])
def test_one_record(text, found):
    assert records(text) == [found]


def test_a_whole_file_keeps_its_order():
    text = "; a comment\n\n" + "\n\n".join(text for text, _ in LINES) + "\n  \nno record\n; the end"
    assert records(text) == [found for _, found in LINES]
    assert records("") == []
    assert records('a.test. IN TXT (\n    "cut"') == [record("TXT", "a.test.", "cut")], (
        "what ends in brackets is not lost"
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=40)


@given(st.lists(st.tuples(st.lists(TEXT, min_size=1, max_size=3), st.booleans())))
def test_texts_come_out_as_they_went_in(texts):
    lines = []
    for pieces, folded in texts:
        quoted = ['"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces]
        lines += (
            ["a.test. IN TXT (", *(f"    {it}" for it in quoted), ")"]
            if folded
            else [f"a.test. IN TXT {' '.join(quoted)}"]
        )
    assert records("\n".join(lines)) == [record("TXT", "a.test.", "".join(pieces)) for pieces, _ in texts]
