"""Region and endpoint of an S3 store, two keys that are one value now (mapping-settings 6.1)."""

from gateway.knowledge.conversions import Invalid, Scalar, conversion
from gateway.knowledge.schema import initial, property_at
from gateway.legacy.settings.writing.macros import resolved
from gateway.legacy.settings.writing.target import Cell, Context, FieldMissing, InvalidValue, Values

_POINTER = "/region"
_UNNAMED = "custom"
_CUSTOM = "Custom"


def region(cell: Cell) -> Values:
    """The whole region: with an endpoint a custom one, whatever its name. FieldMissing for an unknown name without an endpoint."""
    prop = property_at(cell.target.type, _POINTER, {"@type": cell.target.variant})
    if prop is None:
        return []
    base = f"store.{cell.target.record}"
    name, endpoint = (_text(f"{base}.{part}", cell.context) for part in ("region", "endpoint"))
    if endpoint:
        return [(_POINTER, {"@type": _CUSTOM, "customRegion": name or _UNNAMED, "customEndpoint": endpoint})]
    if not name:
        return [] if cell.target.stored is None else [(_POINTER, initial(prop))]
    codec = conversion("region")
    assert isinstance(codec, Scalar)  # noqa: S101 - what the map says of this form
    try:
        value = codec.write(name)
    except Invalid as reason:
        raise InvalidValue(cell.key, str(reason)) from None
    if value["@type"] == _CUSTOM:
        raise FieldMissing(f"{base}.endpoint")
    return [(_POINTER, value)]


def _text(key: str, context: Context) -> str | None:
    given = context.after.get(key)
    return resolved("string", key, given, context.after) if isinstance(given, str) else None
