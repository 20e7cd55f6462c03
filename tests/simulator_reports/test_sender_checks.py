"""SPF and DMARC of mails from made-up surroundings."""

import pytest

from gateway.simulator.mail.surroundings import Surroundings
from gateway.simulator.reports.sender_checks import check, policy_of

WORLD = Surroundings(
    texts={
        "sender.test": "v=spf1 ip4:127.0.0.1 ~all",
        "news.sender.test": "v=spf1 ip6:2001:db8::/32 ip4:127.0.0.0/8 -all",
        "_dmarc.sender.test": "v=DMARC1; p=none; rua=mailto:rua@sender.test",
        "_dmarc.strict.test": "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=s; t=y; fo=1:d:s:x; rua=mailto:a@x.test!10m, https://x.test/, mailto:b@x.test",
        "_dmarc.odd.test": "v=spf1",
        "bare.test": "v=spf1 +ip4:127.0.0.1",
        "strict.test": "v=spf1 ip4:127.0.0.1",
        "mail.strict.test": "v=spf1 ip4:127.0.0.1",
    }
)


def test_policy_of_a_domain() -> None:
    policy = policy_of("strict.test", WORLD)
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
    policy = policy_of("a.b.sender.test", WORLD)
    assert policy is not None
    assert (policy.domain, policy.disposition, policy.subdomains, policy.absent, policy.failures) == ("sender.test", "none", "none", "none", ("all",))
    assert policy_of("a.odd.test", WORLD) is None
    assert policy_of("servfail.test", WORLD) is None


@pytest.mark.parametrize(
    ("header_from", "sender", "aligned", "disposition"),
    [
        ("sender.test", "sender.test", True, "pass"),
        ("sender.test", "news.sender.test", True, "pass"),
        ("news.sender.test", "sender.test", True, "pass"),
        ("sender.test", "bare.test", False, "none"),
        ("strict.test", "bare.test", False, "reject"),
        ("strict.test", "mail.strict.test", False, "reject"),
        ("strict.test", "strict.test", True, "pass"),
        ("sub.strict.test", "bare.test", False, "quarantine"),
    ],
)
def test_alignment_and_disposition(header_from: str, sender: str, aligned: bool, disposition: str) -> None:
    verdict = check(header_from, sender, "client.sender.test", "127.0.0.1", WORLD)
    assert verdict is not None
    assert (verdict.sender_result, verdict.aligned, verdict.disposition) == ("pass", aligned, disposition)


def test_a_null_sender_is_checked_by_its_helo_name() -> None:
    verdict = check("sender.test", "", "sender.test", "127.0.0.1", WORLD)
    assert verdict is not None
    assert (verdict.envelope_from, verdict.helo_result, verdict.sender_result, verdict.disposition) == ("", "pass", "pass", "pass")


def test_no_policy_no_verdict() -> None:
    assert check("bare.test", "bare.test", "bare.test", "127.0.0.1", WORLD) is None
