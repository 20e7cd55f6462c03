"""One old setting explained (mapping-settings 2 to 8)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from gateway.knowledge.settings_map import SETTINGS, Row
from gateway.knowledge.settings_notes import Defaults, defaults, note
from gateway.legacy.settings.explaining.gathering import Roles, Setting, below, find, gather, roles_of
from gateway.legacy.settings.explaining.kinds import kind_of
from gateway.legacy.settings.explaining.values import ABSENT, Unfit, value_of
from gateway.legacy.settings.writing.neutral import neutral

Access = Literal["rw", "r", "none", "unknown", "own"]
"""Read-write, read-only, without counterpart, known to no old server, and a key of the client's own that the gateway keeps."""

_MOST_NAMED = 6
_DIRECTORY = "directory.<id>."
_INTERNAL = "internal"
_DATA_STORE = "x:DataStore"


@dataclass(slots=True)
class Explained:
    """What became of a setting.

    `pointer` is a JSON pointer inside the objects; `kind` are the texts it takes, `given` whether there was one; `problem` says why it would be refused, `neutral` that it changes nothing without a counterpart.
    """

    key: str
    keys: list[str]
    access: Access
    objects: list[str] = field(default_factory=list)
    record: str | None = None
    pointer: str | None = None
    kind: str | None = None
    given: bool = False
    value: Any = ABSENT
    neutral: bool = False
    problem: str | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """Whether there is a counterpart that takes the value."""
        return self.access in {"rw", "r"} and self.problem is None

    def as_json(self) -> dict[str, Any]:
        """Members for programs; those that say nothing are left out, a value of null is not."""
        members = {
            "key": self.key,
            "keys": self.keys if self.keys != [self.key] else None,
            "access": self.access,
            "objects": self.objects or None,
            "record": self.record,
            "property": self.pointer,
            "kind": self.kind,
            "neutral": self.neutral or None,
            "problem": self.problem,
            "remarks": self.remarks or None,
        }
        shown = {name: member for name, member in members.items() if member is not None}
        return shown if self.value is ABSENT else {**shown, "value": self.value}


def explain_all(pairs: Iterable[tuple[str, str | None]]) -> Iterator[Explained]:
    """All settings of a configuration, one after the other."""
    given = list(pairs)
    roles = roles_of(given)
    first: dict[tuple[str, str | None], Setting] = {}
    for setting in gather(given):
        explained = explain(setting, roles)
        if explained.access == "rw" and setting.found and setting.texts:
            _same(setting, explained, first)
        yield explained


def explain(setting: Setting, roles: Roles) -> Explained:
    """One setting; `roles` are the types of objects by store id."""
    if setting.found is None:
        return _unknown(setting)
    row = setting.found.row
    explained = Explained(setting.key, setting.keys, row.direction, record=setting.found.id, given=bool(setting.texts))
    if row.pattern.startswith(_DIRECTORY) and setting.found.id == _INTERNAL:
        return _internal(setting, explained)
    if row.direction == "none":
        return _without(row, setting, explained)
    explained.objects, explained.pointer = _place(row, setting, roles)
    explained.kind = kind_of(row)
    if explained.objects == [_DATA_STORE] and explained.access == "rw":
        explained.access = "r"
        explained.remarks.append("read-only: the server reads it from a file of its own before anything else")
    explained.remarks += _remarks(row, setting)
    if explained.given:
        try:
            explained.value = value_of(row, setting, explained.remarks)
        except Unfit as unfit:
            explained.problem = str(unfit)
        if row.word == "lookup-value":
            plain, with_value = explained.objects
            explained.objects, explained.pointer = ([with_value], "/value") if setting.items()[-1] else ([plain], "/key")
    return explained


def _remarks(row: Row, setting: Setting) -> Iterator[str]:
    if why := note(row):
        yield f"read-only: {why.reason}"
    if row.alias:
        yield f"another name of {_filled(row.alias, setting)}"
    if (both := defaults(row)) and not setting.texts:
        yield _default(both)
    if row.null and not setting.texts:
        yield f"reads as {row.null} when it is not set"
    if "fixed" in row.marks:
        yield "cannot be changed later"


def other_defaults(settings: Iterable[Explained]) -> Iterator[tuple[str, str]]:
    """Keys of no record that a whole configuration does not set, and whose default is another now; with both defaults in words."""
    given = {found.row.pattern for it in settings if (found := find(it.key))}
    given |= {row.alias for row in SETTINGS.rows if row.pattern in given and row.alias}
    for row in SETTINGS.rows:
        if "<id>" not in row.base and row.pattern not in given and (both := defaults(row)):
            yield row.base, _default(both)


def _default(both: Defaults) -> str:
    return f"default was {both.old}, now {both.new or 'nothing'}"


def _internal(setting: Setting, explained: Explained) -> Explained:
    """The directory of the server's own accounts is always there and is no object (mapping-settings 3.5)."""
    explained.access = "r"
    explained.remarks.append("read-only: the accounts of the new server itself, which are no x:Directory")
    fixed = {"directory.internal.type": _INTERNAL}
    if explained.given and setting.items()[-1] != fixed.get(setting.key, setting.items()[-1]):
        explained.problem = f"expected {_INTERNAL}"
    return explained


def _without(row: Row, setting: Setting, explained: Explained) -> Explained:
    why = note(row)
    explained.remarks.append(f"{why.subject}: {why.reason}" if why else "no counterpart")
    if setting.texts and _neutral(setting):
        explained.neutral = True
        explained.remarks.append("this value changes nothing: it is accepted and dropped")
    elif not setting.texts and row.neutral:
        explained.remarks.append(f"accepted and dropped: {' or '.join(row.neutral)}")
    return explained


def _neutral(setting: Setting) -> bool:
    """Whether the texts are those that mean nothing (mapping-settings 8)."""
    given = [(find(f"{setting.key}.{rest}" if rest else setting.key), text) for rest, text in setting.texts.items()]
    return all(found is not None and neutral(found, text) for found, text in given)


def _unknown(setting: Setting) -> Explained:
    if setting.key.partition(".")[0] not in SETTINGS.groups:
        explained = Explained(setting.key, setting.keys, "own")
        explained.remarks.append("no setting of the mail server; the gateway keeps such keys itself and gives them back")
        return explained
    explained = Explained(setting.key, setting.keys, "unknown")
    rows = list(below(setting.key))
    if rows:
        names = [row.pattern for row in rows[:_MOST_NAMED]]
        others = f" and {len(rows) - len(names)} more" if len(rows) > len(names) else ""
        explained.remarks.append(f"no key itself, but a beginning of {', '.join(names)}{others}")
    else:
        likely = get_close_matches(setting.key, [row.base for row in SETTINGS.rows if not row.is_record], 2)
        explained.remarks.append("no setting of any old version" + (f"; meant may be {' or '.join(likely)}" if likely else ""))
    return explained


def _place(row: Row, setting: Setting, roles: Roles) -> tuple[list[str], str | None]:
    """Objects and property; of stores the object of the role that the store plays, or the one for look-ups."""
    types = list(row.objects)
    pointer = row.pointer.removesuffix("/<n>/sourceIp").replace("<id>", setting.found.id or "<id>" if setting.found else "<id>")
    if row.pattern.startswith("store.") and "StoreLookup" in types and setting.found and "<" not in str(setting.found.id):
        playing = [type_ for type_ in roles.get(str(setting.found.id), ("StoreLookup",)) if type_ in types]
        types = playing[:1] or types
        if types == ["StoreLookup"]:
            pointer = f"/store{pointer}"
    return [f"x:{type_}" for type_ in types], pointer or None


def _filled(pattern: str, setting: Setting) -> str:
    found = setting.found
    return pattern.replace("<id>", found.id).removesuffix(".<n>") if found and found.id else pattern.removesuffix(".<n>")


def _same(setting: Setting, explained: Explained, first: dict[tuple[str, str | None], Setting]) -> None:
    """Two names of one property with different texts would be refused in one request (mapping-settings 3.4)."""
    row = setting.found.row if setting.found else None
    if row is None:
        return
    other = first.setdefault((row.alias or row.pattern, setting.found.id if setting.found else None), setting)
    if row.word != "lookup-value" and other is not setting and other.items() != setting.items():
        explained.problem = f"the same setting as {other.key}, with another value"
