"""One JMAP request, from its bytes to method calls (jmap-management-api 1.5, 1.6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulator.errors import Problem
from gateway.simulator.strict_json import Broken, Parse, Reader, Wrong, comma, mapping, sequence, string, value

PROTOCOL_ERROR = "urn:ietf:params:jmap:error:"

CAPABILITIES = frozenset(
    {"urn:stalwart:jmap"}
    | {
        "urn:ietf:params:jmap:" + name
        for name in (  # noqa: SIM905 - a list of words
            "core mail submission vacationresponse contacts contacts:parse calendars calendars:parse websocket sieve blob quota principals "
            "principals:owner principals:availability filenode mail:share emailpush webpush-vapid"
        ).split()
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One method call; `error` is why its arguments could not be read, else None."""

    name: str
    arguments: Any
    error: str | None
    call_id: str


@dataclass(slots=True)
class Request:
    """What a request asks for; `created_ids` is None unless the client sent it."""

    using: frozenset[str] = frozenset()
    calls: list[Call] | None = None
    created_ids: dict[str, str] | None = None


def limit(name: str, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    """A limit of the whole request: status 400 with the name of the limit."""
    return Problem(400, None, detail, type_=PROTOCOL_ERROR + "limit", limit=name, headers=headers)


def read(body: bytes, content_type: str | None, grammar: Callable[[str], Parse[Any]], limits: Mapping[str, Any]) -> Request:
    """The request in the body; Problem when it is none. `grammar(method)` reads the arguments of a method; `limits` are the Jmap settings in force."""
    if content_type is not None and content_type.split(";")[0].strip().lower() != "application/json":
        raise Problem(400, None, "Failed to parse JSON: The Content-Type header must be application/json.", type_=PROTOCOL_ERROR + "notJSON")
    if len(body) > limits["maxRequestSize"]:
        raise limit("maxSizeRequest", "The request is larger than the server is willing to process.")
    try:
        request = _parse(Reader(body), grammar)
    except (Broken, Wrong):
        raise Problem(400, None, body.decode("utf-8", "replace"), type_=PROTOCOL_ERROR + "notRequest") from None
    if request.calls and len(request.calls) > limits["maxMethodCalls"]:
        raise limit("maxCallsInRequest", "The request exceeds the maximum number of calls in a single request.")
    return request


def _parse(reader: Reader, grammar: Callable[[str], Parse[Any]]) -> Request:
    request = Request()
    using: list[str] | None = None

    def member(reader: Reader, name: str) -> None:
        nonlocal using
        if name == "using":
            using = sequence(string)(reader)
        elif name == "methodCalls":
            request.calls = sequence(lambda inner: _call(inner, grammar))(reader)
        elif name == "createdIds":
            request.created_ids = _texts(reader)
        else:
            value(reader)

    mapping(member, wanted="a JMAP request", key=string)(reader)
    if reader.peek() or using is None or request.calls is None or not CAPABILITIES.issuperset(using):
        raise Broken
    request.using = frozenset(using)
    return request


def _call(reader: Reader, grammar: Callable[[str], Parse[Any]]) -> Call:
    if reader.peek() != "[":
        raise Broken
    reader.at += 1
    reader.peek()
    name = string(reader)
    comma(reader)
    arguments, error = None, None
    try:
        arguments = grammar(name)(reader)
    except Wrong as wrong:
        error = wrong.message
    comma(reader)
    call_id = string(reader)
    reader.end("]")
    return Call(name, arguments, error, call_id)


def _texts(reader: Reader) -> dict[str, str]:
    found: dict[str, str] = {}

    def member(reader: Reader, name: str) -> None:
        found[name] = string(reader)

    mapping(member, wanted="a map", key=string)(reader)
    return found
