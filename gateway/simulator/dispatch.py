"""Runs the calls of one request in order (jmap-management-api 1.4, 1.5, 1.10)."""

from collections.abc import Callable
from typing import Any, cast

from gateway.simulator.arguments import arguments
from gateway.simulator.callers import Caller
from gateway.simulator.envelope import Call, Request
from gateway.simulator.errors import MethodError, Object
from gateway.simulator.references import Answer, resolve
from gateway.simulator.strict_json import Parse, value
from gateway.simulator.text_ids import canonical
from gateway.simulator.world import ObjectType, World

MOST_OBJECTS = 500
TOO_LARGE = "The number of ids requested by the client exceeds the maximum number the server is willing to process in a single method call."
NO_CALLER = "You are not an owner of account "

_PARSERS = {verb: arguments(verb) for verb in ("get", "query", "set")}


def grammar(world: World) -> Callable[[str], Parse[Any]]:
    """Reader of arguments by method name; unknown methods take anything."""

    def parser(name: str) -> Parse[Any]:
        found = find(world, name)
        if found:
            return _PARSERS[found[1]]
        method = world.methods.get(name)
        return method.parse if method else value

    return parser


def find(world: World, name: str) -> tuple[ObjectType, str] | None:
    """Object type and verb of an `x:` method, None when there is no such method."""
    if not name.startswith("x:"):
        return None
    type_name, _, verb = name[2:].partition("/")
    object_type = world.types.get(type_name)
    return (object_type, verb) if object_type and verb in object_type.methods else None


def run_one(world: World, caller: Caller, method: str, given: Object) -> Object:
    """The answer to one `x:` method call, made from inside; MethodError as its own arguments."""
    found = find(world, method)
    if found is None:
        raise ValueError(f"no such method: {method}")
    try:
        return _object_method(*found, caller, dict(given), {})
    except MethodError as error:
        return error.wire()


def run(world: World, caller: Caller, request: Request) -> list[Answer]:
    """Answers of all calls; a failed call does not stop the next ones."""
    answers: list[Answer] = []
    created = request.created_ids if request.created_ids is not None else {}
    for call in request.calls or ():
        try:
            answers.append((call.name, _one(world, caller, (request, call), answers, created), call.call_id))
        except MethodError as error:
            answers.append(("error", error.wire(), call.call_id))
    return answers


def _one(world: World, caller: Caller, asked: tuple[Request, Call], answers: list[Answer], created: dict[str, str]) -> Object:
    request, call = asked
    found = find(world, call.name)
    method = world.methods.get(call.name)
    if not found and not method:
        raise MethodError("unknownMethod", call.name)
    if call.error is not None:
        raise MethodError("invalidArguments", call.error)
    if method:
        if method.capability and method.capability not in request.using:
            raise MethodError("unknownMethod", f'Method {call.name} requires capability {method.capability} which is not present in the "using" property.')
        if method.raw:
            return cast("Object", method.handle(caller, call.arguments))
        reply: Object = method.handle(caller, _with_references(world, call.arguments, answers, created))
        created.update((name, made["id"]) for name, made in reply.get("created", {}).items())
        return reply
    assert found is not None  # noqa: S101 - for the type checker: not a method, so an object type
    return _object_method(*found, caller, _with_references(world, call.arguments, answers, created), created)


def _with_references(world: World, given: Object, answers: list[Answer], created: dict[str, str]) -> Object:
    ids = {name: known[0].id_properties for name, _, _ in answers if (known := find(world, name))}
    return resolve(given, answers, created, ids)


def _object_method(object_type: ObjectType, verb: str, caller: Caller, given: Object, created: dict[str, str]) -> Object:
    named = canonical(given["accountId"]) if "accountId" in given else None
    given["accountId"] = caller.account_id if named is None else named
    object_type.authorise(caller, verb, given)
    if not caller.owns(given["accountId"]):
        raise MethodError("forbidden", NO_CALLER + given["accountId"])
    if len(given.get("ids") or ()) > MOST_OBJECTS or sum(len(given.get(part) or ()) for part in ("create", "update", "destroy")) > MOST_OBJECTS:
        raise MethodError("requestTooLarge", TOO_LARGE)
    if verb == "get":
        return object_type.get(caller, given)
    return object_type.query(caller, given) if verb == "query" else object_type.set(caller, given, created)
