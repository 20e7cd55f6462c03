"""What the new server has against a change, in the words of the old API (mapping-settings 5.6)."""

from collections.abc import Callable, Iterable, Mapping

from gateway.jmap.calls import Object
from gateway.legacy.refusals import Forbidden, ItemNotFound, ManagementError, Other, Refusal
from gateway.legacy.settings.writing.entries import Entry

_UNNAMED = "Invalid value"
_WRONG_EXPRESSION = "Error parsing"


class AssertFailed(ManagementError):
    """`assertFailed`: something stands where nothing was to be."""

    def __init__(self) -> None:
        super().__init__("assertFailed")


def refusal(error: Object, entry: Entry, *, asserted: bool) -> Refusal:
    """Refusal for a set error; `asserted` says that the batch wanted something to be new."""
    kind = error["type"]
    if kind == "primaryKeyViolation" and asserted:
        return AssertFailed()
    if kind in _TABLE:
        return _TABLE[kind](error, entry)
    return Other(_told(error.get("description"), entry) or kind, kind)


def _taken(error: Object, entry: Entry) -> ManagementError:
    name = next(iter(error.get("properties", ())), "")
    key = entry.keys.get(name, entry.record or entry.type)
    value = entry.value.get(name, entry.record or "")
    return ManagementError(
        "fieldAlreadyExists", field=key, value=value if isinstance(value, str) else entry.record or ""
    )


def _invalid(error: Object, entry: Entry) -> Other:
    faults = error.get("validationErrors", ())
    spoken = (str(it.get("value", "")) for it in faults if it.get("type") == "Invalid")
    expression = next((text for text in spoken if text.startswith(_WRONG_EXPRESSION)), None)
    names = [*error.get("properties", ()), *(it["property"] for it in faults if "property" in it)]
    reason = ", ".join(dict.fromkeys(names)) or error["type"]
    return Other(_told(error.get("description") or expression, entry) or _UNNAMED, reason)


def _told(text: str | None, entry: Entry) -> str | None:
    """A text of the new server, unless it repeats a secret that was sent."""
    if text and any(secret in text for secret in _secrets([entry.value, *entry.changes.values()])):
        return None
    return text


def _secrets(values: Iterable[object]) -> list[str]:
    found: list[str] = []
    for value in values:
        if isinstance(value, dict):
            found += (it for name, it in value.items() if name in _HIDDEN and isinstance(it, str) and it)
            found += _secrets(value.values())
    return found


def _linked(error: Object) -> Other:
    linked = dict.fromkeys(it["object"] for it in error.get("linkedObjects", ()))
    return Other("Setting is in use", ", ".join(linked))


_TABLE: Mapping[str, Callable[[Object, Entry], Refusal]] = {
    "forbidden": lambda _error, _entry: Forbidden(),
    "invalidForeignKey": lambda _error, entry: ItemNotFound(next(iter(entry.references), entry.record or "")),
    "notFound": lambda _error, entry: ItemNotFound(entry.record or entry.type),
    "objectIsLinked": lambda error, _entry: _linked(error),
    "primaryKeyViolation": _taken,
    **dict.fromkeys(("invalidPatch", "invalidProperties", "validationFailed"), _invalid),
}

_HIDDEN = frozenset({"accountKey", "eabHmacKey", "secret"})
"""Members whose text is a secret wherever they stand."""
