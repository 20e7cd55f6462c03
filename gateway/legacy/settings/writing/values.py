"""Texts of one key as values of the new server, in the surroundings of the object (mapping-settings 5.3, 6, 7)."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.jmap.calls import Object
from gateway.knowledge.conversions import MASK, Invalid, Many, Scalar, conversion
from gateway.knowledge.expressions import Incomplete, Untranslatable
from gateway.knowledge.expressions import write as write_expression
from gateway.knowledge.schema import MISSING, initial, nested, object_type, property_at, vocabulary
from gateway.knowledge.schema.notation import Property
from gateway.knowledge.settings_map import SETTINGS, Row
from gateway.legacy.settings.writing.credentials import credentials
from gateway.legacy.settings.writing.events import events
from gateway.legacy.settings.writing.macros import resolved
from gateway.legacy.settings.writing.metric_conditions import with_metrics
from gateway.legacy.settings.writing.places import STORE
from gateway.legacy.settings.writing.references import identified
from gateway.legacy.settings.writing.regions import region
from gateway.legacy.settings.writing.signing_keys import signs
from gateway.legacy.settings.writing.target import (
    Cell,
    Context,
    FieldMissing,
    Given,
    Inconvertible,
    InvalidValue,
    ReadOnly,
    Target,
    Unknown,
    Values,
)
from gateway.legacy.settings.writing.variants import TYPE, flags, nested_variant

_SECRETS = frozenset({"secret", "secret-text", "secret-word"})
_MASKED = _SECRETS | {"http-auth"}
_WITHOUT_LIMIT = "4294967295"
_QUOTAS = "object-quota."
_FOLDERS = "/defaultFolders/"
_ALGORITHM = "oauth.oidc.signature-algorithm"
_SINGLE = "expression-single"
_ALWAYS = "true"
_BLANK = "''"

# Rows of stores whose property has another meaning in another kind of store.
_ONLY_IN = {"store.<id>.access-key": "S3", "store.<id>.azure-access-key": "Azure"}

# What stores had as a login is HTTP credentials where the new server reaches them by HTTP.
_LOGINS = {"store.<id>.user": "store.<id>.auth.username", "store.<id>.password": "store.<id>.auth.secret"}


def written(row: Row, key: str, given: Given, target: Target, context: Context) -> Values:
    """Values that the texts of a key give an object; none for what the object of that variant has not and for secrets that stay.

    `key` is the key as the client spelled it, without index. Absent texts mean the default of the new server. Refusals: InvalidValue,
    FieldMissing, Inconvertible, MacroRefused, ReadOnly, Unknown for a mail folder that there is not, ItemNotFound for a reference to nothing.
    """
    cell = Cell(row, key, given, target, context)
    made = target.type == "StoreLookup" and target.stored is None
    if target.type == "DataStore" or (row.direction != "rw" and not made):
        raise ReadOnly(key)
    if MASK in cell.texts and row.word not in _MASKED:
        raise InvalidValue(key, "asterisks stand for a secret")
    pointer = pointer_of(row, target)
    special = _WHOLE.get(row.word) or _BY_PATTERN.get(row.pattern) or (_variant if pointer.endswith(TYPE) else _plain)
    return special(cell)


def pointer_of(row: Row, target: Target) -> str:
    """Where an object keeps the value of a key."""
    if row.pattern == "store.<id>.purge.frequency" and target.record == "blob":
        return "/blobCleanupSchedule"
    pointer = row.pointer.removesuffix("/<n>/sourceIp").replace("<id>", target.record or "")
    return f"{STORE}{pointer}" if target.type == "StoreLookup" else pointer


def planned(target: Target, pointer: str, context: Context) -> Object:
    """The object as far as it decides which properties there are: its variant, and that of the part the pointer leads into."""
    stored = target.stored or {}
    it: Object = dict(stored) if target.variant == stored.get("@type") else {"@type": target.variant}
    head = pointer.split("/")[1]
    variant = nested_variant(target, f"/{head}", context.after)
    part = it.get(head)
    if variant and not (isinstance(part, dict) and part.get("@type") == variant):
        it[head] = {"@type": variant}
    return it


def _plain(cell: Cell) -> Values:
    """The value of one property."""
    row, target = cell.row, cell.target
    pointer = pointer_of(row, target)
    if pointer.startswith(_FOLDERS) and target.record not in vocabulary().enums["SpecialUse"]:
        raise Unknown(cell.key)
    it = planned(target, pointer, cell.context)
    prop = property_at(target.type, pointer, it)
    if prop is None and target.type == "SearchStore" and row.pattern in _LOGINS:
        return credentials(Cell(SETTINGS.by_pattern[_LOGINS[row.pattern]], cell.key, cell.given, target, cell.context))
    if prop is None or _ONLY_IN.get(row.pattern, target.variant) != target.variant:
        return []
    if cell.given is None:
        return _default(cell, pointer, prop)
    if row.word in _SECRETS and cell.given == MASK:
        if target.stored is None or target.stored.get("@type") != target.variant:
            raise FieldMissing(cell.key)
        return []
    try:
        value = _value(cell, prop)
    except Invalid as reason:
        raise InvalidValue(cell.key, str(reason)) from None
    _check(cell.key, prop, value)
    return [(pointer, value)]


def _value(cell: Cell, prop: Property) -> Any:
    row, after = cell.row, cell.context.after
    codec = conversion(row.form)
    if row.is_expression:
        value = _expression(cell)
    elif isinstance(codec, Many):
        value = codec.write([resolved(row.word, cell.key, text, after) for text in cell.texts])
    else:
        text = resolved(row.word, cell.key, cell.text, after)
        if row.word == "id-ref":
            value = identified(row, text, cell.context)
        elif row.word == "locale" and (kept := (cell.target.stored or {}).get(prop.name)) and kept.partition("_")[0] == text:
            value = kept
        elif text == _WITHOUT_LIMIT and (row.alias or row.pattern).startswith(_QUOTAS):
            value = None
        else:
            assert isinstance(codec, Scalar)  # noqa: S101 - the other forms have functions of their own
            value = codec.write(text)
    return _with_names(value, cell.target) if row.word == "list" else value


def _expression(cell: Cell) -> Any:
    row, after = cell.row, cell.context.after
    chain = cell.given if isinstance(cell.given, dict) else {"": cell.text}
    chain = {rest: resolved(row.word, cell.key, text, after) for rest, text in chain.items()}
    if row.word == "metric-expression":
        chain = {rest: with_metrics(cell.key, text) for rest, text in chain.items()}
    try:
        return write_expression(row.form, chain)
    except Incomplete as missing:
        raise FieldMissing(f"{cell.key}.{missing.part}") from None
    except Untranslatable as reason:
        raise Inconvertible(cell.key, str(reason)) from None


def _default(cell: Cell, pointer: str, prop: Property) -> Values:
    """Values of a key that vanished; nothing in an object that is created."""
    if cell.target.stored is None:
        return []
    if pointer.startswith(_FOLDERS) and not _folder_left(cell):
        return [(pointer.rpartition("/")[0], None)]
    value = initial(prop)
    if value is MISSING:
        raise FieldMissing(cell.key)
    if prop.kind.name == "OptionalExpression":
        value = {"match": {}, "else": _ALWAYS if cell.row.word == _SINGLE else _BLANK}
    return [(pointer, value)]


def _folder_left(cell: Cell) -> bool:
    """Whether any key of a mail folder is left; the built-in folder takes its place otherwise."""
    head = f"{cell.row.base.partition('<id>')[0]}{cell.target.record}."
    return any(key.startswith(head) and given is not None for key, given in cell.context.after.items())


def _variant(cell: Cell) -> Values:
    """The variant of an object or of a part of it, with the members that the word means besides."""
    target = cell.target
    pointer = pointer_of(cell.row, target)
    part = pointer.removesuffix(TYPE)
    prop = property_at(target.type, part, {"@type": target.variant}) if part else None
    if (part and prop is None) or (cell.given is None and target.stored is None):
        return []
    variant = nested_variant(target, part, cell.context.after) if part else target.variant
    schema = nested(prop.kind) if prop else object_type(target.type).schema
    if variant is None or (cell.given is None and (schema is None or schema.default_variant is None)):
        raise FieldMissing(cell.key)
    beside = flags(cell.row, resolved(cell.row.word, cell.key, cell.text, cell.context.after), variant) if cell.text else {}
    return [(pointer, variant), *((f"{part}/{name}", value) for name, value in beside.items())]


def _with_names(value: Object, target: Target) -> Object:
    """Source addresses with the host names that they had."""
    stored = (target.stored or {}).get("sourceIps", {})
    names = {source["sourceIp"]: source["ehloHostname"] for source in stored.values() if source.get("ehloHostname")}
    return {
        place: {**source, "ehloHostname": names[source["sourceIp"]]} if source["sourceIp"] in names else source for place, source in value.items()
    }


def _check(key: str, prop: Property, value: Any) -> None:
    """InvalidValue for null where a value is needed and for words that the new server does not know; numbers it judges itself."""
    if value is None and not prop.nullable:
        raise InvalidValue(key, "a value is needed")
    many = prop.kind.word == "set"
    kind = prop.kind.of[0] if many else prop.kind
    if kind.word == "enum" and value is not None:
        words = vocabulary().enums[kind.name]
        for word in value if many else [value]:
            if word not in words:
                raise InvalidValue(key, f"'{word}' is not available")


def _parts(cell: Cell) -> Values:
    """Values that one text gives several properties of a small object."""
    codec = conversion(cell.row.form)
    assert isinstance(codec, Scalar)  # noqa: S101 - forms of this kind are
    try:
        value = codec.write(resolved(cell.row.word, cell.key, cell.text, cell.context.after))
    except Invalid as reason:
        raise InvalidValue(cell.key, str(reason)) from None
    return [(f"/{name}", it) for name, it in value.items()]


def _signing_key(cell: Cell) -> Values:
    """A private key for the chosen algorithm; one in a file or the environment is taken at its word."""
    values = _plain(cell)
    algorithm = cell.context.after.get(_ALGORITHM)
    if isinstance(algorithm, str) and any(value.get("@type") == "Text" and not signs(value["secret"], algorithm) for _, value in values):
        raise InvalidValue(cell.key, f"no private key for {algorithm}")
    return values


def _addresses(cell: Cell) -> Values:
    """Addresses of a store; one that is reached at a single address took the first of the list."""
    pointer = pointer_of(cell.row, cell.target)
    single = f"{pointer.rpartition('/')[0]}/url"
    prop = property_at(cell.target.type, single, planned(cell.target, single, cell.context))
    if prop is None:
        return _plain(cell)
    if cell.given is None:
        return _default(cell, single, prop)
    return [(single, resolved(cell.row.word, cell.key, cell.texts[0], cell.context.after))]


def _nothing(_cell: Cell) -> Values:
    """Switches of the old pages stand for nothing that is kept."""
    return []


_WHOLE: Mapping[str, Callable[[Cell], Values]] = {
    "event-set": events,
    "file-ext": _parts,
    "http-auth": credentials,
    "metric-set": events,
    "score-action": _parts,
    "ui-flag": _nothing,
}

_BY_PATTERN: Mapping[str, Callable[[Cell], Values]] = {
    "oauth.oidc.signature-key": _signing_key,
    "store.<id>.endpoint": region,
    "store.<id>.region": region,
    "store.<id>.urls.<n>": _addresses,
}
