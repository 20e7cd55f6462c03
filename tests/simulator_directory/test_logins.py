"""Logins through names that change (recording `directory.names-and-data.names`)."""

import pytest

MANUAL = {"@type": "Manual"}


@pytest.fixture
def nora(server):
    """Server with a domain that has an alias, and an account in it with an alias that is switched off: (server, domain, account)."""
    domain = server.made("Domain", {"name": "names.test", "aliases": {"names-alias.test": True}, "dkimManagement": MANUAL})
    aliases = {"0": {"name": "n.ora", "domainId": domain}, "1": {"name": "off", "domainId": domain, "enabled": False}}
    return server, domain, server.user("nora", domain, aliases=aliases)


def invalidate(server):
    assert "created" in server.one("x:Action/set", {"create": {"a": {"@type": "InvalidateCaches"}}})


def logins(server, *names):
    return [server.status(name) for name in names]


def test_names_and_aliases(nora):
    server, *_ = nora
    assert logins(server, "nora@names.test", "NORA@Names.Test", "nora@names-alias.test", "n.ora@names.test") == [200] * 4
    assert logins(server, "off@names.test", "nora", "nora@elsewhere.test") == [401] * 3
    server.user("dora")
    assert server.status("dora") == 200
    assert server.status("nora@names.test", "another pass phrase") == 401


def test_an_old_name_works_where_it_was_used_until_caches_are_thrown_away(nora):
    server, _, account = nora
    assert server.status("nora@names.test") == 200
    server.changed("Account", account, {"name": "renamed"})
    assert logins(server, "nora@names.test", "NORA@names.test", "renamed@names.test", "n.ora@names.test") == [200, 401, 200, 200]
    invalidate(server)
    assert logins(server, "nora@names.test", "renamed@names.test", "n.ora@names.test") == [401, 200, 200]


def test_a_new_domain_alias_is_known_when_the_main_name_is_looked_up_again(nora):
    server, domain, _ = nora
    assert logins(server, "nora@names.test", "nora@names-alias.test") == [200, 200]
    server.changed("Domain", domain, {"aliases": {"second-alias.test": True}})
    assert server.status("nora@second-alias.test") == 401
    invalidate(server)
    assert server.status("nora@second-alias.test") == 401
    assert logins(server, "nora@names.test", "nora@second-alias.test", "nora@names-alias.test") == [200, 200, 401]


def test_a_renamed_domain(nora):
    server, domain, _ = nora
    assert server.status("nora@names.test") == 200
    server.changed("Domain", domain, {"name": "newnames.test"})
    assert server.status("nora@names.test") == 200
    invalidate(server)
    assert logins(server, "nora@names.test", "nora@newnames.test") == [401, 200]


def test_a_new_domain_takes_a_name_that_is_still_remembered(nora):
    server, domain, _ = nora
    assert server.status("nora@names-alias.test") == 401
    assert logins(server, "nora@names.test", "nora@names-alias.test") == [200, 200]
    server.changed("Domain", domain, {"aliases": {}})
    other = server.made("Domain", {"name": "names-alias.test", "dkimManagement": MANUAL})
    server.user("otto", other)
    assert server.status("otto@names-alias.test") == 200


def test_a_disabled_domain_goes_on(nora):
    server, domain, _ = nora
    server.changed("Domain", domain, {"isEnabled": False})
    assert server.status("nora@names.test") == 200


def test_a_remembered_login_ends_with_its_password_and_its_account(nora):
    server, _, account = nora
    assert server.status("nora@names.test") == 200
    server.changed("Account", account, {"credentials/0/secret": "quite another phrase 7"})
    assert server.status("nora@names.test") == 401
    assert server.status("nora@names.test", "quite another phrase 7") == 200
    server.one("x:Account/set", {"destroy": [account]})
    assert server.status("nora@names.test", "quite another phrase 7") == 401


def test_a_revoked_right_is_gone_at_once(nora):
    server, _, account = nora
    assert server.status("nora@names.test") == 200
    server.changed("Account", account, {"permissions": {"@type": "Merge", "disabledPermissions": {"authenticate": True}}})
    assert server.status("nora@names.test") == 403
    server.changed("Account", account, {"permissions": {"@type": "Inherit"}})
    assert server.status("nora@names.test") == 200


def test_a_bare_name_belongs_to_the_default_domain_in_force(nora):
    server, domain, _ = nora
    assert server.changed("SystemSettings", "singleton", {"defaultDomainId": domain}) is None
    assert server.status("nora") == 401
    server.one("x:Action/set", {"create": {"a": {"@type": "ReloadSettings"}}})
    assert server.status("nora") == 200
