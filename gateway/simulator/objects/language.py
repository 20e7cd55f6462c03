"""The notation in which object types are declared (files in `declared/`).

    enum SpamTagKind  Score Discard Reject          values, more of them on indented lines, in quotes when they have blanks
    names body                                      names of properties that stand in no declaration
    schema Rate                                     a nested object
      count   uint ! min 1 max 1000000
      period  duration !
    schema SubAddressing = Enabled                  variants, and the one taken when the property is left out
      * Enabled Disabled
      * Custom
        customRule  Expression
    schema Cache = Redis
      * Redis
        + RedisPool                                 the properties of a schema without variants, declared before
    object DataStore singleton = Sqlite             an object type: where ids come from; the variant of a fresh one
    object Domain sequence tenant                   … and by what it is filtered
      name     text domain !
      : filter text words name aliases              query filters: name, kind, properties it looks at
      : unique name                                 one key; over several properties, and `in SCOPE` over several types

A property is a name, a kind and modifiers. Kinds: `text`, `secret`, `bool`, `uint`, `int`, `float`, `duration`, `instant`, `blob`, `ip`,
`network`, `socket`, `id Type`, `enum Name`, `set <kind>`, `list <kind>`, `map <kind> <kind>`, or the name of a schema. After `text` may stand
a normaliser (normalise.py). Modifiers: `?` may be null, `!` required, `server` never settable, `once` only in a create, `hidden` absent while
null, `computed` not stored but made when it is read (and never settable), `min N`, `max N`, `length N M` bounds (`-` for none) of a text or number of members, `= JSON` default value.
"""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

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
class FilterRule:
    """A query filter: its name, the kind of comparison and the properties it looks at."""

    name: str
    kind: str
    over: list[str]


@dataclass(slots=True)
class UniqueRule:
    """A unique key: the properties it is made of, and the scope in which no two objects may have the same."""

    names: list[str]
    scope: str


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


@dataclass(slots=True)
class Vocabulary:
    """Everything declared so far; names may be used before they are declared."""

    enums: dict[str, list[str]] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    objects: dict[str, Declaration] = field(default_factory=dict)
    known: set[str] = field(default_factory=lambda: {"id", "@type", "text"})

    def schema(self, name: str) -> Schema:
        """The schema of that name, empty until it is declared."""
        return self.schemas.setdefault(name, Schema(name, {}, known=self.known))


def read(text: str, vocabulary: Vocabulary) -> None:
    """Add the declarations in the text."""
    lines = [line for raw in text.splitlines() if (line := raw.split(" # ")[0].rstrip()) and not line.startswith("#")]
    position = 0
    while position < len(lines):
        head = lines[position].split()
        body = []
        position += 1
        while position < len(lines) and lines[position].startswith(" "):
            body.append(lines[position].strip())
            position += 1
        if head[0] == "enum":
            vocabulary.enums[head[1]] = _values(" ".join([*head[2:], *body]))
        elif head[0] == "names":
            vocabulary.known.update(head[1:], *(line.split() for line in body))
        elif head[0] == "schema":
            schema = vocabulary.schema(head[1])
            schema.default_variant = head[3] if len(head) > 3 else None  # noqa: PLR2004 - schema NAME = VARIANT
            _members(body, schema, vocabulary)
        else:
            _object(head[1:], body, vocabulary)


def _values(text: str) -> list[str]:
    return shlex.split(text) if '"' in text else text.split()


def _object(words: list[str], body: list[str], vocabulary: Vocabulary) -> None:
    head, _, default = " ".join(words).partition(" = ")
    name, ids, *marks = head.split()
    schema = Schema(name, {}, default or None, vocabulary.known)
    declaration = Declaration(name, schema, ids, frozenset(marks))
    for line in body:
        if line.startswith(":"):
            _, word, *rest = line.split()
            if word == "filter":
                declaration.filters.append(FilterRule(rest[0], rest[1], rest[2:] or [rest[0]]))
            elif word == "sort":
                declaration.sorts += rest
            else:
                names, scope = (rest[:-2], rest[-1]) if "in" in rest else (rest, name)
                declaration.unique.append(UniqueRule(names, scope))
    _members([line for line in body if not line.startswith(":")], schema, vocabulary)
    vocabulary.objects[name] = declaration


def _members(body: list[str], schema: Schema, vocabulary: Vocabulary) -> None:
    """Properties and variants; properties before the first variant belong to all of them."""
    common: list[Property] = []
    variants: list[str | None] = []
    for line in body:
        if line.startswith("*"):
            variants = list(line[1:].split())
            for variant in variants:
                schema.variants[variant] = {prop.name: prop for prop in common}
            continue
        if line.startswith("+"):
            found = list(vocabulary.schemas[line[1:].strip()].variants[None].values())
        else:
            found = [_property(line, vocabulary)]
        vocabulary.known.update(prop.name for prop in found)
        if not variants:
            common += found
        for variant in variants:
            schema.variants[variant].update((prop.name, prop) for prop in found)
    if not schema.variants:
        schema.variants[None] = {prop.name: prop for prop in common}


def _property(line: str, vocabulary: Vocabulary) -> Property:
    declared, _, default = line.partition(" = ")
    words = iter(declared.split())
    name = next(words)
    kind, left = _kind(words, vocabulary)
    prop = Property(name, kind)
    if default:
        prop.default = json.loads(default)
    rest = [*left, *words]
    while rest:
        word = rest.pop(0)
        if word in {"?", "!", "hidden"}:
            setattr(prop, {"?": "nullable", "!": "required", "hidden": "hidden"}[word], True)
        elif word in {"server", "once"}:
            prop.mutability = word
        elif word == "computed":
            prop.mutability, prop.computed = "server", True
        elif word == "min":
            prop.least = _number(rest.pop(0))
        elif word == "max":
            prop.most = _number(rest.pop(0))
        elif word == "length":
            low, high = rest.pop(0), rest.pop(0)
            prop.shortest, prop.longest = int(low), None if high == "-" else int(high)
        else:
            raise ValueError(f"{word!r} in the declaration {line!r}")
    return prop


def _kind(words: Iterator[str], vocabulary: Vocabulary) -> tuple[Kind, list[str]]:
    """The kind at the head of the words, and words that were read but do not belong to it."""
    word = next(words)
    if word in {"set", "list", "map"}:
        return _members_of(word, words, vocabulary)
    if word in {"text", "secret"}:
        following = next(words, None)
        normalise = BY_NAME.get(following or "")
        return Text(normalise, secret=word == "secret"), [] if following is None or normalise else [following]
    if word in _SIMPLE:
        return _SIMPLE[word](), []
    if word == "id":
        return Id(next(words)), []
    if word == "enum":
        values = vocabulary.enums[next(words)]
        return Choice(tuple(values), default=values[0]), []
    return vocabulary.schema(word), []


def _members_of(word: str, words: Iterator[str], vocabulary: Vocabulary) -> tuple[Kind, list[str]]:
    """The kind of a set, list or map."""
    item, left = _kind(words, vocabulary)
    if word == "map":
        content, left = _kind(iter([*left, *words]), vocabulary)
        return MapOf(item, content), left
    return (SetOf(item) if word == "set" else ListOf(item)), left


def _number(text: str) -> Any:
    return float(text) if "." in text else int(text)
