"""The specification lists every endpoint of the old API (legacy-rest-api 2.0) with its right and its versions."""

import pytest

# Number in the index, method and path, right, first and last version.
INDEX = [
    (1, "GET /api/principal", "*-list", None, None),
    (2, "POST /api/principal", "*-create", None, None),
    (4, "DELETE /api/principal", "*-delete", None, None),
    (3, "POST /api/principal/deploy", "*-create", "0.12.5", None),
    (5, "GET /api/principal/{name}", "*-get", None, None),
    (6, "PATCH /api/principal/{name}", "*-update", None, None),
    (7, "DELETE /api/principal/{name}", "*-delete", None, None),
    (8, "GET /api/queue/messages", "message-queue-list", None, None),
    (9, "PATCH /api/queue/messages", "message-queue-update", None, None),
    (10, "DELETE /api/queue/messages", "message-queue-delete", None, None),
    (11, "GET /api/queue/messages/{id}", "message-queue-get", None, None),
    (12, "PATCH /api/queue/messages/{id}", "message-queue-update", None, None),
    (13, "DELETE /api/queue/messages/{id}", "message-queue-delete", None, None),
    (14, "GET /api/queue/status", "message-queue-get", None, None),
    (15, "PATCH /api/queue/status/{action}", "message-queue-update", None, None),
    (16, "GET /api/queue/reports", "outgoing-report-list", None, None),
    (17, "DELETE /api/queue/reports", "outgoing-report-delete", None, None),
    (18, "GET /api/queue/reports/{id}", "outgoing-report-get", None, None),
    (19, "DELETE /api/queue/reports/{id}", "outgoing-report-delete", None, None),
    (20, "GET /api/reports/{class}", "incoming-report-list", None, None),
    (21, "DELETE /api/reports/{class}", "incoming-report-delete", None, None),
    (22, "GET /api/reports/{class}/{id}", "incoming-report-get", None, None),
    (23, "DELETE /api/reports/{class}/{id}", "incoming-report-delete", None, None),
    (24, "GET /api/dns/records/{domain}", "domain-get", None, None),
    (25, "POST /api/dkim", "dkim-signature-create", None, None),
    (26, "GET /api/dkim/{id}", "dkim-signature-get", None, None),
    (27, "GET /api/settings/group", "settings-list", None, None),
    (28, "GET /api/settings/list", "settings-list", None, None),
    (29, "GET /api/settings/keys", "settings-list", None, None),
    (30, "POST /api/settings", "settings-update", None, None),
    (31, "DELETE /api/settings/{key}", "settings-delete", None, None),
    (32, "GET /api/reload", "settings-reload", None, None),
    (33, "GET /api/reload/lookup", "settings-reload", None, None),
    (34, "GET /api/reload/certificate", "settings-reload", None, None),
    (35, "GET /api/reload/server.blocked-ip", "settings-reload", None, None),
    (36, "GET /api/update/spam-filter", "spam-filter-update", None, None),
    (37, "GET /api/update/webadmin", "webadmin-update", None, None),
    (38, "GET /api/restart", "restart", None, None),
    (39, "GET /api/logs", "logs-view", None, None),
    (40, "POST /api/spam-filter/train/{kind}", "spam-filter-train", None, "0.14"),
    (40, "POST /api/spam-filter/train/{kind}/{account}", "spam-filter-train", None, "0.14"),
    (41, "POST /api/spam-filter/upload/{kind}", "spam-filter-train", "0.15", None),
    (41, "POST /api/spam-filter/upload/{kind}/{account}", "spam-filter-train", "0.15", None),
    (42, "GET /api/spam-filter/train/{action}", "spam-filter-train", "0.15", None),
    (43, "POST /api/spam-filter/classify", "spam-filter-test", None, None),
    (44, "GET /api/store/blobs/{hash}", "blob-fetch", None, None),
    (45, "GET /api/store/purge/blob", "purge-blob-store", None, None),
    (46, "GET /api/store/purge/data", "purge-data-store", None, None),
    (46, "GET /api/store/purge/data/{store}", "purge-data-store", None, None),
    (47, "GET /api/store/purge/in-memory", "purge-in-memory-store", None, None),
    (47, "GET /api/store/purge/in-memory/{store}", "purge-in-memory-store", None, None),
    (47, "GET /api/store/purge/in-memory/{store}/{prefix}", "purge-in-memory-store", None, None),
    (47, "GET /api/store/purge/in-memory/{store}/{prefix}/{account}", "purge-in-memory-store", None, None),
    (48, "GET /api/store/purge/account", "purge-account", None, None),
    (48, "GET /api/store/purge/account/{account}", "purge-account", None, None),
    (49, "GET /api/store/reindex", "fts-reindex", None, "0.14"),
    (49, "GET /api/store/reindex/{target}", "fts-reindex", None, None),
    (50, "GET /api/store/reindex/{target}", "fts-reindex", None, None),
    (50, "GET /api/store/reindex/{target}/{account}", "fts-reindex", "0.15", None),
    (51, "GET /api/store/undelete/{account}", "undelete", None, None),
    (52, "POST /api/store/undelete/{account}", "undelete", None, None),
    (53, "DELETE /api/store/uids/{account}", None, None, None),
    (54, "GET /api/store/quota/{account}", None, "0.11.2", None),
    (55, "DELETE /api/store/quota/{account}", None, "0.11.2", None),
    (56, "POST /api/oauth", "authenticate-oauth", None, None),
    (57, "POST /api/oauth", "authenticate-oauth", None, None),
    (58, "GET /api/account/crypto", "manage-encryption", None, None),
    (59, "POST /api/account/crypto", "manage-encryption", None, None),
    (60, "GET /api/account/auth", "manage-passwords", None, None),
    (61, "POST /api/account/auth", "manage-passwords", None, None),
    (62, "GET /api/troubleshoot/token", "troubleshoot", None, None),
    (63, "GET /api/troubleshoot/delivery/{target}", "troubleshoot", None, None),
    (64, "POST /api/troubleshoot/dmarc", "troubleshoot", None, None),
    (65, "GET /api/telemetry/traces", "tracing-list", None, None),
    (66, "GET /api/telemetry/traces/live", "tracing-live", None, None),
    (67, "GET /api/telemetry/trace", "tracing-get", None, None),
    (67, "GET /api/telemetry/trace/{id}", "tracing-get", None, None),
    (68, "GET /api/telemetry/live/tracing-token", "tracing-live", None, None),
    (69, "GET /api/telemetry/live/metrics-token", "metrics-live", None, None),
    (70, "GET /api/telemetry/metrics", "metrics-list", None, None),
    (71, "GET /api/telemetry/metrics/live", "metrics-live", None, None),
    (72, "POST /auth/device", None, None, None),
    (73, "POST /auth/token", None, None, None),
    (74, "POST /auth/introspect", None, None, None),
    (75, "GET /auth/userinfo", None, None, None),
    (76, "POST /auth/register", "oauth-client-registration", None, None),
    (77, "GET /auth/jwks.json", None, None, None),
    (78, "GET /.well-known/oauth-authorization-server", None, None, None),
    (79, "GET /.well-known/openid-configuration", None, None, None),
]


def test_the_index_counts_79_endpoints(spec):
    assert {entry for operation in spec.operations for entry in operation.entries} == set(range(1, 80))


@pytest.mark.parametrize("row", INDEX)
def test_each_endpoint_is_there(spec, row):
    entry, call, permission, since, until = row
    (operation,) = [item for item in spec.operations if f"{item.method} {item.template}" == call]
    assert entry in operation.entries
    assert (operation.permission, operation.since, operation.until) == (permission, since, until)


def test_nothing_else_is_there(spec):
    assert {f"{item.method} {item.template}" for item in spec.operations} == {call for _, call, *_ in INDEX}


def test_rights_of_classification_changed_with_015(table_011, table_015):
    request = ("POST", "/api/spam-filter/classify")
    assert table_011.find(*request).operation.permission == "spam-filter-train"
    assert table_015.find(*request).operation.permission == "spam-filter-test"


def test_endpoints_outside_api_declare_their_own_server(spec):
    outside = [operation for operation in spec.operations if not operation.inside_api]
    assert sorted(entry for operation in outside for entry in operation.entries) == list(range(72, 80))
    for operation in outside:
        assert spec.document["paths"][operation.path]["servers"] == [{"url": "/"}]

