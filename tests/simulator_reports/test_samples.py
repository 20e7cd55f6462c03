"""The mails that a demonstration begins with."""

from collections import Counter

from gateway.simulator.reports.messages import ARF, DMARC, TLS, read
from gateway.simulator.reports.samples import samples

NOW = 1_795_267_128


def test_every_sample_is_one_report_of_the_last_days_about_the_domain() -> None:
    found = samples("example.org", NOW)
    assert all(NOW - 5 * 86_400 < sample.when <= NOW for sample in found)
    assert [sample.when for sample in found] == sorted(sample.when for sample in found)
    received = [read(sample.data) for sample in found]
    assert [mail.recipients for mail in received] == [(sample.recipient,) for sample in found]
    assert Counter(name for mail in received for name, _ in mail.reports) == {DMARC: 5, TLS: 4, ARF: 4}
    assert {report["policyDomain"] for mail in received for name, report in mail.reports if name == DMARC} == {"example.org"}


def test_samples_repeat() -> None:
    assert samples("example.org", NOW) == samples("example.org", NOW)
