"""The map before and after, object by object: what is sent for each (mapping-settings 5.1 step 5, 5.3, 5.5)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.jmap.calls import Object
from gateway.knowledge.conversions import MASK
from gateway.legacy.settings.naming import DERIVED, Snapshot, is_address
from gateway.legacy.settings.records import Named
from gateway.legacy.settings.remembered import LONGEST_ID
from gateway.legacy.settings.stores import DATA, stores
from gateway.legacy.settings.writing import lookups, patches, records
from gateway.legacy.settings.writing.editing import Draft
from gateway.legacy.settings.writing.entries import Entry, Work
from gateway.legacy.settings.writing.places import idle, places
from gateway.legacy.settings.writing.references import effects
from gateway.legacy.settings.writing.slots import RECORDS, STORE, Slot, is_elsewhere, is_lookup, record_pattern
from gateway.legacy.settings.writing.target import Context, FieldMissing, Given, InvalidValue, ReadOnly, Unknown
from gateway.legacy.settings.writing.values import pointer_of, written
from gateway.legacy.settings.writing.variants import variant_of

SINGLETON = "singleton"
_TELLING = "/@type"
_EXISTENCE = "key-exists"
_EVENTS = frozenset({"event-set", "metric-set"})
_LOOKUP_STORE = "StoreLookup"
_STORE_OF_DIRECTORY = "directory.<id>.store"

Home = tuple[str, str]
"""Pattern and id of a record, or the type of a single object and `singleton`."""


def compare(draft: Draft, snapshot: Snapshot, named: Named) -> list[Entry]:
    """What a draft comes to, in the order of the request; Refusal where a value or a reference is wrong or a key is missing."""
    return _Comparison(draft, snapshot, named).entries()


class _Comparison:
    def __init__(self, draft: Draft, snapshot: Snapshot, named: Named) -> None:
        self._draft = draft
        self._snapshot = snapshot
        self._ids = {type_: {name: key for key, name in ids.items()} for type_, ids in named.items()}
        self._objects = {(type_, it["id"]): it for type_, objects in snapshot.items() for it in objects}
        self._members: dict[tuple[str | None, str | None], list[Slot]] = {}
        for slot in draft.after.slots.values():
            self._members.setdefault((record_pattern(slot.row), slot.record), []).append(slot)
        self._created: dict[tuple[str, str], str] = {}
        self._numbers = 0
        self._works: dict[tuple[str, str], Work] = {}
        self._entries: list[Entry] = []
        self._context = Context(
            snapshot=snapshot,
            named=named,
            before=draft.before.all_given(),
            after={**draft.own, **draft.after.all_given()},
            created=self._created,
        )

    def entries(self) -> list[Entry]:
        """Creates are numbered before values are looked at, since they may be referred to."""
        homes, looked_up = self._homes()
        for pattern, record in homes:
            type_ = _type_of(pattern)
            if type_ and self._id(pattern, record) is None and self._stands(pattern, record):
                self._created[type_, record] = patches.Reference(f"#{self._number()}")
        for (pattern, record), changed in homes.items():
            if pattern == STORE:
                self._store(record, changed)
            elif pattern in RECORDS:
                self._record(pattern, record, changed)
            else:
                self._single(pattern, changed)
        for work in self._works.values():
            self._entries += work.entries(self._number)
        return self._entries + lookups.entries(looked_up, self._draft, self._snapshot, self._number)

    def _number(self) -> str:
        self._numbers += 1
        return f"c{self._numbers - 1}"

    def _homes(self) -> tuple[dict[Home, list[Slot]], list[Slot]]:
        """Changed slots by the object that they belong to, those of look-up lists apart."""
        homes: dict[Home, list[Slot]] = {}
        looked_up = []
        for base in self._draft.spoken:
            if self._context.before.get(base) == self._context.after.get(base):
                continue
            slot = self._draft.after.slots[base]
            if is_lookup(slot.row):
                looked_up.append(slot)
            elif (pattern := record_pattern(slot.row)) and slot.record is not None:
                homes.setdefault((pattern, slot.record), []).append(slot)
            else:
                homes.setdefault((slot.row.objects[0], SINGLETON), []).append(slot)
        return homes, looked_up

    # Records.

    def _slots(self, pattern: str, record: str) -> list[Slot]:
        """All slots of a record, before or after."""
        return self._members.get((pattern, record), [])

    def _stands(self, pattern: str, record: str) -> bool:
        """Whether the record is there after the batch: more of it than what WebAdmin's pages do not show."""
        bases = (it.base for it in self._slots(pattern, record))
        return any(base in self._context.after and base not in self._draft.kept for base in bases)

    def _id(self, pattern: str, record: str) -> str | None:
        """JMAP id of a record; for a store the one of the object that it is."""
        if pattern == STORE:
            return next((str(it.value.get("id") or it.id) for it in stores(self._snapshot) if it.id == record), None)
        return self._ids.get(RECORDS[pattern], {}).get(record)

    def _record(self, pattern: str, record: str, changed: list[Slot]) -> None:
        type_ = RECORDS[pattern]
        id_ = self._id(pattern, record)
        slots = self._slots(pattern, record)
        if id_ is None:
            if any(slot.base in self._context.before for slot in slots):
                raise ReadOnly(self._key(changed[0]))
            if (type_, record) in self._created:
                self._create(type_, record, slots)
        elif self._stands(pattern, record):
            self._update(self._work(type_, id_, self._key(changed[0]), record), changed, slots)
        else:
            for slot in slots:
                if is_elsewhere(slot.row) and slot.base in self._context.before:
                    self._elsewhere(slot, None)
            self._entries.append(Entry(type_, "destroy", id_, stored=self._stored(type_, id_), record=record))

    def _create(self, type_: str, record: str, slots: list[Slot]) -> None:
        if type_ in DERIVED and (len(record.encode()) > LONGEST_ID or "\0" in record):
            raise InvalidValue(self._key(slots[0]), f"the id of a record has at most {LONGEST_ID} bytes")
        work = Work(type_, self._created[type_, record][1:], None, record)
        self._works[type_, work.id] = work
        self._build(work, slots)

    # Single objects.

    def _single(self, type_: str, changed: list[Slot]) -> None:
        slots = []
        for slot in changed:
            if is_elsewhere(slot.row):
                self._elsewhere(slot, self._context.after.get(slot.base))
            elif not self._is_shown_only(slot):
                slots.append(slot)
        if slots:
            everything = [
                it
                for it in self._draft.after.slots.values()
                if it.row.objects == (type_,) and record_pattern(it.row) is None
            ]
            self._update(self._work(type_, SINGLETON, self._key(slots[0])), slots, everything)

    def _is_shown_only(self, slot: Slot) -> bool:
        """Whether a key that is only shown was taken away without effect, for it stands for the default; ReadOnly when it does not."""
        if slot.row.direction != "r":
            return False
        if self._draft.is_default(slot):
            return True
        raise ReadOnly(self._key(slot))

    # Stores: single objects under the names of records, and look-up stores.

    def _store(self, record: str, changed: list[Slot]) -> None:
        store = next((it for it in stores(self._snapshot) if it.id == record), None)
        slots = self._slots(STORE, record)
        if store is None:
            if (_LOOKUP_STORE, record) in self._created:
                if (telling := f"store.{record}.type") not in self._context.after:
                    raise FieldMissing(telling)
                self._create(_LOOKUP_STORE, record, slots)
        elif store.type == _LOOKUP_STORE and not self._stands(STORE, record):
            holder = next(it for it in self._snapshot[_LOOKUP_STORE] if it["store"] is store.value)
            self._entries.append(Entry(_LOOKUP_STORE, "destroy", holder["id"], stored=holder, record=record))
        else:
            touched: dict[tuple[str, str], list[Slot]] = {}
            for slot in changed:
                for work in self._works_of_store(slot, record):
                    touched.setdefault((work.type, work.id), []).append(slot)
            for home, some in touched.items():
                self._update(self._works[home], some, slots)

    def _works_of_store(self, slot: Slot, record: str) -> Iterator[Work]:
        """Objects that keep a key of a store; none for a key that means nothing there."""
        key = self._key(slot)
        if slot.row.direction == "r":
            raise ReadOnly(key)
        if not idle(slot.row, record, self._context.after.get(slot.base), self._context):
            for place in places(slot.row, record, self._context):
                if place.stored is None:
                    raise Unknown(key)
                yield self._work(place.type, place.stored["id"], key)

    # Values.

    def _work(self, type_: str, id_: str, key: str, record: str | None = None) -> Work:
        if (type_, id_) not in self._works:
            stored = self._stored(type_, id_)
            if stored is None:
                raise Unknown(key)
            self._works[type_, id_] = Work(type_, id_, stored, record)
        return self._works[type_, id_]

    def _stored(self, type_: str, id_: str) -> Object | None:
        return self._objects.get((type_, id_))

    def _update(self, work: Work, changed: list[Slot], slots: list[Slot]) -> None:
        stored = work.stored or {}
        for slot in changed:
            if "discriminator" in slot.row.marks and _tells(slot) and slot.base not in self._context.after:
                raise FieldMissing(self._key(slot))
        work.variant = self._variant(work, slots) if any(_tells(slot) for slot in changed) else stored.get("@type")
        if work.variant != stored.get("@type"):
            self._build(work, slots)
            return
        for slot in changed:
            if slot.row.direction != "r":
                self._take(work, slot)
        self._whole_parts(work, slots)
        if work.record is not None and (key := work.fixed()):
            if any(_has_mask(self._context.after.get(slot.base)) for slot in slots):
                raise ReadOnly(key)
            work.again = True
            self._build(work, slots)

    def _build(self, work: Work, slots: Iterable[Slot]) -> None:
        """All values of an object that is created, or made anew because its variant changes."""
        present = [slot for slot in slots if slot.base in self._context.after]
        work.variant = self._variant(work, present)
        work.anew = True
        if work.record is not None:
            work.pairs |= records.identity(work.type, work.record)
        if work.variant is not None:
            work.pairs[_TELLING] = work.variant
        for slot in present:
            if slot.row.direction != "r" or work.type == _LOOKUP_STORE:
                self._take(work, slot)
            elif slot.row.pattern == _STORE_OF_DIRECTORY and work.stored is None:
                if self._context.after[slot.base] != DATA:
                    raise ReadOnly(self._key(slot))
                work.pairs["/store"] = {"@type": "Default"}
        work.pairs = records.completed(work.type, work.variant, work.pairs)
        work.insist()

    def _variant(self, work: Work, slots: Iterable[Slot]) -> str | None:
        texts = {
            slot.row: str(self._context.after[slot.base])
            for slot in slots
            if _tells(slot) and slot.base in self._context.after
        }
        return variant_of(texts, work.target())

    def _take(self, work: Work, slot: Slot) -> None:
        """The values of one key."""
        given, key = self._context.after.get(slot.base), self._key(slot)
        if is_elsewhere(slot.row):
            self._elsewhere(slot, given)
            return
        if slot.row.word == _EXISTENCE:
            if not is_address(slot.record or ""):
                raise InvalidValue(key, "expected an address or a network")
            return
        resaved = (record_pattern(slot.row), slot.record) in self._draft.resaved
        context = replace(self._context, keep_events=True) if resaved and slot.row.word in _EVENTS else self._context
        values = written(slot.row, key, given, work.target(slot.record), context)
        if _has_mask(given) and any(map(patches.masked, dict(values).values())):
            raise FieldMissing(key)
        work.take(values, key, slot.row, given)

    def _elsewhere(self, slot: Slot, given: Given) -> None:
        key = self._key(slot)
        before = self._context.before.get(slot.base)
        for it in effects(slot.row, key, slot.record or "", self._context, before=before, given=given):
            self._work(it.type, it.id, key).take(it.values, key, slot.row, given)

    def _whole_parts(self, work: Work, slots: list[Slot]) -> None:
        """Parts whose variant changes are sent whole, with the keys that did not change."""
        for part in work.changed_parts():
            for slot in slots:
                pointer = pointer_of(slot.row, work.target(slot.record))
                if pointer.startswith(f"{part}/") and pointer not in work.pairs and slot.base in self._context.after:
                    self._take(work, slot)
            work.close(part)

    def _key(self, slot: Slot) -> str:
        return self._draft.spoken.get(slot.base, slot.base)


def _type_of(pattern: str) -> str | None:
    return _LOOKUP_STORE if pattern == STORE else RECORDS.get(pattern)


def _tells(slot: Slot) -> bool:
    """Whether a key has a say in the variant of its object."""
    return slot.row.pointer == _TELLING or slot.row.word == "score-action"


def _has_mask(given: Given) -> bool:
    if isinstance(given, dict):
        return MASK in given.values()
    return given == MASK or (isinstance(given, list) and MASK in given)
