"""TLS reports: JSON in, objects of the new API out."""

import json

import pytest

from gateway.simulator.reports.tls_json import Unusable, tls_report

FULL = {
    "organization-name": "Big Mail",
    "date-range": {"start-datetime": "2026-02-27T00:00:00Z", "end-datetime": "2026-02-28T00:59:59+01:00"},
    "contact-info": "smtp-tls@big.test",
    "report-id": "tid-1",
    "policies": [
        {
            "policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"], "policy-domain": "lab.test", "mx-host": ["mx.lab.test", "*.lab.test"]},
            "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
            "failure-details": [
                {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8::7", "receiving-mx-hostname": "mx.lab.test", "failed-session-count": 100},
                {"result-type": "made-up-type", "receiving-ip": "192.0.2.1", "receiving-mx-helo": "mx", "additional-information": "see", "failure-reason-code": "E1"},
            ],
        },
        {"policy": {"policy-type": "no-policy-found", "policy-domain": "lab.test"}, "summary": {}},
        {"policy": {"policy-type": "carrier-pigeon"}, "summary": {}, "failure-details": None},
    ],
}


def test_everything_a_report_can_say() -> None:
    assert tls_report(json.dumps(FULL).encode()) == {
        "organizationName": "Big Mail",
        "contactInfo": "smtp-tls@big.test",
        "reportId": "tid-1",
        "dateRangeStart": "2026-02-27T00:00:00Z",
        "dateRangeEnd": "2026-02-27T23:59:59Z",
        "policies": {
            "0": {
                "policyType": "sts",
                "policyStrings": {"version: STSv1": True, "mode: testing": True},
                "policyDomain": "lab.test",
                "mxHosts": {"mx.lab.test": True, "*.lab.test": True},
                "totalSuccessfulSessions": 5326,
                "totalFailedSessions": 303,
                "failureDetails": {
                    "0": {
                        "resultType": "certificateExpired",
                        "sendingMtaIp": "2001:db8::7",
                        "receivingMxHostname": "mx.lab.test",
                        "receivingMxHelo": None,
                        "receivingIp": None,
                        "failedSessionCount": 100,
                        "additionalInformation": None,
                        "failureReasonCode": None,
                    },
                    "1": {
                        "resultType": "other",
                        "sendingMtaIp": None,
                        "receivingMxHostname": None,
                        "receivingMxHelo": "mx",
                        "receivingIp": "192.0.2.1",
                        "failedSessionCount": 0,
                        "additionalInformation": "see",
                        "failureReasonCode": "E1",
                    },
                },
            },
            "1": {
                "policyType": "noPolicyFound",
                "policyStrings": {},
                "policyDomain": "lab.test",
                "mxHosts": {},
                "totalSuccessfulSessions": 0,
                "totalFailedSessions": 0,
                "failureDetails": {},
            },
            "2": {
                "policyType": "other",
                "policyStrings": {},
                "policyDomain": "",
                "mxHosts": {},
                "totalSuccessfulSessions": 0,
                "totalFailedSessions": 0,
                "failureDetails": {},
            },
        },
    }


def test_the_smallest_report() -> None:
    assert tls_report(b'{"date-range":{"start-datetime":"never","end-datetime":"2026-02-27T23:59:59Z"}}') == {
        "organizationName": None,
        "contactInfo": None,
        "reportId": "",
        "dateRangeStart": "1970-01-01T00:00:00Z",
        "dateRangeEnd": "2026-02-27T23:59:59Z",
        "policies": {},
    }


def changed(**members: object) -> bytes:
    return json.dumps(FULL | {name.replace("_", "-"): value for name, value in members.items()}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        changed(date_range="2026"),
        changed(date_range={"start-datetime": 1, "end-datetime": "x"}),
        changed(report_id=7),
        changed(policies={}),
        changed(policies=[1]),
        changed(policies=[{"policy": {"policy-type": "sts"}}]),
        changed(policies=[{"policy": {}, "summary": {}}]),
        changed(policies=[{"policy": {"policy-type": "sts", "mx-host": [1]}, "summary": {}}]),
        changed(policies=[{"policy": {"policy-type": "sts"}, "summary": {"total-failure-session-count": -1}}]),
        changed(policies=[{"policy": {"policy-type": "sts"}, "summary": {"total-failure-session-count": 2**32}}]),
        changed(policies=[{"policy": {"policy-type": "sts"}, "summary": {"total-failure-session-count": True}}]),
        changed(policies=[{"policy": {"policy-type": "sts"}, "summary": {}, "failure-details": [{}]}]),
        changed(policies=[{"policy": {"policy-type": "sts"}, "summary": {}, "failure-details": [{"result-type": "x", "receiving-ip": "mx"}]}]),
    ],
)
def test_no_report(data: bytes) -> None:
    with pytest.raises(Unusable):
        tls_report(data)
