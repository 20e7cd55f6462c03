"""Kinds and object types made of what is declared (notation: knowledge/schema/notation.py)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.knowledge.schema import notation
from gateway.knowledge.schema.notation import FilterRule, UniqueRule
from gateway.simulator.objects.normalise import BY_NAME
from gateway.simulator.objects.shapes import ListOf, MapOf, Property, Schema, SetOf
from gateway.simulator.objects.values import (
    Address,
    BlobId,
    Boolean,
    Choice,
    Duration,
    Float,
    Id,
    Instant,
    Integer,
    Kind,
    Text,
)

_SIMPLE: dict[str, Callable[[], Kind]] = {
    "bool": Boolean,
    "uint": Integer,
    "int": lambda: Integer(signed=True),
    "float": Float,
    "duration": Duration,
    "instant": Instant,
    "blob": BlobId,
    "ip": lambda: Address("IpAddr"),
    "network": lambda: Address("IpAddrOrMask"),
    "socket": lambda: Address("SocketAddr"),
}


@dataclass(slots=True)
class Declaration:
    """A declared object type.

    `ids` is sequence, snowflake or singleton; `marks` are tenant, account, enterprise, no-create and the like.
    """

    name: str
    schema: Schema
    ids: str
    marks: frozenset[str]
    filters: list[FilterRule] = field(default_factory=list)
    sorts: list[str] = field(default_factory=list)
    unique: list[UniqueRule] = field(default_factory=list)


class Vocabulary:
    """Everything declared so far; names may be used before they are declared."""

    def __init__(self, enums: dict[str, list[str]] | None = None) -> None:
        self._facts = notation.Vocabulary(enums=enums or {})
        self.known = self._facts.known
        self.schemas: dict[str, Schema] = {}
        self.objects: dict[str, Declaration] = {}

    def read(self, text: str) -> None:
        """Add the declarations in the text."""
        before = set(self._facts.schemas), set(self._facts.objects)
        notation.read(text, self._facts)
        for name in self._facts.schemas.keys() - before[0]:
            self._fill(self.schema(name), self._facts.schemas[name])
        for name, declared in self._facts.objects.items():
            if name not in before[1]:
                schema = Schema(name, {}, known=self.known)
                self._fill(schema, declared.schema)
                self.objects[name] = Declaration(
                    name, schema, declared.ids, declared.marks, declared.filters, declared.sorts, declared.unique
                )

    def schema(self, name: str) -> Schema:
        """The schema of that name, empty until it is declared."""
        return self.schemas.setdefault(name, Schema(name, {}, known=self.known))

    def _fill(self, schema: Schema, declared: notation.Schema) -> None:
        schema.default_variant = declared.default_variant
        for variant, properties in declared.variants.items():
            schema.variants[variant] = {name: self._property(it) for name, it in properties.items()}

    def _property(self, it: notation.Property) -> Property:
        return Property(
            it.name,
            self._kind(it.kind),
            nullable=it.nullable,
            required=it.required,
            mutability=it.mutability,
            default=it.default,
            hidden=it.hidden,
            computed=it.computed,
            least=it.least,
            most=it.most,
            shortest=it.shortest,
            longest=it.longest,
        )

    def _kind(self, kind: notation.Kind) -> Kind:
        of = [self._kind(member) for member in kind.of]
        match kind.word:
            case "set":
                made: Kind = SetOf(*of)
            case "list":
                made = ListOf(*of)
            case "map":
                made = MapOf(*of)
            case "text" | "secret":
                made = Text(BY_NAME.get(kind.name), secret=kind.word == "secret")
            case "id":
                made = Id(kind.name)
            case "enum":
                values = self._facts.enums[kind.name]
                made = Choice(tuple(values), default=values[0])
            case "schema":
                made = self.schema(kind.name)
            case word:
                made = _SIMPLE[word]()
        return made
