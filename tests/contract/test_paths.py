"""Which operation a request line means (legacy-rest-api 1.8)."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.contract import PathTable, SpecError

GET, POST, PUT, PATCH, DELETE = "GET", "POST", "PUT", "PATCH", "DELETE"


def found(table, method, raw_path):
    match = table.find(method, raw_path)
    return match and (match.operation.id, dict(match.elements))


@pytest.mark.parametrize(
    ("raw_path", "name"),
    [
        ("/api/principal/kim", "kim"),
        ("/api/principal/kim/x", "kim"),
        ("/api/principal/kim/", "kim"),
        ("/api/principal/", ""),
        ("/api/principal//kim", ""),
        ("/api/principal/a%2Fb", "a/b"),
        ("/api/principal/ro%2Dg", "ro-g"),
        ("/api/principal/ro-g%20", "ro-g "),
        ("/api/principal/ro-g%ZZ", "ro-g%ZZ"),
        ("/api/principal/%FF%41", "%FF%41"),
        ("/api/principal/a+b", "a+b"),
        ("/api/principal/gr%C3%BC%C3%9Fe", "grüße"),
        ("/api/principal/grüße", "grüße"),
        ("/api/principal/a\udcffb", "a\N{REPLACEMENT CHARACTER}b"),
        ("/api/principal/a&b=c", "a&b=c"),
        ("/api/principal/%00", "\0"),
        ("/api/principal/deploy", "deploy"),
    ],
)
def test_elements_are_split_before_they_are_decoded(table, raw_path, name):
    assert found(table, GET, raw_path) == ("getPrincipal", {"name": name})


@pytest.mark.parametrize(
    "raw_path",
    [
        "/api",
        "/api/",
        "/api//queue/messages",
        "//api/queue/messages",
        "/API/queue/messages",
        "/Api/logs",
        "/api/Queue/messages",
        "/api/%71ueue/messages",
        "/api/queue%2Fmessages",
        "/api/queue",
        "/api/queue/",
        "/api/queue/zz",
        "/api/queue/messages&from=a@b",
        "/api/queue/reports&domain=x",
        "/api/reports",
        "/api/reports/",
        "/api/reports/zz",
        "/api/reports/zz/1_1",
        "/api/reports/DMARC",
        "/api/reports/dmar%63",
        "/api/dns/records",
        "/api/dkim",
        "/api/settings",
        "/api/settings/zz",
        "/api/spam-filter/train/",
        "/api/spam-filter/train/zz",
        "/api/store/purge",
        "/api/store/blobs",
        "/api/account/zz",
        "/api/troubleshoot/zz",
        "/api/domain",
        "api/logs",
        "",
        "*",
    ],
)
def test_no_such_route(table, raw_path):
    assert table.find(GET, raw_path) is None


@pytest.mark.parametrize(
    "raw_path",
    [
        "/api/queue/status/",
        "/api/queue/status/stop",
        "/api/store/quota/kim/",
        "/api/store/quota/kim/x",
        "/api/troubleshoot/token/",
        "/api/telemetry/traces/",
        "/api/telemetry/traces/zz",
        "/api/telemetry/metrics/zz",
    ],
)
def test_where_nothing_further_is_tolerated(table, raw_path):
    assert table.find(GET, raw_path) is None


@pytest.mark.parametrize(
    ("method", "raw_path"),
    [
        (PATCH, "/api/queue/status"),
        (POST, "/api/settings/"),
        (POST, "/api/settings/x"),
        (DELETE, "/api/settings"),
        (DELETE, "/api/settings/"),
        (DELETE, "/api/store/uids/kim/"),
        (POST, "/api/troubleshoot/dmarc/"),
        (PUT, "/api/queue/messages"),
        (POST, "/api/queue/messages/1"),
        (POST, "/api/queue/status"),
        (DELETE, "/api/queue/status"),
        (PATCH, "/api/queue/reports/d!x!1!1!1"),
        (POST, "/api/reports/dmarc"),
        (PATCH, "/api/reports/dmarc/1_1"),
        (PATCH, "/api/principal"),
        ("HEAD", "/api/queue/messages"),
        ("HEAD", "/api/oauth"),
        ("OPTIONS", "/api/oauth"),
        ("BREW", "/api/queue/messages"),
    ],
)
def test_wrong_methods_are_no_route(table, method, raw_path):
    assert table.find(method, raw_path) is None


@pytest.mark.parametrize(
    ("method", "raw_path", "operation", "elements"),
    [
        # An empty element is an element: none of these may become the bulk call.
        (DELETE, "/api/queue/messages/", "deleteQueueMessage", {"id": ""}),
        (PATCH, "/api/queue/messages/", "patchQueueMessage", {"id": ""}),
        (GET, "/api/queue/messages/", "getQueueMessage", {"id": ""}),
        (DELETE, "/api/queue/reports/", "deleteQueueReport", {"id": ""}),
        (DELETE, "/api/reports/dmarc/", "deleteReport", {"class": "dmarc", "id": ""}),
        (DELETE, "/api/principal/", "deletePrincipal", {"name": ""}),
        (GET, "/api/store/purge/account/", "purgeAccount", {"account": ""}),
        (GET, "/api/dns/records/", "getDnsRecords", {"domain": ""}),
        (GET, "/api/store/reindex/", "reindexTarget", {"target": ""}),
        (GET, "/api/store/reindex/email/", "reindexAccount", {"target": "email", "account": ""}),
        (PATCH, "/api/queue/status/", "patchQueueStatus", {"action": ""}),
        (PATCH, "/api/queue/status/STOP", "patchQueueStatus", {"action": "STOP"}),
        (PATCH, "/api/queue/status/start/", "patchQueueStatus", {"action": "start"}),
        # The exception: here it is none.
        (POST, "/api/spam-filter/upload/spam/", "uploadSpamSample", {"kind": "spam"}),
        (POST, "/api/spam-filter/upload/ham/kim", "uploadSpamSampleOfAccount", {"kind": "ham", "account": "kim"}),
        # What follows the last element of a route is ignored.
        (GET, "/api/logs/x/y", "getLogs", {}),
        (GET, "/api/queue/messages/1/x", "getQueueMessage", {"id": "1"}),
        (GET, "/api/reports/dmarc/1_1/", "getReport", {"class": "dmarc", "id": "1_1"}),
        (GET, "/api/store/purge/blob/x", "purgeBlobStore", {}),
        (GET, "/api/account/auth/x", "getAccountAuth", {}),
        (POST, "/api/dkim/x/y", "createDkim", {}),
        (GET, "/api/settings/list/zz", "listSettings", {}),
        (GET, "/api/reload/", "reload", {}),
        (GET, "/api/reload/zz", "reload", {}),
        (GET, "/api/reload/Lookup", "reload", {}),
        (GET, "/api/reload/lookup/x", "reloadLookups", {}),
        # Words of one method are names for another.
        (DELETE, "/api/settings/list", "deleteSetting", {"key": "list"}),
        (GET, "/api/principal/deploy", "getPrincipal", {"name": "deploy"}),
        (POST, "/api/principal/deploy", "deployPrincipal", {}),
        (GET, "/api/queue/messages/12&filter=x", "getQueueMessage", {"id": "12&filter=x"}),
        (GET, "/api/queue/messages/+00012", "getQueueMessage", {"id": "+00012"}),
        (GET, "/api/queue/reports/d%21acme.test%211%212%213", "getQueueReport", {"id": "d!acme.test!1!2!3"}),
        # Undecoded elements.
        (GET, "/api/store/purge/data/my%20store", "purgeNamedDataStore", {"store": "my%20store"}),
        (GET, "/api/telemetry/trace/1%2C2", "getTrace", {"id": "1%2C2"}),
        (
            GET,
            "/api/store/purge/in-memory/d%31/p%31/k%31",
            "purgeInMemoryKeysOfAccount",
            {"store": "d%31", "prefix": "p%31", "account": "k1"},
        ),
    ],
)
def test_routes(table, method, raw_path, operation, elements):
    assert found(table, method, raw_path) == (operation, elements)


def test_consent_answers_every_method(table):
    for method in (GET, POST, PUT, PATCH, DELETE, "BREW"):
        assert found(table, method, "/api/oauth/x/y") == ("authorizeOauth", {})


def test_other_methods_on_a_principal_look_it_up_first(table):
    for method in (POST, PUT, "BREW"):
        match = table.find(method, "/api/principal/kim")
        assert (match.operation.id, match.probe) == ("getPrincipal", True)
    for method in (GET, PATCH, DELETE):
        assert not table.find(method, "/api/principal/kim").probe


@pytest.mark.parametrize(
    ("method", "raw_path", "in_011", "in_015"),
    [
        (POST, "/api/spam-filter/train/spam", "trainSpamFilter", None),
        (POST, "/api/spam-filter/upload/spam", None, "uploadSpamSample"),
        (GET, "/api/spam-filter/train/status", None, "controlSpamTraining"),
        (GET, "/api/store/reindex", "reindexAll", None),
        (GET, "/api/store/reindex/kim", "reindexTarget", "reindexTarget"),
        (GET, "/api/store/reindex/email/kim", None, "reindexAccount"),
        (POST, "/api/principal/deploy", "deployPrincipal", "deployPrincipal"),
        (GET, "/api/store/quota/kim", "getQuota", "getQuota"),
    ],
)
def test_versions_have_different_routes(spec, method, raw_path, in_011, in_015):
    def routed(version):
        match = PathTable(spec.operations, version).find(method, raw_path)
        return match and match.operation.id

    assert (routed("0.11"), routed("0.15")) == (in_011, in_015)
    assert routed("union") in (in_011, in_015)


@pytest.mark.parametrize(
    ("raw_path", "permission"),
    [
        ("/api/reload", "settings-reload"),
        ("/api/reload/zz", "settings-reload"),
        ("/api/troubleshoot/zz", "troubleshoot"),
        ("/api/oauth", "authenticate-oauth"),
        ("/api/reloads", None),
        ("/api/spam-filter/zz", None),
        ("/api/queue/messages", None),
        ("/reload", None),
        ("/api", None),
    ],
)
def test_rights_tested_before_routing(table, raw_path, permission):
    guard = table.guard(raw_path)
    assert (guard.permission if guard else None) == permission


def test_the_spam_filter_was_guarded_up_to_014(table_011, table_015):
    assert table_011.guard("/api/spam-filter/zz").permission == "spam-filter-train"
    assert table_015.guard("/api/spam-filter/zz") is None


@given(name=st.text())
def test_every_name_survives_the_way_through_a_path(table, name):
    assert table.find(GET, "/api/principal/" + quote(name, safe="")).elements["name"] == name


ELEMENTS = ["", "api", "queue", "messages", "reports", "dmarc", "%", "%FF", "store", "purge", "settings", "x"]


@given(method=st.sampled_from([GET, POST, PUT, PATCH, DELETE, "HEAD", "BREW"]), elements=st.lists(st.sampled_from(ELEMENTS)))
def test_no_path_is_too_strange(table, method, elements):
    match = table.find(method, "/" + "/".join(elements))
    assert match is None or elements[0] == "api"


def test_a_bulk_call_is_meant_only_by_its_exact_path(spec, table):
    bulk = {"deleteQueue", "patchQueue", "deleteQueueReports", "deleteReports", "deletePrincipals"}
    for operation in spec.operations:
        if operation.id in bulk:
            path = operation.template.replace("{class}", "dmarc")
            assert table.find(operation.method, path).operation.id == operation.id
            for more in ("/", "/x", "//", "/%20"):
                assert table.find(operation.method, path + more).operation.id != operation.id


def test_two_operations_for_one_path_are_an_error(spec):
    with pytest.raises(SpecError, match="answer the same path"):
        PathTable([*spec.operations, spec.operation("listQueue")])


@pytest.mark.parametrize("raw_path", ["/api/telemetry", "/api/telemetry/", "/api/telemetry/zz", "/api/telemetry/live/zz", "/api/telemetry/traces/x"])
def test_telemetry_belongs_to_an_edition_whatever_is_asked_of_it(table, raw_path):
    assert table.find("GET", raw_path) is None
    guard = table.guard(raw_path)
    assert (guard.permission, guard.enterprise) == (None, True)
