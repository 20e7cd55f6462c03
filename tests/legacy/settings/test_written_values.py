"""Texts that become values in context: credentials, secrets, macros, events, variants, regions, folders."""

import pytest

from gateway.knowledge.event_names import EVENTS, METRICS
from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.refusals import ItemNotFound, ManagementError
from gateway.legacy.settings.writing.target import Context, Target
from gateway.legacy.settings.writing.values import written
from gateway.legacy.settings.writing.variants import variant_of

HOOK = "webhook.h"
BASIC = {"@type": "Basic", "username": "u", "secret": {"@type": "Value", "secret": "****"}}
BEARER = {"@type": "Bearer", "bearerToken": {"@type": "Value", "secret": "****"}}
NOBODY = {"@type": "Unauthenticated"}
SECRET = "canary-of-a-secret"


def write(key, given, target, after=None, **context):
    found = SETTINGS.find(key)
    cells = {**(after or {}), key: given}
    return written(found.row, key, given, target, Context(context.pop("snapshot", {}), context.pop("named", {}), after=cells, **context))


def refusal(key, given, target, after=None, **context):
    with pytest.raises(ManagementError) as raised:
        write(key, given, target, after, **context)
    return raised.value.body


def hook(auth=None):
    return Target("WebHook", auth and {"id": "w", "httpAuth": auth}, None, "h")


# Credentials


@pytest.mark.parametrize(
    ("stored", "cells", "key", "values"),
    [
        (BASIC, {"username": "v", "secret": "****"}, "username", [("/httpAuth/username", "v")]),
        (BASIC, {"username": "u", "secret": "new"}, "secret", [("/httpAuth/secret", {"@type": "Value", "secret": "new"})]),
        (BASIC, {"username": "v", "secret": "****"}, "secret", []),
        (BASIC, {"secret": "****"}, "username", [("/httpAuth", NOBODY)]),
        (BASIC, {"username": "u", "secret": "****", "token": "%{env:T}%"}, "token", [("/httpAuth", {"@type": "Bearer", "bearerToken": {"@type": "EnvironmentVariable", "variableName": "T"}})]),
        (BEARER, {"token": "other"}, "token", [("/httpAuth/bearerToken", {"@type": "Value", "secret": "other"})]),
        (BEARER, {"token": "****", "username": "u"}, "username", []),
        (BEARER, {}, "token", [("/httpAuth", NOBODY)]),
        (NOBODY, {"username": "u", "secret": "s"}, "username", [("/httpAuth", {"@type": "Basic", "username": "u", "secret": {"@type": "Value", "secret": "s"}})]),
        (NOBODY, {"secret": "s"}, "secret", []),
        (None, {"username": "u", "secret": "s"}, "secret", [("/httpAuth", {"@type": "Basic", "username": "u", "secret": {"@type": "Value", "secret": "s"}})]),
        (None, {"secret": "s"}, "secret", []),
    ],
)
def test_credentials(stored, cells, key, values):
    after = {f"{HOOK}.auth.{name}": text for name, text in cells.items()}
    assert write(f"{HOOK}.auth.{key}", cells.get(key), hook(stored), after) == values


@pytest.mark.parametrize(
    ("stored", "cells", "key", "missing"),
    [
        (BASIC, {"username": "u"}, "secret", "secret"),
        (NOBODY, {"username": "u"}, "username", "secret"),
        (None, {"username": "u", "secret": "****"}, "username", "secret"),
        (None, {"token": "****"}, "token", "token"),
        (NOBODY, {"token": "****"}, "token", "token"),
    ],
)
def test_credentials_that_lack_what_has_to_be_sent(stored, cells, key, missing):
    after = {f"{HOOK}.auth.{name}": text for name, text in cells.items()}
    assert refusal(f"{HOOK}.auth.{key}", cells.get(key), hook(stored), after) == {"error": "fieldMissing", "field": f"{HOOK}.auth.{missing}"}


def test_the_login_of_a_store_that_is_reached_by_http():
    stored = {"@type": "ElasticSearch", "httpAuth": BASIC}
    target = Target("SearchStore", stored, "ElasticSearch", "fts")
    shown = {"store.fts.auth.username": "u", "store.fts.auth.secret": "****"}
    assert write("store.fts.user", "v", target, shown) == [("/httpAuth/username", "v")]
    assert write("store.fts.password", "p", target, shown) == [("/httpAuth/secret", {"@type": "Value", "secret": "p"})]
    sql = Target("SearchStore", {"@type": "MySql", "authUsername": "u"}, "MySql", "fts")
    assert write("store.fts.user", "v", sql) == [("/authUsername", "v")]


# Secrets and macros


def test_secrets():
    relay = Target("MtaRoute", {"id": "r", "@type": "Relay"}, "Relay", "x")
    key = "queue.route.x.auth.secret"
    assert write(key, "new", relay) == [("/authSecret", {"@type": "Value", "secret": "new"})]
    assert write(key, "%{file:/etc/pw}%", relay) == [("/authSecret", {"@type": "File", "filePath": "/etc/pw"})]
    assert write(key, "****", relay) == []
    assert write(key, None, relay) == [("/authSecret", {"@type": "None"})]
    assert refusal(key, "****", Target("MtaRoute", None, "Relay", "x")) == {"error": "fieldMissing", "field": key}
    assert refusal(key, "****", Target("MtaRoute", {"id": "r", "@type": "Mx"}, "Relay", "x")) == {"error": "fieldMissing", "field": key}
    assert refusal("oauth.key", None, Target("OidcProvider", {"id": "singleton"})) == {"error": "fieldMissing", "field": "oauth.key"}


def test_macros_of_other_keys():
    cells = {"server.hostname": "mx.example.org", "http.headers": ["A: 1", "B: 2"], "custom.banner": "hello", "oauth.key": "****", "session.timeout": {"": "5m"}}
    form = Target("HttpForm", {"id": "singleton"})
    assert write("form.name.default", "at %{cfg:lookup.default.hostname}%!", form, cells) == [("/defaultName", "at mx.example.org!")]
    assert write("form.name.default", "%{cfg:custom.banner}%", form, cells) == [("/defaultName", "hello")]
    assert write("form.name.default", "%{cfg:http.headers.01}%", form, cells) == [("/defaultName", "B: 2")]
    assert write("form.name.default", "%{cfg:session.timeout}%", form, cells) == [("/defaultName", "5m")]
    session = Target("MtaStageConnect", {"id": "singleton"})
    assert write("session.connect.greeting", {"": "'%{cfg:server.hostname}%'"}, session, cells) == [("/smtpGreeting", {"match": {}, "else": "'mx.example.org'"})]
    for text, reason in {
        "%{cfg:oauth.key}%": "the value of 'oauth.key' cannot be read",
        "%{cfg:no.such}%": "'no.such' has no value",
        "%{cfg:http.headers}%": "'http.headers' has no value",
        "%{env:NAME}%": "only the whole value of a secret or a certificate can be a macro",
    }.items():
        assert refusal("form.name.default", text, form, cells) == {
            "error": "unsupported",
            "details": f"Macro in setting 'form.name.default' cannot be converted: {reason}",
        }


def test_a_macro_inside_a_secret_is_refused_without_showing_it():
    body = refusal("oauth.key", f"{SECRET}%{{env:PART}}%", Target("OidcProvider", {"id": "singleton"}))
    assert body["error"] == "unsupported"
    assert SECRET not in str(body)


# Events and metrics


def test_patterns_and_names_that_are_gone():
    stored = {"id": "w", "events": {"auth.success": True}, "eventsPolicy": "include"}
    target = Target("WebHook", stored, None, "h")
    key = f"{HOOK}.events"
    starting = dict.fromkeys((name for name in EVENTS if name.startswith("dane.")), True)
    assert write(key, ["dane.*"], target) == [("/events", starting)]
    assert write(key, "*", target) == [("/events", dict.fromkeys(EVENTS, True))]
    assert write(key, ["auth.success", "auth.failed", "config.build-error", "queue.queue-message"], target) == [
        ("/events", {"auth.success": True, "auth.failed": True}),
    ]
    assert write(key, None, target) == [("/events", {})]
    assert refusal(key, ["auth.success", "manage.*"], target)["reason"] == "'manage.*' no longer exists"
    assert refusal(key, ["auth.success", "auth.sucess"], target) == {
        "error": "other",
        "details": f"Invalid value for setting '{key}'",
        "reason": "'auth.sucess' is not available",
    }
    assert write(key, "auth.error", Target("WebHook", None, None, "h")) == [("/events", {"auth.error": True}), ("/eventsPolicy", "include")]


def test_a_page_of_the_old_webadmin_keeps_newer_events():
    stored = {"id": "w", "events": {"auth.success": True, "auth.warning": True}, "eventsPolicy": "include"}
    before = {f"{HOOK}.events": ["auth.success", "auth.warning"]}
    page = {"before": before, "keep_events": True}
    assert write(f"{HOOK}.events", "auth.failed", Target("WebHook", stored, None, "h"), **page) == [("/events", {"auth.failed": True, "auth.warning": True})]
    assert write(f"{HOOK}.events", "auth.failed", Target("WebHook", stored, None, "h"), before=before) == [("/events", {"auth.failed": True})]


def test_names_of_a_newer_server_may_stay():
    stored = {"id": "w", "events": {"moon.landing": True, "auth.success": True}, "eventsPolicy": "include"}
    target = Target("WebHook", stored, None, "h")
    both = ["moon.landing", "auth.success"]
    values = [("/events", {"auth.failed": True, "moon.landing": True})]
    assert write(f"{HOOK}.events", ["moon.landing", "auth.failed"], target) == values
    assert write(f"{HOOK}.events", "auth.failed", target, before={f"{HOOK}.events": both}, keep_events=True) == values
    assert write(f"{HOOK}.events", "auth.failed", target) == [("/events", {"auth.failed": True})]
    assert refusal(f"{HOOK}.events", ["moon.walk"], target)["reason"] == "'moon.walk' is not available"


def test_lists_under_the_other_policy():
    hooked = Target("WebHook", {"id": "w", "events": {}, "eventsPolicy": "exclude"}, None, "h")
    assert write(f"{HOOK}.events", ["auth.failed"], hooked) == [("/events", {name: True for name in EVENTS if name != "auth.failed"})]
    counted = Target("Metrics", {"id": "singleton", "metrics": {}, "metricsPolicy": "include"})
    assert write("metrics.disabled-events", ["queue.count"], counted) == [("/metrics", {name: True for name in METRICS if name != "queue.count"})]
    tracer = Target("Tracer", {"id": "z", "@type": "Log", "events": {}, "eventsPolicy": "include"}, "Log", "log")
    assert refusal("tracer.log.disabled-events", ["auth.failed"], tracer)["details"] == "Setting 'tracer.log.disabled-events' is read-only"
    assert write("tracer.log.disabled-events", None, tracer) == []


def test_events_that_are_not_counted():
    target = Target("Metrics", {"id": "singleton", "metrics": {}, "metricsPolicy": "exclude"})
    assert "imap.fetch" not in METRICS
    assert write("metrics.disabled-events", ["imap.fetch", "auth.failed"], target) == [("/metrics", {"auth.failed": True})]
    assert refusal("metrics.disabled-events", "imap.fetch", target)["reason"] == "'imap.fetch' no longer exists"


def test_conditions_over_metrics():
    target = Target("Alert", None, None, "a")
    key = "metrics.alerts.a.condition"
    assert write(key, "queue_count > 10 && is_empty('domain_count')", target) == [
        ("/condition", {"match": {}, "else": "metric('queue.count') > 10 && is_empty('domain_count')"}),
    ]
    chain = {"0.if": "server_memory > 5", "0.then": "false", "1.else": "queue_count > 1"}
    assert write(key, chain, target) == [
        ("/condition", {"match": {"0": {"if": "metric('server.memory') > 5", "then": "false"}}, "else": "metric('queue.count') > 1"}),
    ]
    assert refusal(key, "queue_counts > 10", target) == {
        "error": "unsupported",
        "details": f"Expression in setting '{key}' cannot be converted: queue_counts is no metric",
    }


# Variants


@pytest.mark.parametrize(
    ("texts", "type_", "stored", "variant"),
    [
        ({"resolver.type": "quad9-tls"}, "DnsResolver", "System", "Quad9"),
        ({"tracer.x.type": "open-telemetry"}, "Tracer", "OtelGrpc", "OtelGrpc"),
        ({"tracer.x.type": "open-telemetry", "tracer.x.transport": "http"}, "Tracer", "OtelGrpc", "OtelHttp"),
        ({"tracer.x.type": "log", "tracer.x.transport": "http"}, "Tracer", None, "Log"),
        ({"store.lookup.type": "redis", "store.lookup.redis-type": "cluster"}, "InMemoryStore", "Redis", "RedisCluster"),
        ({"store.lookup.type": "redis"}, "InMemoryStore", "RedisSentinel", "RedisSentinel"),
        ({"tracing.history.enable": "true"}, "TracingStore", "Disabled", "Default"),
        ({"tracing.history.enable": "true"}, "TracingStore", "MySql", "MySql"),
        ({"tracing.history.enable": "false"}, "TracingStore", "MySql", "Disabled"),
        ({}, "Asn", "Dns", "Resource"),
        ({}, "MtaRoute", "Relay", "Relay"),
        ({"spam-filter.list.scores.T": "discard"}, "SpamTag", "Score", "Discard"),
        ({}, "Http", None, None),
    ],
)
def test_variants(texts, type_, stored, variant):
    target = Target(type_, {"@type": stored} if stored else None, None, "x")
    assert variant_of({SETTINGS.find(key).row: text for key, text in texts.items()}, target) == variant


@pytest.mark.parametrize(
    ("texts", "type_", "stored", "body"),
    [
        ({"tracer.x.type": "open-telemetry"}, "Tracer", None, {"error": "fieldMissing", "field": "tracer.x.transport"}),
        ({}, "MtaRoute", None, {"error": "fieldMissing", "field": "queue.route.x.type"}),
        (
            {"signature.x.algorithm": "rsa-sha1"},
            "DkimSignature",
            None,
            {"error": "other", "details": "Invalid value for setting 'signature.x.algorithm'", "reason": "'rsa-sha1' is not available"},
        ),
        (
            {"store.x.redis-type": "single"},
            "InMemoryStore",
            "RedisSentinel",
            {"error": "unsupported", "details": "Setting 'store.x.redis-type' is read-only"},
        ),
    ],
)
def test_variants_that_are_refused(texts, type_, stored, body):
    target = Target(type_, {"@type": stored} if stored else None, None, "x")
    with pytest.raises(ManagementError) as raised:
        variant_of({SETTINGS.find(key).row: text for key, text in texts.items()}, target)
    assert raised.value.body == body


def test_words_that_mean_more_than_the_variant():
    resolver = Target("DnsResolver", {"id": "singleton", "@type": "Cloudflare", "useTls": True}, "Cloudflare")
    assert write("resolver.type", "cloudflare", resolver) == [("/@type", "Cloudflare"), ("/useTls", False)]
    assert write("resolver.custom", ["udp://127.0.0.1:53"], resolver) == []


def test_parts_of_an_object_with_variants_of_their_own():
    ttl = Target("MtaDeliverySchedule", {"id": "s", "expiry": {"@type": "Ttl", "expire": 5000}}, None, "x")
    after = {"queue.schedule.x.expire-type": "attempts"}
    assert write("queue.schedule.x.expire-type", "attempts", ttl) == [("/expiry/@type", "Attempts")]
    assert write("queue.schedule.x.max-attempts", "7", ttl, after) == [("/expiry/maxAttempts", 7)]
    assert write("queue.schedule.x.max-attempts", "7", ttl, {"queue.schedule.x.expire-type": "ttl"}) == []
    assert write("queue.schedule.x.expire", "1d", ttl, after) == []
    assert write("queue.schedule.x.expire-type", None, ttl) == [("/expiry/@type", "Ttl")]
    alert = Target("Alert", {"id": "a", "emailAlert": {"@type": "Disabled"}}, None, "a")
    assert write("metrics.alerts.a.notify.email.subject", "s", alert, {"metrics.alerts.a.notify.email.enable": "false"}) == []
    assert write("metrics.alerts.a.notify.email.subject", "s", alert, {"metrics.alerts.a.notify.email.enable": "true"}) == [("/emailAlert/subject", "s")]


# Stores


def test_regions():
    store = Target("BlobStore", {"id": "singleton", "@type": "S3", "region": {"@type": "UsEast1"}}, "S3", "blob")
    assert write("store.blob.region", "eu-central-2", store) == [("/region", {"@type": "EuCentral2"})]
    with_endpoint = {"store.blob.region": "garage", "store.blob.endpoint": "https://s3.example.org"}
    custom = {"@type": "Custom", "customRegion": "garage", "customEndpoint": "https://s3.example.org"}
    assert write("store.blob.region", "garage", store, with_endpoint) == [("/region", custom)]
    assert write("store.blob.endpoint", "https://s3.example.org", store) == [("/region", {**custom, "customRegion": "custom"})]
    assert refusal("store.blob.region", "garage", store) == {"error": "fieldMissing", "field": "store.blob.endpoint"}
    assert write("store.blob.region", "eu-central-2", Target("BlobStore", {"@type": "Azure"}, "Azure", "blob")) == []


def test_keys_of_two_kinds_of_stores():
    azure = Target("BlobStore", {"@type": "Azure"}, "Azure", "blob")
    assert write("store.blob.access-key", "k", azure) == []
    assert write("store.blob.azure-access-key", "k", azure) == [("/accessKey", {"@type": "Value", "secret": "k"})]
    assert refusal("store.data.path", "/srv", Target("DataStore", {"@type": "Sqlite"}, "Sqlite", "data"))["details"] == "Setting 'store.data.path' is read-only"


def test_addresses_of_a_store():
    single = Target("InMemoryStore", {"id": "singleton", "@type": "Redis", "url": "redis://a"}, "Redis", "lookup")
    assert write("store.lookup.urls", ["redis://b", "redis://c"], single) == [("/url", "redis://b")]
    assert write("store.lookup.urls", None, single) == [("/url", "redis://127.0.0.1")]
    cluster = Target("InMemoryStore", {"id": "singleton", "@type": "RedisCluster"}, "RedisCluster", "lookup")
    assert write("store.lookup.urls", ["redis://b", "redis://c"], cluster) == [("/urls", {"redis://b": True, "redis://c": True})]
    new = Target("StoreLookup", None, None, "r")
    after = {"store.r.type": "redis", "store.r.redis-type": "single"}
    assert write("store.r.urls", "redis://b", new, after) == [("/store/url", "redis://b")]
    assert write("store.r.urls", "redis://b", new, {**after, "store.r.redis-type": "cluster"}) == [("/store/urls", {"redis://b": True})]
    assert write("store.r.urls", "redis://b", new, {"store.r.type": "sqlite"}) == []


def test_a_look_up_store():
    new = Target("StoreLookup", None, None, "pg")
    after = {"store.pg.type": "postgresql", "store.pg.host": "db.example.org"}
    assert write("store.pg.type", "postgresql", new, after) == [("/store/@type", "PostgreSql")]
    assert write("store.pg.host", "db.example.org", new, after) == [("/store/host", "db.example.org")]
    stored = Target("StoreLookup", {"id": "l", "namespace": "pg", "store": {"@type": "Sqlite", "path": "/a"}}, None, "pg")
    assert write("store.pg.host", "db.example.org", stored, {"store.pg.type": "sqlite"}) == []
    assert refusal("store.pg.type", "postgresql", stored)["details"] == "Setting 'store.pg.type' is read-only"
    assert refusal("store.pg.pool.max-connections", "0", stored, {"store.pg.type": "sqlite"})["reason"] == "a value is needed"


# Single values


def test_source_addresses_keep_their_host_names():
    stored = {"id": "c", "sourceIps": {"0": {"sourceIp": "192.0.2.1", "ehloHostname": "a.example.org"}, "1": {"sourceIp": "192.0.2.2", "ehloHostname": None}}}
    target = Target("MtaConnectionStrategy", stored, None, "x")
    assert write("queue.connection.x.source-ips", ["192.0.2.3", "192.0.2.1"], target) == [
        ("/sourceIps", {"0": {"sourceIp": "192.0.2.3"}, "1": {"sourceIp": "192.0.2.1", "ehloHostname": "a.example.org"}}),
    ]


def test_folders():
    email = Target("Email", {"id": "singleton", "defaultFolders": {"junk": {"name": "Spam"}}}, None, "junk")
    assert write("email.folders.junk.name", "Junk Mail", email) == [("/defaultFolders/junk/name", "Junk Mail")]
    assert write("jmap.folders.junk.create", "true", email) == [("/defaultFolders/junk/create", True)]
    assert write("email.folders.junk.create", None, email, {"email.folders.junk.name": "Spam"}) == [("/defaultFolders/junk/create", False)]
    assert write("email.folders.junk.create", None, email) == [("/defaultFolders/junk", None)]
    assert refusal("email.folders.junk.name", None, email, {"email.folders.junk.create": "true"}) == {
        "error": "fieldMissing",
        "field": "email.folders.junk.name",
    }


def test_a_folder_that_there_is_not():
    email = Target("Email", {"id": "singleton", "defaultFolders": {}}, None, "outbox")
    assert refusal("email.folders.outbox.name", "Outbox", email) == {
        "error": "unsupported",
        "details": "Setting 'email.folders.outbox.name' is not supported by this server version",
    }


def test_languages():
    search = Target("Search", {"id": "singleton", "defaultLanguage": "en_GB"})
    assert write("storage.full-text.default-language", "en", search) == [("/defaultLanguage", "en_GB")]
    assert write("storage.search-index.default-language", "de", search) == [("/defaultLanguage", "de_DE")]
    assert refusal("storage.full-text.default-language", "tlh", search)["reason"] == "unknown language"


def test_what_a_vanished_key_falls_back_to():
    system = Target("SieveSystemInterpreter", {"id": "singleton"})
    assert write("sieve.trusted.return-path", None, system) == [("/defaultReturnPath", {"match": {}, "else": "''"})]
    assert write("queue.quota.x.match", None, Target("MtaQueueQuota", {"id": "q"}, None, "x")) == [("/match", {"match": {}, "else": "true"})]
    assert write("imap.timeout.idle", None, Target("Imap", {"id": "singleton"})) == [("/timeoutIdle", 1_800_000)]
    assert write("imap.rate-limit.requests", None, Target("Imap", {"id": "singleton"})) == [("/maxRequestRate", {"count": 2000, "period": 60000})]
    assert write("queue.route.x.port", None, Target("MtaRoute", None, "Relay", "x")) == []
    assert refusal("server.listener.x.bind", None, Target("NetworkListener", {"id": "b"}, None, "x")) == {
        "error": "fieldMissing",
        "field": "server.listener.x.bind",
    }


def test_expressions_that_lack_a_part():
    auth = Target("SenderAuth", {"id": "singleton"})
    assert refusal("auth.dkim.sign", {"0.if": "true", "0.then": "false"}, auth) == {"error": "fieldMissing", "field": "auth.dkim.sign.else"}
    assert refusal("auth.dkim.sign", "'my-key'", auth) == {
        "error": "unsupported",
        "details": "Expression in setting 'auth.dkim.sign' cannot be converted: signature list \"'my-key'\" cannot be expressed as a signing domain",
    }


def test_references():
    snapshot = {"Domain": [{"id": "b", "name": "example.org"}], "MtaVirtualQueue": [{"id": "q1", "name": "local"}]}
    named = {"Directory": {"d1": "corp"}}
    schedule = Target("MtaDeliverySchedule", None, None, "x")
    assert write("queue.schedule.x.queue-name", "local", schedule, snapshot=snapshot) == [("/queueId", "q1")]
    created = {("MtaVirtualQueue", "bulk"): "#c0"}
    assert write("queue.schedule.x.queue-name", "bulk", schedule, snapshot=snapshot, created=created) == [("/queueId", "#c0")]
    with pytest.raises(ItemNotFound) as missing:
        write("queue.schedule.x.queue-name", "bulk", schedule, snapshot=snapshot)
    assert missing.value.body == {"error": "notFound", "item": "bulk"}
    login = Target("Authentication", {"id": "singleton", "directoryId": None})
    assert write("storage.directory", "corp", login, named=named) == [("/directoryId", "d1")]
    assert write("storage.directory", "internal", login, named=named) == [("/directoryId", None)]
    assert write("lookup.default.domain", "Example.ORG", Target("SystemSettings", {"id": "singleton"}), snapshot=snapshot) == [("/defaultDomainId", "b")]
