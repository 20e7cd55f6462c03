"""The spam filter: samples, training, classification."""

import base64

import pytest

from gateway.jmap.errors import MethodError
from gateway.legacy.refusals import BadRequest, Forbidden, ItemNotFound, Other
from gateway.legacy.spam.classify import opinion

MESSAGE = b"Subject: x\r\n\r\nx"
STORED = ["Blob/upload", {"accountId": "b", "created": {"b": {"id": "eblob", "type": "message/rfc822", "size": 14}}}]
MADE = ["x:SpamTrainingSample/set", {"accountId": "b", "created": {"s": {"id": "c"}}}]
NEEDS = Other("Failed to parse message.", None).body


def sends(message=MESSAGE, answers=(STORED, MADE), **sample):
    """A message with what it is a sample of, in one request."""
    content = {"data": [{"data:asBase64": base64.b64encode(message).decode()}], "type": "message/rfc822"}
    calls = [
        ["Blob/upload", {"accountId": "b", "create": {"b": content}}],
        ["x:SpamTrainingSample/set", {"create": {"s": {"blobId": "#b", "isSpam": True, "deleteAfterUse": False} | sample}}],
    ]
    return calls, list(answers)


def declined(type_, description="", *properties):
    error = {"type": type_, "description": description} | ({"properties": list(properties)} if properties else {})
    return ["x:SpamTrainingSample/set", {"accountId": "b", "notCreated": {"s": error}}]


@pytest.mark.parametrize("operation", ["trainSpamFilter", "uploadSpamSample"])
async def test_a_message_and_its_kind_go_with_one_request(run, operation):
    assert await run(operation, [sends()], path={"kind": "spam"}, body=MESSAGE) is None
    assert await run(operation, [sends(isSpam=False)], path={"kind": "ham"}, body=MESSAGE) is None


@pytest.mark.parametrize("announced", [True, False])
async def test_the_message_may_come_in_pieces(run, uploaded, announced):
    assert await run("uploadSpamSample", [sends()], path={"kind": "spam"}, body=uploaded(MESSAGE[:3], MESSAGE[3:], announced=announced)) is None


async def test_nothing_is_no_message(run):
    with pytest.raises(Other) as error:
        await run("uploadSpamSample", path={"kind": "spam"}, body=b"")
    assert error.value.body == NEEDS


@pytest.mark.parametrize("announced", [True, False])
async def test_more_than_is_allowed_is_no_message_either_and_nothing_is_sent(run, uploaded, announced):
    with pytest.raises(Other) as error:
        await run("uploadSpamSample", path={"kind": "spam"}, body=uploaded(b"x" * 1024, b"x", announced=announced), settings={"limits": {"upload_bytes": 1024}})
    assert error.value.body == NEEDS
    assert await run("uploadSpamSample", [sends(b"x" * 1024)], path={"kind": "spam"}, body=b"x" * 1024, settings={"limits": {"upload_bytes": 1024}}) is None


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ((["Blob/upload", {"notCreated": {"b": {"type": "invalidProperties"}}}], ["error", {"type": "invalidResultReference"}]), Other),
        ((STORED, declined("invalidProperties", "blob size exceeds maximum of 5 bytes", "blobId")), Other),
        ((STORED, declined("invalidProperties", "Cannot modify accountId property", "accountId")), Forbidden),
        ((STORED, declined("forbidden", "Insufficient permissions to create")), Forbidden),
        ((["error", {"type": "forbidden"}], ["error", {"type": "invalidResultReference"}]), MethodError),
        ((STORED, ["error", {"type": "forbidden"}]), MethodError),
    ],
)
async def test_what_is_not_taken_is_refused(run, answers, refusal):
    with pytest.raises(refusal):
        await run("uploadSpamSample", [sends(answers=answers)], path={"kind": "spam"}, body=MESSAGE)


async def test_what_keeps_a_message_from_being_stored_is_told(run):
    full = ["Blob/upload", {"notCreated": {"b": {"type": "overQuota", "description": "Too many uploads"}}}], ["error", {"type": "invalidResultReference"}]
    with pytest.raises(Other) as error:
        await run("uploadSpamSample", [sends(answers=full)], path={"kind": "spam"}, body=MESSAGE)
    assert error.value.body == {"error": "other", "details": "Too many uploads", "reason": "overQuota"}


async def test_samples_for_a_filter_that_does_not_learn_may_be_dropped_in_silence(run):
    off = sends(answers=(STORED, declined("forbidden", "Spam classifier is not configured on the server")))
    with pytest.raises(Other) as error:
        await run("uploadSpamSample", [off], path={"kind": "spam"}, body=MESSAGE)
    assert error.value.body == {"error": "other", "details": "Spam classifier is not configured on the server", "reason": "forbidden"}
    assert await run("uploadSpamSample", [off], path={"kind": "spam"}, body=MESSAGE, settings={"spam_upload_when_disabled": "ignore"}) is None


def finds(name, *accounts):
    calls = [
        ["x:Account/query", {"filter": {"name": name}, "limit": 50}],
        ["x:Account/get", {"#ids": {"resultOf": "c0", "name": "x:Account/query", "path": "/ids"}, "properties": ["id", "name", "emailAddress", "aliases"]}],
    ]
    return calls, [["x:Account/query", {"ids": [it["id"] for it in accounts]}], ["x:Account/get", {"list": list(accounts)}]]


async def test_the_account_is_looked_up_before_anything_is_sent(run):
    kim = {"id": "k", "name": "kim", "emailAddress": "kim@acme.test", "aliases": {}}
    path = {"kind": "spam", "account": "kim"}
    assert await run("uploadSpamSampleOfAccount", [finds("kim", kim), sends(accountId="k")], path=path, body=MESSAGE) is None
    with pytest.raises(ItemNotFound) as error:
        await run("trainSpamFilterOfAccount", [finds("kim")], path=path, body=MESSAGE)
    assert error.value.body == {"error": "notFound", "item": "kim"}


# training

LIST = [
    ["x:Task/query", {"filter": {"@type": "SpamFilterMaintenance"}, "sort": [{"property": "due", "isAscending": True}], "position": 0, "limit": 100, "calculateTotal": True}],
    ["x:Task/get", {"#ids": {"resultOf": "c0", "name": "x:Task/query", "path": "/ids"}}],
]


def lists(*tasks):
    found = [{"id": f"t{number}", "@type": "SpamFilterMaintenance", "maintenanceType": kind, "status": status} for number, (kind, status) in enumerate(tasks)]
    return LIST, [["x:Task/query", {"ids": [it["id"] for it in found], "total": len(found)}], ["x:Task/get", {"list": found}]]


def starts(kind):
    status = {"@type": "Pending", "due": "2026-03-01T12:00:00Z"}
    create = {"t": {"@type": "SpamFilterMaintenance", "maintenanceType": kind, "status": status}}
    return [["x:Task/set", {"create": create}]], [["x:Task/set", {"created": {"t": {"id": "n"}}}]]


DUE = {"@type": "Pending", "due": "2026-03-01T11:59:50Z"}
RUNNING = [("train", DUE), ("retrain", DUE), ("train", {"@type": "Retry", "due": "2026-03-01T12:00:00Z"})]
IDLE = [
    ("updateRules", DUE), ("abort", DUE), ("reset", DUE),
    ("train", {"@type": "Pending", "due": "2026-03-01T12:00:01Z"}), ("train", {"@type": "Failed", "failureReason": "x"}),
]  # fmt: skip


@pytest.mark.parametrize("task", RUNNING)
async def test_a_training_that_runs_is_not_started_but_stopped(run, task):
    assert await run("controlSpamTraining", [lists(task)], path={"action": "status"}) is True
    assert await run("controlSpamTraining", [lists(task)], path={"action": "start"}) is False
    assert await run("controlSpamTraining", [lists(task)], path={"action": "reset"}) is False
    assert await run("controlSpamTraining", [lists(*IDLE, task), starts("abort")], path={"action": "stop"}) is True


@pytest.mark.parametrize("task", IDLE)
async def test_a_training_that_does_not_run_is_started_and_not_stopped(run, task):
    assert await run("controlSpamTraining", [lists(task)], path={"action": "status"}) is False
    assert await run("controlSpamTraining", [lists(task), starts("train")], path={"action": "start"}) is True
    assert await run("controlSpamTraining", [lists(task), starts("retrain")], path={"action": "reset"}) is True
    assert await run("controlSpamTraining", [lists(task)], path={"action": "stop"}) is False


async def test_what_was_learnt_is_deleted_whatever_runs(run):
    assert await run("controlSpamTraining", [starts("reset")], path={"action": "delete"}) is True


# classification

GIVEN = {"message": "Subject: x\r\n\r\nx", "remoteIp": "192.0.2.1", "envFrom": "kim@far.test", "envFromFlags": 0, "envRcptTo": ["lee@acme.test", "ann@acme.test"]}
PLAIN = {
    "@type": "ClassifySpam", "message": "Subject: x\r\n\r\nx", "remoteIp": "192.0.2.1", "ehloDomain": "unknown.invalid", "isTls": False, "envFrom": "kim@far.test",
    "envRcptTo": {"lee@acme.test": True, "ann@acme.test": True},
}  # fmt: skip
HAM = {"score": -1.5, "result": "ham", "tags": {"B": {"score": 0.5, "disposition": "score"}, "A": {"score": -2.0, "disposition": "score"}}}


def asks(question=PLAIN, result=HAM, error=None):
    answer = {"created": {"a": result}} if error is None else {"notCreated": {"a": error}}
    return [["x:Action/set", {"create": {"a": question}}]], [["x:Action/set", answer]]


async def test_tags_and_score_are_told_with_headers_for_people(run):
    assert await run("classifyMessage", [asks()], body=GIVEN) == {
        "score": -1.5,
        "tags": {"A": {"action": "allow", "value": -2.0}, "B": {"action": "allow", "value": 0.5}},
        "disposition": {"action": "allow", "value": "X-Spam-Result: A (-2.00),\r\n\tB (0.50)\r\nX-Spam-Score: ham, score=-1.50\r\nX-Spam-Status: No, score=-1.50\r\n"},
    }


@pytest.mark.parametrize(
    ("flags", "word"),
    [(0, None), (1, "bit7"), (2, "binaryMime"), (4, "binaryMime"), (7, "binaryMime"), (8, None), (32, "smtpUtf8"), (34, "smtpUtf8"), (2**63, None)],
)
async def test_parameters_of_the_sender_are_one_word(run, flags, word):
    question = PLAIN | ({"envFromParameters": word} if word else {})
    await run("classifyMessage", [asks(question)], body=GIVEN | {"envFromFlags": flags})


async def test_members_that_say_nothing_are_left_out(run):
    bare = {name: value for name, value in PLAIN.items() if name != "envRcptTo"}
    await run("classifyMessage", [asks(bare)], body=GIVEN | {"envRcptTo": [], "authenticatedAs": None})
    full = PLAIN | {"authenticatedAs": "kim", "isTls": True, "ehloDomain": "mx.far.test"}
    await run("classifyMessage", [asks(full)], body=GIVEN | {"authenticatedAs": "kim", "isTls": True, "ehloDomain": "mx.far.test"})


@pytest.mark.parametrize("recipient", ["", "lee", "@acme.test", "lee@"])
async def test_recipients_must_be_addresses(run, recipient):
    with pytest.raises(BadRequest):
        await run("classifyMessage", body=GIVEN | {"envRcptTo": ["lee@acme.test", recipient]})


async def test_an_empty_message_is_none(run):
    with pytest.raises(Other) as error:
        await run("classifyMessage", body=GIVEN | {"message": ""})
    assert error.value.body == NEEDS


UNSCORED = {"score": 1.0, "result": "spam", "tags": {name: {"score": 0.0, "disposition": "reject"} for name in ("A", "X_HDR_TO", "X_HDR", "BAD")}}


def tags(*found, start=0, total=None):
    calls = [
        ["x:SpamTag/query", {"sort": [{"property": "id", "isAscending": True}], "position": start, "limit": 500, "calculateTotal": True}],
        ["x:SpamTag/get", {"#ids": {"resultOf": "c0", "name": "x:SpamTag/query", "path": "/ids"}}],
    ]
    objects = [{"id": f"g{start}-{number}", "@type": kind, "tag": tag} for number, (kind, tag) in enumerate(found)]
    return calls, [["x:SpamTag/query", {"ids": [it["id"] for it in objects], "total": total or len(objects)}], ["x:SpamTag/get", {"list": objects}]]


def rejected(answer):
    return {name for name, tag in answer["tags"].items() if tag == {"action": "reject"}}


async def test_only_tags_that_are_meant_to_reject_do(run):
    notes = {}
    known = tags(("Reject", "BAD"), ("Score", "A"), ("Reject", "X_HDR_*"), ("Discard", "X_HDR"))
    assert rejected(await run("classifyMessage", [asks(result=UNSCORED), known], body=GIVEN, notes=notes)) == {"BAD", "X_HDR_TO"}
    # Looked up once in a while.
    assert rejected(await run("classifyMessage", [asks(result=UNSCORED)], body=GIVEN, notes=notes)) == {"BAD", "X_HDR_TO"}


async def test_tags_are_looked_up_page_by_page(run):
    rounds = [asks(result=UNSCORED), tags(*[("Score", f"T{number}") for number in range(500)], total=501), tags(("Reject", "A"), start=500, total=501)]
    assert rejected(await run("classifyMessage", rounds, body=GIVEN)) == {"A"}


async def test_who_may_not_see_the_tags_sees_none_that_rejects(run):
    calls, _ = tags()
    kept_away = (calls, [["error", {"type": "forbidden"}], ["error", {"type": "invalidResultReference"}]])
    assert rejected(await run("classifyMessage", [asks(result=UNSCORED), kept_away], body=GIVEN)) == set()


async def test_a_list_of_the_settings_saves_the_look_up(run):
    assert rejected(await run("classifyMessage", [asks(result=UNSCORED)], body=GIVEN, settings={"spam_reject_tags": ["A*"]})) == {"A"}


def test_the_score_of_what_is_turned_away_is_the_sum_of_its_tags() -> None:
    answer = {"score": 0.0, "result": "discard", "tags": {"A": {"score": 5.5, "disposition": "score"}, "B": {"score": 0.0, "disposition": "discard"}}}
    assert opinion(answer, lambda _: False) == {
        "score": 5.5,
        "tags": {"A": {"action": "allow", "value": 5.5}, "B": {"action": "discard"}},
        "disposition": {"action": "discard"},
    }


def test_a_tag_of_what_the_old_server_did_not_look_at_is_left_out() -> None:
    answer = {"score": 0.0, "result": "ham", "tags": {"DKIM2_NA": {"score": 0.0, "disposition": "reject"}}}
    assert opinion(answer, lambda _: False)["tags"] == {}
