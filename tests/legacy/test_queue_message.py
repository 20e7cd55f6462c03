"""One queued message in the shapes of the old versions."""

import pytest

from gateway.legacy.queue.message import queued_message
from gateway.legacy.refusals import NotFound

NOW = "2026-03-01T12:00:00Z"
BLOB = "edfevwp2vaq99unwahmmpyaglkhejl9g12wmj33ienq2izx2h77s9333333q333333333333333qc"
SCHEDULED = {"@type": "Scheduled"}
DELIVERED = {
    "@type": "Completed",
    "responseHostname": "mx.far.test",
    "responseCode": 250,
    "responseEnhanced": None,
    "responseMessage": "OK",
}


def failure(kind, error, **members):
    nothing = dict.fromkeys(
        ("errorMessage", "errorCommand", "responseHostname", "responseCode", "responseEnhanced", "responseMessage")
    )
    return {"@type": kind, "errorType": error, **nothing, **members}


def temporary(error, **members):
    return failure("TemporaryFailure", error, **members)


def permanent(error, **members):
    return failure("PermanentFailure", error, **members)


CANCELED = permanent("io", errorMessage="Delivery canceled.", responseHostname="localhost")
UNKNOWN_USER = permanent(
    "unexpectedResponse",
    errorCommand="RCPT TO:<x@far.test>",
    responseHostname="mx.far.test",
    responseCode=550,
    responseEnhanced="5.1.1",
    responseMessage="no such user",
)
NO_DATA = temporary(
    "unexpectedResponse",
    errorCommand="DATA",
    responseHostname="mx.far.test",
    responseCode=451,
    responseEnhanced="4.3.0",
    responseMessage="later",
)


def recipient(status=SCHEDULED, **members):
    return {
        "retryCount": 0,
        "retryDue": "2026-03-01T12:30:00Z",
        "notifyCount": 0,
        "notifyDue": "2026-03-02T12:00:00Z",
        "expires": {"@type": "Ttl", "expiresAt": "2026-03-06T12:00:00Z"},
        "queueName": "remote",
        "status": status,
        "flags": {},
        "orcpt": None,
        **members,
    }


def message(recipients=None, **members):
    return {
        "id": "gblniwm0gqaa",
        "createdAt": "2026-03-01T11:00:00Z",
        "nextRetry": "2026-03-01T12:30:00Z",
        "nextNotify": None,
        "blobId": BLOB,
        "returnPath": "kim@acme.test",
        "recipients": {"lee@far.test": recipient()} if recipients is None else recipients,
        "receivedFromIp": "198.51.100.7",
        "receivedViaPort": 25,
        "flags": {},
        "envId": None,
        "priority": 0,
        "size": 912,
        **members,
    }


def shaped(version, recipients=None, **members):
    return queued_message(message(recipients, **members), version=version, now=NOW)


def test_latest_shape():
    assert shaped("0.15") == {
        "id": 217700302698266624,
        "return_path": "kim@acme.test",
        "recipients": [
            {
                "address": "lee@far.test",
                "queue": "remote",
                "status": "scheduled",
                "retry_num": 0,
                "next_retry": "2026-03-01T12:30:00Z",
                "next_notify": "2026-03-02T12:00:00Z",
                "expires": "2026-03-06T12:00:00Z",
            }
        ],
        "created": "2026-03-01T11:00:00Z",
        "size": 912,
        "blob_hash": "ykrZ_KghvdG2AdjH4AZajkSvZvcsxP_oI2HEZvw-tS0",
    }


def test_early_shape():
    assert shaped("0.11") == {
        "id": 217700302698266624,
        "return_path": "kim@acme.test",
        "domains": [
            {
                "name": "far.test",
                "status": "scheduled",
                "recipients": [{"address": "lee@far.test", "status": "scheduled"}],
                "retry_num": 0,
                "next_retry": "2026-03-01T12:30:00Z",
                "next_notify": "2026-03-02T12:00:00Z",
                "expires": "2026-03-06T12:00:00Z",
            }
        ],
        "created": "2026-03-01T11:00:00Z",
        "size": 912,
        "blob_hash": "ykrZ_KghvdG2AdjH4AZajkSvZvcsxP_oI2HEZvw-tS0",
    }


def test_both_shapes_at_once():
    assert shaped("union") == shaped("0.11") | shaped("0.15")


@pytest.mark.parametrize("version", ["0.11", "0.15", "union"])
def test_optional_members_of_a_message(version):
    plain = shaped(version, returnPath="<>")
    assert plain["return_path"] == ""
    assert "priority" not in plain
    assert "env_id" not in plain
    full = shaped(version, priority=-4, envId="QQ314159")
    assert (full["priority"], full["env_id"]) == (-4, "QQ314159")


def test_what_the_latest_shape_leaves_out():
    quiet = recipient(notifyDue=NOW, expires={"@type": "Attempts", "expiresAttempts": 5}, orcpt="rfc822;Lee@far.test")
    assert shaped("0.15", {"lee@far.test": quiet})["recipients"] == [
        {
            "address": "lee@far.test",
            "queue": "remote",
            "status": "scheduled",
            "retry_num": 0,
            "next_retry": "2026-03-01T12:30:00Z",
            "orcpt": "rfc822;Lee@far.test",
        }
    ]


def test_union_leaves_no_key_out_and_puts_pending_recipients_without_notification_last():
    quiet = {"notifyDue": NOW, "expires": {"@type": "Attempts", "expiresAttempts": 5}}
    rows = shaped(
        "union",
        {
            "a@far.test": recipient(**quiet),
            "b@far.test": recipient(DELIVERED, **quiet),
            "c@far.test": recipient(),
            "d@far.test": recipient(NO_DATA, **quiet),
        },
    )["recipients"]
    assert [(it["address"], it["next_notify"], it["expires"]) for it in rows] == [
        ("b@far.test", None, None),
        ("c@far.test", "2026-03-02T12:00:00Z", "2026-03-06T12:00:00Z"),
        ("a@far.test", None, None),
        ("d@far.test", None, None),
    ]


@pytest.mark.parametrize(
    ("status", "latest", "early"),
    [
        (SCHEDULED, "scheduled", "scheduled"),
        (
            DELIVERED,
            {"completed": "Code: 250, Enhanced code: 0.0.0, Message: OK"},
            {"completed": "Code: 250, Enhanced code: 0.0.0, Message: OK"},
        ),
        (
            UNKNOWN_USER,
            {
                "perm_fail": "Error for mx.far.test: Unexpected response for RCPT TO:<x@far.test>: "
                "Code: 550, Enhanced code: 5.1.1, Message: no such user"
            },
            {"perm_fail": "Code: 550, Enhanced code: 5.1.1, Message: no such user"},
        ),
        (
            UNKNOWN_USER | {"@type": "TemporaryFailure"},
            {
                "temp_fail": "Error for mx.far.test: Unexpected response for RCPT TO:<x@far.test>: "
                "Code: 550, Enhanced code: 5.1.1, Message: no such user"
            },
            {"temp_fail": "Code: 550, Enhanced code: 5.1.1, Message: no such user"},
        ),
        (
            NO_DATA,
            {
                "temp_fail": "Error for mx.far.test: Unexpected response for DATA: "
                "Code: 451, Enhanced code: 4.3.0, Message: later"
            },
            "scheduled",
        ),
        (
            NO_DATA | {"@type": "PermanentFailure", "responseMessage": None},
            {
                "perm_fail": "Error for mx.far.test: Unexpected response for DATA: "
                "Code: 451, Enhanced code: 4.3.0, Message: "
            },
            {"perm_fail": "Unexpected response from 'mx.far.test': Code: 451, Enhanced code: 4.3.0, Message: "},
        ),
        (
            CANCELED,
            {"perm_fail": "Error for localhost: Queue error: Delivery canceled."},
            {"perm_fail": "Code: 0, Enhanced code: 0.0.0, Message: Delivery canceled."},
        ),
        (permanent("io"), {"perm_fail": "Error for : Queue error: "}, {"perm_fail": "Queue error: "}),
        (temporary("dnsError", errorMessage="m"), {"temp_fail": "Error for : DNS lookup failed: m"}, "scheduled"),
        (permanent("dnsError"), {"perm_fail": "Error for : DNS lookup failed: "}, {"perm_fail": "DNS lookup failed: "}),
        (
            permanent("connectionError", errorMessage="timed out", responseHostname="mx.far.test"),
            {"perm_fail": "Error for mx.far.test: Connection failed: timed out"},
            {"perm_fail": "Connection to 'mx.far.test' failed: timed out"},
        ),
        (
            permanent("tlsError", errorMessage="m", responseHostname="h"),
            {"perm_fail": "Error for h: TLS error: m"},
            {"perm_fail": "TLS error from 'h': m"},
        ),
        (
            permanent("daneError", errorMessage="m", responseHostname="h"),
            {"perm_fail": "Error for h: DANE authentication failure: m"},
            {"perm_fail": "DANE failed to authenticate 'h': m"},
        ),
        (
            permanent("mtaStsError", errorMessage="m", responseHostname="h"),
            {"perm_fail": "Error for h: MTA-STS auth failed: m"},
            {"perm_fail": "MTA-STS auth failed: m"},
        ),
        (
            permanent("rateLimited", errorMessage="m", responseHostname="h"),
            {"perm_fail": "Error for h: Rate limited"},
            {"perm_fail": "Rate limited"},
        ),
        (
            permanent("concurrencyLimited", responseHostname="h"),
            {"perm_fail": "Error for h: Too many concurrent connections to remote server"},
            {"perm_fail": "Too many concurrent connections to remote server"},
        ),
    ],
)
def test_states_of_a_recipient(status, latest, early):
    recipients = {"x@far.test": recipient(status)}
    assert shaped("0.15", recipients)["recipients"][0]["status"] == latest
    assert shaped("0.11", recipients)["domains"][0]["recipients"][0]["status"] == early


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([SCHEDULED, DELIVERED], "scheduled"),
        ([UNKNOWN_USER | {"@type": "TemporaryFailure"}], "scheduled"),
        (
            [SCHEDULED, temporary("connectionError", errorMessage="m", responseHostname="h"), NO_DATA],
            {"temp_fail": "Connection to 'h' failed: m"},
        ),
        ([DELIVERED], {"completed": ""}),
        ([DELIVERED, permanent("dnsError")], {"completed": ""}),
        ([UNKNOWN_USER, CANCELED], {"completed": ""}),
        ([UNKNOWN_USER, permanent("rateLimited"), permanent("dnsError")], {"perm_fail": "Rate limited"}),
        ([permanent("tlsError", responseHostname="h"), SCHEDULED], "scheduled"),
    ],
)
def test_state_of_a_domain(statuses, expected):
    recipients = {f"{position}@far.test": recipient(status) for position, status in enumerate(statuses)}
    assert shaped("0.11", recipients)["domains"][0]["status"] == expected


def test_times_of_a_domain_are_those_of_its_pending_recipients():
    recipients = {
        "a@far.test": recipient(
            DELIVERED, retryCount=9, retryDue="2026-03-01T11:00:00Z", notifyDue="2026-03-01T12:00:01Z"
        ),
        "b@far.test": recipient(retryCount=2, retryDue="2026-03-01T14:00:00Z", notifyDue="2026-03-03T00:00:00Z"),
        "c@far.test": recipient(
            NO_DATA,
            retryCount=3,
            retryDue="2026-03-01T13:00:00Z",
            notifyDue=NOW,
            expires={"@type": "Attempts", "expiresAttempts": 5},
        ),
    }
    (domain,) = shaped("0.11", recipients)["domains"]
    assert (domain["retry_num"], domain["next_retry"]) == (3, "2026-03-01T13:00:00Z")
    assert (domain["next_notify"], domain["expires"]) == ("2026-03-03T00:00:00Z", "2026-03-06T12:00:00Z")


def test_times_of_a_finished_domain_are_those_of_everyone_and_never_missing():
    forever = {"@type": "Attempts", "expiresAttempts": 5}
    recipients = {"a@far.test": recipient(DELIVERED, retryCount=1, notifyDue=NOW, expires=forever)}
    (domain,) = shaped("0.11", recipients)["domains"]
    assert (domain["retry_num"], domain["next_retry"]) == (1, "2026-03-01T12:30:00Z")
    assert (domain["next_notify"], domain["expires"]) == (None, "9999-12-31T23:59:59Z")


def test_domains_in_order_of_first_appearance_in_lower_case():
    recipients = {"a@B.test": recipient(), "a@a.test": recipient(orcpt="x"), '"q@b"@b.test': recipient()}
    domains = shaped("0.11", recipients)["domains"]
    assert [(it["name"], [one["address"] for one in it["recipients"]]) for it in domains] == [
        ("b.test", ["a@B.test", '"q@b"@b.test']),
        ("a.test", ["a@a.test"]),
    ]
    assert domains[1]["recipients"] == [{"address": "a@a.test", "status": "scheduled", "orcpt": "x"}]


async def test_one_round_trip(run):
    rounds = [
        (
            [["x:QueuedMessage/get", {"ids": ["gblniwm0gqaa"]}]],
            [["x:QueuedMessage/get", {"list": [message()], "notFound": []}]],
        )
    ]
    answer = await run(
        "getQueueMessage", rounds, path={"id": "+00217700302698266624"}, settings={"legacy_version": "0.15"}
    )
    assert answer == shaped("0.15")


@pytest.mark.parametrize("element", ["", "+", "abc", "1 ", "-1", "0x10", "1.0", str(2**64), "1&filter=x", "\u0661"])
@pytest.mark.parametrize("operation", ["getQueueMessage", "patchQueueMessage", "deleteQueueMessage"])
async def test_what_is_no_id_is_not_asked_for(run, operation, element):
    with pytest.raises(NotFound):
        await run(operation, path={"id": element})
