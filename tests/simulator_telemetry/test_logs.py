"""The object type Log, as recorded (`logs`)."""

import pytest

ANCHORS = {"type": "invalidArguments", "description": "Pagination is only possible using anchors for logs"}


@pytest.fixture
def server(serve):
    server = serve("oss")
    server.mail("alice@sender.test", "x@ok.test")
    return server


def events(server, ids):
    return [it["event"] for it in server.call("x:Log/get", ids=ids)["list"]]


def test_the_newest_lines_come_first_and_the_first_of_the_file_is_the_start(server):
    ids = server.ids("x:Log/query")
    assert events(server, [ids[0], ids[-1]]) == ["delivery.attempt-end", "server.startup"]
    assert ids[-1] == "a"
    assert server.call("x:Log/get", ids=["a"])["list"][0]["details"] == 'hostname = "mail.example.org", version = "0.16.16"'


def test_a_line_is_an_event_in_words(server):
    (line,) = server.call("x:Log/get", ids=server.ids("x:Log/query", filter={"text": "queue.message-queued"}))["list"]
    assert (line["level"], line["timestamp"]) == ("info", "2026-11-21T13:06:43Z")
    assert line["details"].startswith('listenerId = "smtp", localPort = 25, remoteIp = 127.0.0.1, remotePort = 49152, queueId = ')
    assert 'from = "alice@sender.test", to = ["x@ok.test"], size = ' in line["details"]


def test_pages_go_on_behind_an_anchor_while_the_file_grows(server):
    whole = server.ids("x:Log/query")
    server.mail("carol@sender.test", "x@ok.test")
    assert server.ids("x:Log/query", anchor=whole[3], limit=4) == whole[4:8]
    assert server.ids("x:Log/query", anchor=whole[3], anchorOffset=2, limit=4) == whole[4:8]
    assert server.ids("x:Log/query", anchor="zzzz") == []
    assert server.ids("x:Log/query", anchor="a", limit=2) == server.ids("x:Log/query", limit=2)
    assert events(server, whole[:1]) == ["delivery.attempt-end"]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({"limit": 2}, set()),
        ({"limit": 2, "position": 0}, {"limit"}),
        ({"limit": 2, "position": 3}, set()),
        ({"limit": 2, "calculateTotal": True}, {"limit", "total"}),
        ({"limit": 2, "sort": [{"property": "id", "isAscending": True}]}, set()),
        ({"limit": 2, "filter": {"text": ""}}, set()),
    ],
)
def test_positions_and_sorts_change_nothing(server, arguments, answer):
    found = server.call("x:Log/query", **arguments)
    assert found["ids"] == server.ids("x:Log/query")[:2]
    assert found.keys() & {"limit", "total"} == answer
    assert found.get("total") in {None, 5000}


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"position": -1}, ANCHORS),
        ({"position": 2, "calculateTotal": True}, ANCHORS),
        ({"sort": [{"property": "timestamp", "isAscending": True}]}, {"type": "unsupportedSort", "description": "Only sorting by 'id' is supported for logs"}),
        ({"filter": {"event": "auth.failed"}}, {"type": "unsupportedFilter", "description": "Filter on property event is not supported or invalid"}),
        ({"filter": {"text": 1}}, {"type": "unsupportedFilter", "description": "Filter on property text is not supported or invalid"}),
        ({"filter": {"nope": 1}}, {"type": "unsupportedFilter", "description": "nope"}),
    ],
)
def test_what_queries_refuse(server, arguments, refusal):
    assert server.call("x:Log/query", **arguments) == refusal


def test_lines_that_are_not_there_are_left_out_without_a_word(server):
    newest = server.ids("x:Log/query")[0]
    answer = server.call("x:Log/get", ids=["zzzz", "!", newest, "b", newest])
    assert ([it["id"] for it in answer["list"]], answer["notFound"]) == ([newest, newest], ["!"])
    assert server.call("x:Log/get", ids=[newest], properties=["level"])["list"] == [{"id": newest, "level": "info"}]
    assert server.call("x:Log/get", ids=[newest], properties=["nope"])["list"] == server.call("x:Log/get", ids=[newest])["list"]


def test_lines_cannot_be_written(server):
    answer = server.call("x:Log/set", create={"n": {}}, update={"b": {}}, destroy=["b", "!"])
    words = {member: {name: error["description"] for name, error in answer[member].items()} for member in ("notCreated", "notUpdated", "notDestroyed")}
    assert words == {
        "notCreated": {"n": "Telemetry objects cannot be created"},
        "notUpdated": {"b": "Telemetry objects cannot be modified"},
        "notDestroyed": {"b": "Telemetry objects cannot be deleted"},
    }


def test_with_a_new_day_the_file_begins_anew(server):
    old = server.ids("x:Log/query")
    server.world.clock.advance(86_400)
    server.mail("carol@sender.test", "x@ok.test")
    assert not set(server.ids("x:Log/query")[:-1]) <= set(old)
    (first,) = server.call("x:Log/get", ids=["a"])["list"]
    assert first["timestamp"].startswith("2026-11-22")


@pytest.mark.parametrize(("level", "written"), [("warn", False), ("debug", True)])
def test_the_tracer_says_how_much_is_written(server, level, written):
    (tracer,) = server.world.kept("Tracer").objects
    server.call("x:Tracer/set", update={tracer: {"level": level}})
    before = server.ids("x:Log/query", filter={"text": "smtp."})
    server.call("x:Action/set", create={"a": {"@type": "ReloadSettings"}})
    server.mail("carol@sender.test", "x@ok.test")
    assert (server.ids("x:Log/query", filter={"text": "smtp."}) != before) == written
    assert bool(server.ids("x:Log/query", filter={"text": "DEBUG"})) == written


def test_reports_with_failures_are_warnings(serve):
    server = serve("oss")
    server.world.tell("report.received", ("TlsExternalReport", "tls@big.test", True))
    (line,) = server.call("x:Log/get", ids=server.ids("x:Log/query", filter={"text": " WARN "}))["list"]
    assert line["event"] == "incoming-report.tls-report-with-warnings"
