"""Received reports in the shapes of the old server, and the texts by which it found them."""

import pytest

from gateway.knowledge.ids import encode
from gateway.knowledge.instants import text_of
from gateway.legacy.refusals import NotFound
from gateway.legacy.reports.dmarc import dmarc_report
from gateway.legacy.reports.kinds import KINDS
from gateway.legacy.reports.tls import tls_report

TYPES = {"dmarc": "DmarcExternalReport", "tls": "TlsExternalReport", "arf": "ArfExternalReport"}
EXPIRY = 1774591200

DMARC = {
    "version": 1.0,
    "orgName": "Receiver Org",
    "email": "dmarc@receiver.test",
    "extraContactInfo": None,
    "reportId": "R-77",
    "dateRangeBegin": "2026-03-01T00:00:00Z",
    "dateRangeEnd": "2026-03-01T23:59:59Z",
    "errors": {"late": True},
    "policyDomain": "acme.test",
    "policyVersion": None,
    "policyAdkim": "relaxed",
    "policyAspf": "strict",
    "policyDisposition": "quarantine",
    "policySubdomainDisposition": "unspecified",
    "policyTestingMode": False,
    "policyFailureReportingOptions": {},
    "policyDiscoveryMethod": "unspecified",
    "policyNp": "unspecified",
    "generator": None,
    "extensions": {"0": {"name": "ext", "definition": "<ext/>"}},
    "records": {
        "0": {
            "sourceIp": "192.0.2.1",
            "count": 3,
            "evaluatedDisposition": "none",
            "evaluatedDkim": "pass",
            "evaluatedSpf": "fail",
            "policyOverrideReasons": {"0": {"overrideType": "PolicyTestMode", "comment": None}},
            "envelopeTo": None,
            "envelopeFrom": "acme.test",
            "headerFrom": "Acme.test",
            "dkimResults": {
                "0": {"domain": "acme.test", "selector": "Sel1", "result": "tempError", "humanResult": "Odd"}
            },
            "spfResults": {"0": {"domain": "spf.test", "scope": "mailFrom", "result": "softFail", "humanResult": None}},
            "extensions": {},
        }
    },
}
OLD_DMARC = {
    "version": 1.0,
    "report_metadata": {
        "org_name": "Receiver Org",
        "email": "dmarc@receiver.test",
        "extra_contact_info": None,
        "report_id": "R-77",
        "date_range": {"begin": 1772323200, "end": 1772409599},
        "error": ["late"],
    },
    "policy_published": {
        "domain": "acme.test",
        "version_published": None,
        "adkim": "Relaxed",
        "aspf": "Strict",
        "p": "Quarantine",
        "sp": "Unspecified",
        "testing": False,
        "fo": None,
    },
    "record": [
        {
            "row": {
                "source_ip": "192.0.2.1",
                "count": 3,
                "policy_evaluated": {
                    "disposition": "None",
                    "dkim": "Pass",
                    "spf": "Fail",
                    "reason": [{"type_": "Other", "comment": None}],
                },
            },
            "identifiers": {"envelope_to": None, "envelope_from": "acme.test", "header_from": "Acme.test"},
            "auth_results": {
                "dkim": [{"domain": "acme.test", "selector": "Sel1", "result": "TempError", "human_result": "Odd"}],
                "spf": [{"domain": "spf.test", "scope": "MailFrom", "result": "SoftFail", "human_result": None}],
            },
            "extensions": [],
        }
    ],
    "extensions": [{"name": "ext", "definition": "<ext/>"}],
}
TLS = {
    "organizationName": None,
    "dateRangeStart": "2026-03-01T00:00:00Z",
    "dateRangeEnd": "2026-03-01T23:59:59Z",
    "contactInfo": "TLS@Receiver.test",
    "reportId": "T-1",
    "policies": {
        "0": {
            "policyType": "noPolicyFound",
            "policyStrings": {},
            "policyDomain": "acme.test",
            "mxHosts": {"MX.acme.test": True},
            "totalSuccessfulSessions": 5,
            "totalFailedSessions": 1,
            "failureDetails": {
                "0": {
                    "resultType": "startTlsNotSupported",
                    "sendingMtaIp": None,
                    "receivingMxHostname": "MX.acme.test",
                    "receivingMxHelo": None,
                    "receivingIp": "203.0.113.5",
                    "failedSessionCount": 1,
                    "additionalInformation": "https://Info.test",
                    "failureReasonCode": None,
                }
            },
        }
    },
}
OLD_TLS = {
    "organization-name": None,
    "date-range": {"start-datetime": "2026-03-01T00:00:00Z", "end-datetime": "2026-03-01T23:59:59Z"},
    "contact-info": "TLS@Receiver.test",
    "report-id": "T-1",
    "policies": [
        {
            "policy": {
                "policy-type": "no-policy-found",
                "policy-string": [],
                "policy-domain": "acme.test",
                "mx-host": ["MX.acme.test"],
            },
            "summary": {"total-successful-session-count": 5, "total-failure-session-count": 1},
            "failure-details": [
                {
                    "result-type": "starttls-not-supported",
                    "sending-mta-ip": None,
                    "receiving-mx-hostname": "MX.acme.test",
                    "receiving-mx-helo": None,
                    "receiving-ip": "203.0.113.5",
                    "failed-session-count": 1,
                    "additional-information": "https://Info.test",
                    "failure-reason-code": None,
                }
            ],
        }
    ],
}
_ARF_NULLS = [
    "originalEnvelopeId",
    "originalRcptTo",
    "reportingMta",
    "dkimAdspDns",
    "dkimCanonicalizedBody",
    "dkimCanonicalizedHeader",
    "dkimDomain",
    "dkimIdentity",
    "dkimSelector",
    "dkimSelectorDns",
    "spfDns",
    "message",
    "headers",
]
ARF = {
    "feedbackType": "authFailure",
    "arrivalDate": None,
    "authenticationResults": {"spf=fail": True},
    "incidents": 2,
    "originalMailFrom": "<Spam@acme.test>",
    "reportedDomains": {"acme.test": True},
    "reportedUris": {"mailto:a@acme.test": True, "http://acme.test/": True},
    "sourceIp": "2001:db8::7",
    "sourcePort": None,
    "userAgent": "Some/1.0",
    "version": 1,
    "authFailure": "bodyHash",
    "deliveryResult": "reject",
    "identityAlignment": "dkimSpf",
    **dict.fromkeys(_ARF_NULLS),
}
OLD_ARF = {
    "feedback_type": "AuthFailure",
    "arrival_date": None,
    "authentication_results": ["spf=fail"],
    "incidents": 2,
    "original_envelope_id": None,
    "original_mail_from": "<Spam@acme.test>",
    "original_rcpt_to": None,
    "reported_domain": ["acme.test"],
    "reported_uri": ["mailto:a@acme.test", "http://acme.test/"],
    "reporting_mta": None,
    "source_ip": "2001:db8::7",
    "user_agent": "Some/1.0",
    "version": 1,
    "source_port": 0,
    "auth_failure": "BodyHash",
    "delivery_result": "Reject",
    "dkim_adsp_dns": None,
    "dkim_canonicalized_body": None,
    "dkim_canonicalized_header": None,
    "dkim_domain": None,
    "dkim_identity": None,
    "dkim_selector": None,
    "dkim_selector_dns": None,
    "spf_dns": None,
    "identity_alignment": "DkimSpf",
    "message": None,
    "headers": None,
}
NEW = {"dmarc": DMARC, "tls": TLS, "arf": ARF}
OLD = {"dmarc": OLD_DMARC, "tls": OLD_TLS, "arf": OLD_ARF}


def received(kind, number, expires=EXPIRY, **members):
    return {
        "id": encode(number),
        "from": "Reports@Receiver.test",
        "to": {"dmarc@acme.test": True, "Abuse@acme.test": True},
        "subject": "Report Domain: ACME",
        "receivedAt": "2026-02-25T06:00:00Z",
        "expiresAt": text_of(expires),
        "memberTenantId": None,
        "report": NEW[kind],
        **members,
    }


def get(kind, number, objects, properties=None):
    name = f"x:{TYPES[kind]}/get"
    shown = {} if properties is None else {"properties": properties}
    gone = [] if objects else [encode(number)]
    return [[name, {"ids": [encode(number)], **shown}]], [[name, {"list": objects, "notFound": gone}]]


@pytest.mark.parametrize("kind", TYPES)
async def test_one_report(run, kind):
    path = {"class": kind, "id": f"7_{EXPIRY}"}
    assert await run("getReport", [get(kind, 7, [received(kind, 7)])], path=path) == {
        "from": "Reports@Receiver.test",
        "to": ["dmarc@acme.test", "Abuse@acme.test"],
        "subject": "Report Domain: ACME",
        "report": OLD[kind],
    }


@pytest.mark.parametrize("objects", [[], [received("dmarc", 7, EXPIRY + 1)]])
async def test_a_report_that_is_gone_or_another_one(run, objects):
    with pytest.raises(NotFound):
        await run("getReport", [get("dmarc", 7, objects)], path={"class": "dmarc", "id": f"7_{EXPIRY}"})


@pytest.mark.parametrize(
    ("member", "value", "old_path", "old"),
    [
        ("version", None, ("version",), 0.0),
        ("version", 0.1, ("version",), 0.10000000149011612),
        ("version", 1, ("version",), 1.0),
        ("policyVersion", "1.1", ("policy_published", "version_published"), 1.100000023841858),
        ("policyVersion", "DMARC1", ("policy_published", "version_published"), None),
        ("policyVersion", "nan", ("policy_published", "version_published"), None),
        ("policyVersion", "1e99", ("policy_published", "version_published"), None),
        (
            "policyFailureReportingOptions",
            {"spfFailure": True, "all": True, "any": False, "dkimFailure": True},
            ("policy_published", "fo"),
            "0:d:s",
        ),
        ("policyAdkim", "new", ("policy_published", "adkim"), "Unspecified"),
        ("policyDisposition", "reject", ("policy_published", "p"), "Reject"),
        ("policyTestingMode", True, ("policy_published", "testing"), True),
    ],
)
def test_members_of_a_dmarc_report(member, value, old_path, old):
    shaped = dmarc_report(DMARC | {member: value})
    for name in old_path:
        shaped = shaped[name]
    assert (shaped, type(shaped)) == (old, type(old))


@pytest.mark.parametrize(
    ("member", "value", "old"),
    [
        ("evaluatedDisposition", "pass", "Pass"),
        ("evaluatedDisposition", "x", "Unspecified"),
        ("evaluatedDkim", "x", "Unspecified"),
    ],
)
def test_words_of_a_dmarc_record(member, value, old):
    record = DMARC["records"]["0"] | {member: value}
    row = dmarc_report(DMARC | {"records": {"0": record}})["record"][0]["row"]["policy_evaluated"]
    assert old in row.values()


def test_unknown_results_of_a_dmarc_record():
    record = DMARC["records"]["0"] | {
        "dkimResults": {"0": {"domain": "a.test", "selector": "s", "result": "x", "humanResult": None}},
        "spfResults": {"0": {"domain": "a.test", "scope": "x", "result": "x", "humanResult": None}},
    }
    results = dmarc_report(DMARC | {"records": {"0": record}})["record"][0]["auth_results"]
    assert results["dkim"][0]["result"] == "None"
    assert (results["spf"][0]["scope"], results["spf"][0]["result"]) == ("Unspecified", "None")


@pytest.mark.parametrize(("word", "old"), [("tlsa", "tlsa"), ("sts", "sts"), ("other", "Other"), ("new", "Other")])
def test_policies_of_a_tls_report(word, old):
    policies = {"0": TLS["policies"]["0"] | {"policyType": word, "failureDetails": {}}}
    assert tls_report(TLS | {"policies": policies})["policies"][0]["policy"]["policy-type"] == old


def test_lists_keep_their_order():
    records = {str(at): DMARC["records"]["0"] | {"count": at} for at in (10, 2, 1, 0)}
    assert [it["row"]["count"] for it in dmarc_report(DMARC | {"records": records})["record"]] == [0, 1, 2, 10]


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("dmarc", "reports@receiver", True),
        ("dmarc", "Reports@receiver", False),
        ("dmarc", "abuse@acme", True),
        ("dmarc", "domain: acme", True),
        ("dmarc", "Domain", False),
        ("dmarc", "receiver org", True),
        ("dmarc", "R-77", True),
        ("dmarc", "r-77", False),
        ("dmarc", "Acme.test", True),
        ("dmarc", "192.0.2", True),
        ("dmarc", "Sel1", True),
        ("dmarc", "Odd", True),
        ("dmarc", "spf.test", True),
        ("dmarc", "dmarc@receiver", False),
        ("dmarc", "late", False),
        ("dmarc", "ext", False),
        ("tls", "tls@receiver", True),
        ("tls", "TLS@", False),
        ("tls", "T-1", True),
        ("tls", "mx.acme", True),
        ("tls", "MX.acme", True),
        ("tls", "203.0.113.5", True),
        ("tls", "Info", True),
        ("tls", "starttls", False),
        ("arf", "Spam@acme", True),
        ("arf", "spam@acme", False),
        ("arf", "spf=fail", True),
        ("arf", "Some/1.0", True),
        ("arf", "mailto:a", True),
        ("arf", "2001:db8", False),
    ],
)
def test_search(kind, text, found):
    assert KINDS[kind].mentions(received(kind, 7), text) is found


def test_every_text_of_an_abuse_report_is_searched():
    for name in ("originalMailFrom", "userAgent", *_ARF_NULLS):
        assert KINDS["arf"].mentions(received("arf", 1, report=ARF | {name: "needle"}), "needle")
