"""Old chains of conditions against the match lists that stand for them."""

import pytest

from gateway.knowledge.expressions import Incomplete, Untranslatable, read, tokens, write
from gateway.knowledge.settings_map import SETTINGS

PLAIN = "expression(MTA_RCPT_TO)"
SIGN = "expression-sign(MTA_RCPT_TO)"
ONCE = "expression-single(MTA_RCPT_TO)"


def just(text):
    return {"match": {}, "else": text}


BOTH_WAYS = [
    (PLAIN, just("local_port != 25"), {"": "local_port != 25"}),
    (PLAIN, just("is_local_domain(rcpt_domain)"), {"": "is_local_domain('*', rcpt_domain)"}),
    (PLAIN, just("!is_local_address(lower(rcpt))"), {"": "!is_local_address('*', lower(rcpt))"}),
    (PLAIN, just("system('hostname') + ' ready'"), {"": "config_get('server.hostname') + ' ready'"}),
    (PLAIN, just("'noreply@' + system('domain')"), {"": "'noreply@' + config_get('report.domain')"}),
    (PLAIN, just("[1h, 2d, 0.5]"), {"": "[1h, 2d, 0.5]"}),
    (
        PLAIN,
        {"match": {"0": {"if": "is_local_domain(rcpt_domain)", "then": "'local'"}, "1": {"if": "rcpt == 'a@b'", "then": "'relay'"}}, "else": "'mx'"},
        {
            "0.if": "is_local_domain('*', rcpt_domain)",
            "0.then": "'local'",
            "1.if": "rcpt == 'a@b'",
            "1.then": "'relay'",
            "2.else": "'mx'",
        },
    ),
    (SIGN, just("false"), {"": "false"}),
    (SIGN, just("'example.org'"), {"": "['rsa-' + 'example.org', 'ed25519-' + 'example.org']"}),
    (
        SIGN,
        {"match": {"0": {"if": "is_local_domain(sender_domain)", "then": "sender_domain"}}, "else": "system('domain')"},
        {
            "0.if": "is_local_domain('*', sender_domain)",
            "0.then": "['rsa-' + sender_domain, 'ed25519-' + sender_domain]",
            "1.else": "['rsa-' + config_get('report.domain'), 'ed25519-' + config_get('report.domain')]",
        },
    ),
    (ONCE, just("true"), {}),
    (ONCE, just("is_local_domain(sender_domain)"), {"": "is_local_domain('*', sender_domain)"}),
]


@pytest.mark.parametrize(("form", "value", "chain"), BOTH_WAYS)
def test_both_ways(form, value, chain):
    assert read(form, value) == chain
    assert write(form, chain) == value


def test_ten_conditions_have_indexes_of_two_digits():
    value = {"match": {str(place): {"if": f"size > {place}", "then": "1"} for place in range(10)}, "else": "2"}
    chain = read(PLAIN, value)
    assert [*chain][:1] + [*chain][-1:] == ["00.if", "10.else"]
    assert write(PLAIN, chain) == value


def test_an_empty_text_of_the_new_server_reads_as_absent():
    assert read(PLAIN, just("")) == {}


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("HTTP", "url_path == '/url_path'", "path == '/url_path'"),
        ("MTA_RCPT_TO", "url_path", "url_path"),
        ("MTA_RCPT_TO", "ehlo_domain + auth_as", "helo_domain + authenticated_as"),
        ("MTA_RCPT_TO", "is_local_domain(\"*\" , rcpt_domain) && is_local_domain( '*',x)", "is_local_domain(rcpt_domain) && is_local_domain(x)"),
        ("MTA_RCPT_TO", "'is_local_domain(\\'*\\', x)'", "'is_local_domain(\\'*\\', x)'"),
        ("MTA_RCPT_TO", "config_get( 'lookup.default.hostname' )", "system('hostname')"),
        ("MTA_RCPT_TO", "config_get('lookup.default.domain')", "system('domain')"),
        ("MTA_RCPT_TO+MTA_VERIFY", "disabled", "disable"),
        ("MTA_RCPT_TO+MTA_VERIFY", "'disabled'", "'disabled'"),
        ("MTA_RCPT_TO+MTA_AGGREGATE", "day", "daily"),
        ("MTA_QUEUE_HOST+MTA_REQUIRE", "required", "require"),
        ("MTA_RCPT_TO", "day", "day"),
        ("SPAM_GENERIC|SPAM_URL", "input == result.x", "value == result.x"),
        ("MTA_RCPT_TO", "key_exists('spam-block', sender_domain)", "key_exists('spam-block', sender_domain)"),
    ],
)
def test_words_that_were_renamed(words, old, new):
    assert write(f"expression({words})", {"": old}) == just(new)


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        (PLAIN, "config_get('custom.banner')", r"config_get\(custom.banner\) has no counterpart"),
        (PLAIN, "config_get('a' + b)", "computed key"),
        (PLAIN, "is_local_domain('ldap', rcpt_domain)", "is_local_domain in directory 'ldap'"),
        (SIGN, "'my-key'", "signature list \"'my-key'\" cannot be expressed as a signing domain"),
        (SIGN, "['rsa-example.org', 'rsa-example.net']", "signing domain"),
        (SIGN, "['rsa-' + sender_domain, 'mine']", "signing domain"),
        (SIGN, "[]", "signing domain"),
        (SIGN, "sender_domain", "signing domain"),
    ],
)
def test_what_the_new_server_has_no_words_for(form, text, reason):
    with pytest.raises(Untranslatable, match=reason):
        write(form, {"": text})


@pytest.mark.parametrize(
    "signed",
    [
        "['rsa-example.org', 'ed25519-example.org']",
        '["ed25519-example.org"]',
        "'rsa-example.org'",
    ],
)
def test_signature_ids_of_one_domain(signed):
    assert write(SIGN, {"": signed}) == just("'example.org'")


def test_a_single_computed_signature():
    assert write(SIGN, {"": "'rsa-' + sender_domain"}) == just("sender_domain")
    assert write(SIGN, {"": "[ 'ed25519-' + f(a, [b, c]) ]"}) == just("f(a, [b, c])")


@pytest.mark.parametrize(
    ("chain", "part"),
    [
        ({"0.if": "a", "0.then": "b"}, "else"),
        ({"0.if": "a", "1.else": "b"}, "0.then"),
        ({"0.then": "b", "1.else": "c"}, "0.if"),
        ({}, "else"),
    ],
)
def test_chains_with_gaps(chain, part):
    with pytest.raises(Incomplete) as gap:
        write(PLAIN, chain)
    assert gap.value.part == part


def test_a_plain_text_wins_over_conditions():
    assert write(PLAIN, {"": "a", "0.if": "b", "0.then": "c"}) == just("a")


def test_a_condition_may_also_be_a_chain():
    chain = {"0.if": "is_local_domain('*', rcpt_domain)", "0.then": "true", "1.else": "false"}
    stored = {"match": {"0": {"if": "is_local_domain(rcpt_domain)", "then": "true"}}, "else": "false"}
    assert write(ONCE, chain) == stored
    assert read(ONCE, stored) == chain
    assert SETTINGS.find("queue.limiter.inbound.x.match.0.if").base == "queue.limiter.inbound.x.match"


def test_a_literal_without_end_is_one_piece():
    text = "a == 'b' + \"c'\\\"" + "'\\" * 100_000
    assert list(tokens(text))[:7] == [("name", "a"), ("space", " "), ("other", "="), ("other", "="), ("space", " "), ("string", "'b'"), ("space", " ")]
    assert list(tokens(text))[-1][0] == "open"
    assert "".join(piece for _, piece in tokens(text)) == text
