"""Reschedule, remove and cancel within one queued message; pause and resume of the queue."""

import pytest

from gateway.jmap.errors import Garbled
from gateway.legacy.refusals import Forbidden, NotFound, Other

ID, NUMBER = "gblniwm0gqaa", "217700302698266624"
PATH = {"id": NUMBER}
TTL = {"@type": "Ttl", "expiresAt": "2026-03-06T12:00:00Z"}
ATTEMPTS = {"@type": "Attempts", "expiresAttempts": 5}
NOW = "2026-03-01T12:00:00Z"
LATER = "2031-01-01T00:00:00Z"


def recipient(kind="Scheduled", expires=ATTEMPTS, retries=0):
    return {
        "retryCount": retries,
        "retryDue": NOW,
        "expires": expires,
        "queueName": "remote",
        "status": {"@type": kind},
    }


RECIPIENTS = {
    "lee@far.test": recipient(),
    "kim@far.test": recipient("TemporaryFailure", TTL, 3),
    "pat@near.test": recipient("Completed", TTL),
    "sam@near.test": recipient("PermanentFailure", TTL),
}


def read(properties, recipients=RECIPIENTS):
    found = [] if recipients is None else [{"id": ID, "createdAt": NOW, "recipients": recipients}]
    return (
        [["x:QueuedMessage/get", {"ids": [ID], "properties": properties}]],
        [["x:QueuedMessage/get", {"list": found, "notFound": [] if found else [ID]}]],
    )


def update(patch, answer=None):
    return (
        [["x:QueuedMessage/set", {"update": {ID: patch}}]],
        [["x:QueuedMessage/set", {"updated": {ID: None}} if answer is None else answer]],
    )


def destroy(answer):
    return [["x:QueuedMessage/set", {"destroy": [ID]}]], [["x:QueuedMessage/set", answer]]


PATCHED = ["id", "createdAt", "recipients"]
CANCELED = ["id", "recipients"]


@pytest.mark.parametrize(
    ("parameters", "settings", "patch"),
    [
        (
            {},
            {},
            {
                "recipients/lee@far.test/retryDue": NOW,
                "recipients/kim@far.test/retryDue": NOW,
                "recipients/kim@far.test/expires": {"@type": "Attempts", "expiresAttempts": 13},
            },
        ),
        ({"filter": "lee@"}, {}, {"recipients/lee@far.test/retryDue": NOW}),
        ({"filter": "lee@", "at": LATER}, {}, {"recipients/lee@far.test/retryDue": LATER}),
        ({"filter": "lee@", "at": "2031-01-01T02:00:00.25+02:00"}, {}, {"recipients/lee@far.test/retryDue": LATER}),
        ({"filter": "lee@", "at": "2020-01-01T00:00:00Z"}, {}, {"recipients/lee@far.test/retryDue": NOW}),
        ({"filter": "lee@", "at": "tomorrow"}, {}, {"recipients/lee@far.test/retryDue": NOW}),
        ({"filter": "kim", "at": LATER}, {}, {"recipients/kim@far.test/retryDue": LATER}),
        ({"filter": "kim"}, {"reschedule_expiry": "keep"}, {"recipients/kim@far.test/retryDue": NOW}),
        (
            {"filter": "far"},
            {"legacy_version": "0.11"},
            {
                "recipients/lee@far.test/retryDue": NOW,
                "recipients/kim@far.test/retryDue": NOW,
                "recipients/kim@far.test/expires": {"@type": "Ttl", "expiresAt": "2026-03-01T12:00:10Z"},
            },
        ),
    ],
)
async def test_reschedule(run, parameters, settings, patch):
    assert (
        await run("patchQueueMessage", [read(PATCHED), update(patch)], path=PATH, query=parameters, settings=settings)
        is True
    )


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("pat", {}),
        ("sam", {}),
        ("LEE", {}),
        ("zz", {}),
        ("kim", {"legacy_version": "0.11"}),
        ("FAR", {"legacy_version": "0.11"}),
    ],
)
async def test_nobody_to_reschedule(run, text, settings):
    assert (
        await run("patchQueueMessage", [read(PATCHED)], path=PATH, query={"filter": text}, settings=settings) is False
    )


async def test_reschedule_of_a_message_that_is_gone(run):
    with pytest.raises(NotFound):
        await run("patchQueueMessage", [read(PATCHED, None)], path=PATH)


LEFT = {"notUpdated": {ID: {"type": "invalidProperties", "description": "Recipient 'lee@far.test' does not exist"}}}


async def test_a_recipient_that_leaves_between_reading_and_writing(run):
    rest = {address: it for address, it in RECIPIENTS.items() if address != "lee@far.test"}
    both = {
        "recipients/lee@far.test/retryDue": LATER,
        "recipients/kim@far.test/retryDue": LATER,
    }
    rounds = [
        read(PATCHED),
        update(both, LEFT),
        read(PATCHED, rest),
        update({"recipients/kim@far.test/retryDue": LATER}),
    ]
    assert await run("patchQueueMessage", rounds, path=PATH, query={"at": LATER}) is True


async def test_recipients_that_keep_leaving(run):
    patch = {"recipients/lee@far.test/retryDue": NOW}
    rounds = [read(PATCHED), update(patch, LEFT), read(PATCHED), update(patch, LEFT)]
    with pytest.raises(Other) as refusal:
        await run("patchQueueMessage", rounds, path=PATH, query={"filter": "lee"})
    assert refusal.value.body == {
        "error": "other",
        "details": "Recipient 'lee@far.test' does not exist",
        "reason": "invalidProperties",
    }


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ({"type": "notFound"}, NotFound),
        ({"type": "forbidden", "description": "Queue update operation failed"}, Other),
        ({"type": "forbidden", "description": "Insufficient permissions to do that"}, Forbidden),
    ],
)
async def test_a_write_that_is_refused(run, error, refusal):
    no = {"notUpdated": {ID: error}}
    with pytest.raises(refusal):
        await run(
            "patchQueueMessage",
            [read(PATCHED), update({"recipients/lee@far.test/retryDue": NOW}, no)],
            path=PATH,
            query={"filter": "lee"},
        )
    with pytest.raises(refusal):
        await run(
            "deleteQueueMessage",
            [read(CANCELED), update({"recipients/lee@far.test": None}, no)],
            path=PATH,
            query={"filter": "lee"},
        )
    with pytest.raises(refusal):
        await run("deleteQueueMessage", [destroy({"notDestroyed": {ID: error}})], path=PATH)


async def test_a_write_without_an_outcome(run):
    with pytest.raises(Garbled):
        await run("deleteQueueMessage", [destroy({})], path=PATH)


@pytest.mark.parametrize(
    "address",
    [
        "a/b~c@far.test",
        "q b@far.test",
        "a\\b@far.test",
        "123@far.test",
        "jörg@far.test",
        "~0@far.test",
        "%+&#{}*@far.test",
    ],
)
async def test_odd_addresses(run, address):
    escaped = address.replace("\\", "\\\\").replace("~", "~0").replace("/", "~1")
    recipients = {address: recipient(), "lee@near.test": recipient()}
    reschedule = update({f"recipients/{escaped}/retryDue": NOW})
    cancel = update({f"recipients/{escaped}": None})
    query = {"filter": "far.test"}
    assert await run("patchQueueMessage", [read(PATCHED, recipients), reschedule], path=PATH, query=query) is True
    assert await run("deleteQueueMessage", [read(CANCELED, recipients), cancel], path=PATH, query=query) is True


@pytest.mark.parametrize(
    ("operation", "properties"), [("patchQueueMessage", PATCHED), ("deleteQueueMessage", CANCELED)]
)
async def test_an_address_that_the_new_server_would_take_for_a_position(run, operation, properties):
    with pytest.raises(Other, match="other"):
        await run(operation, [read(properties, {"0": recipient()})], path=PATH, query={"filter": "0"})


async def test_remove(run):
    assert await run("deleteQueueMessage", [destroy({"destroyed": [ID]})], path=PATH) is True


async def test_cancel_recipients_in_any_state(run):
    patch = {"recipients/pat@near.test": None, "recipients/sam@near.test": None}
    assert await run("deleteQueueMessage", [read(CANCELED), update(patch)], path=PATH, query={"filter": "near"}) is True


async def test_nobody_to_cancel(run):
    assert await run("deleteQueueMessage", [read(CANCELED)], path=PATH, query={"filter": "Near"}) is False


async def test_cancel_within_a_message_that_is_gone(run):
    with pytest.raises(NotFound):
        await run("deleteQueueMessage", [read(CANCELED, None)], path=PATH, query={"filter": "lee"})


def action(name, answer):
    return [["x:Action/set", {"create": {"a": {"@type": name}}}]], [["x:Action/set", answer]]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("stop", "PauseMtaQueue"),
        ("start", "ResumeMtaQueue"),
        ("STOP", "ResumeMtaQueue"),
        ("", "ResumeMtaQueue"),
        ("zz", "ResumeMtaQueue"),
    ],
)
@pytest.mark.parametrize("running", [True, False, None])
async def test_pause_and_resume_give_the_state_before(run, word, name, running):
    before = running is not False
    rounds = [action(name, {"created": {"a": {"id": "b"}}})]
    assert await run("patchQueueStatus", rounds, path={"action": word}, running=running) is before
    assert run.memory.running is (name == "ResumeMtaQueue")


@pytest.mark.parametrize("running", [True, False, None])
async def test_the_state_is_remembered(run, running):
    assert await run("getQueueStatus", running=running) is (running is not False)


async def test_a_pause_that_is_refused(run):
    error = {"type": "forbidden", "description": "Insufficient permissions to perform action of type PauseMtaQueue"}
    with pytest.raises(Forbidden):
        await run("patchQueueStatus", [action("PauseMtaQueue", {"notCreated": {"a": error}})], path={"action": "stop"})
    assert run.memory.running is True
