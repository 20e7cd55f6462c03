"""Gate and judge: what is accepted, what is refused and with which words, and the traps of openapi-core."""

import logging
import time
import warnings

import pytest

from gateway.contract import Contract, PathTable, Spec, Violation
from gateway.contract.gate import compile_gate
from gateway.contract.judge import Finding, Judge


def match(table, line):
    return table.find(*line.split(" "))


def judged(contract_parts, table, line, query=None, body=None):
    spec, judge = contract_parts
    found = match(table, line)
    return judge.find_fault(spec.operation(found.operation.id), found.elements, query or {}, body)


@pytest.fixture(scope="session")
def parts(spec):
    return spec, Judge(spec.document)


def test_every_operation_has_a_gate(spec):
    assert [operation.id for operation in spec.operations if compile_gate(spec.document, operation) is None] == []


@pytest.mark.parametrize(
    ("line", "query"),
    [
        ("GET /api/queue/messages", {}),
        ("GET /api/queue/messages", {"values": "0", "page": "-1", "limit": "1.5", "range-start": "abc", "before": "yesterday", "zz": "", "": "x"}),
        ("PATCH /api/queue/messages", {"filter": "x", "at": "soon", "unknown": "1"}),
        ("DELETE /api/queue/messages", {"queue": "much-too-long-for-a-queue"}),
        ("GET /api/queue/messages/not-a-number", {"filter": "x"}),
        ("GET /api/queue/messages/", {}),
        ("GET /api/queue/reports", {"type": "zz"}),
        ("GET /api/queue/reports/a%2Fb", {}),
        ("GET /api/reports/dmarc/1_1", {}),
        ("PATCH /api/queue/status/", {}),
        ("GET /api/principal/%FF", {}),
        ("GET /api/telemetry/traces", {"queue_id": "18446744073709551616"}),
    ],
)
def test_query_values_and_names_are_never_the_contracts_business(table, contract, parts, line, query):
    assert contract.surely_valid(match(table, line), query)
    assert contract.check(match(table, line), query) is None
    assert judged(parts, table, line, query) is None


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({}, "Invalid type"),
        ({"confirm": "true"}, "Invalid type"),
        ({"type": "other", "confirm": "true"}, "Invalid type"),
        ({"type": "list,group", "confirm": "true"}, "Invalid type"),
        ({"type": "List"}, "Invalid type"),
        ({"type": "list"}, "Missing confirmation parameter"),
        ({"type": "list", "confirm": "1"}, "Missing confirmation parameter"),
        ({"type": "list", "confirm": "TRUE"}, "Missing confirmation parameter"),
    ],
)
def test_bulk_deletion_of_principals_needs_a_type_and_a_confirmation(table, contract, query, detail):
    found = match(table, "DELETE /api/principal")
    assert not contract.surely_valid(found, query)
    violation = contract.check(found, query)
    assert (violation.where, violation.detail) == ("query", detail)
    assert contract.check(found, {"type": "list", "confirm": "true", "filter": "x"}) is None


@pytest.mark.parametrize(
    ("line", "body", "reason"),
    [
        ("POST /api/principal", [], "/ type"),
        ("POST /api/principal", None, "/ type"),
        ("PATCH /api/principal/kim", {}, "/ type"),
        ("PATCH /api/principal/kim", [{"action": "set", "field": "name", "value": "x"}, None], "/1 type"),
        ("PATCH /api/principal/kim", "canary-4711", "/ type"),
        ("POST /api/settings", {"type": "delete"}, "/ type"),
        ("POST /api/settings", [0], "/0 anyOf"),
        ("POST /api/account/auth", {"password": "canary-4711"}, "/ type"),
        ("POST /api/store/undelete/kim", {}, "/ type"),
    ],
)
def test_bodies_of_the_wrong_shape(table, contract, line, body, reason):
    violation = contract.check(match(table, line), {}, body)
    assert (violation.where, violation.detail) == ("body", "JSON deserialization failed")
    assert violation.reason.startswith(reason)
    assert "canary" not in repr(violation)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("POST /api/settings", []),
        ("POST /api/store/undelete/kim", None),
        ("POST /api/store/undelete/kim", []),
        ("POST /api/dkim", {"algorithm": "Rsa", "domain": "", "id": None, "further": 1}),
        ("PUT /api/oauth", {"type": "device", "code": "x"}),
    ],
)
def test_bodies_that_may_pass(table, contract, parts, line, body):
    assert contract.check(match(table, line), {}, body) is None
    assert judged(parts, table, line, {}, body) is None


def test_bodies_that_are_not_json_are_not_looked_at(table, contract, parts):
    for line in ("POST /api/spam-filter/upload/spam", "POST /auth/token", "GET /api/logs"):
        for body in (None, b"\xff", "text"):
            assert contract.check(match(table, line), {}, body) is None
            assert judged(parts, table, line, {}, body) is None


# A specification made of the traps of openapi-core.
TRAPS = {
    "openapi": "3.0.3",
    "info": {"title": "traps", "version": "1"},
    "servers": [{"url": "/api"}],
    "security": [{"basic": []}],
    "x-guards": [],
    "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "getThing", "tags": ["things"], "x-entry": 1, "responses": {"default": {"description": "any"}}},
            "post": {
                "operationId": "postThing",
                "tags": ["things"],
                "x-entry": 2,
                "requestBody": {
                    "required": True,
                    "x-refusal": "Not a thing",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["id"],
                                "properties": {
                                    "id": {"type": "integer"},
                                    "kind": {"type": "string", "enum": ["a", "b"]},
                                    "note": {"type": "string", "nullable": True},
                                    "secret": {"type": "string", "maxLength": 3},
                                    "parts": {"type": "array", "items": {"type": "number"}, "uniqueItems": True},
                                },
                            }
                        }
                    },
                },
                "responses": {"default": {"description": "any"}},
            },
        },
        "/things/all": {
            "get": {"operationId": "getThings", "tags": ["things"], "x-entry": 3, "responses": {"default": {"description": "any"}}}
        },
    },
}


@pytest.fixture(scope="session")
def traps():
    spec = Spec(TRAPS)
    return Contract(spec), PathTable(spec.operations)


@pytest.mark.parametrize("path", ["/api/things/a%2Fb", "/api/things/", "/api/things/a%2Fall", "/api/things/%7Bid%7D", "/api/things/a/b"])
def test_a_slash_inside_an_element_and_an_empty_one_are_judged_as_routed(traps, path):
    contract, table = traps
    judge = Judge(TRAPS)
    found = table.find("GET", path)
    assert found.operation.id == "getThing"
    assert contract.check(found, {}) is None
    assert judge.find_fault(found.operation, found.elements, {}, None) is None


@pytest.mark.parametrize(
    "body",
    [{"id": 1}, {"id": 2**53 + 1}, {"id": 2**64 - 1, "kind": "a", "note": None, "secret": "abc", "parts": [1, 2.5, 2**60 + 1]}, {"id": 0, "more": {"x": []}}],
)
def test_numbers_are_judged_as_they_were_read(traps, body):
    contract, table = traps
    before = repr(body)
    assert contract.check(table.find("POST", "/api/things/1"), {}, body) is None
    assert repr(body) == before


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "/ required"),
        ({"id": "1"}, "/id type"),
        ({"id": True}, "/id type"),
        ({"id": 1.0}, "/id type"),
        ({"id": None}, "/id type"),
        ({"id": 1, "kind": "c"}, "/kind enum"),
        ({"id": 1, "kind": None}, "/kind type"),
        ({"id": 1, "secret": "canary-4711"}, "/secret maxLength"),
        ({"id": 1, "parts": ["1"]}, "/parts/0 type"),
        ({"id": 1, "parts": [False]}, "/parts/0 type"),
        ([], "/ type"),
        (0, "/ type"),
        ("", "/ type"),
        (False, "/ type"),
        (None, "/ type"),
    ],
)
def test_faults_are_named_without_values(traps, body, reason):
    contract, table = traps
    violation = contract.check(table.find("POST", "/api/things/1"), {}, body)
    assert isinstance(violation, Violation)
    assert violation.reason.startswith(reason)
    assert violation.detail == "Not a thing"
    assert "canary" not in repr(violation)


def test_a_strange_keyword_leaves_the_whole_operation_to_the_judge():
    spec = Spec(TRAPS)
    assert compile_gate(TRAPS, spec.operation("postThing")) is None
    assert compile_gate(TRAPS, spec.operation("getThing")) is not None


def test_an_empty_query_value_never_passes_the_gate(table, contract, parts):
    found = match(table, "GET /api/queue/messages")
    assert not contract.surely_valid(found, {"text": ""})
    assert judged(parts, table, "GET /api/queue/messages", {"text": ""}) == Finding("query", "text", "EmptyQueryParameterValue")


GOOD = {"action": "set", "field": "name", "value": "x"}


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("PATCH /api/principal/kim", [None] * 200_000),
        ("PATCH /api/principal/kim", [*[GOOD] * 15_000, None]),
        ("PATCH /api/principal/kim", [GOOD | {"value": [*[1] * 400_000, "a"]}]),
        ("POST /api/principal", {f"member {number}": number for number in range(50_000)}),
    ],
    ids=["all wrong", "the last one", "inside", "members"],
)
def test_a_large_wrong_body_costs_no_seconds(table, contract, line, body):
    before = time.process_time()
    violation = contract.check(match(table, line), {}, body)
    assert (violation.where, violation.detail) == ("body", "JSON deserialization failed")
    assert time.process_time() - before < 1


def test_a_large_right_body_passes(table, contract):
    assert contract.check(match(table, "PATCH /api/principal/kim"), {}, [GOOD] * 15_000) is None
    assert contract.check(match(table, "POST /api/principal"), {}, {"urls": ["u"] * 100_000}) is None


def test_a_fault_of_the_query_is_not_blamed_on_a_large_body():
    post = TRAPS["paths"]["/things/{id}"]["post"]
    asking = {**post, "parameters": [{"name": "sure", "in": "query", "required": True, "schema": {"type": "string"}}]}
    asking["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"type": "array", "items": {}}}}}
    document = {**TRAPS, "paths": {"/things/{id}": {**TRAPS["paths"]["/things/{id}"], "post": asking}}}
    found = PathTable(Spec(document).operations).find("POST", "/api/things/1")
    assert Contract(Spec(document)).check(found, {}, [1] * 5000).where == "query"


def test_the_judge_is_quiet(table, parts, caplog):
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        judged(parts, table, "GET /api/queue/messages", {"values": "1"})
        judged(parts, table, "PATCH /api/principal/kim", {}, [{"value": "canary-4711"}])
        judged(parts, table, "PATCH /api/principal/kim", {}, "canary-4711")
    assert not seen
    assert not caplog.records


def test_schemas_at_the_same_place_of_two_documents_are_not_mixed_up():
    strict = {**TRAPS, "paths": {path: dict(item) for path, item in TRAPS["paths"].items()}}
    strict["paths"]["/things/{id}"]["post"] = {
        **TRAPS["paths"]["/things/{id}"]["post"],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "array", "items": {}}}}},
    }
    for document, good, bad in ((TRAPS, {"id": 1}, []), (strict, [], {"id": 1})):
        spec = Spec(document)
        found = PathTable(spec.operations).find("POST", "/api/things/1")
        contract = Contract(spec)
        assert contract.check(found, {}, good) is None
        assert contract.check(found, {}, bad) is not None
