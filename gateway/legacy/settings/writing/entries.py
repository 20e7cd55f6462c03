"""One object that is changed: the values that its keys yield, and what is sent for them (mapping-settings 5.1 step 5, 5.3)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from gateway.jmap.calls import Object
from gateway.knowledge import schema
from gateway.knowledge.settings_map import SETTINGS, Row
from gateway.legacy.settings.writing import patches
from gateway.legacy.settings.writing.slots import form_of
from gateway.legacy.settings.writing.target import FieldMissing, Given, Target, Values

Action: TypeAlias = Literal["create", "update", "destroy"]

_REFERENCE = "id-ref"
_TELLING = "@type"
_STORE = "store"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of one `/set`.

    `id` is the JMAP id or the name of the creation (`c0`); `value` what is created, `changes` the patch by path; `stored` what was there. `keys` are
    the old keys by property and `record` the old record id, for error texts; `references` texts that name other objects. `first` asks for a
    destroy before the creates, `judged` says that the new server looks at the meaning of a value.
    """

    type: str
    action: Action
    id: str
    value: Object = field(default_factory=dict)
    changes: patches.Patch = field(default_factory=dict)
    stored: Object | None = None
    record: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    references: Sequence[str] = ()
    first: bool = False
    judged: bool = False


@dataclass(slots=True)
class Work:
    """An object as it is going to be.

    `pairs` are values by pointer; `anew` means that they are all that it has; `again` that it is destroyed and created, because a value that
    is fixed changes.
    """

    type: str
    id: str
    stored: Object | None
    record: str | None = None
    variant: str | None = None
    pairs: dict[str, Any] = field(default_factory=dict)
    anew: bool = False
    again: bool = False
    judged: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)

    def target(self, record: str | None = None) -> Target:
        """What values are written into; `record` is the part of a key that names no record, as for mail folders and stores."""
        return Target(self.type, self.stored, self.variant, self.record or record)

    def take(self, values: Values, key: str, row: Row, given: Given) -> None:
        """Values that a key yields."""
        for pointer, value in values:
            self.pairs[pointer] = value
            self.keys.setdefault(patches.elements(pointer)[0], key)
        if values and form_of(row) == "chain":
            self.judged = True
        if row.word == _REFERENCE and isinstance(given, str):
            self.references.append(given)

    def changed_parts(self) -> list[str]:
        """Pointers of the parts whose variant changes."""
        return [
            pointer.removesuffix(f"/{_TELLING}")
            for pointer, value in self.pairs.items()
            if pointer.count("/") > 1 and pointer.endswith(f"/{_TELLING}") and self._at(pointer) != value
        ]

    def close(self, part: str) -> None:
        """Put all values of a part into one, which is sent whole."""
        inner = {
            pointer.removeprefix(part): self.pairs.pop(pointer)
            for pointer in list(self.pairs)
            if pointer.startswith(f"{part}/")
        }
        self.pairs[part] = patches.made(inner)
        self._insist_on_part(part, self.pairs[part])

    def fixed(self) -> str | None:
        """Key of a value that changes although it is fixed once the object is there; None when there is none."""
        for pointer, value in self.pairs.items():
            prop = schema.property_at(self.type, pointer, self.stored)
            if prop is not None and prop.mutability == "once" and not patches.same(self._at(pointer), value):
                return self.keys[patches.elements(pointer)[0]]
        return None

    def insist(self) -> None:
        """Complete the parts of a new object; FieldMissing for a property that the new server needs and no key gives."""
        value = patches.made(self.pairs)
        for name, part in value.items():
            self._insist_on_part(f"/{name}", part)
        for name in schema.required(schema.object_type(self.type).schema, self.variant):
            if name not in value and (key := self._key_of(f"/{name}")):
                raise FieldMissing(key)
        self.pairs = {f"/{name}": it for name, it in value.items()}

    def entries(self, number: Callable[[], str]) -> Iterator[Entry]:
        """What is sent: nothing when the object is as it should be."""
        if self.stored is None or self.again:
            value = patches.made(self.pairs)
            if self.again:
                yield Entry(self.type, "destroy", self.id, stored=self.stored, record=self.record, first=True)
            yield self._entry("create", number() if self.again else self.id, value=value)
        elif self.anew:
            value = patches.made(self.pairs)
            yield self._entry("update", self.id, changes={(name,): it for name, it in value.items()})
        elif changes := patches.patch(self.stored, self.pairs):
            yield self._entry("update", self.id, changes=changes)

    def _entry(
        self, action: Action, id_: str, *, value: Object | None = None, changes: patches.Patch | None = None
    ) -> Entry:
        return Entry(
            self.type,
            action,
            id_,
            value or {},
            changes or {},
            None if action == "create" else self.stored,
            self.record,
            self.keys,
            self.references,
            judged=self.judged,
        )

    def _at(self, pointer: str) -> Any:
        return patches.at(self.stored, patches.elements(pointer))

    def _insist_on_part(self, pointer: str, part: Any) -> None:
        prop = schema.property_at(self.type, pointer, {_TELLING: self.variant})
        inner = schema.nested(prop.kind) if prop else None
        if inner is None or not isinstance(part, dict):
            return
        if None in inner.variants:
            variant = None
        else:
            fitting = [it for it, names in inner.variants.items() if part.keys() <= names.keys()]
            variant = part.get(_TELLING) or inner.default_variant or (fitting[0] if len(fitting) == 1 else None)
            if variant is None:
                raise FieldMissing(self._key_of(f"{pointer}/{_TELLING}") or pointer[1:])
            part[_TELLING] = variant
        for name in schema.required(inner, variant):
            if name not in part and (key := self._key_of(f"{pointer}/{name}")):
                raise FieldMissing(key)

    def _key_of(self, pointer: str) -> str | None:
        """Old key of a property, None when it had none: then the new server may say what it thinks."""
        inner = pointer.removeprefix(f"/{_STORE}") if self.type == "StoreLookup" else pointer
        for row in SETTINGS.rows:
            fits = row.pointer == inner or row.pointer.startswith(f"{inner}/")
            if self.type in row.objects and fits and row.alias is None and not row.is_record:
                return row.base.replace("<id>", self.record or "")
        return None
