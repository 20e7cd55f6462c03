"""Numbers out of range and texts too long, found before anything is sent (mapping-settings 5.1 step 6).

Only where several objects change: one alone is written or refused as a whole, and then the new server has the word.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.knowledge import schema
from gateway.knowledge.schema.notation import Property
from gateway.legacy.settings.writing.entries import Entry
from gateway.legacy.settings.writing.target import InvalidValue


def insist(entries: Sequence[Entry]) -> None:
    """InvalidValue for the first value that the new server is known to refuse."""
    if len({(entry.type, entry.id) for entry in entries}) > 1:
        for entry in entries:
            for names, value in _values(entry):
                prop = schema.property_at(entry.type, "/" + "/".join(names), {**(entry.stored or {}), **entry.value})
                if prop is not None and (complaint := _complaint(prop, value)):
                    raise InvalidValue(entry.keys.get(names[0], entry.record or names[0]), complaint)


def _values(entry: Entry) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield from entry.changes.items()
    yield from (((name,), value) for name, value in entry.value.items())


def _complaint(prop: Property, value: Any) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _outside(value, prop.least, prop.most, "a number")
    if isinstance(value, str):
        return _outside(len(value.encode()), prop.shortest, prop.longest, "a length")
    if isinstance(value, dict) and prop.kind.word in {"set", "list", "map"}:
        return _outside(len(value), prop.shortest, prop.longest, "a count")
    return None


def _outside(number: float, least: float | None, most: float | None, what: str) -> str | None:
    if least is not None and number < least:
        return f"expected {what} of {least:g} at least"
    if most is not None and number > most:
        return f"expected {what} of {most:g} at most"
    return None
