"""Kinds of composed values, and the declaration of an object type (jmap-management-api 2.2.1 to 2.2.4).

Stored forms are those of the wire: a set is `{value: true}`, a list `{"0": item}`, an object its members and `@type`.
"""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.simulator.errors import Object, SetError
from gateway.simulator.objects.values import Duration, Kind, Write, join, wrong

INDEX_BITS = 0xFFFF_FFFF
MOST_DIGITS = 1000


@dataclass(slots=True)
class Property:
    """One declared property.

    `mutability` is `rw`, `once` (create only) or `server`; bounds are inclusive; a `hidden` property is absent while it is null,
    a `computed` one is not stored.
    """

    name: str
    kind: Kind
    nullable: bool = False
    required: bool = False
    mutability: str = "rw"
    default: Any = None
    hidden: bool = False
    computed: bool = False
    least: float | None = None
    most: float | None = None
    shortest: int | None = None
    longest: int | None = None

    def initial(self) -> Any:
        """Value when it is left out of a create."""
        return copy.deepcopy(self.default) if self.default is not None or self.nullable else copy.deepcopy(self.kind.default)

    def errors(self, stored: Any) -> Iterator[Object]:
        """Entries of validationErrors, those of nested values included."""
        if self.required and stored in (None, ""):
            yield {"type": "Required", "property": self.name}
        if isinstance(stored, int | float) and not isinstance(stored, bool):
            yield from self._out_of_range(stored)
        if isinstance(stored, str | dict):
            if self.shortest is not None and len(stored) < self.shortest:
                yield {"type": "MinLength", "property": self.name, "required": self.shortest}
            if self.longest is not None and len(stored) > self.longest:
                yield {"type": "MaxLength", "property": self.name, "required": self.longest}
        if stored is not None and isinstance(self.kind, Composed):
            yield from self.kind.errors(stored)

    def _out_of_range(self, stored: float) -> Iterator[Object]:
        if stored == 0 and isinstance(self.kind, Duration):
            yield {"type": "Invalid", "property": self.name, "value": "0"}
        if self.least is not None and stored < self.least:
            yield {"type": "MinValue", "property": self.name, "required": self.least}
        if self.most is not None and stored > self.most:
            yield {"type": "MaxValue", "property": self.name, "required": self.most}


class Composed(Kind):
    """A kind with members."""

    def errors(self, _stored: Any) -> Iterator[Object]:
        """Entries of validationErrors of what it holds."""
        return iter(())


@dataclass(slots=True)
class SetOf(Composed):
    """Members with the value true."""

    item: Kind
    default: Any = field(default_factory=dict)

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored set; members that are false are left out."""
        if not isinstance(value, dict):
            raise wrong(path, "Invalid value for object property")
        found: Object = {}
        for name, present in value.items():
            if not isinstance(present, bool):
                raise wrong(path, "Invalid key for object property")
            if present:
                found[member(self.item, name, path, write)] = True
        return found

    def links(self, stored: Any) -> Iterator[tuple[str, str]]:
        """What the members name."""
        for name in stored:
            yield from self.item.links(name)


@dataclass(slots=True)
class MapOf(Composed):
    """Members with values of one kind."""

    names: Kind
    item: Kind
    default: Any = field(default_factory=dict)

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored map."""
        if not isinstance(value, dict):
            raise wrong(path, "Invalid value for object property")
        return {member(self.names, name, path, write): self.item.parse(content, path, write) for name, content in value.items()}

    def show(self, stored: Any) -> Any:
        """Wire form."""
        return {name: self.item.show(content) for name, content in stored.items()}

    def links(self, stored: Any) -> Iterator[tuple[str, str]]:
        """What names and values name."""
        for name, content in stored.items():
            yield from self.names.links(name)
            yield from self.item.links(content)

    def errors(self, stored: Any) -> Iterator[Object]:
        """Errors of the values."""
        if isinstance(self.item, Composed):
            for content in stored.values():
                yield from self.item.errors(content)


@dataclass(slots=True)
class ListOf(Composed):
    """Items under decimal indexes, renumbered when the object is stored."""

    item: Kind
    default: Any = field(default_factory=dict)

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:  # noqa: ARG002
        """Stored list; errors in items name the list, not the index."""
        if not isinstance(value, dict):
            raise wrong(path, "Invalid value for object property")
        return {index(name, path): self.item.parse(content, path, write) for name, content in value.items()}

    def show(self, stored: Any) -> Any:
        """Wire form."""
        return {name: self.item.show(content) for name, content in stored.items()}

    def links(self, stored: Any) -> Iterator[tuple[str, str]]:
        """What the items name."""
        for content in stored.values():
            yield from self.item.links(content)

    def errors(self, stored: Any) -> Iterator[Object]:
        """Errors of the items."""
        if isinstance(self.item, Composed):
            for content in stored.values():
                yield from self.item.errors(content)


@dataclass(slots=True)
class Schema(Composed):
    """An object: one set of properties, or one for each variant of `@type`.

    `known` are the property names of all schemas: another name is refused differently (jmap-management-api 1.11).
    """

    name: str
    variants: dict[str | None, dict[str, Property]]
    default_variant: str | None = None
    known: set[str] = field(default_factory=set)

    @property
    def plain(self) -> bool:
        """Whether there are no variants."""
        return None in self.variants

    @property
    def default(self) -> Any:
        """A fresh object of the default variant; None when a variant has to be chosen."""
        return self.fresh(self.default_variant) if self.default_variant in self.variants else None

    def fresh(self, variant: str | None) -> Object:
        """An object of the variant with every property at its initial value."""
        made: Object = {} if variant is None else {"@type": variant}
        return made | {name: prop.initial() for name, prop in self.variants[variant].items() if not prop.computed}

    def properties(self, stored: Object) -> dict[str, Property]:
        """Properties that the stored object has."""
        return self.variants[None if self.plain else stored["@type"]]

    def parse(self, value: Any, path: str, write: Write, current: Any = None) -> Any:
        """Stored object: merged into the current one when there are no variants, else made afresh."""
        if self.plain:
            if not isinstance(value, dict):
                raise wrong(path, "Invalid value type for object")
            found = copy.deepcopy(current) if current is not None else self.fresh(None)
        else:
            variant = value.get("@type") if isinstance(value, dict) else None
            if not isinstance(variant, str) or variant not in self.variants:
                raise wrong(path, "Missing or invalid '@type' property in object")
            found = self.fresh(variant)
        self.fill(found, value, path, write)
        return found

    def fill(self, stored: Object, given: Object, path: str, write: Write) -> None:
        """Write the given members into the stored object."""
        properties = self.properties(stored)
        if not properties:
            return
        for name, content in given.items():
            if name == "@type":
                continue
            prop = properties.get(name)
            if prop is None:
                raise wrong(join(path, name), "Invalid property") if name in self.known else wrong(path, "Invalid key for object")
            stored[name] = assign(prop, content, join(path, name), write, stored.get(name))

    def show(self, stored: Any, wanted: frozenset[str] = frozenset()) -> Any:
        """Wire form: every property, or only the wanted ones if any are named; hidden ones only when they are set."""
        if stored is None:
            return None
        shown = {
            name: prop.kind.show(stored[name]) if stored.get(name) is not None else None
            for name, prop in self.properties(stored).items()
            if (not wanted or name in wanted) and (stored.get(name) is not None or not (prop.hidden or prop.computed))
        }
        return shown if self.plain else shown | {"@type": stored["@type"]}

    def links(self, stored: Any) -> Iterator[tuple[str, str]]:
        """What the properties name."""
        if stored is None:
            return
        for name, prop in self.properties(stored).items():
            if stored.get(name) is not None:
                yield from prop.kind.links(stored[name])

    def errors(self, stored: Any) -> Iterator[Object]:
        """Errors of all properties."""
        if stored is not None:
            for name, prop in self.properties(stored).items():
                yield from prop.errors(stored.get(name))


def assign(prop: Property, value: Any, path: str, write: Write, current: Any) -> Any:
    """Stored form of a new value of a property; SetError when it may not be written."""
    if prop.mutability == "server":
        raise wrong(path, "Cannot modify server set property")
    if prop.mutability == "once" and not write.creating:
        raise wrong(path, "Cannot modify read-only property")
    if value is None and prop.nullable:
        return None
    return prop.kind.parse(value, path, write, current)


def member(kind: Kind, name: str, path: str, write: Write) -> str:
    """Stored form of a member name of a set or map."""
    try:
        return kind.key(name, write)
    except ValueError:
        raise wrong(path, "Invalid key for object property") from None


def index(name: str, path: str) -> str:
    """Stored form of a list index: 32 bits of a decimal number."""
    if not name.isascii() or not name.isdigit() or len(name) > MOST_DIGITS:
        raise wrong(path, "Invalid key for object property")
    return str(int(name) & INDEX_BITS)


def renumber(kind: Kind, stored: Any) -> Any:
    """The value with every list in it numbered 0, 1, 2 … in ascending order of the indexes."""
    if stored is None:
        return None
    if isinstance(kind, ListOf):
        items = (renumber(kind.item, stored[name]) for name in sorted(stored, key=int))
        return {str(position): item for position, item in enumerate(items)}
    if isinstance(kind, Schema):
        for name, prop in kind.properties(stored).items():
            if isinstance(prop.kind, ListOf | Schema | MapOf) and stored.get(name) is not None:
                stored[name] = renumber(prop.kind, stored[name])
    if isinstance(kind, MapOf) and isinstance(kind.item, ListOf | Schema):
        return {name: renumber(kind.item, content) for name, content in stored.items()}
    return stored


def validate(errors: Iterable[Object]) -> None:
    """Raise SetError `validationFailed` with all errors, if there are any."""
    found = list(errors)
    if found:
        raise SetError("validationFailed", validation=found)
