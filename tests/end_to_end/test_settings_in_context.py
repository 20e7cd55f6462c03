"""Keys whose value depends on other objects, as an old client writes and reads them."""

import datetime as dt
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SECRET = "canary-of-a-secret"


def insert(prefix, values, *, fresh=False):
    return {"type": "insert", "prefix": prefix, "values": [list(it) for it in values.items()], "assert_empty": fresh}


async def post(old, *operations):
    status, body = await old.call("POST", "/api/settings", json.dumps(operations))
    assert status == 200
    return body


async def write(old, *operations):
    assert await post(old, *operations) == {"data": None}


async def keys(old, *asked):
    return await old.get(f"/api/settings/keys?keys={','.join(asked)}")


async def below(old, prefix):
    return (await old.get(f"/api/settings/list?prefix={prefix}"))["items"]


def stored(old, type_):
    return list(old.both.world.kept(type_).objects.values())


def counted(old):
    """How often anything was written that is a setting."""
    return sum(getattr(kept, "writes", 0) for name, kept in old.both.world.types.items() if name not in {"Log", "Trace", "Metric"})


async def test_a_look_up_store(old):
    settings = {"type": "postgresql", "host": "db", "port": "5433", "user": "u", "password": SECRET, "compression": "lz4", "purge.frequency": "0 3 *", "bucket": "of another kind"}
    await write(old, insert("store.pg", settings, fresh=True))
    await write(old, insert("store.pg", {"host": "db2", "password": "****"}))
    shown = await below(old, "store.pg")
    assert {"type": "postgresql", "host": "db2", "port": "5433", "user": "u", "password": "****", "database": "stalwart"}.items() <= shown.items()
    (kept,) = stored(old, "StoreLookup")
    assert (kept["namespace"], kept["store"]["authSecret"]) == ("pg", {"@type": "Value", "secret": SECRET})
    assert await post(old, insert("store.pg", {"type": "mysql"})) == {"error": "unsupported", "details": "Setting 'store.pg.type' is read-only"}
    await write(old, {"type": "clear", "prefix": "store.pg."})
    assert stored(old, "StoreLookup") == []


async def test_a_look_up_store_at_a_single_address(old):
    await write(old, insert("store.r", {"type": "redis", "redis-type": "single", "urls.0": "redis://a", "urls.1": "redis://b"}, fresh=True))
    assert (await below(old, "store.r"))["urls"] == "redis://a"
    await write(old, insert(None, {"store.r.urls": "redis://c"}))
    assert (await keys(old, "store.r.urls", "store.r.redis-type")) == {"store.r.urls": "redis://c", "store.r.redis-type": "single"}


async def test_a_directory_that_is_made_and_chosen_at_once(old):
    corp = {"type": "ldap", "base-dn": "dc=example", "url": "ldap://ldap.example.org", "bind.auth.method": "default"}
    await write(old, insert("directory.corp", corp, fresh=True), insert(None, {"storage.directory": "corp"}))
    assert await keys(old, "storage.directory", "directory.corp.bind.auth.method") == {"storage.directory": "corp", "directory.corp.bind.auth.method": "default"}
    assert (await post(old, {"type": "clear", "prefix": "directory.corp."}))["details"] == "Setting is in use"
    await write(old, insert(None, {"storage.directory": "internal"}), {"type": "clear", "prefix": "directory.corp."})
    assert await keys(old, "storage.directory", "directory.corp.type") == {"storage.directory": "internal"}


async def test_a_queue_and_what_stands_on_it(old):
    await write(old, insert("queue.schedule.bulk", {"queue-name": "bulk", "retry": "5m"}, fresh=True), insert("queue.virtual", {"bulk.threads-per-node": "3"}))
    assert await keys(old, "queue.schedule.bulk.queue-name", "queue.schedule.bulk.retry") == {"queue.schedule.bulk.queue-name": "bulk", "queue.schedule.bulk.retry": "5m"}
    assert await post(old, insert("queue.schedule.bulk", {"queue-name": "nowhere"})) == {"error": "notFound", "item": "nowhere"}


async def test_host_names_of_source_addresses(old):
    await write(old, insert("queue.connection.c", {"timeout.connect": "5m", "source-ips.0": "192.0.2.1", "source-ips.1": "192.0.2.2"}, fresh=True))
    await write(old, insert(None, {"queue.source-ip.192.0.2.2.ehlo-hostname": "mx2.example.org"}))
    await write(old, insert(None, {"queue.connection.c.source-ips.2": "192.0.2.3"}))
    assert await below(old, "queue.source-ip") == {"192.0.2.2.ehlo-hostname": "mx2.example.org"}
    assert list(stored(old, "MtaConnectionStrategy")[-1]["sourceIps"].values()) == [
        {"sourceIp": "192.0.2.1", "ehloHostname": None},
        {"sourceIp": "192.0.2.2", "ehloHostname": "mx2.example.org"},
        {"sourceIp": "192.0.2.3", "ehloHostname": None},
    ]
    assert await post(old, insert(None, {"queue.source-ip.192.0.2.9.ehlo-hostname": "a.example.org"})) == {"error": "notFound", "item": "192.0.2.9"}


def certificate(host):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(start).not_valid_after(start + dt.timedelta(days=900))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    text = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    return text, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_the_default_certificate_goes_round(old):
    for name, host in (("web", "web.example.org"), ("mail", "mail.example.org")):
        text, key = certificate(host)
        await write(old, insert(f"certificate.{name}", {"cert": text, "private-key": key, "default": "true"}, fresh=True))
    shown = await below(old, "certificate")
    assert {name: text for name, text in shown.items() if name.endswith(".default")} == {"mail.default": "true", "web.default": "false"}
    assert (shown["mail.private-key"], shown["mail.subjects"]) == ("****", "mail.example.org")
    await write(old, insert(None, {"certificate.web.default": "true", "certificate.mail.default": "false"}))
    assert await keys(old, "certificate.web.default", "certificate.mail.default") == {"certificate.web.default": "true", "certificate.mail.default": "false"}
    await write(old, {"type": "clear", "prefix": "certificate.web."})
    assert [it["defaultCertificateId"] for it in stored(old, "SystemSettings")] == [None]


async def test_the_hosts_of_a_certificate_authority(old):
    world = old.both.world
    provider = {"accountKey": SECRET, "accountUri": "https://acme.test/1", "challengeType": "Http01", "contact": {"a@example.org": True}, "directory": "https://acme.test/d"}
    kept = world.kept("AcmeProvider")
    kept.save("p", {**kept.schema.fresh(None), **provider})
    await write(old, insert(None, {"acme.acme.test.domains.0": "mail.example.org", "acme.acme.test.domains.1": "example.org"}))
    (domain,) = [it for it in stored(old, "Domain") if it["name"] == "example.org"]
    assert domain["certificateManagement"] == {"@type": "Automatic", "acmeProviderId": "p", "subjectAlternativeNames": {"mail": True, "example.org": True}}
    assert sorted((await below(old, "acme.acme.test.domains")).values()) == ["example.org", "mail.example.org"]
    assert await post(old, insert(None, {"acme.acme.test.domains.2": "mail.example.edu"})) == {"error": "notFound", "item": "mail.example.edu"}
    await write(old, {"type": "clear", "prefix": "acme.acme.test.domains."})
    (domain,) = [it for it in stored(old, "Domain") if it["name"] == "example.org"]
    assert domain["certificateManagement"] == {"@type": "Manual"}


async def test_a_page_of_the_old_webadmin_keeps_newer_events(old):
    await write(old, insert("webhook.h", {"url": "https://h.example.org/x", "events.0": "auth.*"}, fresh=True))
    page = {"url": "https://h.example.org/x", "events.0": "auth.success", "events.1": "config.build-error"}
    await write(old, {"type": "clear", "prefix": "webhook.h."}, insert("webhook.h", page))
    (hook,) = stored(old, "WebHook")
    assert (sorted(hook["events"]), hook["eventsPolicy"]) == (["auth.credential-expired", "auth.mfa-required", "auth.success", "auth.warning"], "include")


async def test_mail_folders_come_and_go(old):
    await write(old, insert("email.folders", {"junk.name": "Spam", "junk.create": "true"}))
    assert (await below(old, "email.folders"))["junk.name"] == "Spam"
    await write(old, {"type": "clear", "prefix": "email.folders.junk."})
    assert await below(old, "email.folders") == {}


async def test_macros(old):
    await write(old, insert(None, {"form.name.default": "at %{cfg:server.hostname}%", "enterprise.api-key": "%{env:KEY}%", "lab.word": "hello"}))
    await write(old, insert(None, {"form.subject.default": "%{cfg:lab.word}%"}))
    shown = {"form.name.default": "at mail.example.org", "enterprise.api-key": "%{env:KEY}%", "form.subject.default": "hello"}
    assert await keys(old, *shown) == shown


REFUSED = [
    ({"imap.timeout.idle": "soon"}, {"error": "other", "details": "Invalid value for setting 'imap.timeout.idle'", "reason": "Invalid duration value 'soon'"}),
    ({"session.hook.h.stages.0": "data", "session.hook.h.stages.1": "never", "session.hook.h.url": "https://h"}, {"error": "other", "details": "Invalid value for setting 'session.hook.h.stages'", "reason": "'never' is not available"}),
    ({"metrics.alerts.a.condition": "queue_size > 5"}, {"error": "unsupported", "details": "Expression in setting 'metrics.alerts.a.condition' cannot be converted: queue_size is no metric"}),
    ({"http.url": "'https://mail.example.org'"}, {"error": "unsupported", "details": "Setting 'http.url' is not supported by this server version"}),
    ({"store.data.path": "/srv"}, {"error": "unsupported", "details": "Setting 'store.data.path' is read-only"}),
    ({"storage.blob": "s3"}, {"error": "unsupported", "details": "Setting 'storage.blob' is read-only"}),
    ({"lookup.default.domain": "example.edu"}, {"error": "notFound", "item": "example.edu"}),
    ({"oauth.key": f"{SECRET}%{{env:PART}}%"}, {"error": "unsupported", "details": "Macro in setting 'oauth.key' cannot be converted: only the whole value of a secret or a certificate can be a macro"}),
    ({"form.name.default": "%{cfg:oauth.key}%"}, {"error": "unsupported", "details": "Macro in setting 'form.name.default' cannot be converted: the value of 'oauth.key' cannot be read"}),
    ({"webhook.h.url": "https://h", "webhook.h.auth.username": "u"}, {"error": "fieldMissing", "field": "webhook.h.auth.secret"}),
    ({"webhook.h.url": "https://h", "webhook.h.auth.token": "****"}, {"error": "fieldMissing", "field": "webhook.h.auth.token"}),
    ({"tracer.t.type": "open-telemetry", "tracer.t.endpoint": "https://o"}, {"error": "fieldMissing", "field": "tracer.t.transport"}),
    ({"spam-filter.llm.enable": "true"}, {"error": "fieldMissing", "field": "spam-filter.llm.categories"}),
    ({"auth.dkim.sign": "'my-key'"}, {"error": "unsupported", "details": "Expression in setting 'auth.dkim.sign' cannot be converted: signature list \"'my-key'\" cannot be expressed as a signing domain"}),
    ({"server.listener.x.protocol": "smtp"}, {"error": "fieldMissing", "field": "server.listener.x.bind"}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "body"), REFUSED, ids=lambda it: next(iter(it)) if isinstance(it, dict) else None)
async def test_what_is_refused_changes_nothing(old, values, body):
    before = counted(old)
    assert await post(old, insert(None, {"imap.auth.max-failures": "9", **values})) == body
    assert counted(old) == before
    assert SECRET not in json.dumps(body)
    assert await keys(old, "imap.auth.max-failures") == {"imap.auth.max-failures": "3"}
