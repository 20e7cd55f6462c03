"""Keys of domains with automatic management come after a while (recordings `directory.domains.automatic`)."""

from gateway.simulator.directory.key_making import selector, unknown_variables

ED, RSA = "Dkim1Ed25519Sha256", "Dkim1RsaSha256"
MANUAL = {"@type": "Manual"}


def keys(server, domain):
    """Kinds of the keys that a domain has."""
    shown = server.batch(("x:DkimSignature/query", {"filter": {"domainId": domain}, "sort": [{"property": "id"}]}), ("x:DkimSignature/get", {"#ids": {"resultOf": "0", "name": "x:DkimSignature/query", "path": "/ids"}}))
    return [(key["@type"], key["selector"]) for key in shown[1][1]["list"]]


def test_one_domain_after_the_other(server):
    first, second = (server.made("Domain", {"name": name}) for name in ("first.test", "second.test"))
    assert keys(server, first) == [(ED, "v1-ed25519-20261121")]
    assert keys(server, second) == []
    server.world.clock.advance(2)
    assert keys(server, first) == [(ED, "v1-ed25519-20261121"), (RSA, "v1-rsa-20261121")]
    assert [kind for kind, _ in keys(server, second)] == [ED]
    server.world.clock.advance(2)
    assert [kind for kind, _ in keys(server, second)] == [ED, RSA]
    server.world.clock.advance(3600)
    assert len(keys(server, first)) == 2


def test_no_key_is_made_for_a_domain_that_is_gone_or_looks_after_itself(server):
    first, second = (server.made("Domain", {"name": name, "dkimManagement": {"@type": "Automatic", "algorithms": {RSA: True}}}) for name in ("first.test", "second.test"))
    assert server.one("x:Domain/set", {"destroy": [first]}) == {"destroyed": [first]}
    server.changed("Domain", second, {"dkimManagement": MANUAL})
    server.world.clock.advance(60)
    assert len(server.world.kept("DkimSignature").objects) == 2
    server.changed("Domain", second, {"dkimManagement": {"@type": "Automatic", "selectorTemplate": "s{version}-{algorithm}"}})
    server.world.clock.advance(60)
    assert keys(server, second) == [(ED, "s1-ed25519"), (RSA, "s1-rsa")]


def test_a_task_makes_the_keys_that_are_missing(server):
    (lost, *_) = keys(server, "b")
    id_ = server.one("x:DkimSignature/query", {"filter": {"domainId": "b"}, "sort": [{"property": "id"}]})["ids"][0]
    server.one("x:DkimSignature/set", {"destroy": [id_]})
    assert lost not in keys(server, "b")
    server.made("Task", {"@type": "DkimManagement", "domainId": "b", "status": {"@type": "Pending"}})
    server.world.clock.advance(60)
    assert lost in keys(server, "b")


def test_templates():
    assert unknown_variables("v{version}-{date-%Y}-{nothing}-{epoch}{odd-x}") == ["nothing", "odd-x"]
    assert selector("{algorithm}.{date-%Y%m}.{date}.{epoch}", RSA, 1_795_266_403, "b") == "rsa.202611.20261121.1795266403"
    one, other = (selector("{random}{hash}", ED, 0, id_) for id_ in "bc")
    assert one != other
    assert len(one) == 16
