"""Which variant an object is of after a write: the words of type, transport, scope and switches (mapping-settings 5.1, 5.3, 6.1)."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.conversions import Invalid, Scalar, Variant, conversion
from gateway.knowledge.schema import nested, object_type, property_at
from gateway.knowledge.settings_map import SETTINGS, Row
from gateway.legacy.settings.writing.places import STORE
from gateway.legacy.settings.writing.target import Cells, FieldMissing, InvalidValue, ReadOnly, Target

TYPE = "/@type"
_TRUE = "true"
_SENTINEL = "RedisSentinel"


def variant_of(texts: Mapping[Row, str], target: Target) -> str | None:
    """The variant that the texts of an object choose; None for types without variants.

    What is stored stays as far as the texts leave a choice. InvalidValue for a word that is none, FieldMissing when nothing tells the variant
    of an object that is created, or a word leaves open which of several it is.
    """
    schema = object_type(target.type).schema
    if None in schema.variants:
        return None
    stored = target.stored["@type"] if target.stored else None
    told = {row: text for row, text in texts.items() if target.type in row.objects and (row.pointer == TYPE or row.word == "score-action")}
    found = _chosen(told, target, stored)
    if found:
        return found
    if schema.default_variant or stored:
        return schema.default_variant or stored
    raise FieldMissing(_key(next(_telling(target.type)), target))


def nested_variant(target: Target, pointer: str, cells: Cells) -> str | None:
    """Variant of the part of an object at a pointer after the batch, None when it has none or the stored one stays."""
    rows = _rows().get((target.type, pointer))
    prop = property_at(target.type, pointer, {"@type": target.variant})
    schema = nested(prop.kind) if prop else None
    if schema is None or None in schema.variants:
        return None
    stored = _at(target.stored, pointer)
    if not rows:
        return None
    texts = {row: text for row in rows if isinstance(text := cells.get(_key(row, target)), str)}
    found = _chosen(texts, target, stored)
    return found or schema.default_variant


def flags(row: Row, text: str, variant: str) -> Object:
    """Members that a word means besides the variant."""
    codec = conversion(row.form)
    choices = codec.write(text) if isinstance(codec, Variant) else []
    return next(({name: value for name, value in parts.items() if name != "@type"} for parts in choices if parts["@type"] == variant), {})


def _chosen(texts: Mapping[Row, str], target: Target, stored: str | None) -> str | None:
    """The variant that fits all words; the first row decides, the others choose among what it leaves."""
    left: list[str] = []
    for row, text in sorted(texts.items(), key=lambda it: it[0].pattern.endswith((".transport", ".redis-type"))):
        choices = _choices(row, text, target, stored)
        left = [type_ for type_ in left if type_ in choices] or left if left else choices
    if not left or stored in left:
        return stored if left else None
    if len(left) == 1 or not (open_ := _deciding(target.type, left)):
        return left[0]
    raise FieldMissing(_key(open_, target))


def _choices(row: Row, text: str, target: Target, stored: str | None) -> list[str]:
    codec = conversion(row.form)
    key = _key(row, target)
    if row.pattern.endswith(".redis-type") and stored == _SENTINEL:
        raise ReadOnly(key)
    try:
        if isinstance(codec, Variant):
            return [parts["@type"] for parts in codec.write(text)]
        if isinstance(codec, Scalar):
            value = codec.write(text)
            keeps = text == _TRUE and stored is not None and codec.read({"@type": stored}) == _TRUE
            return [stored if keeps and stored else value["@type"]]
    except Invalid as reason:
        raise InvalidValue(key, str(reason)) from None
    return []


def _deciding(type_: str, left: list[str]) -> Row | None:
    """The row whose words tell the variants that are left apart."""
    for row in _telling(type_):
        codec = conversion(row.form)
        if isinstance(codec, Variant) and len({word for word, parts in codec.choices if parts["@type"] in left}) == len(left):
            return row
    return None


def _telling(type_: str) -> Iterator[Row]:
    rows = (row for row in SETTINGS.rows if type_ in row.objects and row.alias is None and row.direction == "rw")
    return (row for row in rows if row.pointer == TYPE or row.word == "score-action")


@cache
def _rows() -> Mapping[tuple[str, str], tuple[Row, ...]]:
    """Rows that tell the variant of a part of an object, by type and pointer of the part."""
    found: dict[tuple[str, str], tuple[Row, ...]] = {}
    for row in SETTINGS.rows:
        if row.alias is None and row.pointer.endswith(TYPE) and not row.is_record and row.word != "store-ref":
            for type_ in row.objects:
                part = row.pointer.removesuffix(TYPE)
                part = f"{STORE}{part}" if type_ == "StoreLookup" else part
                if part:
                    found[type_, part] = (*found.get((type_, part), ()), row)
    return found


def _key(row: Row, target: Target) -> str:
    return row.base.replace("<id>", target.record or "")


def _at(it: Any, pointer: str) -> str | None:
    for element in pointer.split("/")[1:]:
        it = it.get(element) if isinstance(it, dict) else None
    return it.get("@type") if isinstance(it, dict) else None
