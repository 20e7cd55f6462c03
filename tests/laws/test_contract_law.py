"""The laws of the contract: what the gate accepts, the judge accepts; the gate takes every body that the judge takes."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.contract import Contract, Match, PathTable, Spec
from gateway.contract.gate import compile_gate
from gateway.contract.judge import Judge
from gateway.contract.spec import parameters, resolve

SPEC = Spec.load()
JUDGE = Judge(SPEC.document)
WITH_BODY = [operation for operation in SPEC.operations if operation.body == "json"]
GATES = {operation.id: compile_gate(SPEC.document, operation) for operation in SPEC.operations}

bounded = settings(
    max_examples=600, deadline=timedelta(seconds=5), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


NEAR_MISSES = {
    "string": ["", "1", 1, "x" * 512, "x" * 513, "é" * 256, "é" * 257],
    "integer": [True, 1.0, "1", -1, 0, 2**64 - 1, 2**64],
    "number": [True, False, "1"],
    "boolean": [1, 0, "true"],
    "array": [{}, ""],
    "object": [[], ""],
}


def fitting(schema, document):
    """Values of roughly the right shape for a schema, now and then of a wrong one."""
    schema = resolve(document, schema)
    kind = schema.get("type")
    if "anyOf" in schema:
        fits = st.one_of([fitting(choice, document) for choice in schema["anyOf"]])
    elif "enum" in schema:
        fits = st.sampled_from(schema["enum"])
    elif kind == "object":
        members = {name: fitting(member, document) for name, member in schema.get("properties", {}).items()}
        required = {name: members.pop(name, json_values) for name in schema.get("required", ())}
        fits = st.fixed_dictionaries(required, optional=members)
        fits |= st.builds(lambda more, known: more | known, st.dictionaries(st.text(max_size=5), json_values, max_size=2), fits)
    elif kind == "array":
        fits = st.lists(fitting(schema.get("items", {}), document), max_size=3)
    else:
        plain = {"string": st.text(max_size=10), "integer": st.integers(), "number": numbers, "boolean": st.booleans()}
        fits = plain.get(kind, json_values)
    return fits | st.sampled_from([*NEAR_MISSES.get(kind or "string", ()), None]) | json_values


@st.composite
def requests(draw):
    """An operation with path elements, query and body: mostly good ones, strange ones among them."""
    operation = draw(st.sampled_from(SPEC.operations) | st.sampled_from(WITH_BODY))
    elements = {
        parameter.name: draw(st.sampled_from(parameter.words) | st.text(max_size=5) if parameter.words else st.text(max_size=8))
        for parameter in operation.path_parameters
    }
    declared = [item for item in parameters(SPEC.document, operation.path, operation.source) if item["in"] == "query"]
    query = draw(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2))
    for parameter in declared:
        words = parameter["schema"].get("enum")
        value = st.text(max_size=8) if words is None else st.sampled_from(words) | st.text(max_size=3)
        if draw(st.booleans()):
            query[parameter["name"]] = draw(value)
    body = None
    if operation.body == "json":
        media = resolve(SPEC.document, operation.source["requestBody"])["content"]["application/json"]
        body = draw(fitting(media["schema"], SPEC.document))
    return operation, elements, query, body


@given(request=requests())
@bounded
def test_what_the_gate_accepts_the_judge_accepts(request):
    operation, elements, query, body = request
    if GATES[operation.id](elements, query, body):
        assert JUDGE.find_fault(operation, elements, query, body) is None


@given(request=requests())
@bounded
def test_the_gate_takes_every_body_that_the_judge_takes(request):
    operation, elements, query, body = request
    gate = GATES[operation.id]
    finding = JUDGE.find_fault(operation, elements, query, body)
    assert gate.takes_body(body) or finding is not None
    assert finding is None or finding.where != "body" or not gate.takes_body(body)


@given(request=requests())
@bounded
def test_the_contract_says_what_the_judge_says(contract, request):
    operation, elements, query, body = request
    violation = contract.check(Match(operation, elements), query, body)
    finding = JUDGE.find_fault(operation, elements, query, body)
    assert (violation is None) == (finding is None)


@pytest.fixture(scope="module")
def contract():
    return Contract(SPEC)


scalars = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "integer", "number", "boolean"])},
        optional={"nullable": st.booleans(), "description": st.just("a value")},
    ),
    st.fixed_dictionaries(
        {"type": st.just("string"), "enum": st.lists(st.sampled_from(["a", "b", "", "1"]), min_size=1, unique=True)},
        optional={"nullable": st.booleans()},
    ),
    st.fixed_dictionaries(
        {}, optional={"type": st.just("string"), "maxLength": st.integers(0, 5) | st.just(512), "format": st.just("text512")}
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"nullable": st.booleans(), "minimum": st.integers(-2, 2), "maximum": st.sampled_from([1, 2**64 - 1])},
    ),
)
known_schemas = st.recursive(
    st.just({}) | scalars,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner}, optional={"nullable": st.booleans(), "minItems": st.integers(0, 2), "maxItems": st.integers(1, 3)}
        ),
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from(["a", "b", "c"]), inner)},
            optional={
                "nullable": st.booleans(),
                "required": st.lists(st.sampled_from(["a", "b", "z"]), min_size=1, unique=True),
                "additionalProperties": st.booleans(),
            },
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}, optional={"maxLength": st.integers(0, 3)}),
    ),
    max_leaves=6,
)
schemas = st.one_of(
    known_schemas,
    known_schemas,
    known_schemas.map(lambda schema: {"allOf": [schema]}),
    known_schemas.map(lambda schema: {"oneOf": [schema, {"type": "string"}]}),
    known_schemas.map(lambda schema: {"not": schema}),
    known_schemas.map(lambda schema: {"anyOf": [schema], "nullable": True}),
    known_schemas.map(lambda schema: {"type": "array", "items": {"type": "object", "additionalProperties": schema}}),
    st.just({"type": "object", "additionalProperties": False}),
    st.fixed_dictionaries({"type": st.sampled_from(["string", "integer"]), "maxLength": st.just(2), "minimum": st.just(0)}),
    st.fixed_dictionaries({"type": st.just("string"), "format": st.sampled_from(["date", "text513"]), "minLength": st.just(1)}),
    st.fixed_dictionaries({"type": st.just("integer"), "minimum": st.just(1), "exclusiveMinimum": st.just(True), "multipleOf": st.just(2)}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["a", 1, True, None]), min_size=1, max_size=2)}),
)


def taking(schema):
    """A specification of one operation that takes a body of that schema, and the operation."""
    document = {
        "openapi": "3.0.3",
        "info": {"title": "any", "version": "1"},
        "servers": [{"url": "/api"}],
        "x-guards": [],
        "paths": {
            "/thing": {
                "post": {
                    "operationId": "postThing",
                    "tags": ["thing"],
                    "x-entry": 1,
                    "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                    "responses": {"default": {"description": "any"}},
                }
            }
        },
    }
    return document, Spec(document).operations[0]


def surely_valid(schema, value):
    document, operation = taking(schema)
    gate = compile_gate(document, operation)
    return gate is not None and gate({}, {}, value)


def objection(schema, value):
    document, operation = taking(schema)
    return Judge(document).find_fault(operation, {}, {}, value)


@given(schema=schemas, data=st.data())
@bounded
def test_the_law_holds_for_every_schema(schema, data):
    value = data.draw(fitting(schema, {}))
    if surely_valid(schema, value):
        assert objection(schema, value) is None


VALUES = [None, True, False, 0, 1, -1, 1.0, 0.5, 2**70, "", "a", "1", "true", [], [1], {}, {"a": 1}]


@pytest.mark.parametrize("kind", [None, "string", "integer", "number", "boolean", "array", "object"])
@pytest.mark.parametrize("nullable", [None, True, False])
@pytest.mark.parametrize("words", [None, ["a", "1"], [1, None], [True]])
def test_the_law_holds_for_every_kind_of_value(kind, nullable, words):
    said = {"type": kind, "nullable": nullable, "enum": words, "items": {} if kind == "array" else None}
    schema = {keyword: value for keyword, value in said.items() if value is not None}
    document, operation = taking(schema)
    judge = Judge(document)
    for value in VALUES:
        if surely_valid(schema, value):
            assert judge.find_fault(operation, {}, {}, value) is None


LIMITS = [
    {"maxLength": 1},
    {"maxLength": 512},
    {"format": "text512"},
    {"maxLength": 512, "format": "text512"},
    {"format": "date"},
    {"minimum": 1},
    {"maximum": 1},
    {"maximum": 2**64 - 1},
    {"minimum": 0, "maximum": 2**70},
    {"additionalProperties": False},
    {"additionalProperties": {"type": "string"}},
    {"properties": {"a": {"type": "string"}}, "additionalProperties": False},
    {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]},
    {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {}], "maxLength": 1},
    {"not": {"type": "string"}},
]
MORE_VALUES = [*VALUES, "x" * 512, "x" * 513, "é" * 256, "é" * 257, 2**64 - 1, 2**64, 2**70 + 1, 1.5, {"b": None}, {"a": "x"}, {"a": "x", "b": 1}]


@pytest.mark.parametrize("kind", [None, "string", "integer", "number", "boolean", "array", "object"])
@pytest.mark.parametrize("limit", LIMITS, ids=str)
@pytest.mark.parametrize("nullable", [None, True])
def test_the_law_holds_for_every_limit(kind, limit, nullable):
    said = {"type": kind, "nullable": nullable, "items": {} if kind == "array" else None}
    schema = {keyword: value for keyword, value in said.items() if value is not None} | limit
    document, operation = taking(schema)
    judge = Judge(document)
    for value in MORE_VALUES:
        if surely_valid(schema, value):
            assert judge.find_fault(operation, {}, {}, value) is None


def test_the_gate_is_sure_of_ordinary_requests():
    """The law would hold for a gate that accepts nothing; this one knows every example of the specification."""
    table = PathTable(SPEC.operations)
    for operation in SPEC.operations:
        method, _, target = operation.source["x-request"].partition(" ")
        match = table.find(method, target.partition("?")[0])
        media = resolve(SPEC.document, operation.source.get("requestBody", {})).get("content", {}).get("application/json", {})
        query = {"type": "list", "confirm": "true"} if operation.id == "deletePrincipals" else {}
        assert GATES[operation.id](match.elements, query, media.get("example"))
