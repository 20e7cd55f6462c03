"""Record ids of objects that have no old name."""

import pytest

from gateway.legacy.settings.naming import record_ids, slug

DOMAINS = [{"id": "b", "name": "example.org"}, {"id": "c", "name": "example.net"}]


def key(id_, type_, domain, selector):
    return {"id": id_, "@type": type_, "domainId": domain, "selector": selector}


def test_signatures_are_called_after_algorithm_and_domain():
    keys = [key("k1", "Dkim1RsaSha256", "b", "s1"), key("k2", "Dkim1Ed25519Sha256", "b", "s1"), key("k3", "Dkim2RsaSha256", "b", "s1")]
    assert record_ids("DkimSignature", {"DkimSignature": keys, "Domain": DOMAINS}) == {"k1": "rsa-example.org", "k2": "ed25519-example.org"}


def test_several_signatures_of_a_kind_add_their_selectors():
    keys = [key("k1", "Dkim1RsaSha256", "b", "s1"), key("k2", "Dkim1RsaSha256", "b", "s2"), key("k3", "Dkim1RsaSha256", "c", "s1")]
    assert record_ids("DkimSignature", {"DkimSignature": keys, "Domain": DOMAINS}) == {
        "k1": "rsa-example.org-s1",
        "k2": "rsa-example.org-s2",
        "k3": "rsa-example.net",
    }


def test_what_is_remembered_goes_before_what_is_derived():
    keys = [key("k1", "Dkim1RsaSha256", "b", "s1"), key("k2", "Dkim1RsaSha256", "c", "s1")]
    snapshot = {"DkimSignature": keys, "Domain": DOMAINS}
    assert record_ids("DkimSignature", snapshot, {"k1": "mykey", "gone": "x"}) == {"k1": "mykey", "k2": "rsa-example.net"}
    assert record_ids("DkimSignature", snapshot, {"k2": "rsa-example.org"}) == {"k1": "rsa-example.org-k1", "k2": "rsa-example.org"}


def test_of_equal_names_the_smallest_id_keeps_the_bare_one():
    hooks = [{"id": it, "url": "https://hooks.example.org/a"} for it in ("w10", "w2", "w3")]
    assert record_ids("WebHook", {"WebHook": hooks}) == {
        "w2": "hooks.example.org",
        "w3": "hooks.example.org-w3",
        "w10": "hooks.example.org-w10",
    }


@pytest.mark.parametrize(
    ("type_", "objects", "ids"),
    [
        ("Tracer", [{"id": "z1", "@type": "Log"}, {"id": "z2", "@type": "OtelGrpc"}, {"id": "z3", "@type": "OtelHttp"}], ["log", "otel", "otel-z3"]),
        ("MtaMilter", [{"id": "m", "hostname": "127.0.0.1", "port": 11332}], ["127.0.0.1-11332"]),
        ("MtaHook", [{"id": "m", "url": "not a url["}], ["not-a-url-"]),
        ("Alert", [{"id": "d"}], ["alert-d"]),
        ("AcmeProvider", [{"id": "p", "directory": "https://acme-v02.api.letsencrypt.org/directory"}], ["letsencrypt"]),
        ("AcmeProvider", [{"id": "p", "directory": "https://ca.example.org/acme"}], ["ca.example.org"]),
        ("MtaQueueQuota", [{"id": "q", "description": None}, {"id": "r", "description": "Global queue quota"}], ["quota-q", "size"]),
        ("MtaInboundThrottle", [{"id": "t", "description": "Bulk  Senders!"}], ["bulk-senders"]),
        ("MtaOutboundThrottle", [{"id": "t", "description": "Sender IP throttle"}], ["sender-ip-throttle"]),
        ("SpamRule", [{"id": "u", "name": "STWT_BULK"}], ["stwt_bulk"]),
        ("SpamTag", [{"id": "u", "tag": "VIRUS_FOUND"}], ["VIRUS_FOUND"]),
    ],
)
def test_derived_names(type_, objects, ids):
    assert list(record_ids(type_, {type_: objects}).values()) == ids


def test_certificates_are_called_after_their_first_subject():
    certificates = [
        {"id": "c1", "subjectAlternativeNames": {"mail.example.org": True}},
        {"id": "c2", "subjectAlternativeNames": {"example.net": True, "*.Example.net": True}},
        {"id": "c3", "subjectAlternativeNames": {}},
    ]
    snapshot = {"Certificate": certificates, "SystemSettings": [{"id": "singleton", "defaultCertificateId": "c1"}]}
    assert list(record_ids("Certificate", snapshot).values()) == ["default", "_.example.net", "certificate-c3"]


def test_slugs():
    assert slug("  Über Größe (2) ") == "ber-gr-e-2"
    assert slug("a_b.c-d") == "a_b.c-d"
