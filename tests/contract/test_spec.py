"""The specification is valid, says only what the gateway understands, and its examples are true."""

import json

import pytest
from jsonschema_path import SchemaPath
from openapi_core.validation.schemas import oas30_read_schema_validators_factory
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from openapi_spec_validator import validate as validate_spec

from gateway.contract import Spec, SpecError
from gateway.contract import body as json_body
from gateway.contract.old_json import complaint
from gateway.contract.spec import resolve
from gateway.knowledge import query_string
from gateway.knowledge.permissions import NEW_RIGHTS

EXTENSIONS = {
    "operation": {
        "x-entry",
        "x-permission",
        "x-permission-before",
        "x-since",
        "x-until",
        "x-enterprise",
        "x-replacement",
        "x-extra",
        "x-any-method",
        "x-other-methods",
        "x-request",
    },
    "path": set(),
    "parameter": {"x-undecoded", "x-empty", "x-refusal"},
    "body": {"x-refusal", "x-reader"},
    "document": {"x-guards"},
}
EXACT = {"application/json", "application/problem+json", "text/event-stream", "application/x-www-form-urlencoded"}
PROBLEMS = {"400", "401", "402", "403", "404", "408", "429", "500", "503", "504"}

SPEC = Spec.load()
INSIDE = [operation for operation in SPEC.operations if operation.inside_api]
by_id = {"ids": lambda operation: operation.id}


def test_it_is_a_valid_specification(spec):
    validate_spec(spec.document)


def test_its_extensions_are_those_that_its_head_explains(spec):
    used = {"operation": set(), "path": set(), "parameter": set(), "body": set(), "document": extensions(spec.document)}
    for item in spec.document["paths"].values():
        used["path"] |= extensions(item)
        for parameter in item.get("parameters", ()):
            used["parameter"] |= extensions(parameter)
    for operation in spec.operations:
        used["operation"] |= extensions(operation.source)
        used["body"] |= extensions(resolve(spec.document, operation.source.get("requestBody", {})))
        for parameter in operation.source.get("parameters", ()):
            used["parameter"] |= extensions(resolve(spec.document, parameter))
    for place, names in used.items():
        assert names <= EXTENSIONS[place]


def test_readers_of_bodies_are_there_and_take_the_examples():
    for operation in SPEC.operations:
        described = resolve(SPEC.document, operation.source.get("requestBody", {}))
        if "x-reader" in described:
            raw = json.dumps(described["content"]["application/json"]["example"]).encode()
            assert complaint(described["x-reader"], raw) is None


def extensions(node):
    return {key for key in node if key.startswith("x-")}


@pytest.mark.parametrize("operation", SPEC.operations, **by_id)
def test_rights_are_old_names(operation):
    if operation.permission is not None:
        assert operation.permission in NEW_RIGHTS or operation.permission in {"*-list", "*-get", "*-create", "*-update", "*-delete"}


@pytest.mark.parametrize("operation", SPEC.operations, **by_id)
def test_the_example_of_a_request_is_that_operation_and_valid(spec, table, contract, operation):
    method, _, target = operation.source["x-request"].partition(" ")
    raw_path, _, raw_query = target.partition("?")
    match = table.find(method, raw_path)
    query = query_string.parse(raw_query)
    assert match.operation.id == operation.id
    assert query.keys() <= set(operation.query_parameters)
    assert contract.check(match, query, example_body(spec, operation)) is None


def example_body(spec, operation):
    """The example of a JSON body as it comes over the wire."""
    if operation.body != "json":
        return None
    media = resolve(spec.document, operation.source["requestBody"])["content"]["application/json"]
    return json_body.parse(json.dumps(media["example"]).encode(), limit=1_048_576, depth=32)


@pytest.mark.parametrize("operation", INSIDE, **by_id)
def test_every_refusal_is_described(operation):
    assert set(operation.source["responses"]) == {"200", *PROBLEMS}


def validator(spec, *steps):
    """A validator of what the server sends, for the schema at that place of the document."""
    path = SchemaPath.from_dict(spec.document)
    for step in steps:
        path /= step
    return oas30_read_schema_validators_factory.create(SchemaPath.from_dict(spec.document), path)


def replies(operation):
    return ("paths", operation.path, operation.method.lower(), "responses")


@pytest.mark.parametrize("operation", SPEC.operations, **by_id)
def test_every_body_and_reply_has_a_schema_and_true_examples(spec, operation):
    method = operation.method.lower()
    described = {"requestBody": operation.source["requestBody"]} if "requestBody" in operation.source else {}
    assert bool(described) is (method == "post" or operation.id == "patchPrincipal")
    assert "default" not in operation.source["responses"]
    places = [(("requestBody",), described)] if described else []
    places += [(("responses", status), operation.source["responses"]) for status in operation.source["responses"]]
    for steps, parent in places:
        content = resolve(spec.document, parent[steps[-1]])["content"]
        assert content
        for kind, media in content.items():
            assert described_schema(spec, media["schema"])
            if kind not in EXACT:
                assert media["example"], (steps, kind)
                continue
            check = validator(spec, "paths", operation.path, method, *steps, "content", kind, "schema")
            examples = list(media["examples"].values()) if "examples" in media else [{"value": media["example"]}]
            assert examples, (steps, kind)
            for example in examples:
                check.validate(resolve(spec.document, example)["value"])


def described_schema(spec, schema):
    """Whether a schema says more than that there is a value."""
    schema = resolve(spec.document, schema)
    return any(word in schema for word in ("type", "anyOf", "oneOf", "allOf", "enum"))


@pytest.mark.parametrize("operation", INSIDE, **by_id)
def test_a_reply_of_another_shape_is_seen(spec, operation):
    check = validator(spec, *replies(operation), "200", "content", "application/json", "schema")
    with pytest.raises(InvalidSchemaValue):
        check.validate({"data": {"items": 7}})


@pytest.mark.parametrize("operation", [item for item in SPEC.operations if not item.inside_api], **by_id)
def test_logins_describe_their_refusals(operation):
    statuses = set(operation.source["responses"])
    assert statuses >= {"429", "500", "503", "504"}
    assert len(statuses & {"200", "201"}) == 1
    assert ("401" in statuses) or operation.source.get("security") == []


@pytest.mark.parametrize("status", sorted(PROBLEMS))
def test_examples_of_problems_are_valid_for_their_status_only(spec, status):
    operation = spec.operation("listQueue")
    checks = {
        code: validator(spec, *replies(operation), code, "content", "application/problem+json", "schema") for code in PROBLEMS
    }
    example = resolve(spec.document, operation.source["responses"][status])["content"]["application/problem+json"]["example"]
    assert example["status"] == int(status)
    for code, check in checks.items():
        if code == status:
            check.validate(example)
        else:
            with pytest.raises(InvalidSchemaValue):
                check.validate(example)


@pytest.mark.parametrize(
    "reply",
    [
        {"error": "notFound"},
        {"error": "other", "details": "x"},
        {"error": "unsupported", "details": "x", "reason": None},
        {"error": "forbidden"},
        {"data": None, "error": "assertFailed"},
        {},
        [],
        {"data": 1},
    ],
)
def test_replies_outside_the_contract_are_seen(spec, reply):
    check = validator(spec, *replies(spec.operation("deleteQueue")), "200", "content", "application/json", "schema")
    with pytest.raises(InvalidSchemaValue):
        check.validate(reply)


@pytest.mark.parametrize(
    "principal",
    [
        {"id": 1, "type": "group"},
        {"id": 1, "type": "group", "name": "crew", "secrets": [], "emails": [], "members": []},
        {"id": 1, "type": "individual", "name": "kim", "quota": 0, "description": ""},
        {"id": 1, "type": "domain", "name": "acme.test", "members": 0},
        {"id": 1, "type": "tenant", "name": "acme", "members": 2, "quota": [0] * 13},
        {"id": 1, "type": "tenant", "name": "acme", "members": 2, "quota": 5},
        {"id": 1, "type": "other", "name": "thing"},
    ],
)
def test_shapes_of_principals(spec, principal):
    check = validator(spec, "components", "schemas", "Principal")
    check.validate(principal)
    for wrong in ({"id": None}, {"type": "superuser"}, {"extra": 1}, {"emails": "kim@acme.test"}, {"members": None}, {"quota": [0] * 12}):
        with pytest.raises(InvalidSchemaValue):
            check.validate(principal | wrong)


@pytest.mark.parametrize(
    ("operation", "reply"),
    [
        ("patchPrincipal", {"data": True}),
        ("deletePrincipal", {"data": {}}),
        ("createPrincipal", {"data": None}),
        ("createPrincipal", {"data": "57"}),
        ("getPrincipal", {"data": {"id": 1, "type": "group"}}),
        ("getPrincipal", {"data": {"id": 1, "type": "group", "name": "crew", "members": 3}}),
        ("getPrincipal", {"data": {"id": 1, "type": "domain", "name": "acme.test", "members": ["kim"]}}),
        ("deletePrincipals", {"data": None}),
        ("listPrincipals", {"data": {"items": [{"id": 1}], "total": 1}}),
    ],
)
def test_replies_about_principals_outside_the_contract_are_seen(spec, operation, reply):
    check = validator(spec, *replies(spec.operation(operation)), "200", "content", "application/json", "schema")
    with pytest.raises(InvalidSchemaValue):
        check.validate(reply)


def document(**operation):
    return {
        "servers": [{"url": "/api"}],
        "x-guards": [],
        "paths": {"/things/{id}": {"get": {"operationId": "getThing", "tags": ["things"], "x-entry": 1} | operation}},
    }


def test_a_path_parameter_must_be_declared():
    with pytest.raises(SpecError, match="does not declare id"):
        Spec(document())


def test_operation_ids_are_unique():
    told = document(parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}])
    told["paths"]["/things/{id}"]["delete"] = told["paths"]["/things/{id}"]["get"]
    with pytest.raises(SpecError, match="share an operationId"):
        Spec(told)
