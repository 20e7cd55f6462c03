"""The recorded outcome of a first attempt, retries, notices, expiry, pause."""

from gateway.simulator.mail import statuses
from gateway.simulator.mail.surroundings import Surroundings

MINUTE, DAY = 60, 86_400


def outcomes(message) -> dict:
    return {str(recipient.address): recipient.status for recipient in message.recipients}


def test_each_recipient_has_its_own_outcome(lab) -> None:
    message = lab.queued("alice@sender.test", "fine1@temp.test", "bad1@temp.test", "wait1@temp.test", "ok@ok.test", "slow@x.servfail.test", "who@refused.test", "x@nowhere.test")
    nothing = {"responseCode": None, "responseEnhanced": None, "responseMessage": None}
    answered = {"errorType": "unexpectedResponse", "errorMessage": None, "responseHostname": "mx.temp.test"}
    taken = {"responseCode": 250, "responseEnhanced": "0.0.0", "responseMessage": "OK", "@type": "Completed"}
    assert outcomes(message) == {
        "x@nowhere.test": {"errorType": "dnsError", "errorMessage": "DNS record not found: Non-Existent Domain", "errorCommand": None, "responseHostname": "nowhere.test", **nothing, "@type": "PermanentFailure"},
        "ok@ok.test": {"responseHostname": "mx.ok.test", **taken},
        "who@refused.test": {"errorType": "connectionError", "errorMessage": "I/O error: Connection refused (os error 111)", "errorCommand": None, "responseHostname": "mx.refused.test", **nothing, "@type": "TemporaryFailure"},
        "bad1@temp.test": {**answered, "errorCommand": "RCPT TO:<bad1@temp.test>", "responseCode": 550, "responseEnhanced": "5.1.1", "responseMessage": "no such user", "@type": "PermanentFailure"},
        "fine1@temp.test": {"responseHostname": "mx.temp.test", **taken},
        "wait1@temp.test": {**answered, "errorCommand": "RCPT TO:<wait1@temp.test>", "responseCode": 451, "responseEnhanced": "4.3.0", "responseMessage": "try again later", "@type": "TemporaryFailure"},
        "slow@x.servfail.test": {"errorType": "dnsError", "errorMessage": "DNS resolution error: DNS error: error response: Server Failure", "errorCommand": None, "responseHostname": "x.servfail.test", **nothing, "@type": "TemporaryFailure"},
    }
    assert [recipient.told for recipient in message.recipients] == [True, True, False, True, True, False, False]


def test_zones_may_fail_with_or_without_their_own_name(make_lab) -> None:
    lab = make_lab(Surroundings(failing=("*.servfail.test",)))
    lab.inject("alice@sender.test", "who@servfail.test")
    lab.settle()
    assert lab.queue.messages == {}


def test_nothing_happens_before_the_attempt(lab) -> None:
    lab.inject("alice@sender.test", "kim@temp.test")
    (message,) = lab.queue.messages.values()
    lab.clock.run_due()
    assert message.recipients[0].status == {"@type": "Scheduled"}


def test_retries_come_at_growing_distances(lab) -> None:
    message = lab.queued("alice@sender.test", "kim@temp.test")
    (recipient,) = message.recipients
    waits = []
    for count in range(1, 9):
        assert recipient.retry_count == count
        waits.append(recipient.retry_due - lab.clock.seconds())
        lab.clock.advance(recipient.retry_due + 1 - lab.clock.now())
    assert waits[0] == 2 * MINUTE - 2
    assert [wait + 1 for wait in waits[1:]] == [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 120 * MINUTE, 120 * MINUTE]


def test_delivered_messages_leave_the_queue(lab) -> None:
    lab.inject("alice@sender.test", "ok@ok.test", "olga@lab.test")
    lab.settle()
    assert lab.queue.messages == {}
    assert lab.mailbox == [b"X-Seen: yes\r\nSubject: test\r\n\r\nHello\r\n"]
    assert [(fact.domain, fact.host, fact.connected) for fact in lab.attempted] == [("ok.test", "mx.ok.test", True)]


def test_mail_waits_in_the_virtual_queue_of_its_kind(lab) -> None:
    lab.queue.pause()
    lab.inject("alice@sender.test", "kim@temp.test", "olga@lab.test")
    (message,) = lab.queue.messages.values()
    assert {str(recipient.address): recipient.queue for recipient in message.recipients} == {"olga@lab.test": "local", "kim@temp.test": "remote"}


def test_a_failure_is_told_to_the_sender_here(lab) -> None:
    lab.inject("olga@lab.test", "bad@temp.test")
    lab.settle()
    (report,) = lab.mailbox
    assert report.startswith(b'From: "Mail Delivery Subsystem" <MAILER-DAEMON@lab.test>\r\nTo: <olga@lab.test>\r\nSubject: Failed to deliver message\r\n')
    assert b"<bad@temp.test> failed: 550 5.1.1 no such user" in report
    assert b"Final-Recipient: rfc822;bad@temp.test\r\nAction: failed\r\nStatus: 5.0.0" in report
    assert b"Subject: test\r\n\r\nHello" in report


def test_a_failure_is_queued_for_a_sender_elsewhere(lab) -> None:
    lab.inject("carol@temp.test", "bad@temp.test")
    lab.settle()
    (bounce,) = lab.queue.messages.values()
    (recipient,) = bounce.recipients
    assert (bounce.return_path, str(recipient.address), recipient.queue, bounce.flags) == ("", "carol@temp.test", "dsn", frozenset({"dsn"}))
    assert (recipient.lifetime, recipient.attempts, recipient.retry_due - bounce.created) == (None, 10, 15 * MINUTE)


def test_a_bounce_that_cannot_be_delivered_is_dropped(lab) -> None:
    lab.inject("alice@sender.test", "bad@temp.test")
    lab.settle()
    assert lab.queue.messages == {}


def test_only_wanted_reports_are_made(lab) -> None:
    for notify in ("NEVER", "SUCCESS"):
        lab.inject("olga@lab.test", "bad@temp.test", rcpt_options=[f"NOTIFY={notify}"])
    lab.settle()
    assert lab.mailbox == []
    lab.inject("olga@lab.test", "ok@ok.test", rcpt_options=["NOTIFY=SUCCESS"])
    lab.settle()
    assert [b"Subject: Successfully delivered message" in report for report in lab.mailbox] == [True]


def test_only_the_header_comes_back_when_the_sender_wants_that(lab) -> None:
    lab.inject("olga@lab.test", "bad@temp.test", mail_options=["RET=HDRS", "ENVID=env-42"])
    lab.settle()
    (report,) = lab.mailbox
    assert b"Content-Type: text/rfc822-headers" in report
    assert b"Original-Envelope-Id: env-42" in report
    assert b"Hello" not in report


def test_the_sender_hears_of_the_delay_after_a_day(lab) -> None:
    message = lab.queued("olga@lab.test", "kim@temp.test")
    lab.clock.advance(DAY)
    (report,) = lab.mailbox
    assert b"Subject: Warning: Delay in message delivery" in report
    assert b"<kim@temp.test> delayed: 451 4.3.0 try again later" in report
    assert message.recipients[0].notify_count == 1
    assert message.recipients[0].notify_due == message.created + 4 * DAY


def test_after_three_days_the_last_failure_becomes_final(lab) -> None:
    message = lab.queued("olga@lab.test", "kim@temp.test")
    lab.clock.advance(3 * DAY)
    assert lab.queue.messages == {}
    assert message.recipients[0].status == {
        "errorType": "unexpectedResponse",
        "errorMessage": None,
        "errorCommand": "RCPT TO:<kim@temp.test>",
        "responseHostname": "mx.temp.test",
        "responseCode": 451,
        "responseEnhanced": "4.3.0",
        "responseMessage": "try again later",
        "@type": "PermanentFailure",
    }
    assert [b"Subject: Failed to deliver message" in report for report in lab.mailbox] == [False, True]


def test_what_was_never_tried_expires_too(lab) -> None:
    lab.queue.pause()
    lab.inject("olga@lab.test", "kim@temp.test")
    (message,) = lab.queue.messages.values()
    lab.clock.advance(4 * DAY)
    assert statuses.is_pending(message.recipients[0].status)
    lab.queue.resume()
    lab.settle()
    assert (message.recipients[0].status["errorType"], message.recipients[0].status["errorMessage"]) == ("io", "Message expired without any delivery attempts made.")


def test_a_paused_queue_stands_still(lab) -> None:
    lab.queue.pause()
    lab.inject("alice@sender.test", "ok@ok.test")
    lab.clock.advance(3600)
    assert [statuses.is_pending(message.recipients[0].status) for message in lab.queue.messages.values()] == [True]
    lab.queue.resume()
    lab.settle()
    assert lab.queue.messages == {}


def test_a_mailbox_that_went_away_is_a_failure(lab) -> None:
    lab.queue.pause()
    lab.inject("", "olga@lab.test", "kim@temp.test")
    lab.queue.home.deliver = lambda *_: False
    lab.queue.resume()
    lab.settle()
    (message,) = lab.queue.messages.values()
    own = message.recipients[0].status
    assert (own["@type"], own["responseHostname"], own["responseCode"]) == ("PermanentFailure", "localhost", 550)
