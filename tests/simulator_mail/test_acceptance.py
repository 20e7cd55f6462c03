import pytest

from gateway.simulator.mail.acceptance import BadInjection, read


def test_relayed_and_own_recipients_are_answered_one_by_one(lab) -> None:
    assert lab.inject("alice@sender.test", "kim@temp.test", "olga@lab.test", "nobody@lab.test", "4711") == {
        "mail": "250 2.1.0",
        "rcpt": {"kim@temp.test": "250 2.1.5", "olga@lab.test": "250 2.1.5", "nobody@lab.test": "550 5.1.2", "4711": "501 5.1.3"},
        "data": "250 2.0.0",
    }


def test_without_an_accepted_recipient_there_is_no_data(lab) -> None:
    assert lab.inject("alice@sender.test", "4711") == {"mail": "250 2.1.0", "rcpt": {"4711": "501 5.1.3"}}
    assert lab.queue.messages == {}
    assert lab.accepted == []


def test_repeated_recipients_become_one(lab) -> None:
    message = lab.queued("alice@sender.test", "dup@temp.test", "dup@temp.test", "DUP@temp.test", "other@temp.test")
    assert [str(recipient.address) for recipient in message.recipients] == ["dup@temp.test", "other@temp.test"]


def test_the_null_sender_is_taken(lab) -> None:
    assert lab.queued("", "null@temp.test").return_path == ""


def test_a_sender_that_is_no_address_ends_the_transaction(lab) -> None:
    assert lab.inject("alice", "kim@temp.test") == {"mail": "501 5.1.8", "rcpt": {"kim@temp.test": "503 5.5.1"}}


def test_everybody_who_listens_hears_of_an_accepted_message(lab) -> None:
    lab.inject("alice@sender.test", "dmarc@temp.test", helo="Client.Sender.Test", remote_ip="192.0.2.7")
    (fact,) = lab.accepted
    assert (fact.return_path, [str(address) for address in fact.recipients], fact.helo, fact.remote_ip) == ("alice@sender.test", ["dmarc@temp.test"], "client.sender.test", "192.0.2.7")
    assert fact.data == b"Subject: test\r\n\r\nHello\r\n"


def test_the_stored_message_carries_what_the_server_wrote(lab) -> None:
    message = lab.queued("alice@sender.test", "kim@temp.test")
    stored = message.data
    assert stored == lab.blobs[int(message.blob_id)] == b"X-Seen: yes\r\nSubject: test\r\n\r\nHello\r\n"
    assert message.size == len(stored)


def test_dsn_parameters_are_kept(lab) -> None:
    message = lab.queued(
        "dave@sender.test",
        "orcpt@temp.test",
        "never@temp.test",
        mail_options=["RET=HDRS", "ENVID=env-42"],
        rcpt_options={"orcpt@temp.test": ["ORCPT=rfc822;first@origin.example", "NOTIFY=SUCCESS,FAILURE,DELAY"], "never@temp.test": ["NOTIFY=NEVER"]},
    )
    assert (message.envelope_id, message.headers_only) == ("env-42", True)
    assert {str(recipient.address): (recipient.orcpt, recipient.options.notify) for recipient in message.recipients} == {
        "orcpt@temp.test": ("first@origin.example", frozenset({"SUCCESS", "FAILURE", "DELAY"})),
        "never@temp.test": (None, frozenset({"NEVER"})),
    }


def test_parameters_given_as_a_list_hold_for_every_recipient(lab) -> None:
    message = lab.queued("dave@sender.test", "a@temp.test", "b@temp.test", rcpt_options=["ORCPT=rfc822;orig@temp.test"])
    assert [recipient.orcpt for recipient in message.recipients] == ["orig@temp.test", "orig@temp.test"]


def test_priority_is_kept(lab) -> None:
    assert lab.queued("erin@sender.test", "prio@temp.test", mail_options=["MT-PRIORITY=-3"]).priority == -3


@pytest.mark.parametrize("hold", ["HOLDFOR=3600", "HOLDUNTIL=2026-11-21T14:06:43Z"])
def test_a_held_message_is_late_in_everything_by_the_same_time(lab, hold: str) -> None:
    message = lab.queued("erin@sender.test", "later@temp.test", mail_options=[hold])
    (recipient,) = message.recipients
    due = message.created + 3600
    assert (recipient.retry_count, recipient.retry_due, recipient.notify_due, recipient.lifetime) == (0, due, due + 86_400, 3 * 86_400 + 3600)
    assert message.next_event() == due


@pytest.mark.parametrize(
    ("parameter", "reply"),
    [
        ("HOLDFOR=604801", "501 5.5.4"),
        ("HOLDFOR=soon", "501 5.5.4"),
        ("HOLDUNTIL=tomorrow", "501 5.5.4"),
        ("MT-PRIORITY=high", "501 5.5.4"),
        ("RET=SOME", "501 5.5.4"),
        ("ENVID=", "501 5.5.4"),
        ("NOPE", "501 5.5.4"),
        ("SIZE=104857601", "552 5.3.4"),
    ],
)
def test_bad_parameters_of_mail_are_refused(lab, parameter: str, reply: str) -> None:
    assert lab.inject("a@sender.test", "b@temp.test", mail_options=[parameter])["mail"] == reply
    assert lab.queue.messages == {}


def test_parameters_without_effect_are_taken(lab) -> None:
    assert lab.inject("a@sender.test", "b@temp.test", mail_options=["SMTPUTF8", "BODY=8BITMIME", "SIZE=100"])["data"] == "250 2.0.0"


@pytest.mark.parametrize("parameter", ["NOTIFY=NEVER,FAILURE", "NOTIFY=SOMETIMES", "ORCPT=nobody", "NOPE=1"])
def test_bad_parameters_of_rcpt_refuse_that_recipient(lab, parameter: str) -> None:
    answer = lab.inject("a@sender.test", "b@temp.test", "c@temp.test", rcpt_options={"b@temp.test": [parameter]})
    assert answer["rcpt"] == {"b@temp.test": "501 5.5.4", "c@temp.test": "250 2.1.5"}


def test_a_message_has_at_most_a_hundred_recipients(lab) -> None:
    answer = lab.inject("a@sender.test", *(f"r{number}@temp.test" for number in range(101)))
    assert (answer["rcpt"]["r99@temp.test"], answer["rcpt"]["r100@temp.test"]) == ("250 2.1.5", "455 4.5.3")


@pytest.mark.parametrize(
    "body",
    [[], {}, {"mail_from": "a@b.test", "rcpt_to": "c@d.test", "data": ""}, {"mail_from": 1, "rcpt_to": [], "data": ""}, {"mail_from": "", "rcpt_to": [], "data": "%%%"}],
)
def test_a_malformed_hand_over_is_told_so(body) -> None:
    with pytest.raises(BadInjection):
        read(body)
