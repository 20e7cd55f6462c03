"""Bulk calls on the queue: what is refused, what is read, what is written."""

import logging

import pytest

from gateway.jmap.errors import MethodError
from gateway.knowledge.ids import encode
from gateway.legacy.refusals import Forbidden, Other, Unsupported

NOW = "2026-03-01T12:00:00Z"
LATER = "2031-01-01T00:00:00Z"
SORT = [{"property": "due", "isAscending": True}]
SEEN = ["id", "returnPath", "recipients"]
PATCHED = ["id", "createdAt", "returnPath", "recipients"]


def message(
    number,
    sender="kim@acme.test",
    recipients=("lee@far.test",),
    *,
    due="2026-03-01T12:30:00Z",
    queue="remote",
    kind="Scheduled",
):
    return {
        "id": encode(number),
        "createdAt": NOW,
        "returnPath": sender,
        "recipients": {
            address: {
                "retryCount": 0,
                "retryDue": due,
                "expires": {"@type": "Attempts", "expiresAttempts": 5},
                "queueName": queue,
                "status": {"@type": kind},
            }
            for address in recipients
        },
    }


def read(messages, wanted=None, total=None, properties=SEEN):
    chosen = {} if wanted is None else {"filter": wanted}
    return (
        [
            ["x:QueuedMessage/query", {**chosen, "sort": SORT, "position": 0, "limit": 500, "calculateTotal": True}],
            [
                "x:QueuedMessage/get",
                {"#ids": {"resultOf": "c0", "name": "x:QueuedMessage/query", "path": "/ids"}, "properties": properties},
            ],
        ],
        [
            [
                "x:QueuedMessage/query",
                {"ids": [it["id"] for it in messages], "total": len(messages) if total is None else total},
            ],
            ["x:QueuedMessage/get", {"list": messages, "notFound": []}],
        ],
    )


def destroy(*numbers, answer=None):
    ids = [encode(it) for it in numbers]
    return [["x:QueuedMessage/set", {"destroy": ids}]], [
        ["x:QueuedMessage/set", {"destroyed": ids} if answer is None else answer]
    ]


def update(patches):
    return (
        [["x:QueuedMessage/set", {"update": patches}]],
        [["x:QueuedMessage/set", {"updated": dict.fromkeys(patches)}]],
    )


def patch(*numbers, at=NOW):
    return {encode(it): {"recipients/lee@far.test/retryDue": at} for it in numbers}


FUTURE = "must be an RFC 3339 time in the future"


@pytest.mark.parametrize(
    ("parameters", "details"),
    [
        ({"sender": "x"}, "Unknown parameter 'sender'; refusing to {} without it"),
        ({"text": "x", "zz": "1"}, "Unknown parameter 'zz'; refusing to {} without it"),
        ({"before": "2026-03-01T11:59:59Z"}, f"Parameter 'before' {FUTURE}; refusing to {{}} without it"),
        ({"before": "2026-03-02"}, f"Parameter 'before' {FUTURE}; refusing to {{}} without it"),
        ({"after": "soon"}, f"Parameter 'after' {FUTURE}; refusing to {{}} without it"),
        ({"queue": "much-too-long"}, "Parameter 'queue' is not a valid queue name; refusing to {} without it"),
        *(
            ({name: value}, f"Parameter '{name}' must be a number; refusing to {{}} without it")
            for name in ("page", "limit", "max-total", "range-start", "range-end")
            for value in ("x", "-1", "1.5", str(2**64))
        ),
    ],
)
@pytest.mark.parametrize(("operation", "to"), [("deleteQueue", "delete"), ("patchQueue", "reschedule")])
async def test_what_would_widen_the_call_is_refused(run, operation, to, parameters, details):
    with pytest.raises(Unsupported) as refusal:
        await run(operation, query=parameters)
    assert refusal.value.body == {"error": "unsupported", "details": details.format(to)}


async def test_a_removal_has_no_time(run):
    with pytest.raises(Unsupported):
        await run("deleteQueue", query={"at": LATER})


@pytest.mark.parametrize("operation", ["deleteQueue", "patchQueue"])
@pytest.mark.parametrize(
    "parameters",
    [{"values": "0"}, {"before": "2026-03-02T00:00:00Z", "after": "2026-03-02T00:00:00Z"}, {"values": "1", "zz": "1"}],
)
async def test_what_selects_nothing_is_not_asked_for(run, operation, parameters):
    assert await run(operation, query=parameters) is False


async def test_unknown_parameters_can_be_ignored_as_before(run):
    settings = {"bulk_unknown_params": "ignore"}
    assert await run("deleteQueue", [read([message(1)]), destroy(1)], query={"sender": "x"}, settings=settings) is True


ACME, OTHER, BOUNCE = message(1), message(2, "pat@other.test"), message(3, "<>", ("lee@far.test", "Kim@near.test"))
EVERYTHING = [BOUNCE, OTHER, ACME]


@pytest.mark.parametrize(
    ("parameters", "wanted", "chosen"),
    [
        ({}, None, [1, 2, 3]),
        ({"text": "other"}, {"text": "other"}, [2]),
        ({"text": "Kim"}, {"text": "Kim"}, [3]),
        ({"text": "<"}, {"text": "<"}, []),
        ({"text": "acme", "from": "zz", "to": "zz"}, {"text": "acme"}, [1]),
        ({"from": "acme"}, {"returnPath": "acme"}, [1]),
        ({"to": "near"}, {"to": "near"}, [3]),
        ({"from": "acme", "to": "near"}, {"returnPath": "acme", "to": "near"}, []),
        ({"filter": "near"}, {"text": "near"}, [3]),
        ({"filter": "near", "text": "lee"}, {"text": "lee"}, [3]),
        ({"filter": "near", "from": "acme"}, {"returnPath": "acme"}, []),
        ({"filter": "acme", "to": "lee"}, {"to": "lee"}, [1]),
        ({"queue": "local"}, {"text": "", "queueName": "local"}, []),
        ({"before": "2026-03-01T12:30:00Z"}, {"text": "", "dueIsLessThan": "2026-03-01T12:30:00Z"}, []),
        ({"before": "2026-03-01T12:30:01Z"}, {"text": "", "dueIsLessThan": "2026-03-01T12:30:01Z"}, [1, 2, 3]),
        ({"after": "2026-03-01T12:30:00Z"}, {"text": "", "dueIsGreaterThan": "2026-03-01T12:30:00Z"}, []),
        ({"range-start": "2"}, None, [2, 3]),
        ({"range-end": "2"}, None, [1, 2]),
        ({"limit": "1"}, None, [1]),
        ({"limit": "1", "page": "3"}, None, [3]),
        ({"limit": "2", "page": "9"}, None, []),
        ({"max-total": "2"}, None, [1, 2]),
        ({"max-total": "2", "page": "2", "limit": "1"}, None, [2]),
    ],
)
async def test_only_what_was_tested_here_is_written(run, parameters, wanted, chosen):
    """The new server answers with every message, whatever it is asked for."""
    rounds = [read(EVERYTHING, wanted), *([destroy(*chosen)] if chosen else [])]
    assert await run("deleteQueue", rounds, query=parameters) is bool(chosen)
    rounds = [read(EVERYTHING, wanted, properties=PATCHED)]
    if chosen:
        patches = patch(*chosen, at=LATER)
        if 3 in chosen:
            patches[encode(3)]["recipients/Kim@near.test/retryDue"] = LATER
        rounds.append(update(patches))
    assert await run("patchQueue", rounds, query={**parameters, "at": LATER}) is bool(chosen)


async def test_the_meaning_of_filter_can_be_as_before(run):
    settings = {"bulk_filter_param": "ignore"}
    assert (
        await run("deleteQueue", [read([ACME, OTHER]), destroy(1, 2)], query={"filter": "zz"}, settings=settings)
        is True
    )


async def test_recipients_of_a_queue_in_any_state_when_asked_for_exactly(run):
    finished = message(1, kind="Completed")
    rounds = [read([finished, message(2, queue="local")], {"to": "lee"}), destroy(1)]
    parameters = {"queue": "remote", "to": "lee"}
    assert await run("deleteQueue", rounds, query=parameters, settings={"exact_queue_filter": True}) is True


async def test_times_of_a_queue_are_those_of_its_pending_recipients(run):
    two = message(1, due="2026-03-01T13:00:00Z")
    two["recipients"] |= message(1, recipients=["x@far.test"], queue="local")["recipients"]
    two["recipients"] |= message(1, recipients=["y@far.test"], due="2026-03-01T12:10:00Z", kind="Completed")[
        "recipients"
    ]
    limit = "2026-03-01T12:45:00Z"
    wanted = {"text": "", "dueIsLessThan": limit, "queueName": "remote"}
    assert await run("deleteQueue", [read([two], wanted)], query={"before": limit, "queue": "remote"}) is False
    del wanted["queueName"]
    assert await run("deleteQueue", [read([two], wanted), destroy(1)], query={"before": limit}) is True


async def test_reschedule_leaves_finished_recipients_alone(run):
    half = message(1)
    half["recipients"] |= message(1, recipients=["done@far.test"], kind="Completed")["recipients"]
    rounds = [read([half], properties=PATCHED), update(patch(1))]
    assert await run("patchQueue", rounds) is True


@pytest.mark.parametrize("failing", [0, 1])
async def test_nothing_is_written_after_a_failed_read(run, failing):
    calls, answers = read([ACME])
    answers = list(answers)
    answers[failing] = ["error", {"type": "serverUnavailable"}]
    if failing == 0:
        answers[1] = ["error", {"type": "invalidResultReference"}]
    with pytest.raises(MethodError, match="serverUnavailable"):
        await run("deleteQueue", [(calls, answers)])


def pages(first, *, total, properties=SEEN):
    """Two pages of one message each, with `get_page` 1, behind the first one."""
    calls, answers = [], []
    for at in range(1, total):
        calls += [
            ["x:QueuedMessage/query", {"sort": SORT, "position": at, "limit": 1, "calculateTotal": True}],
            [
                "x:QueuedMessage/get",
                {
                    "#ids": {"resultOf": f"c{2 * at - 2}", "name": "x:QueuedMessage/query", "path": "/ids"},
                    "properties": properties,
                },
            ],
        ]
        answers += [
            ["x:QueuedMessage/query", {"ids": [encode(first + at)], "total": total}],
            ["x:QueuedMessage/get", {"list": [message(first + at)], "notFound": []}],
        ]
    return calls, answers


def small(round_):
    calls, answers = round_
    return [[name, arguments | ({"limit": 1} if "limit" in arguments else {})] for name, arguments in calls], answers


async def test_all_pages_are_read_before_anything_is_written(run):
    rounds = [small(read([message(5)], total=3)), pages(5, total=3), destroy(5, 6, 7)]
    assert await run("deleteQueue", rounds, settings={"get_page": 1}) is True


async def test_a_failure_on_a_later_page_leaves_everything(run):
    calls, answers = pages(5, total=3)
    answers[2] = ["error", {"type": "serverFail"}]
    answers[3] = ["error", {"type": "invalidResultReference"}]
    with pytest.raises(MethodError, match="serverFail"):
        await run("deleteQueue", [small(read([message(5)], total=3)), (calls, answers)], settings={"get_page": 1})


async def test_seven_pages_a_round_trip(run):
    rounds = [small(read([message(5)], total=9))]
    calls, answers = pages(5, total=8)
    rounds.append((calls, answers))
    last_calls, last_answers = pages(12, total=2)
    last_calls[0][1]["position"] = 8
    rounds.append((last_calls, last_answers))
    rounds.append(destroy(*range(5, 14)))
    assert await run("deleteQueue", rounds, settings={"get_page": 1}) is True


@pytest.mark.parametrize(
    "parameters", [{"limit": "1"}, {"page": "1"}, {"max-total": "1"}, {"range-start": "0"}, {"range-end": "9"}]
)
async def test_a_count_among_too_many_messages_is_refused(run, parameters):
    rounds = [small(read([message(5)], total=3))]
    with pytest.raises(Unsupported) as refusal:
        await run("deleteQueue", rounds, query=parameters, settings={"get_page": 1, "max_scan_messages": 2})
    assert refusal.value.body["details"] == "More than 2 messages to count among; refusing to delete"


def get(*messages, properties=SEEN, gone=()):
    ids = [*(it["id"] for it in messages), *gone]
    return (
        [["x:QueuedMessage/get", {"ids": ids, "properties": properties}]],
        [["x:QueuedMessage/get", {"list": list(messages), "notFound": list(gone)}]],
    )


def ids(numbers, limit, wanted):
    chosen = {} if wanted is None else {"filter": wanted}
    return (
        [["x:QueuedMessage/query", {**chosen, "sort": SORT, "position": 0, "limit": limit, "calculateTotal": True}]],
        [["x:QueuedMessage/query", {"ids": [encode(it) for it in numbers], "total": len(numbers)}]],
    )


async def test_more_messages_than_may_be_held_are_read_tested_and_written_in_turns(run):
    wanted = {"text": "acme"}
    rounds = [
        small(read([message(5)], wanted, total=3)),
        ids([5, 6, 7, 8], 10, wanted),
        get(message(5)),
        destroy(5),
        get(message(6, "kim@other.test")),
        get(gone=[encode(7)]),
        get(message(8)),
        destroy(8),
    ]
    settings = {"get_page": 1, "query_page": 10, "max_scan_messages": 2}
    assert await run("deleteQueue", rounds, query={"text": "acme"}, settings=settings) is True


@pytest.mark.parametrize("most", [2, 100])
@pytest.mark.parametrize("chosen", [True, False])
async def test_messages_that_nobody_waits_for_were_there_all_the_same(run, most, chosen):
    sender = "kim@acme.test" if chosen else "kim@other.test"
    done = [message(number, sender, kind="Completed") for number in (5, 6, 7)]
    first = read(done, {"returnPath": "acme"}, properties=PATCHED)
    rounds = [first] if most == 100 else [first, ids([5, 6, 7], 10, {"returnPath": "acme"}), get(*done, properties=PATCHED)]
    settings = {"query_page": 10, "max_scan_messages": most}
    assert await run("patchQueue", rounds, query={"from": "acme"}, settings=settings) is chosen


async def test_failures_behind_the_answer_are_only_logged(run, caplog):
    no = {"notDestroyed": {encode(8): {"type": "forbidden", "description": "Queue delete operation failed"}}}
    rounds = [
        small(read([message(5)], total=3)),
        ids([5, 8, 9], 10, None),
        get(message(5)),
        destroy(5),
        get(message(8)),
        destroy(8, answer=no),
        get(message(9)),
        destroy(9),
    ]
    with caplog.at_level(logging.WARNING):
        assert (
            await run("deleteQueue", rounds, settings={"get_page": 1, "query_page": 10, "max_scan_messages": 2}) is True
        )
    assert "1 objects of a bulk call could not be destroyed: forbidden" in caplog.text


GONE = {"type": "notFound"}
FAILED = {"type": "forbidden", "description": "Queue delete operation failed"}
DENIED = {"type": "forbidden", "description": "Insufficient permissions"}


@pytest.mark.parametrize(
    ("errors", "refusal"),
    [
        ([FAILED, FAILED], Other),
        ([DENIED, DENIED], Forbidden),
        ([GONE, GONE], None),
        ([GONE, FAILED], None),
        ([FAILED], None),
    ],
)
async def test_a_first_request_that_touches_nothing(run, errors, refusal):
    failed = {encode(it): error for it, error in enumerate(errors, 1)}
    done = [encode(it) for it in (1, 2) if encode(it) not in failed]
    answer = {"notDestroyed": failed} | ({"destroyed": done} if done else {})
    rounds = [read([ACME, OTHER]), destroy(1, 2, answer=answer)]
    if refusal is None:
        assert await run("deleteQueue", rounds) is True
    else:
        with pytest.raises(refusal):
            await run("deleteQueue", rounds)


async def test_no_part_of_the_work_is_begun_when_one_recipient_cannot_be_named(run):
    messages = [message(1), message(2, recipients=["0"])]
    with pytest.raises(Other):
        await run("patchQueue", [read(messages, properties=PATCHED)])
