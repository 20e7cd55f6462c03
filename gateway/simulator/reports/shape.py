"""How report objects are declared: properties in the order of the wire, whose values only the server itself makes."""

from collections.abc import Iterable

from gateway.simulator.objects.language import Declaration, Vocabulary
from gateway.simulator.objects.shapes import Property, Schema
from gateway.simulator.objects.values import Kind


def declaration(vocabulary: Vocabulary, name: str, properties: Iterable[str], *marks: str) -> Declaration:
    """Declaration of an object type with snowflake ids; filters and sorts are left to the type."""
    schema = Schema(name, {None: {prop: Property(prop, Kind()) for prop in properties}}, known=vocabulary.known)
    vocabulary.known.update(schema.variants[None])
    return Declaration(name, schema, "snowflake", frozenset(marks))
