"""x:Task over JMAP: what a client may create, lists, changes."""

import pytest

FAR = "2100-01-01T00:00:00Z"


@pytest.fixture
def ask(server):
    return lambda verb, user="admin", **given: server.ask(f"x:Task/{verb}", given, user)


def made(ask, **task):
    """Id of a new task."""
    answer = ask("set", create={"a": {"status": {"@type": "Pending", "due": FAR}, **task}})
    return answer["created"]["a"]["id"]


def shown(ask, id_):
    (found,) = ask("get", ids=[id_])["list"]
    return found


def test_a_task_that_was_just_created_waits(ask) -> None:
    id_ = made(ask, **{"@type": "StoreMaintenance"}, status={"@type": "Pending", "due": "2026-11-21T13:06:41Z"})
    assert shown(ask, id_) == {
        "@type": "StoreMaintenance",
        "maintenanceType": "reindexAccounts",
        "shardIndex": None,
        "status": {"@type": "Pending", "createdAt": "2026-11-21T13:06:43Z", "due": "2026-11-21T13:06:41Z"},
        "due": "2026-11-21T13:06:41Z",
        "id": id_,
    }


def test_a_finished_task_is_gone(server, ask) -> None:
    id_ = made(ask, **{"@type": "StoreMaintenance", "maintenanceType": "removeGreylist"}, status={"@type": "Pending"})
    server.world.clock.advance(1)
    assert ask("get", ids=[id_]) == {"list": [], "notFound": [id_]}


def test_maintenance_of_all_accounts_becomes_one_task_each(server, ask) -> None:
    made(ask, **{"@type": "StoreMaintenance", "maintenanceType": "purgeAccounts"}, status={"@type": "Pending"})
    server.world.clock.advance(0.01)
    tasks = ask("get")["list"]
    assert sorted(task["accountId"] for task in tasks) == ["b", "c"]
    assert {(task["@type"], task["maintenanceType"]) for task in tasks} == {("AccountMaintenance", "purge")}
    assert all("2026-11-21T13:06:43Z" <= task["due"] <= "2026-11-21T13:11:43Z" for task in tasks)


def test_purging_blobs_is_done_in_parts(server, ask) -> None:
    made(ask, **{"@type": "StoreMaintenance", "maintenanceType": "purgeBlob"}, status={"@type": "Pending"})
    server.world.clock.advance(0.007)
    assert ask("query", calculateTotal=True, limit=1)["total"] == 256
    server.world.clock.advance(1)
    assert ask("query", calculateTotal=True)["total"] == 0


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ({"@type": "AcmeRenewal", "domainId": "b"}, "Invalid request: ACME not configured for domain"),
        ({"@type": "DnsManagement", "domainId": "b", "updateRecords": {"dkim": True}}, "Domain is not set to automatic DNS management"),
    ],
)
def test_what_a_domain_is_not_set_up_for_fails(server, ask, task, reason) -> None:
    id_ = made(ask, **task, status={"@type": "Pending"})
    server.world.clock.advance(1)
    status = shown(ask, id_)["status"]
    assert (status["@type"], status["failedAttemptNumber"], status["failureReason"]) == ("Failed", 0, reason)
    assert "due" not in shown(ask, id_)


def test_rules_cannot_be_fetched(server, ask) -> None:
    id_ = made(ask, **{"@type": "SpamFilterMaintenance", "maintenanceType": "updateRules"}, status={"@type": "Pending"})
    server.world.clock.advance(1)
    url = "https://github.com/stalwartlabs/spam-filter/releases/latest/download/spam-filter-rules.json.gz"
    status = shown(ask, id_)["status"]
    assert (status["@type"], status["attemptNumber"]) == ("Retry", 1)
    assert status["failureReason"] == f"Failed to fetch {url}: error sending request for url ({url})"


@pytest.mark.parametrize(
    ("task", "error"),
    [
        ({"@type": "Nope"}, {"type": "invalidPatch", "description": "Missing or invalid '@type' property in object", "properties": [""]}),
        ({"@type": "StoreMaintenance", "maintenanceType": "nope"}, {"type": "invalidPatch", "description": 'Invalid value Str("nope") for enum type ReindexAccounts.', "properties": ["maintenanceType"]}),
        ({"@type": "StoreMaintenance", "due": FAR}, {"type": "invalidPatch", "description": "Cannot modify server set property", "properties": ["due"]}),
        ({"@type": "StoreMaintenance", "status": {"@type": "Pending", "createdAt": FAR}}, {"type": "invalidPatch", "description": "Cannot modify server set property", "properties": ["status/createdAt"]}),
        ({"@type": "MergeThreads"}, {"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "accountId"}, {"type": "Required", "property": "threadName"}]}),
        ({"@type": "CalendarItipMessage", "accountId": "b", "documentId": "a"}, {"type": "forbidden", "description": "CalendarItipMessage is an internal task type that cannot be created by clients"}),
        ({"@type": "AccountMaintenance", "accountId": "zzzz"}, {"type": "invalidForeignKey", "objectId": {"object": "Account", "id": "zzzz"}}),
        ({"@type": "IndexTrace", "traceId": "b"}, {"type": "invalidForeignKey", "objectId": {"object": "Trace", "id": "b"}}),
    ],
)
def test_what_a_client_may_not_create(ask, task, error) -> None:
    assert ask("set", create={"a": task}) == {"notCreated": {"a": error}}


def test_the_kind_of_task_needs_its_own_right(server, ask) -> None:
    server.allow("hank", "sysTaskCreate", "taskStoreMaintenance")
    given = {"a": {"@type": "StoreMaintenance", "maintenanceType": "removeSieveId"}, "b": {"@type": "SpamFilterMaintenance"}, "c": {"@type": "AccountMaintenance"}}
    answer = ask("set", user="hank", create=given)
    assert list(answer["created"]) == ["a"]
    assert answer["notCreated"]["b"] == {"type": "forbidden", "description": "Insufficient permissions to create task of type SpamFilterMaintenance"}
    assert answer["notCreated"]["c"]["type"] == "validationFailed"


@pytest.fixture
def several(ask):
    """Three tasks that wait and one that was given up."""
    given = [
        {"@type": "StoreMaintenance", "maintenanceType": "removeSieveId"},
        {"@type": "AccountMaintenance", "accountId": "b", "status": {"@type": "Pending", "due": "2100-01-02T00:00:00Z"}},
        {"@type": "StoreMaintenance", "status": {"@type": "Retry", "due": "2100-01-03T00:00:00Z", "failureReason": "by hand", "attemptNumber": 2}},
        {"@type": "StoreMaintenance", "status": {"@type": "Failed", "failureReason": "by hand"}},
    ]
    return [made(ask, **task) for task in given]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"status": "Failed"}, [3]),
        ({"status": "Pending"}, [0, 1, 2, 3]),
        ({"@type": "StoreMaintenance"}, [0, 2, 3]),
        ({"@type": "StoreMaintenance", "status": "Failed"}, [3]),
        ({"dueIsLessThan": "2200-01-01T00:00:00Z"}, [0, 1, 2]),
        ({"dueIsGreaterThan": FAR}, [1, 2, 3]),
        ({"due": FAR}, [0]),
    ],
)
def test_filters(ask, several, wanted, found) -> None:
    assert ask("query", filter=wanted, sort=[{"property": "due"}])["ids"] == [several[number] for number in found]


@pytest.mark.parametrize("wanted", [{"@type": "Nope"}, {"status": "Nope"}, {"maintenanceType": "train"}, {"dueIsLessThan": "x"}])
def test_filters_that_cannot_be_used(ask, wanted) -> None:
    assert ask("query", filter=wanted)["type"] == "unsupportedFilter"


def test_the_given_up_come_first_from_behind(ask, several) -> None:
    assert ask("query")["ids"] == several[::-1]
    assert ask("query", position=-1, calculateTotal=True, sort=[{"property": "due"}])["ids"] == [several[3]]


def test_only_the_state_can_be_changed(ask, several) -> None:
    first = several[0]
    assert ask("set", update={first: {"shardIndex": 5}}) == {"updated": {first: None}}
    assert shown(ask, first)["shardIndex"] is None
    ask("set", update={first: {"shardIndex": 5, "status": {"@type": "Pending", "due": "2100-02-05T00:00:00Z"}}})
    assert (shown(ask, first)["shardIndex"], shown(ask, first)["due"]) == (5, "2100-02-05T00:00:00Z")
    assert ask("set", update={first: {"maintenanceType": "purgeData"}})["notUpdated"][first]["description"] == "Cannot modify read-only property"
    assert ask("set", update={first: {"@type": "SpamFilterMaintenance"}}) == {"updated": {first: None}}
    assert shown(ask, first)["@type"] == "StoreMaintenance"


def test_a_given_up_task_can_be_run_again(server, ask, several) -> None:
    ask("set", update={several[3]: {"status": {"@type": "Pending", "due": "2026-11-21T13:06:42Z"}}})
    server.world.clock.advance(0.006)
    assert ask("get", ids=[several[3]])["notFound"] == [several[3]]


def test_a_task_that_is_worked_on_cannot_be_changed_but_destroyed(ask) -> None:
    id_ = made(ask, **{"@type": "StoreMaintenance"}, status={"@type": "Pending"})
    refusal = {"type": "forbidden", "description": "Task is currently being processed and cannot be updated"}
    assert ask("set", update={id_: {"status": {"@type": "Pending", "due": FAR}}}) == {"notUpdated": {id_: refusal}}
    assert ask("set", destroy=[id_, id_]) == {"destroyed": [id_], "notDestroyed": {id_: {"type": "notFound"}}}


def test_a_task_may_share_the_id_of_what_it_works_on(server, ask) -> None:
    ran = []
    tasks = server.world.types["Task"]
    tasks.worker.runners["DmarcReport"] = lambda id_, stored: ran.append((id_, stored["reportId"]))
    tasks.schedule({"@type": "DmarcReport", "reportId": "jpszi9zgaaqa"}, server.world.clock.seconds() + 60, "jpszi9zgaaqa")
    assert shown(ask, "jpszi9zgaaqa")["due"] == "2026-11-21T13:07:43Z"
    server.world.clock.advance(61)
    assert ran == [("jpszi9zgaaqa", "jpszi9zgaaqa")]
