"""Which row an old settings key belongs to, and that a map with gaps is refused."""

import time

import pytest

from gateway.knowledge.conversions import conversion
from gateway.knowledge.conversions.forms import check
from gateway.knowledge.settings_map import SETTINGS, MapError, Row, SettingsMap


def row(pattern, form="bool", *, objects=("Http",), direction="rw", pointer="/x", alias=None, neutral=(), marks=()):
    return Row(pattern, objects, pointer, form, direction, None, alias, neutral, frozenset(marks))


@pytest.mark.parametrize(
    ("key", "pattern", "record", "place", "part"),
    [
        ("server.hostname", "server.hostname", None, None, ""),
        ("server.listener.https.bind", "server.listener.<id>.bind.<n>", "https", None, ""),
        ("server.listener.https.bind.0001", "server.listener.<id>.bind.<n>", "https", 1, ""),
        ("signature.rsa-example.org.algorithm", "signature.<id>.algorithm", "rsa-example.org", None, ""),
        ("server.blocked-ip.10.0.0.7", "server.blocked-ip.<id>", "10.0.0.7", None, ""),
        ("auth.dkim.sign", "auth.dkim.sign", None, None, ""),
        ("auth.dkim.sign.0.if", "auth.dkim.sign", None, 0, "if"),
        ("auth.dkim.sign.12.else", "auth.dkim.sign", None, 12, "else"),
        ("http.url.0.then", "http.url", None, 0, "then"),
        ("tracer.level.smtp.error", "tracer.level.<id>", "smtp.error", None, ""),
        ("tracer.log.level", "tracer.<id>.level", "log", None, ""),
        ("store.nats.timeout", "store.<id>.timeout", "nats", None, ""),
        ("store.nats.timeout.connection", "store.<id>.timeout.connection", "nats", None, ""),
        ("lookup.default.hostname", "lookup.default.hostname", None, None, ""),
        ("lookup.spam-config.x", "lookup.spam-<id>.<key>", "config", None, ""),
        ("lookup.spam-traps.x@y.test", "lookup.<id>.<key>", "spam-traps", None, ""),
        ("spam-filter.card-is-ham", "spam-filter.card-is-ham", None, None, ""),
    ],
)
def test_the_longest_literal_text_wins(key, pattern, record, place, part):
    found = SETTINGS.find(key)
    assert (found.row.pattern, found.id, found.place, found.part) == (pattern, record, place, part)


def test_keys_of_lookup_lists_may_hold_dots():
    found = SETTINGS.find("lookup.trusted-domains.*.partner.example")
    assert (found.id, found.key) == ("trusted-domains", "*.partner.example")


@pytest.mark.parametrize("key", ["", "server", "server.", "mycompany.flag", "certificate.x", "http.hsts.0.if", "http.hsts.0"])
def test_keys_without_a_row(key):
    assert SETTINGS.find(key) is None


def test_every_alias_reads_null_as_the_listed_key_does():
    aliases = [it for it in SETTINGS.rows if it.alias]
    assert len(aliases) == 40
    assert all(it.null == SETTINGS.by_pattern[it.alias].null for it in aliases)


def test_the_map_knows_as_many_keys_as_the_old_pages_and_scripts_used():
    keys = [it for it in SETTINGS.rows if not it.is_record]
    directions = [it.direction for it in keys]
    assert (directions.count("rw"), directions.count("r"), directions.count("none")) == (736, 16, 177)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([row("a.b"), row("a.b")], "two rows for a.b"),
        ([row("a.b"), row("a.b.<n>", "set")], "two rows for a.b"),
        ([row("a.<id>.b"), row("a.<id>.b.<n>", "set")], "no key reaches"),
        ([row("a.b", alias="a.c")], "alias of nothing"),
        ([row("a.b", alias="a.c"), row("a.c", pointer="/y")], "alias of nothing"),
        ([row("a.b", objects=())], "needs an object"),
        ([row("a.b", "none", direction="none")], "needs an object"),
        ([row("a.b", neutral=("1",))], "no neutral values"),
        ([row("a.b", marks=("odd",))], "unknown marks: odd"),
        ([row("a.b", direction="w")], "no direction"),
    ],
)
def test_a_map_that_contradicts_itself_is_refused(rows, text):
    with pytest.raises(MapError, match=text):
        SettingsMap(rows)


def test_forms_fit_their_keys_and_none_is_idle():
    with pytest.raises(MapError, match=r"a\.b is one value"):
        check((row("a.b", "set"),))
    with pytest.raises(MapError, match="is a list"):
        check((row("a.b.<n>", "bool"),))
    with pytest.raises(MapError, match="unknown form"):
        check((row("a.b", "colour"),))
    with pytest.raises(MapError, match="unknown form"):
        check((row("a.b", "enum"),))
    with pytest.raises(MapError, match=r"no row has the form .*bool-variant"):
        check((row("a.b"),))
    assert conversion("record-id") is None


@pytest.mark.parametrize(
    "key", ["server" + "." * 500_000, "lookup." + "a." * 250_000, "queue-" * 100_000, "resolver.custom" + ".1" * 250_000 + "x", "resolver.custom." + "1" * 500_000]
)
def test_long_keys_take_no_longer_than_others(key):
    began = time.process_time()
    SETTINGS.find(key)
    assert time.process_time() - began < 5


def test_an_index_of_many_digits_is_none():
    assert SETTINGS.find("resolver.custom." + "0" * 17 + "1").place == 1
    assert SETTINGS.find("resolver.custom." + "1" * 5000) is None


@pytest.mark.parametrize("prefix", ["", "s", "server", "server.", "server.listener.x.", "email", "email-", "email-submission.", "sieve.t", "x", "x.", "."])
def test_rows_near_a_prefix_are_all_that_lead_below_it(prefix):
    near = list(SETTINGS.near(prefix))
    below = [row for row in SETTINGS.rows if row.head.startswith(prefix) or prefix.startswith(row.head)]
    assert [row for row in near if row in below] == below
