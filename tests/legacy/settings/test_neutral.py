"""Keys without counterpart and keys that are shown only: what of them is accepted, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.knowledge.schema import object_type
from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.settings.writing.neutral import neutral
from gateway.legacy.settings.writing.target import Context, ReadOnly, Target
from gateway.legacy.settings.writing.values import written

NONE = [row for row in SETTINGS.rows if row.direction == "none"]
READ_ONLY = [row for row in SETTINGS.rows if row.direction == "r" and not row.is_record]


def keys_of(row):
    """A key of the pattern, in every form that the row has."""
    base = row.base.replace("<id>", "x").replace("<n>", "0").replace("<key>", "k")
    return [base, *([f"{base}.0", f"{base}.07"] if row.is_list else []), *([f"{base}.0.if", f"{base}.0.then", f"{base}.1.else"] if row.is_expression else [])]


def test_the_map_has_as_many():
    assert (len(NONE), len(READ_ONLY)) == (177, 16)


@pytest.mark.parametrize("row", NONE, ids=lambda row: row.pattern)
def test_neutral_values_are_dropped_and_others_are_not(row):
    for key in keys_of(row):
        found = SETTINGS.find(key)
        assert found.row is row, key
        assert neutral(found, "")
        for text in row.neutral:
            assert neutral(found, text) is (not found.part or "branches" in row.marks), (key, text)

    @settings(max_examples=10)
    @given(st.sampled_from(keys_of(row)), st.text(min_size=1).filter(lambda text: text not in row.neutral))
    def others(key, text):
        found = SETTINGS.find(key)
        assert neutral(found, text) is (found.part == "if" and "branches" in row.marks)

    others()


@pytest.mark.parametrize(
    ("key", "text", "dropped"),
    [
        ("http.url", "protocol + '://' + config_get('server.hostname') + ':' + local_port", True),
        ("http.url", "'https://mail.example.org'", False),
        ("session.rcpt.directory.0.if", "!is_empty(authenticated_as)", True),
        ("session.rcpt.directory.0.then", "'*'", True),
        ("session.rcpt.directory.1.else", "'ldap'", False),
        ("auth.arc.seal", "false", True),
        ("auth.arc.seal", "'rsa-' + config_get('report.domain')", True),
        ("auth.arc.seal.0.then", "false", False),
        ("config.local-keys.0003", "!server.blocked-ip.*", True),
        ("config.local-keys", "store.*", True),
        ("config.local-keys.3", "queue.*", False),
        ("server.proxy.override", "true", True),
        ("webadmin.path", "/tmp", False),  # noqa: S108 - a value that is refused
        ("spam-filter.bayes.classify.balance", "0.9", True),
        ("spam-filter.bayes.classify.balance", "0.90", False),
    ],
)
def test_pairs(key, text, dropped):
    assert neutral(SETTINGS.find(key), text) is dropped


@pytest.mark.parametrize("row", READ_ONLY, ids=lambda row: row.pattern)
def test_what_is_shown_only_takes_no_value(row):
    key = row.base.replace("<id>", "x")
    for type_ in row.objects:
        for variant in object_type(type_).schema.variants:
            stored = {"id": "a"} if variant is None else {"id": "a", "@type": variant}
            for given_text in ("other", ["a", "b"] if row.is_list else "true", None):
                with pytest.raises(ReadOnly) as refusal:
                    written(row, key, given_text, Target(type_, stored, variant, "x"), Context({}, {}))
                assert refusal.value.body == {"error": "unsupported", "details": f"Setting '{key}' is read-only"}
