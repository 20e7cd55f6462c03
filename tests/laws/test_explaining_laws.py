"""Explaining takes whatever stands in old files, and never shows a secret."""

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.commands.old_settings import Unreadable, read
from gateway.commands.settings_table import lines, summary
from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.settings.explaining import explain_all

PATTERNS = [row.pattern for row in SETTINGS.rows]
NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
KEYS = st.one_of(
    st.builds(lambda pattern, name, index: pattern.replace("<id>", name or "x").replace("<n>", str(index)).replace("<key>", "k"), st.sampled_from(PATTERNS), NAMES, st.integers(0, 12)),
    st.builds(lambda pattern, rest: f"{pattern.removesuffix('.<n>')}.{rest}", st.sampled_from(PATTERNS), st.sampled_from(["0.if", "0.then", "1.else", "00", "x", ""])),
    NAMES,
)
TEXTS = st.one_of(
    NAMES,
    st.sampled_from(["true", "false", "5m", "100/1m", "10k", "0 3 *", "****", "%{file:/x}%", "%{env:X}%", "%{cfg:server.hostname}%", "a,b", "[1, 2]", "x:y", "tls://[::1]:853", "smtp.*", "*"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(KEYS, st.none() | TEXTS), max_size=12), st.sampled_from([None, 30, 80, 120, 400]))
def test_any_keys_and_texts_are_explained(pairs, width):
    found = list(explain_all(pairs))
    assert sum(len(it.keys) for it in found) == len(pairs)
    for it in found:
        json.dumps(it.as_json())
        assert it.fits == (it.access in {"rw", "r"} and not it.problem)
    assert all(line.isprintable() for line in lines(found, width))
    assert summary(found).startswith(str(len(found)))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.recursive(NAMES | st.integers() | st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)).map(json.dumps))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(Unreadable):
        pairs = read(text)
        assert pairs
        assert all(isinstance(key, str) and (value is None or isinstance(value, str)) for key, value in pairs)
