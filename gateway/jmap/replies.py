"""Judging the answer to a batch: does it say what the protocol promises, about what was asked, and did a call fail."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.jmap.calls import Call, Get, LogQuery, Object, Query, Ref, Set
from gateway.jmap.errors import Garbled, MethodError

_MISSED = "a change was left unanswered"


def read(calls: Sequence[Call], document: Any) -> list[Object | MethodError]:
    """Arguments of each answer or its method error, in the order of the calls.

    Garbled when an answer is missing, stands in the wrong place, has the wrong form or speaks of objects that were not asked for:
    what a destructive call goes by must have been found by its own query.
    """
    responses = document.get("methodResponses") if isinstance(document, dict) else None
    if not isinstance(responses, list):
        raise Garbled("no methodResponses")
    if len(responses) != len(calls):
        raise Garbled(f"{len(responses)} answers to {len(calls)} calls")
    answers: list[Object | MethodError] = []
    for position, (call, response) in enumerate(zip(calls, responses, strict=True)):
        name, arguments = _parts(response, position)
        if name == call.name:
            _judge(call, arguments, answers)
            answers.append(arguments)
        elif name == "error":
            answers.append(_failure(call, arguments))
        else:
            raise Garbled("an answer to another method")
    return answers


def _parts(response: Any, position: int) -> tuple[str, Object]:
    if not isinstance(response, list) or len(response) != 3:  # noqa: PLR2004 - RFC 8620 3.2: name, arguments, call id
        raise Garbled("an answer that is no triple")
    name, arguments, call_id = response
    if call_id != f"c{position}":
        raise Garbled("answers out of order")
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise Garbled("an answer without name or arguments")
    return name, arguments


def _failure(call: Call, arguments: Object) -> MethodError:
    type_, description = arguments.get("type"), arguments.get("description")
    if not isinstance(type_, str):
        raise Garbled("an error without a type")
    return MethodError(call.name, type_, description if isinstance(description, str) else "")


def _judge(call: Call, arguments: Object, earlier: Sequence[Object | MethodError]) -> None:
    if isinstance(call, Query):
        _texts(arguments.get("ids"))
        if call.counted and not isinstance(arguments.get("total"), int):
            raise Garbled("a query without its total")
    elif isinstance(call, LogQuery):
        _texts(arguments.get("ids"))
    elif isinstance(call, Get):
        _judge_get(call, arguments, earlier)
    elif isinstance(call, Set):
        _answered(call.create, arguments, "created", "notCreated")
        _answered(call.update, arguments, "updated", "notUpdated")
        _answered(call.destroy, arguments, "destroyed", "notDestroyed")


def _judge_get(call: Get, arguments: Object, earlier: Sequence[Object | MethodError]) -> None:
    objects = arguments.get("list")
    if not isinstance(objects, list):
        raise Garbled("a get without a list")
    try:
        found = {item["id"] for item in objects}
        "".join(found)  # a TypeError when an id is no text
        strange = found.difference(_asked(call, earlier, found))
    except (TypeError, LookupError):
        raise Garbled("an object without an id") from None
    if strange:
        raise Garbled("an object that was not asked for")


def _asked(call: Get, earlier: Sequence[Object | MethodError], found: Iterable[str]) -> Iterable[str]:
    """Ids that a get may answer; those `found` where only the server knows (all objects, other reference paths, creation references)."""
    if isinstance(call.ids, Ref):
        source = earlier[call.ids.call]
        if isinstance(source, MethodError):
            return ()
        ids: Iterable[str] = source.get("ids", ()) if call.ids.path == "/ids" else found
        return ids
    if call.ids is None or "#" in "".join(call.ids):
        return found
    return call.ids


def _answered(asked: Any, arguments: Object, done: str, refused: str) -> None:
    """Every named object stands in exactly one of the two lists, and no other object does; ids that are creation references are the server's."""
    accepted, declined = arguments.get(done) or (), arguments.get(refused) or {}
    if not isinstance(accepted, (dict, list, tuple)) or not isinstance(declined, dict):
        raise Garbled("the outcome of a change has the wrong form")
    if not all(isinstance(name, str) for name in accepted):
        raise Garbled("the outcome of a change names no objects")
    if not all(isinstance(error, dict) and isinstance(error.get("type"), str) for error in declined.values()):
        raise Garbled("a refused change without a reason")
    names = {name for name in asked or () if not name.startswith("#")}
    told = {*accepted, *declined}
    if not names <= told:
        raise Garbled(_MISSED)
    if asked is not None and len(names) == len(asked) and told != names:
        raise Garbled("the outcome of a change that was not asked for")


def _texts(value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Garbled("a query without ids")
