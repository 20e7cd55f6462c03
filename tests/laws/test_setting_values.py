"""What a setting reads as is written as the same value, and what is written reads as the same text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.knowledge.conversions import MASK, Invalid, Many, Scalar, Variant, conversion
from gateway.knowledge.settings_map import SETTINGS

WHOLE = st.integers(0, 2**64 - 1)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="%"), min_size=1, max_size=12)
TIMES = st.one_of(
    st.fixed_dictionaries({"@type": st.just("Hourly"), "minute": st.integers(0, 59)}),
    st.fixed_dictionaries({"@type": st.just("Daily"), "minute": st.integers(0, 59), "hour": st.integers(0, 23)}),
    st.fixed_dictionaries({"@type": st.just("Weekly"), "minute": st.integers(0, 59), "hour": st.integers(0, 23), "day": st.integers(0, 6)}),
)
SECRETS = st.one_of(
    st.just({"@type": "None"}),
    WORDS.filter(lambda text: "}" not in text).map(lambda name: {"@type": "EnvironmentVariable", "variableName": name}),
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True)
NUMBERED = st.lists(st.integers(1, 2**40).map(lambda number: {"duration": number}), max_size=12)


def numbered(values):
    return {str(place): value for place, value in enumerate(values)}


VALUES = {
    "bool": st.booleans(),
    "int": WHOLE,
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "size": WHOLE,
    "duration": st.integers(1, 2**64 - 1),
    "rate": st.fixed_dictionaries({"count": st.integers(1, 10**6), "period": st.integers(1, 2**40)}),
    "cron": TIMES,
    "string": WORDS,
    "string?": st.none() | WORDS,
    "duration?": st.none() | st.integers(1, 2**40),
    "rate?": st.none() | st.fixed_dictionaries({"count": st.integers(1, 10**6), "period": st.integers(1, 2**40)}),
    "secret": SECRETS,
    "secret-text": SECRETS,
    "public-string": SECRETS | WORDS.map(lambda text: {"@type": "Value", "value": text}),
    "set": st.dictionaries(WORDS, st.just(value=True), max_size=5),
    "header-map": st.dictionaries(NAMES.map(str.lower), NAMES, max_size=4),
    "list": st.lists(st.ip_addresses().map(lambda address: {"sourceIp": str(address)}), max_size=12).map(numbered),
    "duration-list(1d 3d)": st.just({"@type": "Default"}) | NUMBERED.map(lambda values: {"@type": "Custom", "intervals": numbered(values)}),
}


@pytest.mark.parametrize("form", VALUES)
def test_values_come_back(form):
    codec = conversion(form)

    @given(VALUES[form])
    def law(value):
        text = codec.read(value)
        assert codec.write("" if text is None else text) == value

    law()


FORMS = sorted({row.form for row in SETTINGS.rows if conversion(row.form) is not None})
TEXTS = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[0-9]{1,6} ?(ms|[smhd]|[kmg]b?)?", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,4})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}/[0-9]{1,4}[smhd]", fullmatch=True),
    st.from_regex(r"[0-9]{1,2} ([0-9]{1,2}|\*) ([1-7]|\*)", fullmatch=True),
    st.from_regex(r"%\{(env|file):[a-z]{1,5}\}%", fullmatch=True),
    st.from_regex(r"(udp|tcp|tls)://([0-9]{1,3}\.){3}[0-9]{1,3}:[0-9]{1,5}", fullmatch=True),
    st.from_regex(r"[a-z]{1,4}: ?[a-z]{1,4}", fullmatch=True),
    st.sampled_from(["true", "false", "reject", "AR|NZ|a/b", "10.0.0.0/8", "[::]:25", "a@b", "1d", "3d", "en", "eu-central-1"]),
)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_accepted_is_settled_after_one_turn(form):
    codec = conversion(form)

    @settings(max_examples=25)
    @given(st.lists(TEXTS, max_size=4))
    def lists(texts):
        try:
            value = codec.write(texts)
        except Invalid:
            return
        assert codec.write(codec.read(value)) == value

    @settings(max_examples=25)
    @given(TEXTS | words(form))
    def texts(text):
        try:
            value = codec.write(text)
        except Invalid:
            return
        for one in value if isinstance(codec, Variant) else [value]:
            shown = codec.read(one)
            if shown != MASK:
                again = codec.write("" if shown is None else shown)
                assert one in again if isinstance(codec, Variant) else again == one

    assert isinstance(codec, Scalar | Many | Variant)
    (lists if isinstance(codec, Many) else texts)()


def words(form):
    """The words that an enumeration names."""
    arguments = form.partition("(")[2].removesuffix(")")
    return st.sampled_from([pair.partition("=")[0] for pair in arguments.split(",")] if "=" in arguments else [""])
