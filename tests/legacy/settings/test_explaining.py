"""What became of old settings: object, property, value, or the reason why there is none."""

import json

import pytest

from gateway.knowledge.settings_map import SETTINGS
from gateway.knowledge.settings_notes import defaults, note
from gateway.legacy.settings.explaining import explain_all

SECRET = "Hush-4711-secret"


def explained(*pairs):
    return {it.key: it.as_json() for it in explain_all(pairs)}


def one(key, text=None):
    (it,) = explain_all([(key, text)])
    return it


def sample(pattern):
    return pattern.removesuffix(".<n>").replace("<id>", "x").replace("<n>", "0").replace("<key>", "k")


KEYS = [row for row in SETTINGS.rows if not row.is_record]


@pytest.mark.parametrize(
    ("key", "text", "objects", "pointer", "value"),
    [
        ("imap.timeout.anonymous", "30m", ["x:Imap"], "/timeoutAnonymous", 1_800_000),
        ("http.rate-limit.account", "false", ["x:Http"], "/rateLimitAuthenticated", None),
        ("http.rate-limit.account", "100/1m", ["x:Http"], "/rateLimitAuthenticated", {"count": 100, "period": 60_000}),
        ("server.http.use-x-forwarded", "true", ["x:Http"], "/useXForwarded", True),
        ("queue.route.relay.type", "relay", ["x:MtaRoute"], "/@type", "Relay"),
        ("queue.route.relay.auth.secret", "%{file:/run/relay}%", ["x:MtaRoute"], "/authSecret", {"@type": "File", "filePath": "/run/relay"}),
        ("resolver.type", "cloudflare-tls", ["x:DnsResolver"], "/@type", {"@type": "Cloudflare", "useTls": True}),
        ("email.folders.junk.name", "Spam", ["x:Email"], "/defaultFolders/junk/name", "Spam"),
        ("queue.connection.c.source-ips", "10.0.0.1", ["x:MtaConnectionStrategy"], "/sourceIps", {"0": {"sourceIp": "10.0.0.1"}}),
        ("session.rcpt.relay", "auth_as != ''", ["x:MtaStageRcpt"], "/allowRelaying", {"match": {}, "else": "authenticated_as != ''"}),
        ("metrics.alerts.a.condition", "queue_count > 10", ["x:Alert"], "/condition", {"match": {}, "else": "metric('queue.count') > 10"}),
        ("webhook.h.events", "acme.auth-*", ["x:WebHook"], "/events", {"acme.auth-start": True, "acme.auth-valid": True, "acme.auth-pending": True, "acme.auth-error": True, "acme.auth-too-many-attempts": True, "acme.auth-completed": True}),
        ("object-quota.mailbox", "4294967295", ["x:Email"], "/maxMailboxes", None),
        ("server.blocked-ip.10.0.0.7", "", ["x:BlockedIp"], "/address", "10.0.0.7"),
        ("lookup.spam-traps.a.b@c.test", "", ["x:MemoryLookupKey"], "/key", "a.b@c.test"),
        ("lookup.prices.a", "7", ["x:MemoryLookupKeyValue"], "/value", "7"),
        ("storage.directory", "internal", ["x:Authentication"], "/directoryId", None),
        ("asn.auth.username", "me", ["x:Asn"], "/httpAuth/username", "me"),
    ],
)
def test_object_property_and_value(key, text, objects, pointer, value):
    it = one(key, text)
    assert (it.objects, it.pointer, it.value, it.problem) == (objects, pointer, value, None)
    assert it.fits


def test_expressions_and_lists_are_one_setting():
    given = [
        ("auth.dkim.sign.0.if", "is_local_domain('*', sender_domain)"),
        ("auth.dkim.sign.0.then", "['rsa-' + sender_domain]"),
        ("server.listener.smtp.bind.0001", "0.0.0.0:25"),
        ("server.listener.smtp.bind.0000", "[::]:25"),
        ("auth.dkim.sign.1.else", "false"),
    ]
    found = explained(*given)
    assert list(found) == ["auth.dkim.sign", "server.listener.smtp.bind"]
    assert found["auth.dkim.sign"]["keys"] == ["auth.dkim.sign.0.if", "auth.dkim.sign.0.then", "auth.dkim.sign.1.else"]
    assert found["auth.dkim.sign"]["value"] == {"match": {"0": {"if": "is_local_domain(sender_domain)", "then": "sender_domain"}}, "else": "false"}
    assert found["server.listener.smtp.bind"]["value"] == {"[::]:25": True, "0.0.0.0:25": True}
    assert list(found["server.listener.smtp.bind"]["value"]) == ["[::]:25", "0.0.0.0:25"]


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("imap.timeout.idle", "soon", "Invalid duration value 'soon'"),
        ("http.hsts", "yes", "expected true or false"),
        ("imap.port", "143", None),
        ("server.hostname", "%{env:HOST}%", "macros are for secrets only"),
        ("session.rcpt.relay", "is_local_domain('ldap', rcpt_domain)", "is_local_domain in directory 'ldap' has no counterpart"),
        ("session.rcpt.relay.0.if", "true", "session.rcpt.relay.0.then is missing"),
        ("directory.internal.type", "ldap", "expected internal"),
        ("tracer.log.disabled-events", "no.such-event", "'no.such-event' is not available"),
        ("tracer.log.disabled-events", "config.fetch-error", "'config.fetch-error' no longer exists"),
        ("metrics.alerts.a.condition", "no_metric > 10", "no_metric is no metric"),
    ],
)
def test_values_that_would_be_refused(key, text, problem):
    it = one(key, text)
    assert it.problem == problem
    assert not it.fits


def test_why_there_is_no_counterpart():
    found = explained(("queue.outbound.next-hop", "'x'"), ("acme.le.renew-before", "30d"), ("imap.time-out", "1"), ("queue.route", None), ("lab.x", "1"))
    assert [it["access"] for it in found.values()] == ["none", "none", "unknown", "unknown", "own"]
    assert "named routes" in found["queue.outbound.next-hop"]["remarks"][0]
    assert found["acme.le.renew-before"]["neutral"] is True
    assert "neutral" not in found["queue.outbound.next-hop"]
    assert "queue.route.<id>.address" in found["queue.route"]["remarks"][0]
    assert not any("objects" in it or "value" in it for it in found.values())


def test_only_the_results_of_conditions_decide_whether_they_change_nothing():
    conditions = [("session.auth.directory.0.if", "listener = 'x'"), ("session.auth.directory.0.then", "'*'"), ("session.auth.directory.1.else", "false")]
    assert explained(*conditions)["session.auth.directory"]["neutral"] is True
    other = [*conditions[:2], ("session.auth.directory.1.else", "'ldap'")]
    assert "neutral" not in explained(*other)["session.auth.directory"]


def test_two_names_of_one_setting():
    found = explained(("server.http.hsts", "true"), ("http.hsts", "false"), ("server.http.permissive-cors", "true"), ("http.permissive-cors", "true"))
    assert found["http.hsts"]["problem"] == "the same setting as server.http.hsts, with another value"
    assert found["server.http.hsts"]["remarks"] == ["another name of http.hsts"]
    assert "problem" not in found["http.permissive-cors"]


def test_the_data_store_can_only_be_read():
    found = explained(("storage.data", "pg"), ("store.pg.host", "db"))["store.pg.host"]
    assert (found["access"], found["objects"]) == ("r", ["x:DataStore"])


def test_macros_that_name_other_keys_are_resolved_when_they_are_written():
    found = one("server.listener.https.bind", "%{cfg:my.address}%:443")
    assert (found.fits, found.remarks) == (True, ["takes the value of my.address at the time it is written"])
    assert "value" not in found.as_json()


def test_events_that_are_gone_are_left_out_beside_others():
    found = explained(("tracer.log.disabled-events.0", "config.fetch-error"), ("tracer.log.disabled-events.1", "smtp.error"))["tracer.log.disabled-events"]
    assert found["value"] == {"smtp.error": True}
    assert found["remarks"] == ["left out, because the new server does not know them: config.fetch-error", 'with eventsPolicy "exclude"']


def test_stores_are_the_objects_of_their_roles():
    found = explained(
        ("storage.data", "pg"), ("storage.blob", "pg"), ("storage.lookup", "red"),
        ("store.pg.host", "db"), ("store.red.urls", "redis://127.0.0.1"), ("store.further.host", "db2"),
    )
    assert [(it["objects"], it["property"]) for it in list(found.values())[3:]] == [
        (["x:DataStore"], "/host"), (["x:InMemoryStore"], "/urls"), (["x:StoreLookup"], "/store/host"),
    ]


@pytest.mark.parametrize("row", [row for row in KEYS if row.direction != "none"], ids=lambda row: row.pattern)
def test_every_key_with_a_counterpart_names_it(row):
    it = one(sample(row.pattern))
    assert (it.access, it.fits) == (row.direction, True)
    assert it.kind
    assert it.objects
    assert it.pointer or row.word == "ui-flag"
    assert one(row.pattern).objects


def test_every_other_key_says_why():
    for row in KEYS:
        reason = note(row)
        assert (reason is None) == (row.direction == "rw"), row.pattern
        if reason:
            assert reason.reason in one(sample(row.pattern)).remarks[0], row.pattern
            assert reason.reason[0] != "=", row.pattern
            assert not reason.reason.endswith("."), row.pattern


def test_defaults_that_differ_are_of_keys():
    differing = [row for row in KEYS if defaults(row)]
    assert len(differing) == 23
    assert all(both.old != both.new for row in differing if (both := defaults(row)))
    assert "default was 6, now 16" in one("imap.rate-limit.concurrent").remarks


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row.pattern)
def test_no_secret_is_ever_shown(row):
    """Not of keys that are secret, and not of those that have no counterpart or are unknown, which may be."""
    secret = row.direction == "none" or row.word in {"secret", "secret-text", "secret-word"} or row.pattern.endswith((".auth.secret", ".auth.token"))
    if secret:
        for text in (SECRET, f"{SECRET}\n{SECRET}", f"%{{file:{'/run/x'}}}% {SECRET}"):
            assert SECRET not in json.dumps(one(sample(row.pattern), text).as_json())


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("directory.d.url", f"ldap://me:{SECRET}@host"),
        ("store.r.urls", f"redis://:{SECRET}@host/0"),
        ("webhook.w.url", f"https://x.test/?token={SECRET}&a=b"),
        ("webhook.w.headers", f"Authorization: Bearer {SECRET}"),
        ("webhook.w.headers", f"X-Api-Key: {SECRET}"),
        ("certificate.c.cert", f"-----BEGIN CERTIFICATE-----\nx\n-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"),
        ("store.z.config", f'{{"auth": {{"password": "{SECRET}"}}}}'),
        ("store.z.options", f"-c password={SECRET}"),
        ("imap.password", SECRET),
        ("lab.token", SECRET),
        ("asn.urls.geo", f"https://{SECRET}@x.test/list"),
        ("sieve.trusted.scripts.s.contents", f'set "api_token" "x";\n# password: {SECRET}\n'),
    ],
)
def test_secrets_inside_of_other_texts(key, text):
    assert SECRET not in json.dumps(one(key, text).as_json())


def test_what_is_no_secret_stays():
    assert one("directory.d.columns.secret", "secret").value == "secret"
    assert one("store.sql.query.name", "SELECT name, secret FROM accounts WHERE name = $1 AND secret = ?").value.endswith("secret = ?")
    assert one("webhook.w.headers", "X-Office: Berlin").value == {"X-Office": "Berlin"}
    assert one("queue.route.r.auth.secret", "****").remarks == ["**** stands for the secret that is stored"]
