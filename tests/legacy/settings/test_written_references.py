"""Keys that are kept in other objects than that of their record: which objects, and what changes in them."""

import pytest

from gateway.knowledge.settings_map import SETTINGS
from gateway.legacy.refusals import ItemNotFound, ManagementError
from gateway.legacy.settings.writing.places import idle, places
from gateway.legacy.settings.writing.references import effects
from gateway.legacy.settings.writing.target import Context, Place, Update

MANUAL = {"@type": "Manual"}


def automatic(provider, *labels):
    return {"@type": "Automatic", "acmeProviderId": provider, "subjectAlternativeNames": dict.fromkeys(labels, True)}


def domain(id_, name, managed):
    return {"id": id_, "name": name, "certificateManagement": managed}


def changed(key, given, context, before=None):
    found = SETTINGS.find(key)
    return effects(found.row, key, found.id, context, before=before, given=given)


# The certificate that is the default

CERTIFICATES = {"Certificate": {"c1": "default", "c2": "web"}}
SYSTEM = {"SystemSettings": [{"id": "singleton", "defaultCertificateId": "c1"}]}


def of_certificates(before, after, created=None):
    return Context(
        SYSTEM,
        CERTIFICATES,
        {f"certificate.{name}.default": text for name, text in before.items()},
        {f"certificate.{name}.default": text for name, text in after.items()},
        created or {},
    )


def test_another_certificate_becomes_the_default():
    context = of_certificates({"default": "true", "web": "false"}, {"default": "true", "web": "true"})
    assert changed("certificate.web.default", "true", context, "false") == [Update("SystemSettings", "singleton", [("/defaultCertificateId", "c2")])]


def test_one_that_is_created_with_it():
    context = of_certificates({"default": "true"}, {"default": "true", "new": "true"}, {("Certificate", "new"): "#c0"})
    assert changed("certificate.new.default", "true", context) == [Update("SystemSettings", "singleton", [("/defaultCertificateId", "#c0")])]


def test_the_default_is_taken_away():
    for given in ("false", None):
        context = of_certificates({"default": "true", "web": "false"}, {"default": given, "web": "false"})
        assert changed("certificate.default.default", given, context, "true") == [Update("SystemSettings", "singleton", [("/defaultCertificateId", None)])]


def test_the_default_moves():
    context = of_certificates({"default": "true", "web": "false"}, {"default": "false", "web": "true"})
    assert changed("certificate.default.default", "false", context, "true") == []


def test_one_that_is_not_the_default_stays_so():
    context = of_certificates({"default": "true", "web": "false"}, {"default": "true", "web": None})
    assert changed("certificate.web.default", None, context, "false") == []
    with pytest.raises(ManagementError) as raised:
        changed("certificate.web.default", "yes", context, "false")
    assert raised.value.body == {"error": "other", "details": "Invalid value for setting 'certificate.web.default'", "reason": "expected true or false"}


# Host names of an ACME provider

PROVIDERS = {"AcmeProvider": {"p1": "letsencrypt", "p2": "other"}}
KEY = "acme.letsencrypt.domains"


def of_hosts(*domains, created=None):
    return Context({"Domain": list(domains)}, PROVIDERS, {}, {}, created or {})


def test_hosts_go_to_the_domain_they_lie_in():
    context = of_hosts(domain("d1", "example.org", MANUAL), domain("d2", "eu.example.org", MANUAL), domain("d3", "example.net", MANUAL))
    assert changed(KEY, ["mail.example.org", "MX.eu.example.org", "example.org"], context) == [
        Update("Domain", "d1", [("/certificateManagement", automatic("p1", "mail", "example.org"))]),
        Update("Domain", "d2", [("/certificateManagement", automatic("p1", "mx"))]),
    ]


def test_domains_that_are_no_longer_named_ask_nobody():
    context = of_hosts(domain("d1", "example.org", automatic("p1", "mail")), domain("d2", "example.net", automatic("p1")), domain("d3", "example.com", automatic("p2", "www")))
    assert changed(KEY, "imap.example.org", context) == [
        Update("Domain", "d1", [("/certificateManagement/subjectAlternativeNames", {"imap": True})]),
        Update("Domain", "d2", [("/certificateManagement", MANUAL)]),
    ]
    assert changed(KEY, None, context) == [Update("Domain", name, [("/certificateManagement", MANUAL)]) for name in ("d1", "d2")]


def test_what_is_asked_for_already():
    context = of_hosts(domain("d1", "example.org", automatic("p1", "mail")), domain("d2", "example.net", automatic("p1")))
    assert changed(KEY, ["mail.example.org", "example.net"], context) == []


def test_a_domain_of_another_provider_changes_over():
    context = of_hosts(domain("d3", "example.com", automatic("p2", "www")))
    assert changed(KEY, "www.example.com", context) == [Update("Domain", "d3", [("/certificateManagement", automatic("p1", "www"))])]


def test_hosts_of_a_new_provider_and_of_nobody():
    context = of_hosts(domain("d1", "example.org", MANUAL), created={("AcmeProvider", "new"): "#c0"})
    assert changed("acme.new.domains", "example.org", context) == [Update("Domain", "d1", [("/certificateManagement", automatic("#c0", "example.org"))])]
    with pytest.raises(ItemNotFound) as missing:
        changed(KEY, ["example.org", "notexample.org"], context)
    assert missing.value.body == {"error": "notFound", "item": "notexample.org"}


# Host names of source addresses


def test_every_strategy_that_has_the_address():
    first = {"sourceIp": "192.0.2.1", "ehloHostname": None}
    second = {"sourceIp": "2001:db8::1", "ehloHostname": "a.example.org"}
    context = Context({"MtaConnectionStrategy": [{"id": "x", "sourceIps": {"0": first, "1": second}}, {"id": "y", "sourceIps": {"0": first}}, {"id": "z", "sourceIps": {}}]}, {})
    named = {**first, "ehloHostname": "mx.example.org"}
    assert changed("queue.source-ip.192.0.2.1.ehlo-hostname", "mx.example.org", context) == [
        Update("MtaConnectionStrategy", "x", [("/sourceIps", {"0": named, "1": second})]),
        Update("MtaConnectionStrategy", "y", [("/sourceIps", {"0": named})]),
    ]
    assert changed("queue.source-ip.2001:db8:0::1.ehlo-hostname", None, context) == [
        Update("MtaConnectionStrategy", "x", [("/sourceIps", {"0": first, "1": {**second, "ehloHostname": None}})]),
    ]
    with pytest.raises(ItemNotFound) as missing:
        changed("queue.source-ip.192.0.2.9.ehlo-hostname", "mx.example.org", context)
    assert missing.value.body == {"error": "notFound", "item": "192.0.2.9"}


def test_keys_that_are_kept_in_place_change_nothing_else():
    assert changed("http.hsts", "true", Context({}, {})) == []


# Places

BLOBS = {"id": "singleton", "@type": "S3"}
LOOKUP = {"id": "l1", "namespace": "pg", "store": {"@type": "PostgreSql"}}
STORES = {
    "DataStore": [{"id": "singleton", "@type": "RocksDb"}],
    "BlobStore": [BLOBS],
    "SearchStore": [{"id": "singleton", "@type": "Default"}],
    "InMemoryStore": [{"id": "singleton", "@type": "Default"}],
    "StoreLookup": [LOOKUP],
    "Email": [{"id": "singleton"}],
    "DataRetention": [{"id": "singleton"}],
    "Directory": [{"id": "d1", "@type": "Ldap"}, {"id": "d2", "@type": "Sql", "store": {"@type": "Default"}}],
    "MtaRoute": [{"id": "r1", "name": "mx"}],
    "Http": [{"id": "singleton"}],
}
CONTEXT = Context(STORES, {"MtaRoute": {"r1": "mx"}, "Directory": {"d1": "corp", "d2": "sql"}})


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("http.hsts", [Place("Http", {"id": "singleton"}, "/enableHsts")]),
        ("queue.route.mx.port", [Place("MtaRoute", {"id": "r1", "name": "mx"}, "/port")]),
        ("queue.route.new.port", [Place("MtaRoute", None, "/port")]),
        ("email.folders.junk.name", [Place("Email", {"id": "singleton"}, "/defaultFolders/junk/name")]),
        ("store.blob.bucket", [Place("BlobStore", BLOBS, "/bucket")]),
        ("store.pg.host", [Place("StoreLookup", LOOKUP, "/store/host")]),
        ("store.new.host", [Place("StoreLookup", None, "/store/host")]),
        ("store.blob.brokers", []),
        ("store.new.brokers", []),
        ("store.blob.compression", [Place("Email", {"id": "singleton"}, "/compressionAlgorithm")]),
        ("store.blob.purge.frequency", [Place("DataRetention", {"id": "singleton"}, "/blobCleanupSchedule")]),
        ("store.data.purge.frequency", [Place("DataRetention", {"id": "singleton"}, "/dataCleanupSchedule")]),
        ("store.data.query.name", [Place("Directory", STORES["Directory"][1], "/queryLogin")]),
        ("directory.corp.url", [Place("Directory", STORES["Directory"][0], "/url")]),
    ],
)
def test_places(key, found):
    it = SETTINGS.find(key)
    assert places(it.row, it.id, CONTEXT) == found


@pytest.mark.parametrize(
    ("key", "details"),
    [
        ("directory.internal.url", "Setting 'directory.internal.url' is read-only"),
        ("store.pg.query.name", "Setting 'store.pg.query.name' is not supported by this server version"),
        ("store.pg.compression", "Setting 'store.pg.compression' is not supported by this server version"),
        ("store.pg.purge.frequency", "Setting 'store.pg.purge.frequency' is not supported by this server version"),
    ],
)
def test_keys_without_a_place(key, details):
    it = SETTINGS.find(key)
    with pytest.raises(ManagementError) as raised:
        places(it.row, it.id, CONTEXT)
    assert raised.value.body == {"error": "unsupported", "details": details}


@pytest.mark.parametrize(
    ("key", "text", "dropped"),
    [
        ("store.pg.compression", "lz4", True),
        ("store.pg.compression", "none", False),
        ("store.blob.compression", "lz4", False),
        ("store.pg.purge.frequency", "0 3 *", True),
        ("store.pg.purge.frequency", "0 4 *", False),
        ("store.data.purge.frequency", "0 3 *", False),
        ("store.pg.host", "lz4", False),
    ],
)
def test_defaults_that_every_store_may_repeat(key, text, dropped):
    it = SETTINGS.find(key)
    assert idle(it.row, it.id, text, CONTEXT) is dropped
