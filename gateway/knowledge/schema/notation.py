"""The notation in which object types of the new server are declared (files of this folder; the simulator has more of them).

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
a normaliser (`trim`, `lower`, `upper`, `host`, `domain`, `email`, `local`). Modifiers: `?` may be null, `!` required, `server` never settable, `once`
only in a create, `hidden` absent while null, `computed` not stored but made when it is read (and never settable), `min N`, `max N`,
`length N M` bounds (`-` for none) of a text or number of members, `= JSON` default value.
"""

import json
import shlex
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Mutability = Literal["rw", "once", "server"]

_PLAIN = frozenset({"bool", "uint", "int", "float", "duration", "instant", "blob", "ip", "network", "socket"})
_TEXTS = frozenset({"text", "secret"})
_CONTAINERS = {"set": 1, "list": 1, "map": 2}
_NAMED = frozenset({"id", "enum"})
_FLAGS = {"?": "nullable", "!": "required", "hidden": "hidden"}
_BOUNDS = {"min": "least", "max": "most"}
NORMALISERS = frozenset({"domain", "email", "host", "local", "lower", "trim", "upper"})


class Kind(NamedTuple):
    """Kind of a value: the word of the notation, or `schema`; the name that goes with it; the kinds of its members."""

    word: str
    name: str = ""
    of: tuple["Kind", ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """One declared property; `default` is None when none is declared, bounds are inclusive."""

    name: str
    kind: Kind
    nullable: bool = False
    required: bool = False
    mutability: Mutability = "rw"
    default: Any = None
    hidden: bool = False
    computed: bool = False
    least: float | None = None
    most: float | None = None
    shortest: int | None = None
    longest: int | None = None


Properties = dict[str, Property]


@dataclass(slots=True)
class Schema:
    """An object by variant; one without variants has its properties under None."""

    name: str
    variants: dict[str | None, Properties] = field(default_factory=dict)
    default_variant: str | None = None


class FilterRule(NamedTuple):
    """A query filter: its name, the kind of comparison and the properties it looks at."""

    name: str
    kind: str
    over: list[str]


class UniqueRule(NamedTuple):
    """A unique key: the properties it is made of, and the scope in which no two objects may have the same."""

    names: list[str]
    scope: str


@dataclass(slots=True)
class ObjectType:
    """A declared object type: `ids` is sequence, snowflake or singleton; `marks` are tenant, enterprise, no-create and the like."""

    schema: Schema
    ids: str
    marks: frozenset[str]
    filters: list[FilterRule] = field(default_factory=list)
    sorts: list[str] = field(default_factory=list)
    unique: list[UniqueRule] = field(default_factory=list)


@dataclass(slots=True)
class Vocabulary:
    """Everything declared so far; schemas may be named before they are declared, included only after."""

    enums: dict[str, list[str]] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    objects: dict[str, ObjectType] = field(default_factory=dict)
    known: set[str] = field(default_factory=lambda: {"id", "@type", "text"})


def read(text: str, vocabulary: Vocabulary) -> None:
    """Add the declarations in the text; ValueError for a word that is none of the notation."""
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
            schema = vocabulary.schemas[head[1]] = Schema(head[1], default_variant=head[3] if "=" in head else None)
            _members(body, schema, vocabulary)
        else:
            _object(head[1:], body, vocabulary)


def _values(text: str) -> list[str]:
    return shlex.split(text) if '"' in text else text.split()


def _object(words: list[str], body: list[str], vocabulary: Vocabulary) -> None:
    head, _, default = " ".join(words).partition(" = ")
    name, ids, *marks = head.split()
    declared = ObjectType(Schema(name, default_variant=default or None), ids, frozenset(marks))
    for line in body:
        if line.startswith(":"):
            _, word, *rest = line.split()
            if word == "filter":
                declared.filters.append(FilterRule(rest[0], rest[1], rest[2:] or [rest[0]]))
            elif word == "sort":
                declared.sorts += rest
            else:
                names, scope = (rest[:-2], rest[-1]) if "in" in rest else (rest, name)
                declared.unique.append(UniqueRule(names, scope))
    _members([line for line in body if not line.startswith(":")], declared.schema, vocabulary)
    vocabulary.objects[name] = declared


def _members(body: list[str], schema: Schema, vocabulary: Vocabulary) -> None:
    """Properties and variants; properties before the first variant belong to all of them."""
    common: list[Property] = []
    variants: list[str] = []
    for line in body:
        if line.startswith("*"):
            variants = line[1:].split()
            for variant in variants:
                schema.variants[variant] = {prop.name: prop for prop in common}
            continue
        found = (
            list(vocabulary.schemas[line[1:].strip()].variants[None].values())
            if line.startswith("+")
            else [_property(line)]
        )
        vocabulary.known.update(prop.name for prop in found)
        if not variants:
            common += found
        for variant in variants:
            schema.variants[variant].update((prop.name, prop) for prop in found)
    if not schema.variants:
        schema.variants[None] = {prop.name: prop for prop in common}


def _property(line: str) -> Property:
    declared, _, default = line.partition(" = ")
    name, *words = declared.split()
    kind = _kind(words)
    said: dict[str, Any] = {"default": json.loads(default)} if default else {}
    while words:
        word = words.pop(0)
        if word in _FLAGS:
            said[_FLAGS[word]] = True
        elif word in {"server", "once"}:
            said["mutability"] = word
        elif word == "computed":
            said |= {"mutability": "server", "computed": True}
        elif word in _BOUNDS:
            said[_BOUNDS[word]] = _number(words.pop(0))
        elif word == "length":
            low, high = words.pop(0), words.pop(0)
            said |= {"shortest": int(low), "longest": None if high == "-" else int(high)}
        else:
            raise ValueError(f"{word!r} in the declaration {line!r}")
    return Property(name, kind, **said)


def _kind(words: list[str]) -> Kind:
    """The kind at the head of the words, which is taken away from them."""
    word = words.pop(0)
    if word in _CONTAINERS:
        return Kind(word, of=tuple(_kind(words) for _ in range(_CONTAINERS[word])))
    if word in _TEXTS:
        return Kind(word, words.pop(0) if words and words[0] in NORMALISERS else "")
    if word in _NAMED:
        return Kind(word, words.pop(0))
    return Kind(word) if word in _PLAIN else Kind("schema", word)


def _number(text: str) -> Any:
    return float(text) if "." in text else int(text)
