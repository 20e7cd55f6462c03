"""SPF and DMARC of mails from made-up surroundings."""

import pytest

from gateway.simulator.reports.sender_checks import check, policy_of, spf

TEXTS = {
    "sender.test": "v=spf1 ip4:127.0.0.1 ~all",
    "news.sender.test": "v=spf1 ip6:2001:db8::/32 ip4:127.0.0.0/8 -all",
    "_dmarc.sender.test": "v=DMARC1; p=none; rua=mailto:rua@sender.test",
    "_dmarc.strict.test": "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=s; t=y; fo=1:d:s:x; rua=mailto:a@x.test!10m, https://x.test/, mailto:b@x.test",
    "_dmarc.odd.test": "v=spf1",
    "odd.test": "some text",
    "broken.test": "v=spf1 ip4:nonsense mx ?all",
    "bare.test": "v=spf1 +ip4:127.0.0.1",
}


@pytest.mark.parametrize(
    ("domain", "client", "result"),
    [
        ("sender.test", "127.0.0.1", "pass"),
        ("sender.test", "192.0.2.1", "softFail"),
        ("news.sender.test", "2001:db8::7", "pass"),
        ("news.sender.test", "127.9.9.9", "pass"),
        ("news.sender.test", "192.0.2.1", "fail"),
        ("client.sender.test", "127.0.0.1", "none"),
        ("odd.test", "127.0.0.1", "none"),
        ("broken.test", "127.0.0.1", "neutral"),
        ("bare.test", "192.0.2.1", "neutral"),
        ("", "127.0.0.1", "none"),
    ],
)
def test_spf(domain: str, client: str, result: str) -> None:
    assert spf(domain, client, TEXTS.get) == result


def test_policy_of_a_domain() -> None:
    policy = policy_of("strict.test", TEXTS.get)
    assert policy is not None
    assert (policy.domain, policy.disposition, policy.subdomains, policy.absent, policy.adkim, policy.aspf, policy.testing) == (
        "strict.test",
        "reject",
        "quarantine",
        "none",
        "strict",
        "strict",
        True,
    )
    assert policy.failures == ("any", "dkimFailure", "spfFailure")
    assert policy.rua == ("a@x.test", "b@x.test")


def test_policy_of_what_lies_below() -> None:
    policy = policy_of("a.b.sender.test", TEXTS.get)
    assert policy is not None
    assert (policy.domain, policy.disposition, policy.subdomains, policy.absent, policy.failures) == ("sender.test", "none", "none", "none", ("all",))
    assert policy_of("a.odd.test", TEXTS.get) is None
    assert policy_of(".".join(["a"] * 120), TEXTS.get) is None


@pytest.mark.parametrize(
    ("header_from", "sender", "aligned", "disposition"),
    [
        ("sender.test", "sender.test", True, "pass"),
        ("sender.test", "news.sender.test", True, "pass"),
        ("news.sender.test", "sender.test", True, "pass"),
        ("sender.test", "bare.test", False, "none"),
        ("strict.test", "bare.test", False, "reject"),
        ("sub.strict.test", "bare.test", False, "quarantine"),
    ],
)
def test_alignment_and_disposition(header_from: str, sender: str, aligned: bool, disposition: str) -> None:
    verdict = check(header_from, sender, "client.sender.test", "127.0.0.1", TEXTS.get)
    assert verdict is not None
    assert (verdict.sender_result, verdict.spf_aligned, verdict.disposition) == ("pass", aligned, disposition)


def test_a_null_sender_is_checked_by_its_helo_name() -> None:
    verdict = check("sender.test", "", "sender.test", "127.0.0.1", TEXTS.get)
    assert verdict is not None
    assert (verdict.envelope_from, verdict.helo_result, verdict.sender_result, verdict.disposition) == ("", "pass", "pass", "pass")


def test_no_policy_no_verdict() -> None:
    assert check("bare.test", "bare.test", "bare.test", "127.0.0.1", TEXTS.get) is None
