"""The route table and the words that rows are made of."""

import pytest

from gateway.contract import Spec
from gateway.legacy.outcomes import refusal, settle
from gateway.legacy.refusals import Forbidden, ItemNotFound, NotFound, Other, Unsupported
from gateway.legacy.rooms import ROOMS
from gateway.legacy.table import TableError, collect, route
from gateway.legacy.vocabulary import refused

OPERATIONS = [operation.id for operation in Spec.load().operations]


def test_every_operation_has_one_row():
    assert collect(ROOMS, OPERATIONS).keys() == set(OPERATIONS)


@pytest.mark.parametrize(
    ("rooms", "operations", "text"),
    [
        ([[route("a", refused("no")), route("a", refused("no"))]], ["a"], "two rows for a"),
        ([[route("a", refused("no"))]], ["a", "b"], "no row for b"),
        ([[route("a", refused("no")), route("b", refused("no"))]], ["a"], "no operation for the rows b"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(rooms, operations, text):
    with pytest.raises(TableError, match=text):
        collect(rooms, operations)


def test_served_rows_name_their_calls():
    rows = collect(ROOMS, OPERATIONS)
    silent = {
        name for name, action in rows.items() if action.status == "ready" and not action.calls and not action.note
    }
    assert silent == {"getQueueStatus"}


async def test_a_restart_is_refused_in_the_old_words(run):
    with pytest.raises(Unsupported) as refusal:
        await run("restart")
    assert refusal.value.body["details"] == "Restart is not yet supported"


async def test_what_the_new_server_answers_is_unknown_here(run):
    with pytest.raises(NotFound):
        await run("requestToken")


@pytest.mark.parametrize(
    ("error", "kind", "body"),
    [
        ({"type": "notFound"}, NotFound, None),
        ({"type": "forbidden", "description": "Insufficient permissions to do x"}, Forbidden, None),
        ({"type": "forbidden", "description": "No"}, Other, {"error": "other", "details": "No", "reason": "forbidden"}),
        ({"type": "invalidForeignKey"}, ItemNotFound, {"error": "notFound", "item": ""}),
        (
            {"type": "invalidPatch", "description": "Bad", "properties": ["a/b", "c"]},
            Other,
            {"error": "other", "details": "Bad", "reason": "a/b, c"},
        ),
        (
            {"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "name"}]},
            Other,
            {"error": "other", "details": "Invalid value", "reason": "name"},
        ),
        (
            {"type": "invalidProperties"},
            Other,
            {"error": "other", "details": "Invalid value", "reason": "invalidProperties"},
        ),
        (
            {"type": "overQuota", "description": "Full"},
            Other,
            {"error": "other", "details": "Full", "reason": "overQuota"},
        ),
        ({"type": "singleton"}, Other, {"error": "other", "details": "singleton", "reason": "singleton"}),
    ],
)
def test_set_errors(error, kind, body):
    refused_as = refusal(error)
    assert type(refused_as) is kind
    assert body is None or refused_as.body == body


def test_an_object_that_was_changed_is_settled():
    settle({"updated": {"a": None}, "notUpdated": {"b": {"type": "notFound"}}}, "updated", "a")
    settle({"destroyed": ["a"]}, "destroyed", "a")
