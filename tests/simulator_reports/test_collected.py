"""Reports as they grow, from the exchanges of a recorded server."""

from gateway.simulator.mail.surroundings import Surroundings
from gateway.simulator.reports import collected
from gateway.simulator.reports.collected import Frame, TlsFailure
from gateway.simulator.reports.sender_checks import Verdict, check

WORLD = Surroundings(texts={"sender.test": "v=spf1 ip4:127.0.0.1 ~all", "_dmarc.sender.test": "v=DMARC1; p=none; rua=mailto:rua@sender.test"})
BEGIN = 1_795_267_128


def verdict(helo: str) -> Verdict:
    found = check("sender.test", "sender.test", helo, "127.0.0.1", WORLD)
    assert found is not None
    return found


def record(helo: str, count: int) -> dict[str, object]:
    return {
        "sourceIp": "127.0.0.1",
        "count": count,
        "evaluatedDisposition": "pass",
        "evaluatedDkim": "fail",
        "evaluatedSpf": "pass",
        "policyOverrideReasons": {},
        "envelopeTo": None,
        "envelopeFrom": "sender.test",
        "headerFrom": "sender.test",
        "dkimResults": {},
        "spfResults": {
            "0": {"domain": helo, "scope": "helo", "result": "none", "humanResult": None},
            "1": {"domain": "sender.test", "scope": "mailFrom", "result": "pass", "humanResult": None},
        },
        "extensions": {},
    }


def test_a_dmarc_report_counts_mails_of_one_kind_together() -> None:
    policy = verdict("x").policy
    report = collected.dmarc(Frame("lab.test", "noreply-dmarc@lab.test", BEGIN, BEGIN + 86_400), policy)
    for helo in ("client.sender.test", "client.sender.test", "other.test", "client.sender.test"):
        report = collected.add_mail(report, verdict(helo), "127.0.0.1")
    assert report == {
        "version": 1.0,
        "orgName": "lab.test",
        "email": "noreply-dmarc@lab.test",
        "extraContactInfo": None,
        "reportId": f"1795267128_{collected.policy_identifier(policy)}",
        "dateRangeBegin": "2026-11-21T13:18:48Z",
        "dateRangeEnd": "2026-11-22T13:18:48Z",
        "errors": {},
        "policyDomain": "sender.test",
        "policyVersion": None,
        "policyAdkim": "relaxed",
        "policyAspf": "relaxed",
        "policyDisposition": "none",
        "policySubdomainDisposition": "none",
        "policyTestingMode": False,
        "policyFailureReportingOptions": {"all": True},
        "records": {"0": record("client.sender.test", 3), "1": record("other.test", 1)},
        "extensions": {},
        "generator": None,
        "policyNp": "none",
        "policyDiscoveryMethod": "treewalk",
    }


def test_the_policy_identifier_is_large_and_stable() -> None:
    policy = verdict("x").policy
    assert 2**63 <= collected.policy_identifier(policy) < 2**64
    assert collected.policy_identifier(policy) == collected.policy_identifier(verdict("y").policy)


def test_a_tls_report_counts_sessions_of_one_kind_together() -> None:
    report = collected.tls(Frame("lab.test", "noreply-tls@lab.test", BEGIN, BEGIN + 86_400))
    failure = TlsFailure("mx.ok.test", "10.77.0.2")
    for session in (failure, failure, None, TlsFailure("mx2.ok.test", "10.77.0.2")):
        report = collected.add_session(report, "ok.test", session)
    detail = {
        "resultType": "startTlsNotSupported",
        "sendingMtaIp": None,
        "receivingMxHostname": "mx.ok.test",
        "receivingMxHelo": None,
        "receivingIp": "10.77.0.2",
        "failedSessionCount": 2,
        "additionalInformation": None,
        "failureReasonCode": "STARTTLS was not advertised by host",
    }
    assert report == {
        "organizationName": "lab.test",
        "contactInfo": None,
        "reportId": "1795267128_11732957880687192466",
        "dateRangeStart": "2026-11-21T13:18:48Z",
        "dateRangeEnd": "2026-11-22T13:18:48Z",
        "policies": {
            "0": {
                "policyType": "noPolicyFound",
                "policyStrings": {},
                "policyDomain": "ok.test",
                "mxHosts": {},
                "totalSuccessfulSessions": 1,
                "totalFailedSessions": 3,
                "failureDetails": {"0": detail, "1": detail | {"receivingMxHostname": "mx2.ok.test", "failedSessionCount": 1}},
            }
        },
    }


def test_growth_leaves_the_earlier_report_as_it_was() -> None:
    first = collected.add_session(collected.tls(Frame("a", "b", BEGIN, BEGIN)), "ok.test", TlsFailure("mx", "10.77.0.2"))
    collected.add_session(first, "ok.test", TlsFailure("mx", "10.77.0.2"))
    assert first["policies"]["0"]["failureDetails"]["0"]["failedSessionCount"] == 1
