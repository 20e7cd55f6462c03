"""The gate: says within microseconds that a request is surely valid, or that it is not sure.

It is compiled at start from the same specification that the judge reads. It knows the keywords `type`, `properties`, `items`, `required`,
`enum` and `nullable`; an operation whose specification uses any other never passes it. Law: what the gate accepts, the judge accepts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.contract.operation import Operation
from gateway.contract.spec import parameters, resolve

Check = Callable[[Any], bool]
Gate = Callable[[Mapping[str, str], Mapping[str, str], Any], bool]

_ANNOTATIONS = frozenset({"description", "title", "example"})
_SCALARS: Mapping[str, Check] = {
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
}


def compile_gate(document: Mapping[str, Any], operation: Operation) -> Gate | None:
    """The gate of an operation, called with path elements, query and JSON body; None when it can never be sure."""
    try:
        declared = [(parameter, _accepted_words(parameter)) for parameter in parameters(document, operation.path, operation.source)]
        accepts_body = _body_check(document, operation)
    except _UnknownKeywordError:
        return None
    in_query = {parameter["name"]: words for parameter, words in declared if parameter["in"] == "query"}
    in_path = tuple((parameter["name"], words) for parameter, words in declared if parameter["in"] == "path" and words)
    required = tuple(parameter["name"] for parameter, _ in declared if parameter["in"] == "query" and parameter.get("required"))

    def gate(elements: Mapping[str, str], query: Mapping[str, str], body: Any) -> bool:
        return (
            all(_accepted(value, in_query[name]) for name, value in query.items() if name in in_query)
            and all(name in query for name in required)
            and all(elements[name] in words for name, words in in_path)
            and accepts_body(body)
        )

    return gate


def _accepted(value: str, words: frozenset[str] | None) -> bool:
    """Whether the judge takes a value: an empty one it never does."""
    return value != "" and (words is None or value in words)


class _UnknownKeywordError(Exception):
    """The specification says something about a value that the gate does not understand."""


def _accepted_words(parameter: Mapping[str, Any]) -> frozenset[str] | None:
    """The words a parameter may be, None for any text."""
    known = {"name", "in", "required", "schema"} | _ANNOTATIONS
    schema = parameter.get("schema", {})
    strange = [key for key in parameter if key not in known and not key.startswith("x-")]
    if strange or parameter["in"] not in ("path", "query") or not _plain(schema, {"type", "enum"}) or schema.get("type") != "string":
        raise _UnknownKeywordError
    return _words(schema) if "enum" in schema else None


def _body_check(document: Mapping[str, Any], operation: Operation) -> Check:
    if operation.body != "json":
        return lambda _body: True
    request_body = resolve(document, operation.source["requestBody"])
    return _compile(document, request_body["content"]["application/json"].get("schema", {}), ())


def _compile(document: Mapping[str, Any], node: dict[str, Any], above: tuple[int, ...]) -> Check:
    schema = resolve(document, node)
    if id(schema) in above:
        raise _UnknownKeywordError
    if "type" not in schema:
        if not _plain(schema, set()):
            raise _UnknownKeywordError
        return lambda _value: True
    kind = schema["type"]
    within = (*above, id(schema))
    if kind == "object":
        check = _object(document, schema, within)
    elif kind == "array":
        check = _array(document, schema, within)
    else:
        check = _scalar(kind, schema)
    return _or_null(check) if schema.get("nullable", False) and "enum" not in schema else check


def _object(document: Mapping[str, Any], schema: Mapping[str, Any], within: tuple[int, ...]) -> Check:
    if not _plain(schema, {"type", "nullable", "properties", "required"}):
        raise _UnknownKeywordError
    members = [(name, _compile(document, member, within)) for name, member in schema.get("properties", {}).items()]
    required = tuple(schema.get("required", ()))

    def check(value: Any) -> bool:
        return (
            type(value) is dict
            and all(name in value for name in required)
            and all(accepts(value[name]) for name, accepts in members if name in value)
        )

    return check


def _array(document: Mapping[str, Any], schema: Mapping[str, Any], within: tuple[int, ...]) -> Check:
    if not _plain(schema, {"type", "nullable", "items"}):
        raise _UnknownKeywordError
    accepts = _compile(document, schema["items"], within)
    return lambda value: type(value) is list and all(accepts(item) for item in value)


def _scalar(kind: str, schema: Mapping[str, Any]) -> Check:
    if not _plain(schema, {"type", "nullable", "enum"}) or kind not in _SCALARS:
        raise _UnknownKeywordError
    if "enum" not in schema:
        return _SCALARS[kind]
    words = _words(schema)
    return lambda value: type(value) is str and value in words


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _words(schema: Mapping[str, Any]) -> frozenset[str]:
    """The values of a text `enum`; other kinds are left to the judge."""
    if schema["type"] != "string" or not all(type(word) is str for word in schema["enum"]):
        raise _UnknownKeywordError
    return frozenset(schema["enum"])


def _plain(schema: Mapping[str, Any], known: set[str]) -> bool:
    return all(key in known or key in _ANNOTATIONS or key.startswith("x-") for key in schema)
