"""HTTP credentials, which stood under three keys and are one object now (mapping-settings 5.3, 6.1, 7)."""

from gateway.jmap.calls import Object
from gateway.knowledge.conversions import MASK, Invalid, write_auth
from gateway.knowledge.schema import property_at
from gateway.legacy.settings.writing.macros import resolved
from gateway.legacy.settings.writing.places import STORE
from gateway.legacy.settings.writing.target import Cell, Cells, FieldMissing, InvalidValue, Values

_NAMES = {"username": "username", "secret": "secret", "bearerToken": "token"}
_STORE_NAMES = {"username": "user", "secret": "password"}
_LOOKED_UP = "http-auth"
_SPOKEN = "string"
_STAND_IN = "-"


def credentials(cell: Cell) -> Values:
    """Credentials of the three keys together: the changed member when their kind stays, else all of them.

    A token goes before a user name; without both there are none. FieldMissing for a secret that is not known when it has to be sent.
    """
    row, target, cells = cell.row, cell.target, cell.context.after
    part = f"{STORE if target.type == 'StoreLookup' else ''}/httpAuth"
    if property_at(target.type, part, {**(target.stored or {}), "@type": target.variant} if target.variant else target.stored) is None:
        return []
    prefix = row.base.replace("<id>", target.record or "").rpartition(".")[0]
    texts = _texts(prefix, cells)
    found = _written(prefix, texts, cells)
    same = target.stored is not None and target.stored.get("@type") == target.variant
    stored = target.stored.get("httpAuth") if same and target.stored else None
    if stored is None or stored["@type"] != found["@type"]:
        for member in ("secret", "bearerToken"):
            if member in found and texts[member] in {None, MASK}:
                raise FieldMissing(f"{prefix}.{_NAMES[member]}")
        return [] if target.stored is None and found["@type"] == "Unauthenticated" else [(part, found)]
    member = row.pointer.rpartition("/")[2]
    if member not in found or texts[member] == MASK:
        return []
    if texts[member] is None:
        raise FieldMissing(cell.key)
    return [(f"{part}/{member}", found[member])]


def _texts(prefix: str, cells: Cells) -> dict[str, str | None]:
    """Texts by member; what stores had as user and password goes before, for it is never shown."""
    found: dict[str, str | None] = {}
    for member, name in _NAMES.items():
        given = cells.get(f"{prefix}.{name}")
        if prefix.startswith("store.") and member in _STORE_NAMES:
            given = cells.get(f"{prefix.removesuffix('.auth')}.{_STORE_NAMES[member]}") or given
        found[member] = given if isinstance(given, str) else None
    return found


def _written(prefix: str, texts: dict[str, str | None], cells: Cells) -> Object:
    """The object, with a stand-in where a secret is masked, which is never sent."""
    spoken: dict[str, str | None] = {}
    for member, text in texts.items():
        word = _SPOKEN if member == "username" else _LOOKED_UP
        spoken[member] = _STAND_IN if text == MASK else text and resolved(word, f"{prefix}.{_NAMES[member]}", text, cells)
    try:
        return write_auth(spoken["username"], spoken["secret"], spoken["bearerToken"])
    except Invalid as reason:
        raise InvalidValue(f"{prefix}.secret", str(reason)) from None
