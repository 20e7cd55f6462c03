"""x:QueuedMessage/query: filters, order, pages. Five messages, due one hour after the other."""

from types import SimpleNamespace

import pytest

HOURS = [f"2026-11-21T{hour}:06:43Z" for hour in (14, 15, 16, 17, 18)]
SENT = {"two": ("alice@sender.test", "kim@temp.test"), "mixed": ("alice@sender.test", "ok@ok.test", "wait@temp.test"), "null": ("", "null@temp.test"), "upper": ("Bob@Sender.Test", "Kim@Temp.Test"), "slow": ("bob@sender.test", "who@servfail.test")}


@pytest.fixture
def box(server):
    """`names` gives the names of the messages that a query finds, `answer` the whole answer."""
    ids = {name: server.queued(*who) for name, who in SENT.items()}
    for name, due in zip(SENT, HOURS, strict=True):
        server.change(ids[name], {"nextRetry": due})
    known = {id_: name for name, id_ in ids.items()}

    def answer(**arguments):
        return server.ask("x:QueuedMessage/query", {"sort": [{"property": "due"}], "calculateTotal": True} | arguments)

    return SimpleNamespace(ids=ids, answer=answer, names=lambda **arguments: [known[id_] for id_ in answer(**arguments)["ids"]], server=server)


EVERYTHING = ["two", "mixed", "null", "upper", "slow"]


def test_the_whole_answer(box) -> None:
    assert box.answer() == {"queryState": "n", "canCalculateChanges": True, "position": 0, "ids": [box.ids[name] for name in EVERYTHING], "total": 5}
    assert "total" not in box.answer(calculateTotal=False)


def test_the_latest_come_first_unless_asked_otherwise(box) -> None:
    assert box.names(sort=None) == box.names(sort=[{"property": "due", "isAscending": False}]) == EVERYTHING[::-1]
    assert box.answer(sort=[{"property": "id"}]) == {"type": "unsupportedSort", "description": "Only sorting by 'due' is supported for queued messages"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"text": "kim"}, ["two"]),
        ({"text": "Kim"}, ["upper"]),
        ({"text": "sender.test"}, ["two", "mixed", "upper", "slow"]),
        ({"text": ""}, EVERYTHING),
        ({"text": "<>"}, []),
        ({"returnPath": "kim"}, []),
        ({"returnPath": "alice", "to": "wait"}, ["mixed"]),
        ({"to": "ok@"}, ["mixed"]),
        ({"text": "kim", "returnPath": "nobody", "to": "nobody"}, ["two"]),
        ({"textIsGreaterThan": "kim"}, ["two"]),
        ({"operator": "AND", "conditions": [{"returnPath": "alice"}, {"to": "kim"}]}, ["two"]),
        ({"operator": "AND", "conditions": []}, EVERYTHING),
        ({"dueIsLessThan": HOURS[2]}, ["two", "mixed"]),
        ({"dueIsLessThanOrEqual": HOURS[2]}, ["two", "mixed", "null"]),
        ({"dueIsGreaterThan": HOURS[2]}, ["upper", "slow"]),
        ({"due": HOURS[3]}, ["upper"]),
        ({"text": "", "dueIsGreaterThanOrEqual": "2026-11-21T18:06:43+01:00"}, ["upper", "slow"]),
        ({"queueName": "remote"}, EVERYTHING),
        ({"queueName": "REMOTE"}, []),
    ],
)
def test_filters(box, wanted, found) -> None:
    assert box.names(filter=wanted) == found


@pytest.mark.parametrize(
    ("wanted", "description"),
    [
        ({"text": 5}, "Filter on property text is not supported or invalid"),
        ({"text": None}, "Filter on property text is not supported or invalid"),
        ({"dueIsLessThan": "tomorrow"}, "Filter on property due is not supported or invalid"),
        ({"dueIsLessThan": 4102444800}, "Filter on property due is not supported or invalid"),
        ({"dueIsGreaterThan": HOURS[1], "dueIsLessThan": HOURS[1]}, "Filter on property due is not supported or invalid"),
        ({"text": "", "dueIsGreaterThan": HOURS[2], "dueIsLessThan": HOURS[1]}, "Filter on property due is not supported or invalid"),
        ({"queueName": ""}, "Filter on property queueName is not supported or invalid"),
        ({"queueName": "muchtoolong"}, "Filter on property queueName is not supported or invalid"),
        ({"createdAtIsLessThan": HOURS[0]}, "Filter on property createdAt is not supported or invalid"),
        ({"nope": "x"}, "nope"),
        ({"operator": "OR", "conditions": [{"text": "x"}]}, "Only AND is supported in filters"),
    ],
)
def test_filters_that_cannot_be_used(box, wanted, description) -> None:
    assert box.answer(filter=wanted) == {"type": "unsupportedFilter", "description": description}


def test_without_texts_the_next_event_counts_else_the_next_attempt(box) -> None:
    box.server.change(box.ids["two"], {"nextRetry": "2026-11-23T14:00:00Z"})
    late = {"dueIsGreaterThan": "2026-11-23T00:00:00Z"}
    assert box.names(filter=late) == []
    for name in ("text", "returnPath", "to"):
        assert box.names(filter={name: "alice" if name != "to" else "kim", **late}) == ["two"]


def test_messages_without_a_pending_event_are_not_listed(box) -> None:
    box.server.change(box.ids["mixed"], {"recipients/wait@temp.test": None})
    assert box.names() == ["two", "null", "upper", "slow"]


@pytest.mark.parametrize(
    ("page", "found", "position", "limit"),
    [
        ({"limit": 3}, ["two", "mixed", "null"], 0, 3),
        ({"limit": 5}, EVERYTHING, 0, 5),
        ({"limit": 6}, EVERYTHING, 0, None),
        ({"position": 2, "limit": 2}, ["null", "upper"], 2, 2),
        ({"position": 50, "limit": 2}, [], 0, 2),
        ({"limit": 0}, [], 0, 0),
        ({"limit": 0, "calculateTotal": False}, EVERYTHING, 0, 0),
        ({"position": -3, "limit": 2}, ["two", "mixed"], 0, 2),
        ({"position": -3, "limit": 2, "calculateTotal": False}, ["null", "upper"], 2, 2),
        ({"position": -2, "limit": 2, "filter": {"text": ""}}, ["upper", "slow"], 3, 2),
    ],
)
def test_pages(box, page, found, position, limit) -> None:
    assert box.names(**page) == found
    answer = box.answer(**page)
    assert (answer["position"], answer.get("limit")) == (position, limit)


def test_an_anchor_begins_the_walk(box) -> None:
    anchor = {"anchor": box.ids["null"], "limit": 2}
    assert (box.names(**anchor), box.answer(**anchor)["position"], box.answer(**anchor)["total"]) == (["null", "upper"], 0, 3)
    assert (box.names(**anchor, anchorOffset=1), box.answer(**anchor, anchorOffset=1)["position"]) == (["upper", "slow"], 1)
    assert (box.names(**anchor, filter={"text": ""}), box.answer(**anchor, filter={"text": ""})["position"]) == (["null", "upper"], 2)
    assert box.answer(anchor="zzz")["type"] == "anchorNotFound"
