"""x:QueuedMessage over JMAP: get, update, destroy."""

from typing import Any

import pytest

QUEUED = {
    "createdAt": "2026-11-21T13:06:43Z",
    "nextRetry": "2026-11-21T13:08:43Z",
    "nextNotify": "2026-11-22T13:06:43Z",
    "returnPath": "alice@sender.test",
    "recipients": {
        "a1@temp.test": {
            "retryCount": 1,
            "retryDue": "2026-11-21T13:08:43Z",
            "notifyCount": 0,
            "notifyDue": "2026-11-22T13:06:43Z",
            "expires": {"expiresAt": "2026-11-24T13:06:43Z", "@type": "Ttl"},
            "queueName": "remote",
            "status": {
                "errorType": "unexpectedResponse",
                "errorMessage": None,
                "errorCommand": "RCPT TO:<a1@temp.test>",
                "responseHostname": "mx.temp.test",
                "responseCode": 451,
                "responseEnhanced": "4.3.0",
                "responseMessage": "try again later",
                "@type": "TemporaryFailure",
            },
            "flags": {},
            "orcpt": None,
        }
    },
    "receivedFromIp": "127.0.0.1",
    "receivedViaPort": 25,
    "flags": {"unauthenticated": True},
    "envId": None,
    "priority": 0,
}


def test_get_shows_every_property(server) -> None:
    shown = server.message(server.queued("alice@sender.test", "a1@temp.test"))
    assert {name: value for name, value in shown.items() if name not in {"id", "blobId", "size"}} == QUEUED
    assert len(shown["blobId"]) == 77
    assert 400 < shown["size"] < 650


def test_get_with_chosen_properties(server) -> None:
    id_ = server.queued("", "a1@temp.test")
    ask = lambda **more: server.ask("x:QueuedMessage/get", {"ids": [id_], **more})["list"]  # noqa: E731
    assert ask(properties=["returnPath"]) == [{"returnPath": "<>", "id": id_}]
    assert ask(properties=["nope", "priority"]) == [{"priority": 0, "id": id_}]
    assert len(ask(properties=["nope"])[0]) == len(ask()[0]) == 13
    assert server.ask("x:QueuedMessage/get", {"ids": ["!", "", "pppppppppppppppppppp", id_, id_], "properties": ["id"]}) == {
        "list": [{"id": id_}, {"id": id_}],
        "notFound": ["!", "a", "ppppppppppppp"],
    }
    assert server.ask("x:QueuedMessage/get", {"properties": ["id"]}) == {"list": [{"id": id_}], "notFound": []}


def test_other_callers_are_refused(server) -> None:
    id_ = server.queued("", "a1@temp.test")
    refusal = {"type": "forbidden", "description": "You are not authorized to perform this action"}
    assert server.ask("x:QueuedMessage/get", {"ids": [id_]}, user="olga") == refusal
    assert server.ask("x:QueuedMessage/query", {}, user="olga") == refusal
    assert server.ask("x:QueuedMessage/set", {}, user="olga") == {"type": "forbidden", "description": "You are not authorized to create, update or destroy objects of this type"}


def test_messages_cannot_be_created(server) -> None:
    assert server.ask("x:QueuedMessage/set", {"create": {"a": {}}}) == {"notCreated": {"a": {"type": "forbidden", "description": "Queued messages cannot be created"}}}


def recipient(server, id_: str, address: str) -> Any:
    return server.message(id_)["recipients"][address]


def test_one_recipient_is_rescheduled(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test", "b2@temp.test")
    assert server.change(id_, {"recipients/a1@temp.test/retryDue": "2100-01-01T02:00:00+02:00"}) == {"updated": {id_: None}}
    shown = server.message(id_)
    assert shown["nextRetry"] == "2026-11-21T13:08:43Z"
    assert {address: each["retryDue"] for address, each in shown["recipients"].items()} == {"a1@temp.test": "2100-01-01T00:00:00Z", "b2@temp.test": "2026-11-21T13:08:43Z"}


def test_next_retry_moves_all_that_have_not_failed(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test", "bad@temp.test", "ok@ok.test")
    server.change(id_, {"nextRetry": "2026-12-01T00:00:00Z"})
    assert {address: each["retryDue"] for address, each in server.message(id_)["recipients"].items()} == {
        "ok@ok.test": "2026-12-01T00:00:00Z",
        "a1@temp.test": "2026-12-01T00:00:00Z",
        "bad@temp.test": "2026-11-21T13:06:43Z",
    }
    assert server.change(id_, {"nextRetry": None}) == {"updated": {id_: None}}
    assert server.message(id_)["nextRetry"] == "2026-12-01T00:00:00Z"


def test_a_past_time_is_shown_until_the_attempt_comes(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test")
    server.change(id_, {"nextRetry": "2001-01-01T00:00:00Z"})
    assert server.message(id_)["nextRetry"] == "2001-01-01T00:00:00Z"
    server.world.clock.advance(1)
    shown = recipient(server, id_, "a1@temp.test")
    assert (shown["retryCount"], shown["retryDue"]) == (2, "2026-11-21T13:11:45Z")


def test_a_count_is_taken_only_with_its_time(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test")
    server.change(id_, {"recipients/a1@temp.test/retryCount": 5})
    assert recipient(server, id_, "a1@temp.test")["retryCount"] == 1
    server.change(id_, {"recipients/a1@temp.test/retryCount": 5, "recipients/a1@temp.test/retryDue": "2026-12-01T00:00:00Z"})
    assert recipient(server, id_, "a1@temp.test")["retryCount"] == 5
    server.change(id_, {"recipients/a1@temp.test/notifyDue": "2026-11-21T13:15:00Z", "recipients/a1@temp.test/notifyCount": 2})
    assert (server.message(id_)["nextNotify"], recipient(server, id_, "a1@temp.test")["notifyCount"]) == ("2026-11-21T13:15:00Z", 2)


def test_the_end_can_be_a_time_or_a_number_of_attempts(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test")
    path = "recipients/a1@temp.test/expires"
    server.change(id_, {path: {"@type": "Attempts", "expiresAttempts": 3}})
    server.change(id_, {path + "/expiresAttempts": 7})
    assert recipient(server, id_, "a1@temp.test")["expires"] == {"expiresAttempts": 7, "@type": "Attempts"}
    refusal = {"type": "invalidPatch", "description": "Missing or invalid '@type' property in object", "properties": [path]}
    for value in (None, {"expiresAttempts": 9}):
        assert server.change(id_, {path: value}) == {"notUpdated": {id_: refusal}}


def test_an_end_in_the_past_ends_that_recipient(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test", "b2@temp.test")
    server.change(id_, {"recipients/a1@temp.test/expires": {"@type": "Ttl", "expiresAt": "2001-01-01T00:00:00Z"}})
    assert recipient(server, id_, "a1@temp.test")["expires"] == {"expiresAt": "2026-11-21T13:06:43Z", "@type": "Ttl"}
    server.world.clock.advance(1)
    shown = recipient(server, id_, "a1@temp.test")
    assert (shown["status"]["@type"], shown["status"]["responseCode"], shown["flags"]) == ("PermanentFailure", 451, {"dsnSent": True})


def test_only_scheduled_is_taken_as_a_new_status(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test", "bad@temp.test")
    server.change(id_, {"recipients/a1@temp.test/status": {"@type": "Completed", "responseCode": 250}})
    assert recipient(server, id_, "a1@temp.test")["status"]["@type"] == "TemporaryFailure"
    server.change(id_, {"recipients/bad@temp.test/status": {"@type": "Scheduled"}, "recipients/bad@temp.test/retryDue": "2026-12-01T00:00:00Z"})
    assert recipient(server, id_, "bad@temp.test")["status"] == {"@type": "Scheduled"}


def test_a_whole_map_cancels_the_others_and_begins_afresh(server) -> None:
    id_ = server.queued("alice@sender.test", "w@temp.test", "ok@ok.test", "v@temp.test")
    server.change(id_, {"recipients": {"w@temp.test": {"retryDue": "2026-12-01T00:00:00Z"}}})
    shown = server.message(id_)["recipients"]
    assert {address: each["status"].get("errorMessage", each["status"]["@type"]) for address, each in shown.items()} == {
        "ok@ok.test": "Delivery canceled.",
        "v@temp.test": "Delivery canceled.",
        "w@temp.test": "Scheduled",
    }
    assert (shown["w@temp.test"]["retryCount"], shown["w@temp.test"]["expires"]) == (0, {"expiresAt": "2026-11-21T13:06:45Z", "@type": "Ttl"})


def test_a_cancelled_recipient_stays_visible_while_others_wait(server) -> None:
    id_ = server.queued("alice@sender.test", "one@temp.test", "two@temp.test")
    for _ in range(2):
        assert server.change(id_, {"recipients/one@temp.test": None}) == {"updated": {id_: None}}
    assert recipient(server, id_, "one@temp.test")["status"] == {
        "errorType": "io",
        "errorMessage": "Delivery canceled.",
        "errorCommand": None,
        "responseHostname": "localhost",
        "responseCode": None,
        "responseEnhanced": None,
        "responseMessage": None,
        "@type": "PermanentFailure",
    }
    assert recipient(server, id_, "one@temp.test")["flags"] == {}
    assert server.change(id_, {"recipients/nobody@temp.test": None}) == {"updated": {id_: None}}


def test_with_the_last_one_the_message_is_gone_and_nobody_is_told(server) -> None:
    id_ = server.queued("alice@temp.test", "one@temp.test", "ok@ok.test")
    answers = server.batch(("x:QueuedMessage/set", {"update": {id_: {"recipients/one@temp.test": None}}}), ("x:QueuedMessage/get", {"ids": [id_]}))
    assert answers[0][1] == {"updated": {id_: None}}
    assert answers[1][1] == {"list": [], "notFound": [id_]}
    server.world.clock.advance(10)
    assert server.found() == []
    assert server.change(id_, {"nextRetry": "2026-12-01T00:00:00Z"}) == {"notUpdated": {id_: {"type": "notFound"}}}


@pytest.mark.parametrize(
    ("address", "key"),
    [("a~b@temp.test", "a~0b@temp.test"), ("a/b@temp.test", "a~1b@temp.test"), ("a~1b@temp.test", "a~01b@temp.test"), ('"a\\\\b"@temp.test', "a\\\\b@temp.test"), ('"q b"@temp.test', "q b@temp.test"), ("grüße@temp.test", "grüße@temp.test")],
)
def test_addresses_are_escaped_in_pointers(server, address: str, key: str) -> None:
    id_ = server.queued("alice@sender.test", address)
    assert server.change(id_, {f"recipients/{key}/retryDue": "2026-12-01T00:00:00Z"}) == {"updated": {id_: None}}
    assert server.message(id_)["nextRetry"] == "2026-12-01T00:00:00Z"
    assert server.change(id_, {f"recipients/{key}": None}) == {"updated": {id_: None}}
    assert server.found() == []


@pytest.mark.parametrize(
    ("patch", "description"),
    [
        ({"recipients/nobody@temp.test/retryDue": "2026-12-01T00:00:00Z"}, "Recipient 'nobody@temp.test' does not exist"),
        ({"recipients/a~b@temp.test/retryDue": "2026-12-01T00:00:00Z"}, "Recipient 'ab@temp.test' does not exist"),
        ({"recipients/a/b@temp.test/retryDue": "2026-12-01T00:00:00Z"}, "Invalid property"),
        ({"recipients/a1@temp.test/nope": 1}, "Invalid property"),
        ({"recipients/a1@temp.test/queueName": "local"}, "Cannot modify server set property"),
        ({"recipients/a1@temp.test/retryDue": "tomorrow"}, "Failed to parse UTCDateTime from string"),
        ({"recipients/a1@temp.test/retryDue": 4102444800}, "Invalid path for UTCDateTime, expected a string value"),
        ({"createdAt": "2026-12-01T00:00:00Z"}, "Cannot modify server set property"),
        ({"nope": 1}, "Invalid property"),
    ],
)
def test_wrong_patches_are_refused_and_change_nothing(server, patch: Any, description: str) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test")
    before = server.message(id_)
    assert server.change(id_, {"priority": 7, **patch})["notUpdated"][id_]["description"] == description
    assert server.message(id_) == before


def test_a_patch_that_is_no_object_has_no_effect(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test")
    assert server.change(id_, 5) == {"updated": {id_: None}}


def test_envelope_id_and_priority(server) -> None:
    id_ = server.queued("alice@sender.test", "a1@temp.test")
    server.change(id_, {"envId": "new-env", "priority": 101})
    assert (server.message(id_)["envId"], server.message(id_)["priority"]) == ("new-env", 101)


def test_destroy(server) -> None:
    first, second = (server.queued("alice@sender.test", f"{name}@temp.test") for name in "ab")
    assert server.ask("x:QueuedMessage/set", {"destroy": [first, "zzzz", "!", second, second], "update": {first: {"priority": 1}}}) == {
        "destroyed": [first, second],
        "notUpdated": {first: {"type": "willDestroy", "description": "ID will be destroyed."}},
        "notDestroyed": {"zzzz": {"type": "notFound"}, second: {"type": "notFound"}},
    }
    server.world.clock.advance(3600)
    assert server.found() == []


def test_everything_known_can_be_downloaded_again(server) -> None:
    shown = server.message(server.queued("alice@sender.test", "a1@temp.test"))
    content = server.world.blobs.fetch(server.callers["admin"], shown["blobId"])
    assert content.startswith(b"X-Spam-Result: ARC_NA (0.00),\r\n\tDKIM2_NA (0.00)")
    assert content.endswith(b"Subject: test\r\n\r\nHello\r\n")
    assert len(content) == shown["size"]
