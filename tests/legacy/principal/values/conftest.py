"""What a caller may see of a small server."""

import pytest

from gateway.legacy.principal.context import Context, Domain, Role, Tenant


def domain(id_, name, *aliases, tenant=None, catch_all=None):
    return Domain(id_, name, frozenset({name, *aliases}), tenant, catch_all)


def role(id_, name, *roles):
    return Role(id_, name, None, frozenset(roles), None)


DEFAULTS = {
    "user": frozenset({"b"}),
    "group": frozenset({"c"}),
    "tenant-admin": frozenset({"d", "b"}),
    "admin": frozenset({"e", "b"}),
}


def build(*, defaults=DEFAULTS, default_domain="b", catch_all=None):
    domains = [
        domain("b", "acme.test", "acme.example", catch_all=catch_all),
        domain("c", "other.test", tenant="b"),
        domain("d", "busy.test", catch_all="pat@acme.test"),
    ]
    roles = [
        role("b", "User"), role("d", "Tenant Administrator"), role("e", "System Administrator"),
        role("f", "helpdesk"), role("g", "auditor", "f"), role("h", "twin"), role("i", "twin"), role("j", "Boss"),
    ]  # fmt: skip
    return Context(
        domains={it.id: it for it in domains},
        roles={it.id: it for it in roles},
        tenants={"b": Tenant("b", "acme", None)},
        defaults=defaults,
        default_domain=default_domain,
        forbidden=frozenset(),
    )


@pytest.fixture(name="context")
def _context():
    return build()


@pytest.fixture(name="context_with")
def _context_with():
    return build
