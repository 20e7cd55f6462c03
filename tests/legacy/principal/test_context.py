"""The context of a call: what it holds, what may be missing in it, when it is read again."""

from dataclasses import replace

import pytest

from gateway.jmap.calls import Get
from gateway.jmap.errors import MethodError
from gateway.legacy.principal.context import OWN_TENANT, Context, Domain, Role, outdated, read, tenant_of

NAMES = {
    "Domain": ["id", "name", "aliases", "memberTenantId", "catchAllAddress"],
    "Role": ["id", "description", "roleIds", "memberTenantId"],
    "Tenant": ["id", "name"],
}
DEFAULTS = ["id", "defaultUserRoleIds", "defaultGroupRoleIds", "defaultTenantRoleIds", "defaultAdminRoleIds"]


def calls(*own):
    return [
        *own,
        ["x:Domain/get", {"ids": None, "properties": NAMES["Domain"]}, "1"],
        ["x:Role/get", {"ids": None, "properties": NAMES["Role"]}, "2"],
        ["x:Tenant/get", {"ids": None, "properties": NAMES["Tenant"]}, "3"],
        ["x:Authentication/get", {"ids": ["singleton"], "properties": DEFAULTS}, "4"],
        ["x:SystemSettings/get", {"ids": ["singleton"], "properties": ["id", "defaultDomainId"]}, "5"],
    ]


def answers(*own, domains=(), roles=(), tenants=(), authentication=(), system=()):
    listed = zip(("Domain", "Role", "Tenant", "Authentication", "SystemSettings"), (domains, roles, tenants, authentication, system), strict=True)
    return [*own, *(["error", {"type": "forbidden"}, ""] if it is None else [f"x:{type_}/get", {"list": list(it)}, ""] for type_, it in listed)]


def domain(id_, name, **more):
    return {"id": id_, "name": name, "aliases": {}, "memberTenantId": None, "catchAllAddress": None} | more


async def test_everything_comes_in_the_round_trip_of_the_operation(server, exchange_with):
    own = ["x:Tenant/get", {"ids": ["b"]}, "0"]
    given = ["x:Tenant/get", {"list": [{"id": "b", "name": "acme"}]}, ""]
    upstream = server(
        [
            (
                calls(own),
                answers(
                    given,
                    domains=[domain("b", "a.test", aliases={"b.test": True}, catchAllAddress="Kim@a.test")],
                    roles=[{"id": "c", "description": "desk | Help | all", "roleIds": {"b": True}, "memberTenantId": "d"}],
                    tenants=[{"id": "d", "name": "acme"}],
                    authentication=[{"id": "singleton", "defaultUserRoleIds": {"b": True}, "defaultAdminRoleIds": {"e": True}}],
                    system=[{"id": "singleton", "defaultDomainId": "b"}],
                ),
            )
        ]
    )
    context, cached, (answer,) = await read(exchange_with(upstream), Get("Tenant", ["b"]))
    assert not cached
    assert answer["list"] == [{"id": "b", "name": "acme"}]
    assert context.domains == {"b": Domain("b", "a.test", frozenset({"a.test", "b.test"}), None, "Kim@a.test")}
    assert context.domain_names["b.test"].id == "b"
    assert context.catch_all == {"kim@a.test": ["a.test"]}
    role = context.roles["c"]
    assert (role.name, role.description, role.roles, role.tenant) == ("desk", "Help | all", frozenset({"b"}), "d")
    assert [it.id for it in context.tenant_names["acme"]] == ["d"]
    assert context.defaults == {"user": {"b"}, "group": set(), "tenant-admin": set(), "admin": {"e"}}
    assert context.default_domain == "b"
    assert context.forbidden == frozenset()
    assert not context.tenant_bound


async def test_what_is_kept_from_the_caller_is_unknown(server, exchange_with):
    bound = {key: value for key, value in domain("b", "a.test").items() if key != "memberTenantId"}
    upstream = server([(calls(), answers(domains=[bound], tenants=None, authentication=None, system=None))])
    context, _, _ = await read(exchange_with(upstream))
    assert context.forbidden == {"Tenant", "Authentication", "SystemSettings"}
    assert (context.defaults, context.default_domain, context.tenants) == (None, None, {})
    assert context.tenant_bound
    assert context.domains["b"].tenant == OWN_TENANT


async def test_another_failure_is_one_of_the_call(server, exchange_with):
    replies = answers()
    replies[0] = ["error", {"type": "serverUnavailable"}, ""]
    with pytest.raises(MethodError, match="serverUnavailable"):
        await read(exchange_with(server([(calls(), replies)])))


async def test_more_than_a_get_gives_is_read_in_pages(server, exchange_with):
    every = [domain("b", "a.test"), domain("c", "b.test"), domain("d", "c.test"), domain("e", "d.test"), domain("f", "e.test")]

    def page(at, number):
        query = {"sort": [{"property": "id", "isAscending": True}], "position": at, "limit": 2, "calculateTotal": True}
        asked = [
            ["x:Domain/query", query, f"q{number}"],
            ["x:Domain/get", {"#ids": {"resultOf": f"q{number}", "name": "x:Domain/query", "path": "/ids"}, "properties": NAMES["Domain"]}, f"g{number}"],
        ]
        found = every[at : at + 2]
        return asked, [["x:Domain/query", {"ids": [it["id"] for it in found], "total": 5}, ""], ["x:Domain/get", {"list": found}, ""]]

    upstream = server([(calls(), answers(domains=every[:2])), page(2, 0), page(4, 1)])
    context, _, _ = await read(exchange_with(upstream, get_page=2))
    assert [it.name for it in context.domains.values()] == ["a.test", "b.test", "c.test", "d.test", "e.test"]
    assert upstream.left == []


async def test_a_context_is_used_again_until_something_of_it_changes(server, exchange_with):
    upstream = server([(calls(), answers()), (calls(), answers()), (calls(), answers())])
    exchange = exchange_with(upstream)
    assert not (await read(exchange)).cached
    assert (await read(exchange)).cached
    outdated(exchange, "Account", "MailingList")
    assert (await read(exchange)).cached
    outdated(exchange, "Account", "Role")
    assert not (await read(exchange)).cached
    assert not (await read(exchange, fresh=True)).cached
    assert upstream.left == []


def test_an_object_may_name_what_is_not_known_yet():
    context = Context({"b": Domain("b", "a.test", frozenset(), None, None)}, {"c": Role("c", "desk", None, frozenset(), None)}, {}, None, None, frozenset())
    assert context.knows({"domainId": "b", "aliases": {"0": {"domainId": "b"}}, "roles": {"@type": "Custom", "roleIds": {"c": True}}})
    assert context.knows({"name": "a.test"})
    assert not context.knows({"domainId": "d"})
    assert not context.knows({"domainId": "b", "aliases": {"0": {"domainId": "d"}}})
    assert not context.knows({"roles": {"@type": "Custom", "roleIds": {"d": True}}})
    assert not context.knows({"roleIds": {"d": True}})
    assert replace(context, forbidden=frozenset({"Role"})).knows({"roleIds": {"d": True}})


def test_the_tenant_of_an_object():
    assert tenant_of({"memberTenantId": "b"}) == "b"
    assert tenant_of({"memberTenantId": None}) is None
    assert tenant_of({}) == OWN_TENANT
