"""What became of each object of a `/set`, in the words of the old API (mapping-operations 1.8)."""

from typing import Literal

from gateway.jmap.calls import Object
from gateway.jmap.errors import Garbled
from gateway.legacy.refusals import Forbidden, ItemNotFound, NotFound, Other, Refusal

Verb = Literal["created", "updated", "destroyed"]


def settle(answer: Object, verb: Verb, key: str) -> None:
    """Return when the object was created, updated or destroyed; else raise why not (Refusal), Garbled when nothing is said about it."""
    if key in answer.get(verb, ()):
        return
    error = failures(answer, verb).get(key)
    if error is None:
        raise Garbled(f"the answer does not say whether an object was {verb}")
    raise refusal(error)


def failures(answer: Object, verb: Verb) -> dict[str, Object]:
    """Set errors by id or creation key."""
    failed: dict[str, Object] = answer.get(f"not{verb.capitalize()}", {})
    return failed


def refusal(error: Object) -> Refusal:
    """Old refusal for one set error."""
    kind = error["type"]
    description = error.get("description", "")
    match kind:
        case "notFound":
            return NotFound()
        case "forbidden" if description.startswith("Insufficient permissions"):
            return Forbidden()
        case "invalidForeignKey":
            return ItemNotFound()
        case "invalidProperties" | "invalidPatch" | "validationFailed":
            return Other(description or "Invalid value", ", ".join(named(error)) or kind)
        case _:
            return Other(description or kind, kind)


def named(error: Object) -> list[str]:
    """The properties that a set error is about."""
    return [
        *error.get("properties", ()),
        *(it["property"] for it in error.get("validationErrors", ()) if "property" in it),
    ]
