"""Whatever a client sends, the server has an answer: a reply to each call, a problem document, or a closed connection."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator import dispatch, envelope
from gateway.simulator.auth import administrator
from gateway.simulator.errors import Cut, Problem
from gateway.simulator.server import WORLD, build
from gateway.simulator.world import Config

NAMES = st.sampled_from(
    [
        *("id", "@type", "name", "domainId", "description", "aliases", "credentials", "secret", "roles", "roleIds", "permissions"),
        *("enabledPermissions", "quotas", "maxEmails", "memberGroupIds", "locale", "otpAuth", "allowedIps", "expiresAt", "match", "else", "if"),
        *("recipients", "dkimManagement", "selectorTemplate", "ids", "filter", "sort", "operator", "conditions", "property"),
    ]
)
TEXTS = st.one_of(
    NAMES, st.sampled_from(["b", "c", "#k", "z9", "User", "Group", "Custom", "Merge", "AND", "OR", "lab.test", "0", "1", "", "~1", "a/b", "\\"]), st.text(max_size=6)
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS)
POINTERS = st.lists(TEXTS, min_size=1, max_size=4).map("/".join)
VALUES = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(TEXTS, POINTERS), inner, max_size=4)), max_leaves=12)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)
TYPES = [
    *("Account", "Domain", "Role", "MailingList", "AppPassword", "QueuedMessage", "Task", "Action", "DmarcExternalReport"),
    *("MtaRoute", "MtaStageRcpt", "MtaInboundThrottle", "SpamTag", "SpamRule", "SearchStore", "Email", "Certificate", "SieveUserScript", "AcmeProvider"),
    *("ClusterNode", "Bootstrap"),
]
ARGUMENTS = {
    "get": st.fixed_dictionaries({}, optional={"ids": VALUES, "properties": VALUES, "#ids": VALUES, "accountId": VALUES}),
    "query": st.fixed_dictionaries(
        {},
        optional={
            "filter": VALUES,
            "sort": st.lists(OBJECTS, max_size=2),
            "anchor": VALUES,
            **{name: st.one_of(st.none(), st.integers(-3, 20), LEAVES) for name in ("position", "limit", "anchorOffset", "calculateTotal")},
        },
    ),
    "set": st.fixed_dictionaries(
        {},
        optional={
            "create": st.dictionaries(TEXTS, st.one_of(OBJECTS, VALUES), max_size=2),
            "update": st.dictionaries(TEXTS, st.one_of(st.dictionaries(POINTERS, VALUES, max_size=3), VALUES), max_size=2),
            "destroy": VALUES,
        },
    ),
}
CALLS = st.sampled_from(TYPES).flatmap(
    lambda name: st.sampled_from(["get", "query", "set"]).flatmap(lambda verb: ARGUMENTS[verb].map(lambda arguments: (f"x:{name}/{verb}", arguments)))
)
KNOWN = {
    *("unknownMethod", "invalidArguments", "invalidResultReference", "forbidden", "requestTooLarge", "unsupportedFilter", "unsupportedSort"),
    *("anchorNotFound", "serverUnavailable"),
}


@pytest.fixture(scope="module")
def world():
    return build(Config(start=1_795_266_403))[WORLD]


@settings(max_examples=400, deadline=None)
@given(calls=st.lists(CALLS, min_size=1, max_size=3))
def test_every_call_is_answered(world, calls):
    body = {"using": [], "methodCalls": [[name, arguments, f"c{place}"] for place, (name, arguments) in enumerate(calls)]}
    try:
        request = envelope.read(json.dumps(body).encode(), None, dispatch.grammar(world), world.applied("Jmap"))
        answers = dispatch.run(world, administrator(world), request)
    except (Problem, Cut):
        return
    assert [call_id for _, _, call_id in answers] == [f"c{place}" for place in range(len(calls))]
    assert {found["type"] for name, found, _ in answers if name == "error"} <= KNOWN
    json.dumps(answers)


@settings(max_examples=200, deadline=None)
@given(body=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode), VALUES.map(lambda value: json.dumps(value).encode())))
def test_any_body_is_a_request_or_a_problem(world, body):
    with contextlib.suppress(Problem):
        assert envelope.read(body, None, dispatch.grammar(world), world.applied("Jmap")).calls is not None
