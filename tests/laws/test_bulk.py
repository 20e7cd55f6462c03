"""No bulk call on the queue touches a message that the old server would not have chosen, whatever the queue does meanwhile.

The new server is a small model of its documented query, get and set; what the old server chose is written down a second time here,
from the description of the old API.
"""

import random
from copy import deepcopy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.jmap import replies
from gateway.jmap.calls import request_body
from gateway.jmap.errors import MethodError
from gateway.knowledge.ids import decode, encode

from .bulk import NOW, call, instant, unix

PENDING = ("Scheduled", "TemporaryFailure")


class Queue:
    """Queued messages of a new server, by id, and what became of them."""

    def __init__(self, messages, *, seed=0, restless=False, wide=False):
        self.messages = {it["id"]: it for it in messages}
        self.restless, self.wide, self.random = restless, wide, random.Random(seed)  # noqa: S311 - no secret
        self.seen = {}
        self.destroyed, self.updated, self.requests = [], {}, []

    async def request(self, *calls):
        body = request_body(calls)["methodCalls"]
        self.requests.append(body)
        assert len(body) <= 16
        answers = []
        for name, arguments, tag in body:
            method = name.partition("/")[2]
            if "#ids" in arguments:
                arguments = {**arguments, "ids": answers[int(arguments["#ids"]["resultOf"][1:])][1]["ids"]}  # noqa: PLW2901
            answers.append([name, deepcopy(getattr(self, method)(arguments)), tag])
        if self.restless:
            self._happen()
        read = replies.read(calls, {"methodResponses": answers})
        assert not any(isinstance(it, MethodError) for it in read)
        return read

    def query(self, arguments):
        wanted = arguments.get("filter", {})
        waiting = [it for it in self.messages.values() if self._due(it, None) is not None]
        chosen = [it for it in waiting if self.wide or self._meets(it, wanted)]
        chosen.sort(key=lambda it: (self._due(it, None), decode(it["id"])))
        start, limit = arguments["position"], arguments["limit"]
        assert 0 < limit <= 5000
        return {"ids": [it["id"] for it in chosen[start : start + limit]], "total": len(chosen), "position": start}

    def get(self, arguments):
        assert len(arguments["ids"]) <= 500
        found = [self.messages[it] for it in arguments["ids"] if it in self.messages]
        for it in found:
            self.seen[it["id"]] = deepcopy(it)
        names = arguments.get("properties") or ()
        return {
            "list": [{name: it[name] for name in names or it} for it in found],
            "notFound": [it for it in arguments["ids"] if it not in self.messages],
        }

    def set(self, arguments):
        answer = {"updated": {}, "notUpdated": {}, "destroyed": [], "notDestroyed": {}}
        assert len(arguments.get("destroy", ())) + len(arguments.get("update", ())) <= 500
        for it, patch in arguments.get("update", {}).items():
            if it in self.messages:
                self.updated[it] = patch
                answer["updated"][it] = None
            else:
                answer["notUpdated"][it] = {"type": "notFound"}
        for it in arguments.get("destroy", ()):
            if self.messages.pop(it, None) is not None:
                self.destroyed.append(it)
                answer["destroyed"].append(it)
            else:
                answer["notDestroyed"][it] = {"type": "notFound"}
        return {name: value for name, value in answer.items() if value}

    def _meets(self, message, wanted):
        recipients = message["recipients"]
        sender = "" if message["returnPath"] == "<>" else message["returnPath"]
        if "text" in wanted:
            texts = any(wanted["text"] in it for it in (sender, *recipients))
        else:
            texts = wanted.get("returnPath", "") in sender and any(wanted.get("to", "") in it for it in recipients)
        looks_inside = wanted.keys() & {"text", "returnPath", "to"}
        queue = wanted.get("queueName")
        due = self._due(message, queue) if looks_inside else self._event(message)
        return (
            texts
            and (queue is None or self._due(message, queue) is not None)
            and ("dueIsLessThan" not in wanted or (due is not None and due < wanted["dueIsLessThan"]))
            and ("dueIsGreaterThan" not in wanted or (due is not None and due > wanted["dueIsGreaterThan"]))
        )

    @staticmethod
    def _due(message, queue):
        dues = [
            it["retryDue"]
            for it in message["recipients"].values()
            if it["status"]["@type"] in PENDING and queue in (None, it["queueName"])
        ]
        return min(dues, default=None)

    @staticmethod
    def _event(message):
        return min(min(it["retryDue"], it["notifyDue"]) for it in message["recipients"].values())

    def _happen(self):
        """Something else works on the queue: deliveries, new mail, retries."""
        for it in list(self.messages):
            match self.random.randrange(6):
                case 0:
                    del self.messages[it]
                case 1:
                    for recipient in self.messages[it]["recipients"].values():
                        recipient["retryDue"] = instant(NOW + self.random.randrange(-60, 7200))
                case 2:
                    next(iter(self.messages[it]["recipients"].values()))["status"] = {"@type": "Completed"}
        fresh = message(self.random.randrange(1, 60), "new@b.test", {"x@a.test": (0, "remote", "Scheduled")})
        self.messages.setdefault(fresh["id"], fresh)


def message(number, sender, recipients):
    return {
        "id": encode(number),
        "createdAt": instant(NOW - 60),
        "returnPath": sender,
        "recipients": {
            address: {
                "retryCount": 1,
                "retryDue": instant(NOW + due),
                "notifyDue": instant(NOW + 30),
                "expires": {"@type": "Attempts", "expiresAttempts": 9},
                "queueName": queue,
                "status": {"@type": kind},
            }
            for address, (due, queue, kind) in recipients.items()
        },
    }


def old_choice(messages, query):
    """Ids that the old server would have acted on: all filters, ascending, then `max-total` and the page (legacy-rest-api 2.2)."""
    chosen = sorted(decode(it["id"]) for it in messages if chosen_by_old_server(it, query))
    if int(query.get("max-total", "0")):
        chosen = chosen[: int(query["max-total"])]
    if limit := int(query.get("limit", "0")):
        start = max(int(query.get("page", "0")) - 1, 0) * limit
        chosen = chosen[start : start + limit]
    return {encode(it) for it in chosen}


def chosen_by_old_server(message, query):
    sender = message["returnPath"].replace("<>", "")
    recipients = message["recipients"]
    if "text" in query:
        texts = query["text"] in sender or any(query["text"] in it for it in recipients)
    else:
        texts = query.get("from", "") in sender and ("to" not in query or any(query["to"] in it for it in recipients))
    queue = query.get("queue")
    dues = [
        unix(it["retryDue"])
        for it in recipients.values()
        if it["status"]["@type"] in PENDING and (queue is None or it["queueName"] == queue)
    ]
    return (
        texts
        and (queue is None or any(it["queueName"] == queue for it in recipients.values()))
        and ("before" not in query or (bool(dues) and min(dues) < unix(query["before"])))
        and ("after" not in query or (bool(dues) and min(dues) > unix(query["after"])))
        and int(query.get("range-start", "0")) <= decode(message["id"]) <= int(query.get("range-end", "99999"))
    )


ADDRESSES = st.sampled_from(["a@a.test", "b@a.test", "a@b.test", "A@b.test", "ab@c.test"])
DUES = st.sampled_from([-60, 0, 60, 3600, 3601, 7200])
KINDS = st.sampled_from(["Scheduled", "TemporaryFailure", "Completed", "PermanentFailure"])
RECIPIENTS = st.dictionaries(
    ADDRESSES, st.tuples(DUES, st.sampled_from(["remote", "local"]), KINDS), min_size=1, max_size=3
).filter(
    lambda recipients: any(
        kind in PENDING for _, _, kind in recipients.values()
    )  # both servers drop a message that nobody waits for
)
MESSAGES = st.lists(
    st.builds(message, st.integers(0, 60), st.sampled_from(["<>", "a@b.test", "kim@a.test"]), RECIPIENTS),
    max_size=12,
    unique_by=lambda it: it["id"],
)
TEXTS = st.sampled_from(["a", "@a", "b.test", "A@", "kim", "<", "zz"])
TIMES = st.sampled_from([0, 60, 3600, 7200]).map(lambda it: instant(NOW + it))
COUNTS = st.sampled_from(["0", "1", "2", "5", "40"])
GOOD = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXTS,
        "from": TEXTS,
        "to": TEXTS,
        "before": TIMES,
        "after": TIMES,
        "queue": st.sampled_from(["remote", "local", "dsn"]),
        **dict.fromkeys(("page", "limit", "max-total", "range-start", "range-end"), COUNTS),
    },
)
BAD = st.sampled_from(
    [
        {"before": instant(NOW - 1)},
        {"after": "2031-01-01"},
        {"before": "x"},
        {"queue": "much-too-long"},
        {"limit": "1x"},
        {"page": "-1"},
        {"max-total": "1e3"},
        {"range-start": str(2**64)},
        {"range-end": "x"},
        {"sender": "a"},
        {"Text": "a"},
        {"text ": "a"},
    ]
)
SMALL_PAGES = {"get_page": 3, "query_page": 4}
BULK = st.sampled_from(["deleteQueue", "patchQueue"])


def touched(queue):
    return set(queue.destroyed) | set(queue.updated)


@settings(max_examples=300, deadline=None)
@given(BULK, MESSAGES, GOOD, st.booleans(), st.booleans())
def test_a_quiet_queue_is_changed_as_the_old_server_would_have(operation, messages, query, wide, exact):
    """The new server finds in a queue only pending recipients, unless it is asked for more than that."""
    queue = Queue(messages, wide=wide)
    findable = messages if exact or wide else [it for it in messages if waits_in_queue(it, query)]
    expected = old_choice(findable, query)
    assert call(operation, queue, query, exact_queue_filter=exact, **SMALL_PAGES) is bool(expected)
    assert touched(queue) == expected


def waits_in_queue(message, query):
    return any(
        it["status"]["@type"] in PENDING and query.get("queue", it["queueName"]) == it["queueName"]
        for it in message["recipients"].values()
    )


@settings(max_examples=300, deadline=None)
@given(
    BULK,
    MESSAGES,
    GOOD,
    st.fixed_dictionaries({"wide": st.booleans(), "seed": st.integers(0, 1000)}),
    st.sampled_from([2, 100]),
)
def test_a_restless_queue_loses_nothing_that_did_not_match_when_it_was_read(operation, messages, query, habits, most):
    queue = Queue(messages, restless=True, **habits)
    call(operation, queue, query, max_scan_messages=most, **SMALL_PAGES)
    assert all(chosen_by_old_server(queue.seen[it], query) for it in touched(queue))
    if limit := int(query.get("limit", "0")):
        assert len(touched(queue)) <= limit
    if total := int(query.get("max-total", "0")):
        assert len(touched(queue)) <= total


@settings(max_examples=200, deadline=None)
@given(BULK, MESSAGES, GOOD, TEXTS, st.integers(0, 1000))
@example("patchQueue", [message(1, "kim@a.test", {"a@a.test": (0, "remote", "Scheduled")})], {"from": "kim"}, "zz", 0)
def test_filter_narrows(operation, messages, query, text, seed):
    queue = Queue(messages, seed=seed, restless=True)
    call(operation, queue, {**query, "filter": text}, **SMALL_PAGES)
    for it in touched(queue):
        assert chosen_by_old_server(queue.seen[it], query)
        assert chosen_by_old_server(queue.seen[it], {"text": text})


@settings(max_examples=100, deadline=None)
@given(BULK, MESSAGES, GOOD, BAD)
def test_what_is_refused_leaves_everything(operation, messages, query, bad):
    queue = Queue(messages)
    assert call(operation, queue, {**query, **bad}, **SMALL_PAGES) is None
    assert queue.requests == []


@settings(max_examples=100, deadline=None)
@given(MESSAGES, GOOD)
def test_only_pending_recipients_are_rescheduled(messages, query):
    queue = Queue(messages)
    call("patchQueue", queue, query, **SMALL_PAGES)
    for it, patch in queue.updated.items():
        recipients = queue.messages[it]["recipients"]
        assert patch == {
            f"recipients/{address}/retryDue": instant(NOW)
            for address, one in recipients.items()
            if one["status"]["@type"] in PENDING
        }


@settings(max_examples=200, deadline=None)
@given(MESSAGES, GOOD)
def test_the_list_shows_what_a_bulk_call_would_touch(messages, query):
    queue = Queue(messages)
    listed = call("listQueue", queue, query, exact_queue_filter=True, **SMALL_PAGES)
    assert listed["items"] == sorted(listed["items"])
    assert {encode(it) for it in listed["items"]} == old_choice(messages, query)
    call("deleteQueue", queue, query, exact_queue_filter=True, **SMALL_PAGES)
    assert set(queue.destroyed) == old_choice(messages, query)


@pytest.mark.parametrize("operation", ["deleteQueue", "patchQueue"])
def test_requests_stay_within_the_limits_of_the_new_server(operation):
    many = [message(it, "a@b.test", {"a@a.test": (it % 50, "remote", "Scheduled")}) for it in range(9000)]
    wide = [
        message(it, "a@b.test", {f"{at}@a.test": (0, "remote", "Scheduled") for at in range(3000)})
        for it in (9001, 9002)
    ]
    queue = Queue(many + wide)
    assert call(operation, queue, {"text": "a@b"}) is True
    assert touched(queue) == {it["id"] for it in many + wide}
    writes = [arguments for body in queue.requests for name, arguments, _ in body if name.endswith("/set")]
    assert max(sum(map(len, it.get("update", {}).values())) for it in writes) <= (
        5000 if operation == "patchQueue" else 0
    )
