"""The gate: says within microseconds that a request is surely valid, or that it is not sure.

It is compiled at start from the same specification that the judge reads. It knows the keywords `type`, `properties`, `required`, `items`,
`enum` and `nullable`, `additionalProperties: false`, `anyOf` where nothing is said of the kind, `minimum` and `maximum` of numbers, `minItems`
and `maxItems`, `maxLength` and the formats of `formats.py`; an operation whose specification uses any other never passes it. Laws: what the
gate accepts, the judge accepts; a body that it does not take, the judge does not either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.contract.formats import FORMATS
from gateway.contract.operation import Operation
from gateway.contract.spec import parameters, resolve

Check = Callable[[Any], bool]

_ANNOTATIONS = frozenset({"description", "title", "example"})
_SCALARS: Mapping[str, Check] = {
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
}
_OF_TEXTS = ("maxLength", "format")
_OF_NUMBERS = ("minimum", "maximum")
_OF_LISTS = ("minItems", "maxItems")
_SAID_OF: Mapping[str, tuple[str, ...]] = {"string": _OF_TEXTS, "integer": _OF_NUMBERS, "number": _OF_NUMBERS}


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one operation: path elements with query, and the JSON body."""

    takes_parameters: Callable[[Mapping[str, str], Mapping[str, str]], bool]
    takes_body: Check

    def __call__(self, elements: Mapping[str, str], query: Mapping[str, str], body: Any) -> bool:
        """Whether the request is surely valid."""
        return self.takes_parameters(elements, query) and self.takes_body(body)


def compile_gate(document: Mapping[str, Any], operation: Operation) -> Gate | None:
    """The gate of an operation; None when it can never be sure."""
    try:
        declared = [(parameter, _accepted_words(parameter)) for parameter in parameters(document, operation.path, operation.source)]
        takes_body = _body_check(document, operation)
    except _UnknownKeywordError:
        return None
    in_query = {parameter["name"]: words for parameter, words in declared if parameter["in"] == "query"}
    in_path = tuple((parameter["name"], words) for parameter, words in declared if parameter["in"] == "path" and words)
    required = tuple(parameter["name"] for parameter, _ in declared if parameter["in"] == "query" and parameter.get("required"))

    def takes_parameters(elements: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return (
            all(_accepted(value, in_query[name]) for name, value in query.items() if name in in_query)
            and all(name in query for name in required)
            and all(elements[name] in words for name, words in in_path)
        )

    return Gate(takes_parameters, takes_body)


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
    within = (*above, id(schema))
    kind = schema.get("type")
    if kind is None:
        return _any_kind(document, schema, within)
    if kind == "object":
        check = _object(document, schema, within)
    elif kind == "array":
        check = _array(document, schema, within)
    else:
        check = _scalar(kind, schema)
    return _or_null(check) if schema.get("nullable", False) and "enum" not in schema else check


def _any_kind(document: Mapping[str, Any], schema: Mapping[str, Any], within: tuple[int, ...]) -> Check:
    """Values of any kind: what is said of texts binds texts only."""
    if not _plain(schema, {"anyOf", *_OF_TEXTS}):
        raise _UnknownKeywordError
    suits = _text_check(schema)
    if "anyOf" not in schema:
        return lambda value: type(value) is not str or suits(value)
    choices = [_compile(document, choice, within) for choice in schema["anyOf"]]
    return lambda value: any(accepts(value) for accepts in choices) and (type(value) is not str or suits(value))


def _object(document: Mapping[str, Any], schema: Mapping[str, Any], within: tuple[int, ...]) -> Check:
    closed = schema.get("additionalProperties") is False
    if not _plain(schema, {"type", "nullable", "properties", "required"} | ({"additionalProperties"} if closed else set())):
        raise _UnknownKeywordError
    known = {name: _compile(document, member, within) for name, member in schema.get("properties", {}).items()}
    required = tuple(schema.get("required", ()))

    def check(value: Any) -> bool:
        if type(value) is not dict or not all(name in value for name in required):
            return False
        return all(known[name](member) if name in known else not closed for name, member in value.items())

    return check


def _array(document: Mapping[str, Any], schema: Mapping[str, Any], within: tuple[int, ...]) -> Check:
    if not _plain(schema, {"type", "nullable", "items", *_OF_LISTS}):
        raise _UnknownKeywordError
    accepts = _compile(document, schema["items"], within)
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    return lambda value: type(value) is list and len(value) >= least and (most is None or len(value) <= most) and all(accepts(item) for item in value)


def _scalar(kind: str, schema: Mapping[str, Any]) -> Check:
    if kind not in _SCALARS or not _plain(schema, {"type", "nullable", "enum", *_SAID_OF.get(kind, ())}):
        raise _UnknownKeywordError
    is_one = _SCALARS[kind]
    if "enum" in schema:
        words = _words(schema)
        return lambda value: type(value) is str and value in words
    if kind == "string":
        suits = _text_check(schema)
        return lambda value: is_one(value) and suits(value)
    least, most = schema.get("minimum"), schema.get("maximum")
    return lambda value: is_one(value) and (least is None or value >= least) and (most is None or value <= most)


def _text_check(schema: Mapping[str, Any]) -> Callable[[str], bool]:
    """What is said of a text, besides that it is one."""
    longest, format_ = schema.get("maxLength"), schema.get("format")
    if format_ is not None and format_ not in FORMATS:
        raise _UnknownKeywordError
    fits = FORMATS[format_] if format_ is not None else None
    return lambda value: (longest is None or len(value) <= longest) and (fits is None or fits(value))


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _words(schema: Mapping[str, Any]) -> frozenset[str]:
    """The values of a text `enum`; other kinds are left to the judge."""
    if schema["type"] != "string" or not all(type(word) is str for word in schema["enum"]):
        raise _UnknownKeywordError
    return frozenset(schema["enum"])


def _plain(schema: Mapping[str, Any], known: set[str]) -> bool:
    return all(key in known or key in _ANNOTATIONS or key.startswith("x-") for key in schema)
