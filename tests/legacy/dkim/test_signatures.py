"""Signing keys and zone records where the worked examples say nothing: rights, what went meanwhile, what the new server refuses."""

import subprocess
import sys

import pytest

from gateway.jmap.calls import Set
from gateway.jmap.errors import Garbled, MethodError
from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.dkim.ids import meant
from gateway.legacy.dkim.signatures import create_signature
from gateway.legacy.exchange import Exchange
from gateway.legacy.principal.context import NOTE, Context, Domain
from gateway.legacy.refusals import Forbidden, ItemNotFound, NotFound, Problem
from gateway.settings import Settings
from gateway.state import Recollection
from gateway.web.locks import Locks
from tests.legacy.scripted import Caller

ACME, SUB = (
    Domain(id_, name, frozenset({name, *aliases}), None, None)
    for id_, name, aliases in (("b", "acme.test", ("acme.example",)), ("c", "acme.test-x", ()))
)
CONTEXT = Context({"b": ACME, "c": SUB}, {}, {}, None, None, frozenset())
WISH = {"algorithm": "Ed25519", "domain": "acme.test", "selector": "s"}
EVERY_RIGHT = [right for rights in NEW_RIGHTS.values() for right in rights]
RIGHTS = NEW_RIGHTS["dkim-signature-get"]
CALLS = [
    ["x:Domain/get", {"ids": None, "properties": ["id", "name", "aliases", "memberTenantId", "catchAllAddress"]}],
    ["x:Role/get", {"ids": None, "properties": ["id", "description", "roleIds", "memberTenantId"]}],
    ["x:Tenant/get", {"ids": None, "properties": ["id", "name"]}],
    [
        "x:Authentication/get",
        {
            "ids": ["singleton"],
            "properties": [
                "id",
                "defaultUserRoleIds",
                "defaultGroupRoleIds",
                "defaultTenantRoleIds",
                "defaultAdminRoleIds",
            ],
        },
    ],
    ["x:SystemSettings/get", {"ids": ["singleton"], "properties": ["id", "defaultDomainId"]}],
]


def context(*names):
    """The round that asks for the domains."""
    objects = [
        {"id": f"n{place}", "name": name, "aliases": {}, "memberTenantId": None, "catchAllAddress": None}
        for place, name in enumerate(names)
    ]
    return CALLS, [[name, {"list": objects if name == "x:Domain/get" else []}] for name, _ in CALLS]


FORBIDDEN = CALLS, [["error", {"type": "forbidden"}] for _ in CALLS]


def look(*objects, domain="b", properties=("id", "@type", "selector", "stage", "createdAt")):
    """The round that asks for the signatures of a domain."""
    query = {"filter": {"domainId": domain}, "position": 0, "limit": 500, "calculateTotal": True}
    get = {"#ids": {"resultOf": "c0", "name": "x:DkimSignature/query", "path": "/ids"}, "properties": list(properties)}
    ids = [it["id"] for it in objects]
    calls, answers = (
        [["x:DkimSignature/query", query], ["x:DkimSignature/get", get]],
        [
            ["x:DkimSignature/query", {"ids": ids, "total": len(ids), "position": 0}],
            ["x:DkimSignature/get", {"list": list(objects)}],
        ],
    )
    return calls, answers


def test_nothing_of_cryptography_is_loaded_before_the_first_key():
    asked = "import sys, gateway.legacy.rooms; print(any(name.startswith('cryptography') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "False\n"


def test_ids_say_algorithm_and_domain():
    assert meant("rsa-acme.test", CONTEXT).domain is ACME
    assert (meant("rsa-acme.test-x", CONTEXT).domain, meant("rsa-acme.test-x", CONTEXT).selector) == (SUB, None)
    assert (meant("rsa-acme.test-x-y", CONTEXT).domain, meant("rsa-acme.test-x-y", CONTEXT).selector) == (SUB, "y")
    assert (meant("ed25519-acme.test-y", CONTEXT).domain, meant("ed25519-acme.test-y", CONTEXT).selector) == (ACME, "y")
    for other in ("rsa-", "rsa", "", "rsa-acme.example", "rsa-ACME.test", "dsa-acme.test", "acme.test", "rsa-far.test"):
        assert meant(other, CONTEXT) is None


@pytest.mark.parametrize("operation", ["createDkim", "getDkim", "getDnsRecords"])
async def test_callers_who_may_not_see_domains(run, operation):
    with pytest.raises(Forbidden):
        await run(operation, [FORBIDDEN], path={"id": "rsa-acme.test", "domain": "acme.test"}, body=WISH)


async def test_a_domain_that_is_not_known_is_looked_for_again(run):
    notes = {NOTE: CONTEXT}
    assert (
        await run(
            "getDkim",
            [
                context("new.test"),
                look(
                    {
                        "id": "d",
                        "@type": "Dkim2RsaSha256",
                        "stage": "active",
                        "createdAt": "2026-01-01T00:00:00Z",
                        "publicKey": "AB",
                    },
                    domain="n0",
                    properties=("id", "@type", "stage", "createdAt", "publicKey"),
                ),
            ],
            path={"id": "rsa-new.test"},
            notes=notes,
        )
        == "AB"
    )
    with pytest.raises(ItemNotFound):
        await run("getDnsRecords", [context("acme.test")], path={"domain": "new.test"}, notes={NOTE: CONTEXT})
    with pytest.raises(NotFound):
        await run("getDkim", [context("acme.test")], path={"id": "rsa-new.test"}, notes={NOTE: CONTEXT}, rights=RIGHTS)
    with pytest.raises(Forbidden):
        await run("getDkim", [context("acme.test")], path={"id": "rsa-new.test"}, notes={NOTE: CONTEXT})


async def test_an_id_of_another_form_is_not_asked_for(run):
    with pytest.raises(NotFound):
        await run("getDkim", path={"id": "my-key"})


async def test_a_domain_that_went_meanwhile(run):
    zone = [["x:Domain/get", {"ids": ["b"], "properties": ["id", "name", "dnsZoneFile"]}]]
    with pytest.raises(ItemNotFound) as refusal:
        await run(
            "getDnsRecords",
            [(zone, [["x:Domain/get", {"list": [], "notFound": ["b"]}]])],
            path={"domain": "Acme.Example"},
            notes={NOTE: CONTEXT},
        )
    assert refusal.value.body["item"] == "Acme.Example"


async def test_a_key_that_the_new_server_cannot_show_is_none(run):
    silent = {"id": "d", "@type": "Dkim1RsaSha256", "stage": "active", "createdAt": "2026-01-01T00:00:00Z"}
    with pytest.raises(NotFound):
        await run(
            "getDkim",
            [look(silent, properties=("id", "@type", "stage", "createdAt", "publicKey"))],
            path={"id": "rsa-acme.test"},
            notes={NOTE: CONTEXT},
        )


class Writer(Caller):
    """A caller whose server has no signatures yet, and answers a write like this; keys are random, so the write is not spelt out."""

    def __init__(self, error):
        super().__init__(EVERY_RIGHT)
        self.notes = {NOTE: CONTEXT}
        self.error = error

    async def attempt(self, *calls):
        if not isinstance(calls[0], Set):
            return [{"ids": [], "total": 0}, {"list": []}]
        if isinstance(self.error, MethodError):
            return [self.error]
        ((key, wish),) = calls[0].create.items()
        assert wish["privateKey"]["secret"].startswith("-----BEGIN PRIVATE KEY-----\n")
        return [{"notCreated": {key: self.error}} if self.error else {}]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overQuota", "description": "x"}, Problem),
        ({"type": "forbidden"}, Forbidden),
        ({"type": "invalidForeignKey", "objectId": {"object": "Domain", "id": "b"}}, ItemNotFound),
        (None, Garbled),
        (MethodError("x:DkimSignature/set", "serverFail", ""), MethodError),
    ],
)
async def test_what_was_refused_is_not_remembered(error, kind):
    memory = Recollection()
    exchange = Exchange(
        path={},
        query={},
        body=WISH | {"id": "mine"},
        now=0,
        settings=Settings(),
        caller=Writer(error),
        flags=None,
        memory=memory,
        locks=Locks(),
        background=None,
    )
    with pytest.raises(kind) as refusal:
        await create_signature(exchange)
    assert await memory.record_ids(["DkimSignature"]) == {"DkimSignature": {}}
    if kind is ItemNotFound:
        assert refusal.value.body["item"] == "acme.test"
