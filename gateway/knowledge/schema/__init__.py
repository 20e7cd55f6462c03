"""What the new server takes for each property of a settings object: kinds, defaults, bounds (jmap-management-api 3; read when first asked for).

These are facts of its interface, not behaviour: the gateway checks and completes what it writes by them, and the simulator builds on them.
"""

import copy
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from gateway.knowledge.event_names import EVENTS, METRICS
from gateway.knowledge.schema.notation import Kind, ObjectType, Properties, Property, Schema, Vocabulary, read

_SETTINGS = tuple(
    f"settings_{subject}"
    for subject in ("server", "access", "stores", "mta", "reports", "spam", "mailbox", "telemetry")
)
TEXTS = tuple(f"{__name__}.{name}" for name in ("enums", "common", "directory", *_SETTINGS))
"""The files with declarations, as package and name without ending, in the order in which they can be read."""

ENUMS: Mapping[str, tuple[str, ...]] = {"EventType": EVENTS, "MetricType": METRICS}
"""Enumerations that stand in files of their own."""

_INSTANT = "instant"
_TYPE = "@type"


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
"""Stands for a value that has no default and must be given."""

Missing = Literal[_Missing.MISSING]

_EMPTY: Mapping[str, Any] = {"bool": False, "uint": 0, "int": 0, "float": 0.0, "set": {}, "list": {}, "map": {}}


@cache
def vocabulary() -> Vocabulary:
    """All declarations."""
    found = Vocabulary(enums={name: list(values) for name, values in ENUMS.items()})
    for name in TEXTS:
        read(_text(name), found)
    return found


@cache
def settings_types() -> tuple[str, ...]:
    """Names of the object types that are settings."""
    lines = (line for name in _SETTINGS for line in _text(f"{__name__}.{name}").splitlines())
    return tuple(line.split()[1] for line in lines if line.startswith("object "))


def object_type(name: str) -> ObjectType:
    """Declaration of an object type (without the prefix `x:`)."""
    return vocabulary().objects[name]


def nested(kind: Kind) -> Schema | None:
    """Schema of a nested object, None for other kinds."""
    return vocabulary().schemas[kind.name] if kind.word == "schema" else None


def properties(schema: Schema, it: Mapping[str, Any] | None = None) -> Properties:
    """Properties of the variant that an object has, of the default variant when it names none, nothing for an unknown variant."""
    if None in schema.variants:
        return schema.variants[None]
    return schema.variants.get((it or {}).get(_TYPE) or schema.default_variant, {})


def property_at(name: str, pointer: str, it: Mapping[str, Any] | None = None) -> Property | None:
    """The property that a pointer such as `/model/parameters/alpha` means; None when the object `it`, or a part of it, is of a variant without it.

    Members of maps are of the kind that the map declares; `@type` is no property.
    """
    schema: Schema | None = object_type(name).schema
    found: Property | None = None
    value: Any = it
    members: Kind | None = None
    for element in pointer.split("/")[1:]:
        if members is not None:
            found, members = Property(element, members), None
        elif schema is not None:
            found = properties(schema, value if isinstance(value, Mapping) else None).get(element)
        else:
            return None
        if found is None:
            return None
        value = value.get(element) if isinstance(value, Mapping) else None
        schema = nested(found.kind)
        members = found.kind.of[-1] if found.kind.word in {"map", "list"} else None
    return found


def initial(prop: Property) -> Any | Missing:
    """Value of a property that is left out of a create; MISSING when it has to be given."""
    if prop.default is not None:
        return copy.deepcopy(prop.default)
    if prop.nullable:
        return None
    if prop.required or prop.shortest or (prop.least or 0) > 0:
        return MISSING
    if schema := nested(prop.kind):
        return fresh(schema, schema.default_variant)
    if prop.kind.word == "enum":
        return vocabulary().enums[prop.kind.name][0]
    return copy.copy(_EMPTY.get(prop.kind.word, MISSING))


def fresh(schema: Schema, variant: str | None) -> dict[str, Any] | Missing:
    """An object of a variant with all its defaults; MISSING when a property of it, or the variant, has to be given."""
    if variant not in schema.variants:
        return MISSING
    made: dict[str, Any] = {} if variant is None else {_TYPE: variant}
    for name, prop in schema.variants[variant].items():
        if prop.mutability == "server" or prop.hidden:
            continue
        if (value := initial(prop)) is MISSING:
            return MISSING
        made[name] = value
    return made


def required(schema: Schema, variant: str | None) -> Iterator[str]:
    """Names of the properties of a variant that have to be given; instants that are left out are the present moment."""
    return (
        name
        for name, prop in schema.variants[variant].items()
        if prop.mutability != "server" and prop.kind.word != _INSTANT and initial(prop) is MISSING
    )


def _text(name: str) -> str:
    folder, _, file = name.rpartition(".")
    return (files(folder) / f"{file}.txt").read_text("utf-8")
